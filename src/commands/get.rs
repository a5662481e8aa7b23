//! A token for a command that needs one: profile and options in, token out, whatever is done with it then.

use crate::cache::Slot;
use crate::clock::Now;
use crate::commands::cli::{Asking, Fetch, FetchOptions};
use crate::commands::{Session, environment};
use crate::error::Error;
use crate::fast::bookmark::{self, AtHand, Bookmark};
use crate::get::{Run, Source, Wish, acquire, is_fresh};
use crate::output;
use crate::profile::file::Config;
use crate::profile::{Overrides, Profile};
use crate::secret::Secret;
use crate::secrets;
use crate::token::Token;

/// The profile that `fetch` names, and a token for it.
pub(super) fn get(session: &Session<'_>, fetch: &Fetch) -> Result<(Profile, Token, Source), Error> {
    get_for(session, &fetch.profile, &fetch.options)
}

/// Profile `name`, and a token for it.
pub(super) fn get_for(
    session: &Session<'_>,
    name: &str,
    options: &FetchOptions,
) -> Result<(Profile, Token, Source), Error> {
    let (config, profile, wish) = prepare_for(session, name, options)?;
    let (token, source) = with(session, &config, &profile, wish)?;
    Ok((profile, token, source))
}

/// A token for a profile that was [prepared](prepare).
pub(super) fn with(
    session: &Session<'_>,
    config: &Config,
    profile: &Profile,
    wish: Wish,
) -> Result<(Token, Source), Error> {
    acquire(Run {
        profile,
        config,
        wish,
        environment: &environment,
        notes: session.notes(),
    })
}

/// The token that `fetch` asks for, if it is in the cache and can be found without reading the config.
pub(super) fn at_hand(session: &Session<'_>, fetch: &Fetch) -> Option<AtHand> {
    if !is_plain(session, &fetch.options) {
        return None;
    }
    let path = Config::path(session.cli.config.as_deref()).ok()?;
    let at_hand = bookmark::follow(&fetch.profile, &path, &environment)?;
    let min_ttl_ms = fetch.options.min_ttl.map_or(0, |ttl| ttl.ms);
    is_fresh(&at_hand.found.entry.token, &Now::read(), min_ttl_ms).then_some(at_hand)
}

/// Makes it easy for the next run with the same command line to find what this one has found.
pub(super) fn remember(session: &Session<'_>, fetch: &Fetch, config: &Config, profile: &Profile) {
    if !is_plain(session, &fetch.options) {
        return;
    }
    let bookmark = Slot::of(profile)
        .ok()
        .and_then(|slot| Bookmark::of(profile, config, slot.stem(), &environment));
    if let Some(bookmark) = bookmark {
        // Without it the next run reads the config, as this one did.
        let _ = bookmark.keep(&profile.name);
    }
}

/// Whether the command line leaves everything to the profile and the cache, and wants to hear no more than the answer.
fn is_plain(session: &Session<'_>, options: &FetchOptions) -> bool {
    !session.cli.verbose
        && !options.refresh
        && !options.no_cache
        && options.asking == Asking::default()
}

/// What `fetch` asks for, before any of it is done.
pub(super) fn prepare(
    session: &Session<'_>,
    fetch: &Fetch,
) -> Result<(Config, Profile, Wish), Error> {
    prepare_for(session, &fetch.profile, &fetch.options)
}

fn prepare_for(
    session: &Session<'_>,
    name: &str,
    options: &FetchOptions,
) -> Result<(Config, Profile, Wish), Error> {
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
pub(super) fn header_lines(profile: &Profile, token: &Token) -> Result<Secret, Error> {
    output::header(profile, token, &|name| {
        secrets::find(profile, name, &environment).map(|(secret, _)| secret)
    })
}
