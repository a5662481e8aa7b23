//! What may be typed. No I/O, no decisions: `commands` has those.

mod add;
mod color;
mod consumer;
mod exec;
pub mod help;
mod kept;
mod profiles;
mod setup;
pub mod wrong;

use std::path::PathBuf;

pub use kept::{Forget, Reject, Status};

use clap::{Args, Parser, Subcommand};

pub use add::{Add, Keys};

use crate::profile::file::schema::DurationText;
pub use color::Color;
pub use consumer::{Bazel, Cargo, Consumer, Github, InFile, InVariable, Login};
pub use exec::Exec;
pub use profiles::{Doctor, Inspect, List, Providers, Show};
pub use setup::{Completions, Man, ShellName};

/// Prints an access token for a named provider, fetching one only when it must.
#[derive(Debug, Parser)]
#[command(
    name = "tok",
    version,
    disable_help_subcommand = true,
    max_term_width = 79,
    styles = help::STYLES
)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,

    /// The config file [default: tok/config.toml in your config folder]
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "FILE",
        env = "TOK_CONFIG",
        hide_env = true
    )]
    pub config: Option<PathBuf>,

    /// Show the conversation with the provider, without secrets
    #[arg(short, long, global = true, help_heading = EVERYWHERE, conflicts_with = "quiet")]
    pub verbose: bool,

    /// Say nothing but errors
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub quiet: bool,

    /// When to use colour
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true
    )]
    pub color: Color,
}

/// The heading over the options that every command takes.
const EVERYWHERE: &str = "Everywhere";

/// The heading over those that bear on which token comes back, and from where.
const FETCHING: &str = "Which token";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the access token
    Token(Fetch),
    /// Print the header line (or lines) that the provider's APIs want
    Header(Fetch),
    /// Print the token and what is known of it as one JSON object
    Json(Fetch),
    /// Print the token the way another program reads it
    For {
        /// Who it is for
        #[command(subcommand)]
        consumer: Consumer,
    },
    /// Show what is cached and how long it lives
    Status(Status),
    /// Drop cached tokens
    Forget(Forget),
    /// Drop the cached token if it is the one on stdin
    Reject(Reject),
    /// Run a command with the token in its environment
    Exec(Exec),
    /// List the profiles
    List(List),
    /// Show a profile as it is meant, and where each key comes from
    Show(Show),
    /// Show the claims of a token that is a JWT
    Inspect(Inspect),
    /// List the providers tok knows, or show one
    Providers(Providers),
    /// Check config, keyring, cache, TLS, proxy, clock and provider
    Doctor(Doctor),
    /// Print the completion script for a shell
    Completions(Completions),
    /// Print a manual page
    Man(Man),
    /// Write a profile into the config
    Add(Box<Add>),
    /// Store, check or delete a secret in the OS keyring
    #[command(subcommand)]
    Secret(Secret),
}

/// A profile, and the options of every command that may fetch.
#[derive(Debug, Default, Args)]
pub struct Fetch {
    /// The profile, a `[profiles.NAME]` of the config
    #[arg(env = "TOK_PROFILE", hide_env = true)]
    pub profile: String,

    /// Which token, and from where.
    #[command(flatten)]
    pub options: FetchOptions,
}

/// The options of every command that may fetch.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = FETCHING)]
pub struct FetchOptions {
    /// Fetch a new token even if the cached one is good
    #[arg(long, conflicts_with = "cached")]
    pub refresh: bool,

    /// Only a token with at least this long to live, as in 10m
    #[arg(long, value_name = "DURATION")]
    pub min_ttl: Option<DurationText>,

    /// Only a cached token: never go to the network
    #[arg(long)]
    pub cached: bool,

    /// Neither read nor write the cache
    #[arg(long, conflicts_with = "cached")]
    pub no_cache: bool,

    /// What to ask for.
    #[command(flatten)]
    pub asking: Asking,
}

/// The options that change what a profile asks for.
#[derive(Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = FETCHING)]
pub struct Asking {
    /// Ask for this scope instead of the profile's; may be repeated
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,

    /// Ask for a token for this audience instead of the profile's
    #[arg(long)]
    pub audience: Option<String>,

    /// Send this parameter too, or instead of the profile's; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub param: Vec<(String, String)>,

    /// The value of a ${var.K} in the profile; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub var: Vec<(String, String)>,

    /// Give up after this long [default: the profile's, or 30s]
    #[arg(long, value_name = "DURATION", value_parser = some_time)]
    pub timeout: Option<DurationText>,
}

/// What can be done with a secret. No option takes its value: arguments can be read by every user of the machine.
#[derive(Debug, Subcommand)]
pub enum Secret {
    /// Store a secret, typed at a prompt without echo, or from stdin
    ///
    /// From stdin exactly one line end at the end is taken off, if there is one.
    Set(SecretName),
    /// Say whether a secret is set, and where; never shows it
    Check(SecretName),
    /// Remove a secret from the keyring
    Delete(SecretName),
}

/// A secret of a profile.
#[derive(Debug, Args)]
pub struct SecretName {
    /// The profile
    #[arg(env = "TOK_PROFILE", hide_env = true)]
    pub profile: String,

    /// The secret's name
    #[arg(default_value = crate::profile::template::CLIENT_SECRET)]
    pub name: String,
}

/// Reads a length of time in which something can be done.
fn some_time(text: &str) -> Result<DurationText, String> {
    let read: DurationText = text.parse()?;
    match read.ms {
        0 => Err("has to be longer than no time at all".to_owned()),
        _ => Ok(read),
    }
}

/// Reads `K=V`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("not of the form K=V".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_pair_has_a_name() {
        assert_eq!(pair("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(pair("a="), Ok(("a".into(), String::new())));
        assert!(pair("=b").is_err() && pair("ab").is_err());
    }
}
