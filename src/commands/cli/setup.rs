//! What may be typed after the commands that set tok up: completions and man.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `tok completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: ShellName,
}

/// A shell that tok has completions for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "they are the shells' own names")]
pub enum ShellName {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

/// `tok man`
#[derive(Debug, Args)]
pub struct Man {
    /// The command [default: tok itself]
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub command: Vec<String>,

    /// Write every page into this folder instead, for packagers
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
