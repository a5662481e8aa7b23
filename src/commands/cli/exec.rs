//! What may be typed after `tok exec`.

use std::ffi::OsString;

use clap::Args;

use crate::commands::cli::FetchOptions;
use crate::commands::for_::variable::Variable;

/// Which tokens, under which names, for which command.
#[derive(Debug, Args)]
pub struct Exec {
    /// The profile, or several: all must have a token before CMD starts
    #[arg(
        required = true,
        value_name = "PROFILE",
        env = "TOK_PROFILE",
        hide_env = true
    )]
    pub profiles: Vec<String>,

    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,

    /// The variable for the token (default: `TOK_TOKEN`, or `TOK_<PROFILE>_TOKEN`)
    #[arg(long, value_name = "NAME")]
    pub token_var: Option<Variable>,

    /// The variable for the header (default: `TOK_HEADER`, or `TOK_<PROFILE>_HEADER`)
    #[arg(long, value_name = "NAME")]
    pub header_var: Option<Variable>,

    /// Which token, and from where.
    #[command(flatten)]
    pub options: FetchOptions,
}
