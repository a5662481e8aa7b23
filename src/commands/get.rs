//! A token for a command that needs one: profile and options in, token out, whatever is done with it then.

use super::{Session, environment};
use crate::acquire::{Run, Source, Wish, acquire};
use crate::cli::{Asking, Fetch, FetchOptions};
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
    get_for(session, &fetch.profile, &fetch.options)
}

/// Profile `name`, and a token for it.
pub(super) fn get_for(
    session: &Session<'_>,
    name: &str,
    options: &FetchOptions,
) -> Result<(Profile, Token, Source), Failure> {
    let (config, profile, wish) = prepare_for(session, name, options)?;
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
    prepare_for(session, &fetch.profile, &fetch.options)
}

fn prepare_for(
    session: &Session<'_>,
    name: &str,
    options: &FetchOptions,
) -> Result<(Config, Profile, Wish), Failure> {
    let wish = Wish {
        refresh: options.refresh,
        min_ttl_ms: options.min_ttl.map_or(0, |ttl| ttl.ms),
        cached_only: options.cached,
        no_cache: options.no_cache,
    };
    let config = session.config()?;
    let profile = session.profile(&config, name, &overrides(&options.asking))?;
    Ok((config, profile, wish))
}

/// What the command line changes in a profile.
pub(super) fn overrides(asking: &Asking) -> Overrides {
    Overrides {
        scope: asking.scope.clone(),
        audience: asking.audience.clone(),
        params: asking.param.clone(),
        vars: asking.var.clone(),
        timeout_ms: asking.timeout.map(|timeout| timeout.ms),
    }
}

/// The header lines for `token`, each with a line end.
pub(super) fn header_lines(profile: &Profile, token: &Token) -> Result<Secret, Failure> {
    output::header(profile, token, &|name| {
        secrets::find(profile, name, &environment).map(|(secret, _)| secret)
    })
}
