//! The options of the verbs that look after what is kept: status, forget, reject.

use clap::Args;

/// What is cached and how long it lives.
#[derive(Debug, Args)]
#[command(after_help = "\
States: fresh; stale (good, and the next call refreshes it); dead; damaged;
  none. (other): for another scope, audience or parameter, or from before
  the profile was edited.")]
pub struct Status {
    /// Only this profile
    #[arg(env = "TOK_PROFILE", hide_env = true)]
    pub profile: Option<String>,

    /// Print JSON: an array with one object for each cached token
    #[arg(long)]
    pub json: bool,
}

/// What to forget.
#[derive(Debug, Args)]
pub struct Forget {
    /// The profile
    #[arg(required_unless_present = "all")]
    pub profile: Option<String>,

    /// Forget every profile's tokens
    #[arg(long, conflicts_with = "profile")]
    pub all: bool,
}

/// Whose token was rejected.
#[derive(Debug, Args)]
pub struct Reject {
    /// The profile
    #[arg(env = "TOK_PROFILE", hide_env = true)]
    pub profile: String,
}
