//! The shared level of the cache: one token for many machines, on an engine that users already run.
//!
//! The engine is never trusted, and three states are never confused: it has a token or failure, another process holds the lease, or it cannot
//! be used. Then each machine makes its own request, and the engine is left alone for a few seconds.

mod away;
mod engine;
mod link;
mod login;
mod manage;
mod payload;
mod protocol;
mod redis;
mod seal;
mod settings;
mod unusable;

use std::cell::Cell;
use std::time::{Duration, Instant};

use self::engine::{EngineError, Held, View};
use self::link::Link;
use self::payload::{Moment, Place};
use self::protocol::{LEASE, Lease, Next, Seen};
use self::seal::Unusable;
use crate::cache::last_failure::LastFailure;
use crate::clock::Now;
use crate::error::Error;
use crate::profile::file::Config;
use crate::term::notes::Notes;
use crate::term::progress::Progress;
use crate::token::Token;

pub(crate) use self::payload::{Identity, Shown};
pub(crate) use self::seal::KEY_BYTES;
pub(crate) use self::settings::Settings;

/// A process that comes this soon after a failure shares it: machines do not start in the same instant.
const SHARED_AFTER_MS: i64 = 2_000;

/// How long the release of a lease may take, which ends by itself otherwise.
const GRACE: Duration = Duration::from_millis(250);

/// The result of a fetch, made here or on another machine.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) answer: Result<Token, Error>,
    /// A token that is not good enough for this run, but may be for others.
    pub(crate) rejected: Option<Token>,
    /// The error as data, if other processes share it.
    pub(crate) failure: Option<LastFailure>,
}

impl Outcome {
    /// Returns the token to store.
    pub(crate) fn token(&self) -> Option<&Token> {
        self.answer.as_ref().ok().or(self.rejected.as_ref())
    }
}

/// The conditions under which a run takes over from other machines.
pub(crate) struct Wish<'a> {
    pub(crate) is_usable: &'a dyn Fn(&Token) -> bool,
    /// Returns the error that a failure is for this run, if it counts. The second argument says whether the run waited for it.
    pub(crate) error: &'a dyn Fn(&LastFailure, bool) -> Option<Error>,
    /// Whether to wait for another machine that is fetching.
    pub(crate) waits: bool,
    /// The login whose refresh token only one process of all machines may use at a time. Without a lease for that the run fails.
    pub(crate) login: Option<&'a str>,
    /// Whether to store the result for other machines.
    pub(crate) stores: bool,
    /// The run's deadline.
    pub(crate) until: Instant,
}

/// The result of a wish.
pub(crate) enum Answer {
    /// From another machine.
    Shared(Outcome),
    /// From the provider.
    Fetched(Outcome),
    /// Another machine is still fetching.
    Busy,
}

/// One entry at the engine.
pub(crate) struct Level<'a> {
    settings: &'a Settings,
    config: &'a Config,
    identity: Identity,
    names: Vec<String>,
    notes: Notes,
    /// Later notes mostly have the same cause.
    noted: Cell<bool>,
}

impl<'a> Level<'a> {
    pub(crate) fn new(
        settings: &'a Settings,
        config: &'a Config,
        identity: Identity,
        notes: Notes,
    ) -> Self {
        let names = settings.keys.iter().map(|key| key.name(&identity.digest));
        Self {
            names: names.collect(),
            settings,
            config,
            identity,
            notes,
            noted: Cell::new(false),
        }
    }

