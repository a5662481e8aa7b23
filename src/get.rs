//! From a profile to a token: fresh in the cache? Else lock, read again, fetch, store.

mod errors;
mod shared;

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::cache::Slot;
use crate::cache::error::CacheError;
use crate::cache::last_failure::{self, LastFailure};
use crate::cache::lock::Turn;
use crate::cache::shared::{Answer, Outcome};
use crate::cache::store::Found;
use crate::clock::Now;
use crate::error::{Error, chain};
use crate::fetch::fetch;
use crate::http::Tries;
use crate::oauth::problem::Problem;
use crate::profile::file::Config;
use crate::profile::file::schema::CacheKind;
use crate::profile::{Environment, Profile};
use crate::term::notes::Notes;
use crate::token::{Freshness, Token};

/// The longest delay of a caller by a refresh-ahead.
const REFRESH_AHEAD: Duration = Duration::from_secs(10);

/// How much longer than its own deadline a process waits for another's, to learn of a failure at the deadline.
const GRACE: Duration = Duration::from_millis(500);

/// The caller's requirements of the token and the cache.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// `--refresh`
    pub refresh: bool,
    /// `--min-ttl`, in milliseconds.
    pub min_ttl_ms: i64,
    /// `--cached`
    pub cached_only: bool,
    /// `--no-cache`
    pub no_cache: bool,
}

/// A token's origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Fetched before this run, or by another process.
    Cache,
    /// Fetched by this run.
    Provider,
}

/// The inputs of a run.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The profile's config.
    pub config: &'a Config,
    /// The requirements.
    pub options: Options,
    /// The environment.
    pub environment: Environment<'a>,
    /// Where notes go.
    pub notes: Notes,
}

/// Returns a token that meets the run's options.
pub fn acquire(run: Run<'_>) -> Result<(Token, Source), Error> {
    acquire_within(run, None)
}

/// Returns the cached token, if it has not expired; it is not counted as a use.
pub(crate) fn cached(run: Run<'_>) -> Option<Token> {
    let flow = Flow::new(run);
    let (found, _) = flow.find(&flow.slot()?).ok()??;
    Some(found.entry.token)
}

/// Like [`acquire`], with a deadline instead of the profile's `timeout`: that of the profile that needs this token.
pub(crate) fn acquire_by(run: Run<'_>, until: Instant) -> Result<(Token, Source), Error> {
    acquire_within(run, Some(until))
}

fn acquire_within(run: Run<'_>, limit: Option<Instant>) -> Result<(Token, Source), Error> {
    let flow = Flow::new(run);
    let mut slot = flow.slot();
    let found = slot.as_ref().map(|slot| flow.find(slot));
    match (found, &slot) {
        (Some(Ok(Some((found, Freshness::Stale)))), Some(slot)) if !run.options.cached_only => {
            return Ok(flow.refresh_ahead(slot, found, limit));
        }
        (Some(Ok(Some((found, _)))), _) => return Ok(reuse(found)),
        // A keyring that did not answer is not asked again: each attempt could take as long.
        (Some(Err(CacheError::Keyring(..))), _) => slot = None,
        _ => {}
    }
    if run.options.cached_only {
        return Err(flow.nothing_cached());
    }
    run.profile.check(run.config)?;
    let until = limit.unwrap_or_else(|| {
        Instant::now() + Duration::from_millis(run.profile.timeout_ms.unsigned_abs())
    });
    let Some(slot) = slot else {
        return flow.fetch(None, until, Tries::Several);
    };
    let mut waited = false;
    loop {
        let turn = match slot.lock(until + GRACE) {
            Ok(turn) => turn,
            Err(error) => {
                flow.note("going on without a lock", &error);
                return flow.fetch(Some(&slot), until, Tries::Several);
            }
        };
        waited |= match &turn {
            Turn::Mine(lock) => lock.is_shared(),
            Turn::Waited | Turn::TimedOut => true,
        };
        // The last lock holder may have fetched this token, or met the same failure.
        let found = match flow.find(&slot) {
            Ok(Some((found, _))) => return Ok(reuse(found)),
            other => other,
        };
        if let Some(failure) = flow.shared_failure(&slot, waited) {
            return Err(failure);
        }
        // A keyring that did not answer would not take the token either, each attempt as slowly.
        if let Err(CacheError::Keyring(..)) = found {
            return flow.fetch(None, until, Tries::Several);
        }
        match turn {
            Turn::Mine(lock) => {
                let fetched = flow.fetch(Some(&slot), until, Tries::Several);
                // `Retry-After` holds for every process, however late it starts.
                if fetched.as_ref().is_err_and(|failure| {
                    last_failure::shared(failure).is_some() && failure.retry_at_unix_ms().is_none()
                }) {
                    lock.stay();
                }
                return fetched;
            }
            Turn::Waited => {}
            Turn::TimedOut => return Err(flow.timed_out()),
        }
    }
}

