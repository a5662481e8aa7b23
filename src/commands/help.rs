//! `tok help`: prints the help of tok or of one command.

use std::io::Write;

use crate::commands::man;
use crate::commands::session::{Session, write};
use crate::commands::spec::{Execute, Group, Spec};
use crate::term::colour::for_stdout;

pub(crate) const COMMAND: Spec = Spec {
    name: "help",
    about: "Print the help of tok or of a command",
    group: Group::SettingUp,
    examples: "tok help exec\ntok help secret set",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The command [default: tok itself]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut root = (session.command_line)();
        root.build();
        let mut command = man::find(&root, &self.command)?.clone();
        write(
            out,
            &for_stdout(command.render_long_help().ansi().to_string()),
        )
    }
}