    /// Returns what another machine has or gets meanwhile; otherwise calls `fetch`, as the only process of all machines.
    ///
    /// # Errors
    /// Fails if the engine refuses the user or password: that is an error of the config, not of the engine.
    pub(crate) fn get(
        &self,
        wish: &Wish<'_>,
        fetch: impl FnOnce() -> Outcome,
    ) -> Result<Answer, Error> {
        match self.decide(wish) {
            Ok(Decision::Answer(answer)) => Ok(*answer),
            Ok(Decision::Fetch(link, held, moment)) => {
                link.hold(vec![held.clone()]);
                let login = match wish
                    .login
                    .map(|login| self.hold_login(&link, &held, login, wish))
                {
                    None => None,
                    Some(Ok(Some(login))) => Some(login),
                    Some(Ok(None)) => {
                        let _ =
                            link.ask(after(GRACE), move |engine| engine.store(&held, None, None));
                        return Ok(Answer::Busy);
                    }
                    Some(Err(error)) => return Err(self.no_lease(error)),
                };
                let outcome = fetch();
                if let Some(login) = login {
                    let _ = link.ask(after(GRACE), move |engine| engine.store(&login, None, None));
                }
                let stored = wish.stores.then_some(&outcome);
                if let Err(error) = self.store(&link, held, stored, &moment) {
                    self.note(&format!("the result could not be stored: {error}"));
                    self.mark(&error);
                }
                Ok(Answer::Fetched(outcome))
            }
            Err(error) if wish.login.is_some() => Err(self.no_lease(error)),
            Err(error) => {
                self.unless_refused(error)?;
                Ok(Answer::Fetched(fetch()))
            }
        }
    }

    fn decide(&self, wish: &Wish<'_>) -> Result<Decision, EngineError> {
        let link = self.open(wish.until)?;
        let owner = owner()?;
        let (mut waited, mut look, mut acquires) = (false, 0, false);
        let mut progress = None;
        loop {
            let (views, moment) = self.ask(&link, acquires.then(|| owner.clone()), wish.until)?;
            let seen = self.seen(&views, &moment, wish, waited);
            waited |= matches!(seen.lease, Lease::Held(_));
            let is_ours = matches!(seen.lease, Lease::Ours(_));
            let (answer, failure) = match protocol::next(seen, look) {
                Next::Use(token) => {
                    self.trace("it has the token");
                    (Ok(token), None)
                }
                Next::Fail((failure, error)) => {
                    self.trace("it has a failure that counts here too");
                    (Err(error), Some(failure))
                }
                Next::Fetch(fence) => {
                    self.trace("this machine has the lease");
                    let name = self.names.first().cloned().unwrap_or_default();
                    let held = Held { name, owner, fence };
                    return Ok(Decision::Fetch(link, held, moment));
                }
                Next::Acquire => {
                    acquires = true;
                    continue;
                }
                Next::Wait(ms) => {
                    let left = wish.until.saturating_duration_since(Instant::now());
                    let pause = Duration::from_millis(ms);
                    if !wish.waits || left <= pause {
                        return Ok(Decision::Answer(Box::new(Answer::Busy)));
                    }
                    if progress.is_none() {
                        let subject = "another machine, which is fetching this token";
                        progress = Some(Progress::waiting_for(subject));
                        self.trace("another machine holds the lease");
                    }
                    std::thread::sleep(pause);
                    look += 1;
                    acquires = false;
                    continue;
                }
            };
            if is_ours {
                let name = self.names.first().cloned().unwrap_or_default();
                let held = Held {
                    name,
                    owner,
                    fence: 0,
                };
                // It ends by itself otherwise.
                let _ = link.ask(wish.until, move |engine| engine.store(&held, None, None));
            }
            let outcome = Outcome {
                answer,
                rejected: None,
                failure,
            };
            return Ok(Decision::Answer(Box::new(Answer::Shared(outcome))));
        }
    }

    fn open(&self, until: Instant) -> Result<Link, EngineError> {
        let urls = self.settings.urls();
        if let Some(why) = away::why(urls) {
            return Err(EngineError::LeftAlone(why));
        }
        self.connect(until)
    }

    fn connect(&self, until: Instant) -> Result<Link, EngineError> {
        Link::open(self.settings.connector(), self.settings.timeout(), until)
    }

