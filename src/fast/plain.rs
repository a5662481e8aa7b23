//! Parses the commonest command lines, `tok header PROFILE` and its like, without clap.
//!
//! A test compares it with clap, which parses everything else, including help and mistakes.
//! It saves 0.34 of 0.90 million instructions: compare `edited config` in `.ci/instructions` with and without `--color never`.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::profile::file::schema::DurationText;
use crate::profile::{Environment, name};

/// The form in which a token is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `tok token`
    Token,
    /// `tok header`
    Header,
    /// `tok json`
    Json,
}

/// A command line that prints a token.
#[derive(Debug, PartialEq, Eq)]
pub struct Plain {
    /// The command.
    pub form: Form,
    /// The profile.
    pub profile: String,
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--quiet`
    pub quiet: bool,
    /// `--min-ttl`
    pub min_ttl: Option<DurationText>,
    /// `--cached`
    pub cached: bool,
}

/// Parses `typed`, without the program's name, or returns `None` if clap must.
#[must_use]
pub fn read(
    mut typed: impl Iterator<Item = OsString>,
    environment: Environment<'_>,
) -> Option<Plain> {
    let (mut form, mut profile, mut config, mut min_ttl) = (None, None, None, None);
    let (mut quiet, mut cached) = (false, false);
    while let Some(word) = typed.next() {
        let word = word.into_string().ok()?;
        let (option, value) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value)),
            _ => (word.as_str(), None),
        };
        let mut value = |is_free: bool| match value {
            _ if !is_free => None,
            Some(value) => Some(value.to_owned()),
            None => typed
                .next()?
                .into_string()
                .ok()
                .filter(|value| !value.starts_with('-')),
        };
        let is_flag = option.len() == word.len();
        match option {
            "-q" | "--quiet" if is_flag && !quiet => quiet = true,
            "--cached" if is_flag && form.is_some() && !cached => cached = true,
            "--config" => config = Some(value(config.is_none())?),
            "--min-ttl" if form.is_some() => {
                min_ttl = Some(value(min_ttl.is_none())?.parse().ok()?);
            }
            _ if word.starts_with('-') => return None,
            _ if form.is_none() => {
                form = Some(match word.as_str() {
                    "token" => Form::Token,
                    "header" => Form::Header,
                    "json" => Form::Json,
                    _ => return None,
                });
            }
            _ if profile.is_none() => profile = Some(word),
            _ => return None,
        }
    }
    let profile = match profile {
        Some(profile) => profile,
        None => environment("TOK_PROFILE")?.into_string().ok()?,
    };
    Some(Plain {
        form: form?,
        profile: Some(profile).filter(|profile| name::check(profile).is_ok())?,
        config: match config {
            Some(path) if path.is_empty() => return None,
            path => path.map(PathBuf::from),
        },
        quiet,
        min_ttl,
        cached,
    })
}
