//! The flow from a profile to a token: fresh in the cache? else lock, read again, fetch, store, let go.
//!
//! And nothing else: what a token, an entry, a lock or a fetch is stands elsewhere.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::cache::directory::Trouble;
use crate::cache::last_failure::Setback;
use crate::cache::lock::Outcome;
use crate::cache::waiters::Crowd;
use crate::cache::{Found, Slot};
use crate::clock::Now;
use crate::error::{Error, Kind};
use crate::fetch::fetch;
use crate::http::Tries;
use crate::oauth::problem::Problem;
use crate::profile::file::Config;
use crate::profile::file::schema::CacheKind;
use crate::profile::{Environment, Profile};
use crate::term::notes::Notes;
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
pub fn acquire(run: Run<'_>) -> Result<(Token, Source), Error> {
    let flow = Flow::begin(run);
    let slot = flow.slot();
    if let Some((found, freshness)) = slot.as_ref().and_then(|slot| flow.look(slot, &flow.began)) {
        return match (freshness, &slot) {
            (Freshness::Stale, Some(slot)) if !run.wish.cached_only => {
                Ok(flow.refresh_ahead(slot, found))
            }
            _ => Ok(reuse(found)),
        };
    }
    if run.wish.cached_only {
        return Err(flow
            .failure(
                Kind::Unreachable,
                "no usable token in the cache, and --cached forbids fetching one",
            )
            .hint("leave --cached out to fetch one"));
    }
    run.profile.check(run.config)?;
    let until = Instant::now() + Duration::from_millis(run.profile.timeout_ms.unsigned_abs());
    let Some(slot) = slot.filter(Slot::answers) else {
        return flow.fetch(None, until, Tries::Several);
    };
    let crowd = slot.join();
    let answer = flow.take_turns(&slot, &crowd, until);
    // `Retry-After` holds for everyone without that.
    if answer
        .as_ref()
        .is_err_and(|failure| Setback::is_shared(failure) && failure.retry_at_unix_ms().is_none())
    {
        crowd.linger();
    }
    answer
}

/// Whether `token` can be printed at `now`, with nothing else to be done, by someone who needs it for `min_ttl_ms`.
#[must_use]
pub fn is_fresh(token: &Token, now: &Now, min_ttl_ms: i64) -> bool {
    freshness(token, now, min_ttl_ms) == Freshness::Fresh
}

fn freshness(token: &Token, now: &Now, min_ttl_ms: i64) -> Freshness {
    // Spreads a crowd's refreshes by who each process is; which process it hits does not matter.
    let jitter = f64::from(std::process::id() % 1000) / 1000.0;
    token.freshness(now, min_ttl_ms, jitter)
}

/// The token that was found, used once more.
fn reuse(found: Found) -> (Token, Source) {
    found.count_use();
    (found.entry.token, Source::Cache)
}

/// One run on its way.
struct Flow<'a> {
    run: Run<'a>,
    began: Now,
    /// Whether the cache gave trouble. One note tells of it: what goes wrong after that is mostly the same trouble again.
    troubled: Cell<bool>,
}

impl<'a> Flow<'a> {
    fn begin(run: Run<'a>) -> Self {
        Self {
            run,
            began: Now::read(),
            troubled: Cell::new(false),
        }
    }

    /// Lock, read again, fetch, store, let go; or wait, and read what the one that held the lock has left.
    fn take_turns(
        &self,
        slot: &Slot,
        crowd: &Crowd,
        until: Instant,
    ) -> Result<(Token, Source), Error> {
        loop {
            let outcome = match slot.lock(until + GRACE) {
                Ok(outcome) => outcome,
                Err(trouble) => {
                    self.note("going on without a lock", &trouble);
                    return self.fetch(Some(slot), until, Tries::Several);
                }
            };
            // The second look: whoever held the lock has very likely fetched what we want, or met what we would meet.
            if let Some((found, _)) = self.look(slot, &Now::read()) {
                return Ok(reuse(found));
            }
            if let Some(setback) = slot.setback() {
                let now = Now::read();
                if let Some(wait_ms) = setback.must_wait_ms(&now) {
                    return Err(self.told_to_wait(&setback, &now, wait_ms));
                }
                if let Some(failure) = crowd.failure(&setback, &now) {
                    return Err(failure);
                }
            }
            match outcome {
                Outcome::Held(_lock) => {
                    return self.fetch(Some(slot), until, Tries::Several);
                }
                Outcome::Waited => {}
                Outcome::TimedOut => {
                    return Err(self
                        .failure(Kind::Unreachable, "another tok has been fetching this token for too long")
                        .hint("if none is running that should be, look for one that is stopped (`ps`); its lock goes with it"));
                }
            }
        }
    }

    /// Where the token is kept; none when it is kept nowhere, or there is no place for it.
    fn slot(&self) -> Option<Slot> {
        if self.run.wish.no_cache || self.run.profile.cache == CacheKind::None {
            return None;
        }
        Slot::of(self.run.profile)
            .map_err(|trouble| self.note("going on without a cache", &trouble))
            .ok()
    }

