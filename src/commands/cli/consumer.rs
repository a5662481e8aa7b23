//! `tok for`: the programs tok writes for, and what each needs to be told.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::commands::cli::Fetch;
use crate::commands::for_::hosts::Host;
use crate::commands::for_::variable::Variable;

/// Who the token is for.
#[derive(Debug, Subcommand)]
pub enum Consumer {
    /// A config that makes curl send the header: `curl -K -`
    ///
    /// A pipe goes on when tok fails, and curl then asks without a token. In a script:
    ///
    ///   C=$(tok for curl cint) && printf '%s\n' "$C" | curl -K - URL
    #[command(verbatim_doc_comment)]
    Curl(Fetch),

    /// An `export` line for sh, bash and zsh
    ///
    /// `eval "$(tok …)"` hides that tok failed. In a script:
    ///
    ///   E=$(tok for sh cint) && eval "$E"
    #[command(verbatim_doc_comment)]
    Sh(InVariable),

    /// A `set` line for fish: `tok for fish cint | source`
    Fish(InVariable),

    /// An assignment for PowerShell: `tok for powershell cint | iex`
    Powershell(InVariable),

    /// A NAME=value line, as in GitLab's dotenv reports
    Dotenv(InVariable),

    /// A masked step output (or variable) in GitHub Actions
    Github(Github),

    /// A file that holds the token, kept fresh with --watch
    File(InFile),

    /// An ExecCredential: a credential plugin for Kubernetes clients
    Kubectl(Fetch),

    /// A credential helper for Bazel
    Bazel(Bazel),

    /// A credential helper for git
    ///
    /// Answers for the hosts that --host names, and for no other.
    Git(Login),

    /// A credential helper for docker
    ///
    /// As an executable `docker-credential-cint` on the PATH:
    ///
    ///   #!/bin/sh
    ///   exec tok for docker --host registry.example.com cint "$@"
    #[command(verbatim_doc_comment)]
    Docker(Login),

    /// A token provider for cargo: `cargo:token-from-stdout`
    ///
    ///   credential-provider = ["cargo:token-from-stdout", "tok", "for",
    ///     "cargo", "--host", "registry.example.com", "cint"]
    #[command(verbatim_doc_comment)]
    Cargo(Cargo),
}

/// A consumer that reads a variable.
#[derive(Debug, Args)]
pub struct InVariable {
    /// The variable's name
    #[arg(long, default_value = "TOK_TOKEN", help_heading = None)]
    pub name: Variable,

    /// The profile and the fetch.
    #[command(flatten)]
    pub fetch: Fetch,
}

/// GitHub Actions.
#[derive(Debug, Args)]
pub struct Github {
    /// The name of the output or variable [default: token, TOK_TOKEN]
    #[arg(long, help_heading = None)]
    pub name: Option<Variable>,

    /// Set a variable for the steps to come, instead of an output
    #[arg(long, help_heading = None)]
    pub env: bool,

    /// The profile and the fetch.
    #[command(flatten)]
    pub fetch: Fetch,
}

/// A file.
#[derive(Debug, Args)]
pub struct InFile {
    /// Keep it fresh ahead of each token's end, until SIGTERM or SIGINT
    #[arg(long, help_heading = None, conflicts_with = "cached")]
    pub watch: bool,

    /// The profile and the fetch.
    #[command(flatten)]
    pub fetch: Fetch,

    /// The file: replaced whole, readable by you alone
    #[arg(help_heading = None)]
    pub path: PathBuf,
}

/// The hosts that may have the token.
#[derive(Debug, Args)]
pub struct Hosts {
    /// Answer only for this HOST[:PORT]; may be repeated
    #[arg(long = "host", value_name = "HOST", required = true, help_heading = None)]
    pub list: Vec<Host>,
}

/// Bazel.
#[derive(Debug, Args)]
pub struct Bazel {
    /// Who may have it.
    #[command(flatten)]
    pub hosts: Hosts,

    /// The profile and the fetch.
    #[command(flatten)]
    pub fetch: Fetch,

    /// What Bazel adds: `get`
    #[arg(help_heading = None)]
    pub operation: String,
}

/// A consumer that wants a user name and a password.
#[derive(Debug, Args)]
pub struct Login {
    /// Who may have it.
    #[command(flatten)]
    pub hosts: Hosts,

    /// The user name to answer with [default: oauth2]
    #[arg(long, value_name = "NAME", value_parser = one_line, help_heading = None)]
    pub username: Option<String>,

    /// The profile and the fetch.
    #[command(flatten)]
    pub fetch: Fetch,

    /// What the program adds: `get`, `store` or `erase`
    #[arg(help_heading = None)]
    pub operation: String,
}

/// cargo.
#[derive(Debug, Args)]
pub struct Cargo {
    /// Who may have it.
    #[command(flatten)]
    pub hosts: Hosts,

    /// Put `Bearer ` before the token, for registries that want it
    #[arg(long, help_heading = None)]
    pub bearer: bool,

    /// The profile and the fetch.
    #[command(flatten)]
    pub fetch: Fetch,
}

/// Takes text without line breaks and the like: it becomes a line of a protocol.
fn one_line(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("empty, or with a control character".to_owned());
    }
    Ok(text.to_owned())
}
