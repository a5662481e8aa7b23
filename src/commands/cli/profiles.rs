//! What may be typed after the commands that look at profiles and providers: list, show, inspect, providers, doctor.

use clap::Args;

use crate::commands::cli::{Asking, Fetch};

/// `tok list`
#[derive(Debug, Args)]
pub struct List {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `tok show`
#[derive(Debug, Args)]
pub struct Show {
    /// The profile
    #[arg(env = "TOK_PROFILE", hide_env = true)]
    pub profile: String,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Print the token request as a curl command, with secrets as variables
    #[arg(long, conflicts_with = "json")]
    pub curl: bool,

    /// What to ask for.
    #[command(flatten)]
    pub asking: Asking,
}

/// `tok inspect`
#[derive(Debug, Args)]
pub struct Inspect {
    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// The profile, and which of its tokens.
    #[command(flatten)]
    pub fetch: Fetch,
}

/// `tok providers`
#[derive(Debug, Args)]
pub struct Providers {
    /// The provider to show [default: list them all]
    #[arg(value_name = "PROVIDER")]
    pub name: Option<String>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `tok doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// The profile whose provider to check as well
    #[arg(env = "TOK_PROFILE", hide_env = true)]
    pub profile: Option<String>,

    /// Fetch a token too; without this no secret is sent
    #[arg(long, requires = "profile")]
    pub fetch: bool,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