    /// The token in the cache if it will do. A run that is to refresh takes only what was fetched since it began.
    fn look(&self, slot: &Slot, now: &Now) -> Option<(Found, Freshness)> {
        let found = match slot.read() {
            Ok(found) => found?,
            Err(trouble) => {
                self.note("not using the cached token", &trouble);
                return None;
            }
        };
        let token = &found.entry.token;
        if self.run.wish.refresh && self.began.since(&token.sent) > 0 {
            return None;
        }
        let freshness = self.freshness(token, now);
        (freshness != Freshness::Dead).then_some((found, freshness))
    }

    fn freshness(&self, token: &Token, now: &Now) -> Freshness {
        freshness(token, now, self.run.wish.min_ttl_ms)
    }

    /// One process refreshes a token that is still good and the others go on with it; so does that one when it cannot be refreshed.
    fn refresh_ahead(&self, slot: &Slot, mut found: Found) -> (Token, Source) {
        let Ok(Some(_lock)) = slot.try_lock() else {
            return reuse(found);
        };
        // What the last holder of the lock did stands in the cache by now.
        if let Ok(Some(newer)) = slot.read()
            && newer.entry.token != found.entry.token
            && self.freshness(&newer.entry.token, &Now::read()) != Freshness::Dead
        {
            return reuse(newer);
        }
        // A use, unless a new one takes its place.
        found.count_use();
        found.close();
        let last = slot
            .setback()
            .filter(|setback| setback.pauses_refreshing(&Now::read()));
        let refreshed = match last {
            Some(setback) => Err(setback.failure()),
            None => self.run.profile.check(self.run.config).and_then(|()| {
                let most = Duration::from_millis(self.run.profile.timeout_ms.unsigned_abs());
                let until = Instant::now() + most.min(REFRESH_AHEAD);
                self.fetch(Some(slot), until, Tries::Once)
            }),
        };
        refreshed.unwrap_or_else(|failure| {
            self.run.notes.note(&format!(
                "using the cached token, which could not be refreshed: {failure}"
            ));
            reuse(found)
        })
    }

    /// Fetches a token and stores it, or what went wrong.
    fn fetch(
        &self,
        place: Option<&Slot>,
        until: Instant,
        tries: Tries,
    ) -> Result<(Token, Source), Error> {
        let Run {
            profile,
            environment,
            notes,
            ..
        } = self.run;
        let fetched = fetch(profile, environment, until, tries, notes);
        if let (Some(slot), Ok(token)) = (place, &fetched)
            && token.freshness(&Now::read(), 0, 0.0) != Freshness::Dead
            && let Err(trouble) = slot.store(token)
        {
            self.note("the token could not be kept for the next run", &trouble);
        }
        let answer = fetched.and_then(|token| self.long_enough(token));
        if let (Some(slot), Err(failure)) = (place, &answer)
            && let Some(setback) = Setback::new(failure, &Now::read(), tries == Tries::Once)
            && let Err(trouble) = slot.store_setback(&setback)
        {
            self.note("the failure could not be kept for the next run", &trouble);
        }
        answer.map(|token| (token, Source::Provider))
    }

    /// `token`, unless it does not live as long as `--min-ttl` wants.
    fn long_enough(&self, token: Token) -> Result<Token, Error> {
        let least_ms = self.run.wish.min_ttl_ms;
        match token.left_ms(&Now::read()) {
            Some(left_ms) if least_ms > 0 && left_ms < least_ms => {
                let name = &self.run.profile.name;
                let problem = Problem::TooShort {
                    lifetime_s: token.lifetime_ms / 1000,
                    min_ttl_s: least_ms / 1000,
                };
                Err(problem.into_error(name).profile(name))
            }
            _ => Ok(token),
        }
    }

    /// Says that the cache gave trouble, the first time it does.
    fn note(&self, what: &str, trouble: &Trouble) {
        if !self.troubled.replace(true) {
            self.run.notes.note(&format!("{what}: {trouble}"));
        }
    }

    fn told_to_wait(&self, setback: &Setback, now: &Now, wait_ms: i64) -> Error {
        let seconds = (wait_ms + 999) / 1000;
        let profile = format!("profile `{}`", self.run.profile.name);
        let named = format!("{profile}: ");
        setback
            .failure()
            .redacted(|text| text.strip_prefix(&named).unwrap_or(text).to_owned())
            .context(format!(
                "{profile}: not asked again for another {seconds} s, as the provider wishes"
            ))
            .retry_at(now.unix_ms.saturating_add(wait_ms))
            .hint(format!(
                "try again then; `tok forget {}` drops the provider's wish with all else",
                self.run.profile.name
            ))
    }

    fn failure(&self, kind: Kind, message: &str) -> Error {
        Error::new(kind, message.to_owned()).context(format!("profile `{}`", self.run.profile.name))
    }
}
