//! What may be typed after `tok exec`.

use std::ffi::OsString;

use clap::Args;

use super::FetchOptions;

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

    /// The variable for the token [default: TOK_TOKEN, or TOK_<PROFILE>_TOKEN]
    #[arg(long, value_name = "NAME", value_parser = variable)]
    pub token_var: Option<String>,

    /// The variable for the header [default: TOK_HEADER, or TOK_<PROFILE>_HEADER]
    #[arg(long, value_name = "NAME", value_parser = variable)]
    pub header_var: Option<String>,

    /// Which token, and from where.
    #[command(flatten)]
    pub options: FetchOptions,
}

/// Reads the name of an environment variable, as POSIX has it.
fn variable(text: &str) -> Result<String, String> {
    let good = !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if good {
        Ok(text.to_owned())
    } else {
        Err("a variable's name has letters, digits and `_`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variables_name_is_what_a_shell_can_read() {
        for good in ["TOK_TOKEN", "_x", "a1"] {
            assert!(variable(good).is_ok(), "{good}");
        }
        for bad in ["", "1a", "a-b", "a=b", "a b", "é"] {
            assert!(variable(bad).is_err(), "{bad}");
        }
    }
}
