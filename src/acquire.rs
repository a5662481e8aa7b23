//! The flow from a profile to a token: fresh in the cache? else lock, read again, fetch, store, let go.
//!
//! And nothing else: what a token, an entry, a lock or a fetch is stands elsewhere.

use std::time::{Duration, Instant};

use crate::cache::Slot;
use crate::cache::entry::Entry;
use crate::cache::lock::{Lock, Outcome};
use crate::cache::setback::Setback;
use crate::clock::Now;
use crate::config::Config;
use crate::config::schema::CacheKind;
use crate::failure::{Failure, Kind};
use crate::fetch::fetch;
use crate::http::Tries;
use crate::notes::Notes;
use crate::profile::{Environment, Profile};
use crate::token::{Freshness, Token};

/// The longest a refresh of a token that is still good may hold its caller up.
const REFRESH_AHEAD: Duration = Duration::from_secs(10);

/// How much longer than its own deadline a process waits for another's fetch, so that it hears of a failure at the deadline.
const GRACE: Duration = Duration::from_millis(500);

/// What a run wants of the token and of the cache.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// `--refresh`: a token fetched after this run began.
    pub refresh: bool,
    /// `--min-ttl`: at least so long to live, milliseconds.
    pub min_ttl_ms: i64,
    /// `--cached`: nothing from the network.
    pub cached_only: bool,
    /// `--no-cache`: nothing from or to the cache.
    pub no_cache: bool,
}

/// Where a token came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It was fetched before this run, or by another process.
    Cache,
    /// This run fetched it.
    Provider,
}

/// Everything a run knows.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The file it comes from.
    pub config: &'a Config,
    /// What is wanted.
    pub wish: Wish,
    /// The environment.
    pub environment: Environment<'a>,
    /// How much is said beside the answer.
    pub notes: Notes,
}

/// A token that is good for what the run wants.
///
/// # Errors
/// Why there is none; nothing has been printed then.
pub fn acquire(run: Run<'_>) -> Result<(Token, Source), Failure> {
    let now = Now::read();
    let slot = run.slot();
    if let Some(token) = slot.as_ref().and_then(|slot| run.look(slot, &now)) {
        return match run.freshness(&token, &now) {
            Freshness::Stale if !run.wish.cached_only => {
                Ok(run.refresh_ahead(slot.as_ref(), token))
            }
            _ => Ok((token, Source::Cache)),
        };
    }
    if run.wish.cached_only {
        return Err(run.failure(
            Kind::Unreachable,
            "no usable token in the cache, and --cached forbids fetching one",
        ));
    }
    run.profile.check(run.config)?;
    let until = Instant::now() + Duration::from_millis(run.profile.timeout_ms.unsigned_abs());
    let Some(slot) = slot else {
        return run.fetch(None, until, Tries::Several);
    };
    let seen = slot.setback().map(|setback| setback.id);
    loop {
        let outcome = match slot.lock(until + GRACE) {
            Ok(outcome) => outcome,
            Err(trouble) => {
                run.notes
                    .note(&format!("going on without a lock: {trouble}"));
                return run.fetch(Some((&slot, None)), until, Tries::Several);
            }
        };
        // The second look: whoever held the lock has very likely fetched what we want, or met what we would meet.
        if let Some(token) = run.look(&slot, &now) {
            return Ok((token, Source::Cache));
        }
        if let Some(setback) = slot.setback() {
            if Some(setback.id) != seen {
                return Err(setback.failure());
            }
            if let Some(wait_ms) = setback.must_wait_ms(&Now::read()) {
                return Err(run.told_to_wait(&setback, wait_ms));
            }
        }
        match outcome {
            Outcome::Held(lock) => {
                return run.fetch(Some((&slot, Some(&lock))), until, Tries::Several);
            }
            Outcome::Waited => {}
            Outcome::TimedOut => {
                return Err(run
                    .failure(Kind::Unreachable, "another tok has been fetching this token for too long")
                    .hint("if none is running that should be, look for one that is stopped (`ps`); its lock goes with it"));
            }
        }
    }
}