/// Whether `token` can be printed as it is.
#[must_use]
pub fn is_fresh(token: &Token, now: &Now, min_ttl_ms: i64) -> bool {
    freshness(token, now, min_ttl_ms) == Freshness::Fresh
}

fn freshness(token: &Token, now: &Now, min_ttl_ms: i64) -> Freshness {
    token.freshness(now, min_ttl_ms, jitter(std::process::id()))
}

fn jitter(process: u32) -> f64 {
    f64::from(process % 1000) / 1000.0
}

fn reuse(found: Found) -> (Token, Source) {
    found.count_use();
    (found.entry.token, Source::Cache)
}

struct Flow<'a> {
    run: Run<'a>,
    began: Now,
    /// Later cache failures mostly have the same cause, so only the first is noted.
    noted: Cell<bool>,
}

impl<'a> Flow<'a> {
    fn new(run: Run<'a>) -> Self {
        Self {
            run,
            began: Now::read(),
            noted: Cell::new(false),
        }
    }

    fn slot(&self) -> Option<Slot> {
        let is_off = self.run.profile.cache == CacheKind::Keyring
            && crate::secrets::keyring::is_off().unwrap_or(false);
        if self.run.options.no_cache || is_off {
            return None;
        }
        Slot::of(self.run.profile).unwrap_or_else(|error| {
            self.note("going on without a cache", &error);
            None
        })
    }

    /// With `--refresh` only a token fetched since the run began counts.
    fn find(&self, slot: &Slot) -> Result<Option<(Found, Freshness)>, CacheError> {
        let found = slot
            .read()
            .inspect_err(|error| self.note("not using the cached token", error))?;
        Ok(found.and_then(|found| {
            let freshness = self.usable(&found.entry.token)?;
            Some((found, freshness))
        }))
    }

    fn usable(&self, token: &Token) -> Option<Freshness> {
        let is_too_old = self.run.options.refresh && self.began.since(&token.sent) > 0;
        let freshness = freshness(token, &Now::read(), self.run.options.min_ttl_ms);
        (!is_too_old && freshness != Freshness::Dead).then_some(freshness)
    }

    fn shared_failure(&self, slot: &Slot, waited: bool) -> Option<Error> {
        self.error_of(&slot.last_failure()?, waited)
    }

    /// Returns the error of a failure that applies here too: the provider asked to wait, or a concurrent process failed.
    fn error_of(&self, failure: &LastFailure, waited: bool) -> Option<Error> {
        let now = Now::read();
        let started = self.began.process_start();
        let is_shared = failure.is_shared_by(started.as_ref().unwrap_or(&self.began), waited, &now);
        match failure.must_wait_ms(&now) {
            // `--refresh` asks anyway, but once for all processes that use it.
            Some(wait_ms) if is_shared || !self.run.options.refresh => {
                Some(self.asked_to_wait(failure, &now, wait_ms))
            }
            _ => is_shared.then(|| failure.error(&self.run.profile.name)),
        }
    }

    fn refresh_ahead(
        &self,
        slot: &Slot,
        mut found: Found,
        limit: Option<Instant>,
    ) -> (Token, Source) {
        let most = Duration::from_millis(self.run.profile.timeout_ms.unsigned_abs());
        // A refresh token may be lost with an answer that comes later.
        let most = match self.run.profile.refreshes() {
            true => most,
            false => most.min(REFRESH_AHEAD),
        };
        let until = Instant::now() + most;
        let until = limit.map_or(until, |limit| until.min(limit));
        let Ok(Some(_lock)) = slot.try_lock(until + GRACE) else {
            return reuse(found);
        };
        if let Ok(Some((newer, _))) = self.find(slot)
            && newer.entry.token != found.entry.token
        {
            return reuse(newer);
        }
        // Counted before the file is closed; a new entry inherits the count.
        found.count_use();
        found.close();
        let last = slot.last_failure();
        let refreshed = match last.filter(|failure| failure.pauses_refreshing(&Now::read())) {
            Some(failure) => Err(failure.error(&self.run.profile.name)),
            None => self.run.profile.check(self.run.config).and_then(|()| {
                self.fetch_unless_busy(Some(slot), until, Tries::Once, Some(&found.entry.token))
            }),
        };
        match refreshed {
            Ok(Some(newer)) => newer,
            Ok(None) => reuse(found),
            Err(failure) => {
                self.run.notes.note(&format!(
                    "using the cached token, which could not be refreshed: {failure}"
                ));
                reuse(found)
            }
        }
    }

