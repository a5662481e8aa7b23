//! `tok token`, `tok header`, `tok json`: a token, in the form asked for.

use std::io::Write;

use super::{Session, environment, write};
use crate::acquire::{Run, Source, Wish, acquire};
use crate::cli::Fetch;
use crate::clock::Now;
use crate::output;
use crate::profile::{Overrides, Profile};
use crate::secrets;
use crate::token::Token;

pub(super) fn token(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (_, token, _) = get(session, fetch)?;
    write(out, output::raw(&token).expose())
}

pub(super) fn header(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (profile, token, _) = get(session, fetch)?;
    let lines = output::header(&profile, &token, &|name| {
        secrets::find(&profile, name, &environment).map(|(secret, _)| secret)
    })?;
    write(out, lines.expose())
}

pub(super) fn json(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (profile, token, source) = get(session, fetch)?;
    write(
        out,
        output::json(&profile, &token, source, &Now::read()).expose(),
    )
}

/// The profile and a token for it.
fn get(session: &Session<'_>, fetch: &Fetch) -> anyhow::Result<(Profile, Token, Source)> {
    let overrides = Overrides {
        scope: fetch.scope.clone(),
        audience: fetch.audience.clone(),
        params: fetch.param.clone(),
        vars: fetch.var.clone(),
        timeout_ms: fetch.timeout.map(|timeout| timeout.ms),
    };
    let config = session.config()?;
    let profile = session.profile(&config, &fetch.profile, &overrides)?;
    let (token, source) = acquire(Run {
        profile: &profile,
        config: &config,
        wish: Wish {
            refresh: fetch.refresh,
            min_ttl_ms: fetch.min_ttl.map_or(0, |ttl| ttl.ms),
            cached_only: fetch.cached,
            no_cache: fetch.no_cache,
        },
        environment: &environment,
        notes: session.notes(),
    })?;
    Ok((profile, token, source))
}
