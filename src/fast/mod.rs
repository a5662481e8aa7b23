//! The only module that knows shortcuts: most runs print a token that is in the cache, and need neither clap nor the config for that.

pub mod bookmark;
pub mod plain;

use std::io::Write;

use crate::clock::Now;
use crate::error::Error;
use crate::get::{Source, is_fresh};
use crate::output;
use crate::profile::Profile;
use crate::profile::file::Config;
use bookmark::Bookmark;
use plain::{Form, Plain};

/// Prints the token that `plain` asks for, and returns true, if its bookmark leads to a fresh one.
///
/// # Errors
/// If stdout cannot be written to.
pub fn cached(plain: &Plain, out: &mut dyn Write) -> Result<bool, Error> {
    let Ok(path) = Config::path(plain.config.as_deref()) else {
        return Ok(false);
    };
    let Some((found, header)) = bookmark::follow(&plain.profile, &path) else {
        return Ok(false);
    };
    let (token, now) = (&found.entry.token, Now::read());
    if !is_fresh(token, &now, plain.min_ttl.map_or(0, |ttl| ttl.ms)) {
        return Ok(false);
    }
    let answer = match plain.form {
        Form::Token => Some(output::raw(token)),
        Form::Header => output::header_around(header.as_deref(), token),
        Form::Json => Some(output::json(&plain.profile, token, Source::Cache, &now)),
    };
    let Some(answer) = answer else {
        return Ok(false);
    };
    found.count_use();
    output::write(out, answer.expose())?;
    Ok(true)
}

/// Makes the next [`cached`] find the token of `profile`, which was read from `config`, if the config alone leads to it.
pub(crate) fn remember(profile: &Profile, config: &Config) {
    if let Some(bookmark) = Bookmark::of(profile, config) {
        // Without it the next run reads the config, as this one did.
        let _ = bookmark.keep(&profile.name);
    }
}