    fn fetch(
        &self,
        slot: Option<&Slot>,
        until: Instant,
        tries: Tries,
    ) -> Result<(Token, Source), Error> {
        let fetched = self.fetch_unless_busy(slot, until, tries, None)?;
        fetched.ok_or_else(|| self.other_machine_is_busy())
    }

    /// Returns `None` if another machine is fetching and this one does not wait for it: not beyond its deadline, and not at all for a
    /// token to replace `ahead_of`. Stores the result, unless the process was stopped beyond its deadline: another has taken over since.
    fn fetch_unless_busy(
        &self,
        slot: Option<&Slot>,
        until: Instant,
        tries: Tries,
        ahead_of: Option<&Token>,
    ) -> Result<Option<(Token, Source)>, Error> {
        let answer = self.share(until, ahead_of, || self.ask_provider(until, tries))?;
        let (outcome, source) = match answer {
            Answer::Fetched(outcome) => (outcome, Source::Provider),
            Answer::Shared(outcome) => (outcome, Source::Cache),
            Answer::Busy => return Ok(None),
        };
        let slot = slot.filter(|_| Instant::now() < until + GRACE);
        if let (Some(slot), Some(token)) = (slot, outcome.token())
            && token.freshness(&Now::read(), 0, 0.0) != Freshness::Dead
            && let Err(error) = slot.store(token, source == Source::Provider)
        {
            self.note("the token could not be kept for the next run", &error);
        }
        if let (Some(slot), Some(failure)) = (slot, &outcome.failure)
            && let Err(error) = slot.store_failure(failure)
        {
            self.note("the failure could not be kept for the next run", &error);
        }
        outcome.answer.map(|token| Some((token, source)))
    }

    fn ask_provider(&self, until: Instant, tries: Tries) -> Outcome {
        let Run {
            profile,
            environment,
            notes,
            ..
        } = self.run;
        let token_of = |other: &Profile| {
            let run = Run {
                profile: other,
                config: &other.config,
                options: Options::default(),
                environment,
                notes,
            };
            acquire_by(run, until).map(|(token, _)| token)
        };
        let fetched = fetch(profile, environment, until, tries, notes, &token_of);
        let too_short = fetched
            .as_ref()
            .ok()
            .and_then(|token| self.too_short(token));
        let (answer, rejected) = match (fetched, too_short) {
            (Ok(token), Some(error)) => (Err(error), Some(token)),
            (fetched, _) => (fetched, None),
        };
        let failure = answer
            .as_ref()
            .err()
            .and_then(|error| LastFailure::new(error, &Now::read(), tries == Tries::Once));
        Outcome {
            answer,
            rejected,
            failure,
        }
    }

    fn too_short(&self, token: &Token) -> Option<Error> {
        let min_ttl_ms = self.run.options.min_ttl_ms;
        let left_ms = token.left_ms(&Now::read())?;
        (min_ttl_ms > 0 && left_ms < min_ttl_ms).then(|| {
            let name = &self.run.profile.name;
            let problem = Problem::TooShort {
                lifetime_s: token.lifetime_ms / 1000,
                min_ttl_s: min_ttl_ms / 1000,
            };
            problem.into_error(name).profile(name)
        })
    }

    fn note(&self, what: &str, error: &CacheError) {
        if !self.noted.replace(true) {
            self.run.notes.note(&format!("{what}: {}", chain(error)));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::secret::Secret;

    #[test]
    fn processes_refresh_at_different_times() {
        for (process, expected) in [(4000, 0.0), (4250, 0.25), (4999, 0.999)] {
            assert!((jitter(process) - expected).abs() < 1e-9, "{process}");
        }
    }

    #[test]
    fn a_token_becomes_stale_at_the_moment_of_this_process() {
        let sent = Now {
            unix_ms: 1_000_000_000,
            boot: None,
        };
        let (hour, window) = (3_600_000, 300_000);
        let token = Token {
            access_token: Secret::new("t"),
            token_type: "Bearer".into(),
            scope: None,
            kept: Map::new(),
            sent: sent.clone(),
            lifetime_ms: hour,
        };
        let earlier = i64::from(std::process::id() % 1000) * window / 2 / 1000;
        for (beyond_ms, expected) in [(-1, Freshness::Fresh), (1, Freshness::Stale)] {
            let now = Now {
                unix_ms: sent.unix_ms + hour - window + earlier + beyond_ms,
                boot: None,
            };
            assert_eq!(freshness(&token, &now, 0), expected, "{beyond_ms}");
            assert_eq!(is_fresh(&token, &now, 0), expected == Freshness::Fresh);
        }
    }
}
