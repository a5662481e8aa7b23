//! The arguments of the programs that a token is for.

use std::path::PathBuf;

use clap::Args;

use crate::commands::for_::hosts::Host;
use crate::commands::for_::variable::Variable;
use crate::commands::get::Fetch;

/// A consumer that reads a variable.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct InVariable {
    /// The variable's name
    #[arg(long, default_value = "TOK_TOKEN", help_heading = None)]
    pub(crate) name: Variable,

    /// The profile and the fetch.
    #[command(flatten)]
    pub(crate) fetch: Fetch,
}

/// GitHub Actions.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Github {
    /// The name of the output or variable [default: token, TOK_TOKEN]
    #[arg(long, help_heading = None)]
    pub(crate) name: Option<Variable>,

    /// Set a variable for the steps to come, instead of an output
    #[arg(long, help_heading = None)]
    pub(crate) env: bool,

    /// The profile and the fetch.
    #[command(flatten)]
    pub(crate) fetch: Fetch,
}

/// A file.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct InFile {
    /// Keep it fresh ahead of each token's end, until SIGTERM or SIGINT
    #[arg(long, help_heading = None, conflicts_with = "cached")]
    pub(crate) watch: bool,

    /// The profile and the fetch.
    #[command(flatten)]
    pub(crate) fetch: Fetch,

    /// The file: replaced whole, readable by you alone
    #[arg(help_heading = None)]
    pub(crate) path: PathBuf,
}

/// The hosts that may have the token.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Hosts {
    /// Answer only for this HOST[:PORT]; may be repeated
    #[arg(long = "host", value_name = "HOST", required = true, help_heading = None)]
    pub(crate) list: Vec<Host>,
}

/// Bazel.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Bazel {
    /// Who may have it.
    #[command(flatten)]
    pub(crate) hosts: Hosts,

    /// The profile and the fetch.
    #[command(flatten)]
    pub(crate) fetch: Fetch,

    /// What Bazel adds: `get`
    #[arg(help_heading = None)]
    pub(crate) operation: String,
}

/// A consumer that wants a user name and a password.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Login {
    /// Who may have it.
    #[command(flatten)]
    pub(crate) hosts: Hosts,

    /// The user name to answer with [default: oauth2]
    #[arg(long, value_name = "NAME", value_parser = one_line, help_heading = None)]
    pub(crate) username: Option<String>,

    /// The profile and the fetch.
    #[command(flatten)]
    pub(crate) fetch: Fetch,

    /// What the program adds: `get`, `store` or `erase`
    #[arg(help_heading = None)]
    pub(crate) operation: String,
}

/// cargo.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Cargo {
    /// Who may have it.
    #[command(flatten)]
    pub(crate) hosts: Hosts,

    /// Put `Bearer ` before the token, for registries that want it
    #[arg(long, help_heading = None)]
    pub(crate) bearer: bool,

    /// The profile and the fetch.
    #[command(flatten)]
    pub(crate) fetch: Fetch,
}

/// Takes text without line breaks and the like: it becomes a line of a protocol.
fn one_line(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("empty, or with a control character".to_owned());
    }
    Ok(text.to_owned())
}
