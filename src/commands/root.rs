//! The root command: the global options, and the commands below it.

use clap::{Args, Command};

use crate::commands::global::Global;
use crate::commands::long_help;
use crate::commands::spec::{self, Spec};

/// Only for parsing. Each level gets the global options, because clap would copy them to every command.
pub(crate) fn to_read(commands: &[&Spec]) -> Command {
    spec::above(Command::new("tok"), commands)
}

/// With all help texts.
pub(crate) fn to_show(commands: &[&Spec]) -> Command {
    let global = Global::augment_args(Command::new("tok"));
    let root = Command::new("tok")
        .about("Prints an access token for a named provider, fetching one only when it must")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true)
        .styles(long_help::STYLES)
        .max_term_width(79);
    // After the commands, so that a manual page lists them last.
    spec::above(root, commands).args(global.get_arguments().cloned().map(|arg| arg.global(true)))
}
