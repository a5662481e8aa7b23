//! The only module with shortcuts: printing a cached token needs neither clap nor the config.

pub mod bookmark;
pub mod plain;

use std::io::Write;
use std::path::Path;

use crate::cache::store::Found;
use crate::clock::Now;
use crate::error::Error;
use crate::get::{Source, is_fresh};
use crate::output;
use crate::profile::Profile;
use crate::profile::file::Config;
use crate::profile::name::secret_variable;
use crate::secret::Secret;
use bookmark::Bookmark;
use plain::{Form, Plain};

/// Prints the token and returns true if the bookmark leads to a fresh one.
pub fn cached(plain: &Plain, out: &mut dyn Write) -> Result<bool, Error> {
    let min_ttl_ms = plain.min_ttl.map_or(0, |ttl| ttl.ms);
    let config = plain.config.as_deref();
    let Some(found) = find(&plain.profile, config, min_ttl_ms) else {
        return Ok(false);
    };
    let token = &found.entry.entry.token;
    let answer = match plain.form {
        Form::Token => Some(output::raw(token)),
        Form::Header => output::header_around(found.bookmark.header(), token),
        Form::Json => Some(output::json(
            &plain.profile,
            token,
            Source::Cache,
            &Now::read(),
        )),
    };
    let Some(answer) = answer else {
        return Ok(false);
    };
    found.entry.count_use();
    output::write(out, answer.expose())?;
    Ok(true)
}

pub(crate) struct Given {
    pub(crate) token: Secret,
    pub(crate) header: Secret,
    pub(crate) secret_variables: Vec<String>,
}

/// Returns the environment for `tok exec` if the bookmark leads to a fresh token.
pub(crate) fn given(profile: &str, config: Option<&Path>, min_ttl_ms: i64) -> Option<Given> {
    let Marked { bookmark, entry } = find(profile, config, min_ttl_ms)?;
    entry.count_use();
    Some(Given {
        header: output::header_around(bookmark.header(), &entry.entry.token)?,
        token: entry.entry.token.access_token,
        secret_variables: bookmark.secret_variables,
    })
}

struct Marked {
    bookmark: Bookmark,
    entry: Found,
}

fn find(profile: &str, config: Option<&Path>, min_ttl_ms: i64) -> Option<Marked> {
    let path = Config::path(config).ok()?;
    let (bookmark, entry) = bookmark::follow(profile, &path)?;
    is_fresh(&entry.entry.token, &Now::read(), min_ttl_ms).then_some(Marked { bookmark, entry })
}

pub(crate) fn secret_variables(profile: &Profile) -> Vec<String> {
    let variable = |secret| secret_variable(&profile.name, secret);
    profile
        .secrets
        .keys()
        .map(|secret| variable(secret))
        .collect()
}

pub(crate) fn remember(profile: &Profile, config: &Config) {
    if let Some(bookmark) = Bookmark::of(profile, config) {
        let _ = bookmark.keep(&profile.name);
    }
}
