//! A command as data: name, help, arguments, and the function that runs it.

use std::io::Write;

use clap::builder::Resettable;
use clap::{ArgMatches, Args, Command};

use crate::commands::global::Global;
use crate::commands::session::Session;
use crate::error::{Error, Kind};

pub(crate) struct Spec {
    pub(crate) name: &'static str,
    /// One line.
    pub(crate) about: &'static str,
    /// Printed by `--help` after `about`.
    pub(crate) details: &'static str,
    pub(crate) group: Group,
    pub(crate) examples: &'static str,
    pub(crate) commands: &'static [&'static Spec],
    pub(crate) arguments: fn(Command) -> Command,
    pub(crate) run: fn(&mut ArgMatches, &Session, &mut dyn Write) -> anyhow::Result<()>,
}

/// The headings of `tok --help`, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Printing,
    Running,
    Secrets,
    Profiles,
    Cache,
    SettingUp,
    /// For commands below another one.
    Inner,
}

pub(crate) trait Execute: Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()>;
}

impl Spec {
    /// A command with arguments `A`; the caller adds name and help.
    pub(crate) const fn of<A: Execute>() -> Self {
        Self {
            name: "",
            about: "",
            details: "",
            group: Group::Inner,
            examples: "",
            commands: &[],
            arguments: add::<A>,
            run: |matches, session, out| A::from_arg_matches_mut(matches)?.run(session, out),
        }
    }

    /// For parsing: its arguments are built only if this command was typed.
    pub(crate) fn to_read(&self) -> Command {
        Command::new(self.name).defer(self.arguments)
    }

    /// With all its help and subcommands, for `--help`, pages and completions.
    pub(crate) fn to_show(&self) -> Command {
        let command = Command::new(self.name).about(self.about);
        let command = match self.details {
            "" => command,
            details => command.long_about(format!("{}\n\n{details}", self.about)),
        };
        (self.arguments)(command)
    }
}

/// Adds the arguments of `A`. A command without help is only for parsing, and gets the global options.
pub(crate) fn add<A: Args>(command: Command) -> Command {
    let details = command.get_long_about().cloned();
    match command.get_about().cloned() {
        Some(about) => A::augment_args(command)
            .about(about)
            .long_about(Resettable::from(details)),
        None => to_read(A::augment_args(command)),
    }
}

/// Adds `commands` below `command` and requires one of them.
pub(crate) fn above(command: Command, commands: &[&Spec]) -> Command {
    let command = command
        .subcommand_required(true)
        .arg_required_else_help(true);
    match command.get_about() {
        Some(_) => command.subcommands(commands.iter().map(|spec| spec.to_show())),
        None => to_read(command.subcommands(commands.iter().map(|spec| spec.to_read()))),
    }
}

/// Adds the global options and removes the help options: a line with one of them is parsed again, with all help texts.
fn to_read(command: Command) -> Command {
    Global::augment_args(command)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
}

pub(crate) fn run_typed(
    commands: &[&Spec],
    matches: &mut ArgMatches,
    session: &Session,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let typed = matches.remove_subcommand().and_then(|(name, matches)| {
        let spec = commands.iter().find(|spec| spec.name == name)?;
        Some((spec, matches))
    });
    match typed {
        Some((spec, mut matches)) => (spec.run)(&mut matches, session, out),
        None => Err(Error::new(Kind::Usage, "missing command").into()),
    }
}