    /// Reads what is under each name; with an owner, also takes the lease of the first.
    fn ask(
        &self,
        link: &Link,
        owner: Option<String>,
        until: Instant,
    ) -> Result<(Vec<View>, Moment), EngineError> {
        let names = self.names.clone();
        let before = Now::read();
        let views = link.ask(until, move |engine| {
            let mut owner = owner;
            let view = |name: &String| match owner.take() {
                Some(owner) => engine.acquire(name, &owner, LEASE),
                None => engine.look(name),
            };
            names.iter().map(view).collect::<Result<Vec<View>, _>>()
        })?;
        let moment = Moment {
            engine_unix_ms: views.first().map_or(0, |view| view.now_unix_ms),
            before,
            after: Instant::now(),
        };
        Ok((views, moment))
    }

    fn seen(
        &self,
        views: &[View],
        moment: &Moment,
        wish: &Wish<'_>,
        waited: bool,
    ) -> Seen<Token, (LastFailure, Error)> {
        let places = || self.places().zip(views);
        let token = places().find_map(|(place, view)| {
            let opened = place.open_token(view.entry.as_deref()?, &self.identity, moment);
            let token = self.noted(opened)?;
            (wish.is_usable)(&token).then_some(token)
        });
        let held = views.iter().find_map(|view| view.held_ms);
        let failure = || {
            places().find_map(|(place, view)| {
                let opened = place.open_failure(view.failure.as_deref()?, moment);
                let failure = self.noted(opened)?;
                let is_recent = failure
                    .age_ms(&Now::read())
                    .is_some_and(|age| age < SHARED_AFTER_MS);
                let error = (wish.error)(&failure, waited || held.is_some() || is_recent)?;
                Some((failure, error))
            })
        };
        Seen {
            failure: if token.is_some() { None } else { failure() },
            token,
            // While keys are replaced, the lease of another name is respected only before there is an own one.
            lease: match (views.first().and_then(|view| view.fence), held) {
                (Some(fence), _) => Lease::Ours(fence),
                (None, Some(left_ms)) => Lease::Held(left_ms),
                (None, None) => Lease::Free,
            },
        }
    }

    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        let names = self.names.iter().map(String::as_str);
        let keys = self.settings.keys.iter();
        keys.zip(names).map(|(sealer, name)| Place { sealer, name })
    }

    fn store(
        &self,
        link: &Link,
        held: Held,
        outcome: Option<&Outcome>,
        moment: &Moment,
    ) -> Result<bool, EngineError> {
        link.hold(Vec::new());
        let Some(place) = self.places().next() else {
            return Ok(false);
        };
        let entry = outcome
            .and_then(Outcome::token)
            .and_then(|token| place.seal_token(token, &self.identity, held.fence, moment));
        let failure = outcome
            .and_then(|outcome| outcome.failure.as_ref())
            .and_then(|failure| place.seal_failure(failure, held.fence, moment));
        // The answer is there: what remains is at most one time-out.
        link.ask(after(self.settings.timeout()), move |engine| {
            engine.store(&held, entry.as_ref(), failure.as_ref())
        })
    }

    fn noted<T>(&self, opened: Result<T, Unusable>) -> Option<T> {
        opened
            .inspect_err(|why| self.note(&format!("not using a value in it: {why}")))
            .ok()
    }

    fn trace(&self, text: &str) {
        let engine = self.settings.shown();
        self.notes.trace(&format!("shared cache {engine}: {text}"));
    }

    fn note(&self, text: &str) {
        if !self.noted.replace(true) {
            self.notes.note(&format!("shared cache: {text}"));
        }
    }
}

fn after(time: Duration) -> Instant {
    Instant::now() + time
}

enum Decision {
    Answer(Box<Answer>),
    Fetch(Link, Held, Moment),
}

/// A name for a process's lease that no other has.
fn owner() -> Result<String, EngineError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| EngineError::Other("no random bytes".to_owned()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
