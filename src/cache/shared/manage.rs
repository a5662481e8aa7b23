//! The commands' operations on an entry at the engine: show it, remove it, reject its token, and test the engine.

use std::time::{Duration, Instant};

use crate::cache::last_failure::LastFailure;
use crate::cache::shared::engine::{Engine, EngineError, Held};
use crate::cache::shared::link::Link;
use crate::cache::shared::payload::Shown;
use crate::cache::shared::protocol::LEASE;
use crate::cache::shared::{Level, Outcome, owner};
use crate::clock::Now;
use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::token::Token;

/// Commands that only look after entries are not in a hurry, but end.
const PATIENCE: Duration = Duration::from_secs(10);

/// The engine gave back something else than what was stored.
#[derive(Debug, thiserror::Error)]
#[error("it does not give back what was stored in it")]
struct Altered;

impl Level<'_> {
    /// Returns what machines would take over.
    ///
    /// # Errors
    /// Fails if the engine cannot be used.
    pub(crate) fn show(&self) -> Result<Shown, Error> {
        self.with(|link, until| {
            let (views, moment) = self.ask(link, None, until)?;
            let mut shown = Shown::default();
            for (place, view) in self.places().zip(&views) {
                if let (None, Some(sealed)) = (&shown.token, &view.entry) {
                    shown.token = self.noted(place.open_token(sealed, &self.identity, &moment));
                }
                if let (None, Some(sealed)) = (shown.wait_ms, &view.failure) {
                    let failure = self.noted(place.open_failure(sealed, &moment));
                    shown.wait_ms =
                        failure.and_then(|failure: LastFailure| failure.must_wait_ms(&Now::read()));
                }
            }
            Ok(shown)
        })
    }

    /// Removes the token and the failure; returns whether there was one.
    ///
    /// # Errors
    /// Fails if the engine cannot be used.
    pub(crate) fn forget(&self) -> Result<bool, Error> {
        self.with(|link, until| {
            let names = self.names.clone();
            link.ask(until, move |engine| {
                let mut any = false;
                for name in &names {
                    any |= engine.remove(name)?;
                }
                Ok(any)
            })
        })
    }

    /// Removes the token if it is still `rejected`; returns whether it was.
    ///
    /// # Errors
    /// Fails if the engine cannot be used.
    pub(crate) fn reject(&self, rejected: &Secret) -> Result<bool, Error> {
        self.with(|link, until| {
            let (views, moment) = self.ask(link, None, until)?;
            let mut sealed = Vec::new();
            for (place, view) in self.places().zip(views) {
                let Some(entry) = view.entry else { continue };
                let token = self.noted(place.open_token(&entry, &self.identity, &moment));
                if token.is_some_and(|token| token.access_token == *rejected) {
                    sealed.push((place.name.to_owned(), entry));
                }
            }
            // Compared at the engine again, so that a newer token stays.
            link.ask(until, move |engine| {
                let mut any = false;
                for (name, entry) in &sealed {
                    any |= engine.remove_if(name, entry)?;
                }
                Ok(any)
            })
        })
    }

    /// Stores `token`, reads it back and removes it, as a fetch would; returns how long that took.
    ///
    /// # Errors
    /// Fails if the engine cannot be used for that.
    pub(crate) fn test(&self, token: Token) -> Result<Duration, Error> {
        let began = Instant::now();
        let stored = self.with(|link, until| {
            let owner = owner()?;
            let (views, moment) = self.ask(link, Some(owner.clone()), until)?;
            let held = views.first().and_then(|view| view.fence).map(|fence| Held {
                name: self.names.first().cloned().unwrap_or_default(),
                owner,
                fence,
            });
            let Some(held) = held else { return Ok(false) };
            let outcome = Outcome {
                answer: Ok(token.clone()),
                rejected: None,
                failure: None,
            };
            let renewed = held.clone();
            let renewed = link.ask(until, move |engine: &mut dyn Engine| {
                engine.renew(&renewed, LEASE)
            })?;
            Ok(renewed && self.store(link, held, Some(&outcome), &moment)?)
        })?;
        let read = self.show()?.token.map(|read| read.access_token);
        let removed = self.forget()?;
        match stored && removed && read == Some(token.access_token) {
            true => Ok(began.elapsed()),
            false => Err(self.located(Error::of(Kind::Unexpected, Altered))),
        }
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&Link, Instant) -> Result<T, EngineError>,
    ) -> Result<T, Error> {
        let until = Instant::now() + PATIENCE;
        // Even if it is left alone now: the user asked for it.
        self.connect(until)
            .and_then(|link| work(&link, until))
            .map_err(|error| {
                self.refused(&error).unwrap_or_else(|| {
                    self.located(Error::of(Kind::Unreachable, error)).hint(
                        "look after the engine, or correct `url` or `timeout` in `[shared_cache]`",
                    )
                })
            })
    }
}