impl Run<'_> {
    /// Where the token is kept; none when it is kept nowhere, or there is no place for it.
    fn slot(&self) -> Option<Slot> {
        if self.wish.no_cache || self.profile.cache == CacheKind::None {
            return None;
        }
        Slot::of(self.profile)
            .map_err(|trouble| {
                self.notes
                    .note(&format!("going on without a cache: {trouble}"))
            })
            .ok()
    }

    /// The token in the cache if it will do. `began` is when the run did: a refresh takes only what was fetched since.
    fn look(&self, slot: &Slot, began: &Now) -> Option<Token> {
        let entry = match slot.read() {
            Ok(entry) => entry?,
            Err(trouble) => {
                self.notes
                    .note(&format!("not using the cached token: {trouble}"));
                return None;
            }
        };
        let token = entry.token;
        if self.wish.refresh && began.since(&token.sent) > 0 {
            return None;
        }
        (self.freshness(&token, &Now::read()) != Freshness::Dead).then_some(token)
    }

    fn freshness(&self, token: &Token, now: &Now) -> Freshness {
        // Spreads a crowd's refreshes by who each process is; which process it hits does not matter.
        let jitter = f64::from(std::process::id() % 1000) / 1000.0;
        token.freshness(now, self.wish.min_ttl_ms, jitter)
    }

    /// One process refreshes a token that is still good and the others go on with it; so does that one when it cannot be refreshed.
    fn refresh_ahead(&self, slot: Option<&Slot>, token: Token) -> (Token, Source) {
        let Some(slot) = slot else {
            return (token, Source::Cache);
        };
        if slot
            .setback()
            .is_some_and(|setback| setback.pauses_refreshing(&Now::read()))
        {
            return (token, Source::Cache);
        }
        let Ok(Some(lock)) = slot.try_lock() else {
            return (token, Source::Cache);
        };
        if let Ok(Some(entry)) = slot.read()
            && entry.token != token
            && self.freshness(&entry.token, &Now::read()) == Freshness::Fresh
        {
            return (entry.token, Source::Cache);
        }
        let patience =
            Duration::from_millis(self.profile.timeout_ms.unsigned_abs()).min(REFRESH_AHEAD);
        let fetched = self.profile.check(self.config).and_then(|()| {
            self.fetch(
                Some((slot, Some(&lock))),
                Instant::now() + patience,
                Tries::Once,
            )
        });
        fetched.unwrap_or_else(|failure| {
            self.notes.note(&format!(
                "using the cached token, which could not be refreshed: {failure}"
            ));
            (token, Source::Cache)
        })
    }

    /// Fetches a token and stores it, or what went wrong.
    fn fetch(
        &self,
        slot: Option<(&Slot, Option<&Lock>)>,
        until: Instant,
        tries: Tries,
    ) -> Result<(Token, Source), Failure> {
        let fetched = fetch(self.profile, self.environment, until, tries, self.notes);
        if let Some((slot, held)) = slot {
            let stored = match &fetched {
                Ok(token) if token.freshness(&Now::read(), 0, 0.0) == Freshness::Dead => Ok(()),
                Ok(token) => {
                    let before = slot.read().ok().flatten().map_or(0, |entry| entry.fetches);
                    slot.store(
                        &Entry {
                            token: token.clone(),
                            fetches: before + 1,
                        },
                        held,
                    )
                }
                Err(failure) => slot.store_setback(&Setback::new(failure, &Now::read())),
            };
            if let Err(trouble) = stored {
                self.notes.note(&format!(
                    "the token could not be kept for the next run: {trouble}"
                ));
            }
        }
        let token = fetched?;
        if self.wish.min_ttl_ms > 0
            && token
                .left_ms(&Now::read())
                .is_some_and(|left| left < self.wish.min_ttl_ms)
        {
            return Err(self.failure(
                Kind::Unusable,
                &format!(
                    "the provider's tokens live {} s, which is less than --min-ttl asks for ({} s)",
                    token.lifetime_ms / 1000,
                    self.wish.min_ttl_ms / 1000
                ),
            ));
        }
        Ok((token, Source::Provider))
    }

    fn told_to_wait(&self, setback: &Setback, wait_ms: i64) -> Failure {
        let seconds = (wait_ms + 999) / 1000;
        setback.failure().context(format!(
            "not asked again for another {seconds} s, as the provider wishes"
        ))
    }

    fn failure(&self, kind: Kind, message: &str) -> Failure {
        Failure::new(kind, message).context(format!("profile `{}`", self.profile.name))
    }
}
