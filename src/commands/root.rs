//! tok itself: the options that every command takes, and the commands below it.

use std::path::PathBuf;

use clap::{Args, Command};

use crate::commands::color::Color;
use crate::commands::help;
use crate::commands::spec::{self, Spec};

/// The heading over the options that every command takes.
const EVERYWHERE: &str = "Everywhere";

/// The options that every command takes.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Global {
    /// The config file [default: tok/config.toml in your config folder]
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "FILE"
    )]
    pub(crate) config: Option<PathBuf>,

    /// Show the conversation with the provider, without secrets
    #[arg(short, long, global = true, help_heading = EVERYWHERE, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// Say nothing but errors
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub(crate) quiet: bool,

    /// When to use colour
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true
    )]
    pub(crate) color: Color,
}

/// As clap needs it to read a command line.
pub(crate) fn to_read(commands: &[&Spec]) -> Command {
    spec::add::<Global>(spec::above(root(), commands))
}

/// With its help and that of every command.
pub(crate) fn to_show(commands: &[&Spec]) -> Command {
    let root = root()
        .about("Prints an access token for a named provider, fetching one only when it must")
        .styles(help::STYLES)
        .max_term_width(79);
    // The global options come after the commands: a manual page lists them last then.
    spec::add::<Global>(spec::above(root, commands))
}

fn root() -> Command {
    Command::new("tok")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true)
}
