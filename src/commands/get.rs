//! A token for a command that needs one: profile and options in, token out, whatever is done with it then.

use super::{Session, environment};
use crate::acquire::{Run, Source, Wish, acquire};
use crate::cli::Fetch;
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::profile::{Overrides, Profile};
use crate::secret::Secret;
use crate::secrets;
use crate::token::Token;

/// The profile that `fetch` names, and a token for it.
pub(super) fn get(
    session: &Session<'_>,
    fetch: &Fetch,
) -> Result<(Profile, Token, Source), Failure> {
    let (config, profile, wish) = prepare(session, fetch)?;
    let (token, source) = acquire(Run {
        profile: &profile,
        config: &config,
        wish,
        environment: &environment,
        notes: session.notes(),
    })?;
    Ok((profile, token, source))
}

/// What `fetch` asks for, before any of it is done.
pub(super) fn prepare(
    session: &Session<'_>,
    fetch: &Fetch,
) -> Result<(Config, Profile, Wish), Failure> {
    let wish = Wish {
        refresh: fetch.refresh,
        min_ttl_ms: fetch.min_ttl.map_or(0, |ttl| ttl.ms),
        cached_only: fetch.cached,
        no_cache: fetch.no_cache,
    };
    let config = session.config()?;
    let profile = session.profile(&config, &fetch.profile, &overrides(fetch))?;
    Ok((config, profile, wish))
}

/// What the command line changes in a profile.
pub(super) fn overrides(fetch: &Fetch) -> Overrides {
    Overrides {
        scope: fetch.scope.clone(),
        audience: fetch.audience.clone(),
        params: fetch.param.clone(),
        vars: fetch.var.clone(),
        timeout_ms: fetch.timeout.map(|timeout| timeout.ms),
    }
}

/// The header lines for `token`, each with a line end.
pub(super) fn header_lines(profile: &Profile, token: &Token) -> Result<Secret, Failure> {
    output::header(profile, token, &|name| {
        secrets::find(profile, name, &environment).map(|(secret, _)| secret)
    })
}
