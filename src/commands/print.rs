//! `tok token`, `tok header`, `tok json`: a token, in the form asked for.

use std::io::Write;

use super::{Session, environment, write};
use crate::acquire::{Run, Source, Wish, acquire};
use crate::cli::Fetch;
use crate::clock::Now;
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::profile::{Overrides, Profile};
use crate::secret::Secret;
use crate::secrets;
use crate::token::Token;

pub(super) fn token(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let got = get(session, fetch)?;
    write(out, output::raw(&got.token).expose())
}

pub(super) fn header(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let lines = get(session, fetch)?.header()?;
    write(out, lines.expose())
}

pub(super) fn json(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let Acquired {
        profile,
        token,
        source,
    } = get(session, fetch)?;
    write(
        out,
        output::json(&profile, &token, source, &Now::read()).expose(),
    )
}

/// A profile and a token for it.
pub(super) struct Acquired {
    pub(super) profile: Profile,
    pub(super) token: Token,
    pub(super) source: Source,
}

impl Acquired {
    /// The header lines that the profile's APIs want.
    pub(super) fn header(&self) -> Result<Secret, Failure> {
        output::header(&self.profile, &self.token, &|name| {
            secrets::find(&self.profile, name, &environment).map(|(secret, _)| secret)
        })
    }
}

/// The token that `fetch` asks for.
pub(super) fn get(session: &Session<'_>, fetch: &Fetch) -> anyhow::Result<Acquired> {
    let (config, profile, wish) = prepare(session, fetch)?;
    let (token, source) = acquire(Run {
        profile: &profile,
        config: &config,
        wish,
        environment: &environment,
        notes: session.notes(),
    })?;
    Ok(Acquired {
        profile,
        token,
        source,
    })
}

/// What `fetch` asks for, before any of it is done.
pub(super) fn prepare(
    session: &Session<'_>,
    fetch: &Fetch,
) -> anyhow::Result<(Config, Profile, Wish)> {
    let overrides = Overrides {
        scope: fetch.scope.clone(),
        audience: fetch.audience.clone(),
        params: fetch.param.clone(),
        vars: fetch.var.clone(),
        timeout_ms: fetch.timeout.map(|timeout| timeout.ms),
    };
    let wish = Wish {
        refresh: fetch.refresh,
        min_ttl_ms: fetch.min_ttl.map_or(0, |ttl| ttl.ms),
        cached_only: fetch.cached,
        no_cache: fetch.no_cache,
    };
    let config = session.config()?;
    let profile = session.profile(&config, &fetch.profile, &overrides)?;
    Ok((config, profile, wish))
}
