//! Tokens and failures as sealed values. Lifetimes travel as remaining time by the engine's clock, never by another machine's.
//!
//! Each conversion rounds towards an earlier expiry: a machine reads its own clock before it asks the engine, and counts from the answer when it
//! writes.

use std::time::{Duration, Instant};

use crate::cache::entry::{self, Entry};
use crate::cache::last_failure::LastFailure;
use crate::cache::shared::engine::Value;
use crate::cache::shared::seal::{Sealer, Unusable};
use crate::clock::Now;
use crate::oauth::response::check_characters;
use crate::profile::file::schema::TokenCharacters;
use crate::token::Token;

/// The engine removes a value this long before the value's own expiry, so that only a value that was put back has expired.
const REMOVED_BEFORE_MS: i64 = 1_000;

/// The longest time that an engine is asked to keep a value.
const LONGEST_MS: i64 = 30 * 24 * 3_600_000;

/// One moment by the clocks of the engine and of this machine.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) engine_unix_ms: u64,
    /// Read before the engine was asked.
    pub(super) before: Now,
    /// Read after the engine answered.
    pub(super) after: Instant,
}

impl Moment {
    fn engine_now_ms(&self) -> u64 {
        let since = u64::try_from(self.after.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.engine_unix_ms.saturating_add(since)
    }

    /// Returns when something began, by this machine's clock, that takes `lasts_ms` and ends at `expires_unix_ms` of the engine.
    fn began(&self, lasts_ms: i64, expires_unix_ms: u64) -> Now {
        let left_ms = expires_unix_ms.saturating_sub(self.engine_unix_ms);
        let left_ms = i64::try_from(left_ms).unwrap_or(i64::MAX).min(lasts_ms);
        self.before.plus(left_ms.saturating_sub(lasts_ms))
    }
}

/// The kind of a value is a part of the name that it is sealed for.
fn place(name: &str, kind: &str) -> String {
    format!("{name}:{kind}")
}

const ENTRY: &str = "entry";
const FAILURE: &str = "failure";

/// The identity of an entry: the digest of its inputs, and the characters that its token may have.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) digest: String,
    pub(crate) characters: TokenCharacters,
}

/// The content of an entry at the engine.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) token: Option<Token>,
    /// How long the provider asked to wait.
    pub(crate) wait_ms: Option<i64>,
}

/// A name at the engine, and the key that seals what is under it.
pub(super) struct Place<'a> {
    pub(super) sealer: &'a Sealer,
    pub(super) name: &'a str,
}

impl Place<'_> {
    pub(super) fn open_token(
        &self,
        sealed: &[u8],
        identity: &Identity,
        moment: &Moment,
    ) -> Result<Token, Unusable> {
        let name = place(self.name, ENTRY);
        let opened = self.sealer.open(&name, sealed, moment.engine_unix_ms)?;
        let entry = entry::read(&opened.plaintext).map_err(|_| Unusable::Content)?;
        let mut token = entry.token;
        if entry.digest != identity.digest
            || check_characters(&token.access_token, identity.characters).is_err()
        {
            return Err(Unusable::Content);
        }
        token.sent = moment.began(token.lifetime_ms, opened.expires_unix_ms);
        Ok(token)
    }

    /// Returns `None` for a token that is not worth sharing, or if the system has no random bytes.
    pub(super) fn seal_token(
        &self,
        token: &Token,
        identity: &Identity,
        fence: u64,
        moment: &Moment,
    ) -> Option<Value> {
        let left_ms = token.left_ms(&Now::read())?;
        let entry = Entry {
            digest: identity.digest.clone(),
            token: Token {
                sent: Now {
                    unix_ms: 0,
                    boot: None,
                },
                ..token.clone()
            },
            fetches: 0,
            reuses: 0,
        };
        self.seal(ENTRY, fence, moment, left_ms, &entry::write(&entry))
    }

    pub(super) fn open_failure(
        &self,
        sealed: &[u8],
        moment: &Moment,
    ) -> Result<LastFailure, Unusable> {
        let name = place(self.name, FAILURE);
        let opened = self.sealer.open(&name, sealed, moment.engine_unix_ms)?;
        let failure = LastFailure::read(&opened.plaintext).ok_or(Unusable::Content)?;
        let at = moment.began(failure.matters_ms(), opened.expires_unix_ms);
        Ok(failure.moved_to(at))
    }

    pub(super) fn seal_failure(
        &self,
        failure: &LastFailure,
        fence: u64,
        moment: &Moment,
    ) -> Option<Value> {
        let lasts_ms = failure.matters_ms();
        let moved = failure.clone().moved_to(Now {
            unix_ms: 0,
            boot: None,
        });
        self.seal(FAILURE, fence, moment, lasts_ms, &moved.write())
    }

    fn seal(
        &self,
        kind: &str,
        fence: u64,
        moment: &Moment,
        left_ms: i64,
        plaintext: &[u8],
    ) -> Option<Value> {
        let lives_ms = left_ms
            .checked_sub(REMOVED_BEFORE_MS)
            .filter(|ms| *ms > 0)?;
        let expires = moment
            .engine_now_ms()
            .saturating_add(left_ms.unsigned_abs());
        let name = place(self.name, kind);
        Some(Value {
            sealed: self.sealer.seal(&name, fence, expires, plaintext)?,
            lives: Duration::from_millis(lives_ms.min(LONGEST_MS).unsigned_abs()),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::cache::shared::seal::KEY_BYTES;
    use crate::oauth::problem::Problem;
    use crate::secret::Secret;

    fn identity() -> Identity {
        Identity {
            digest: "d1".into(),
            characters: TokenCharacters::Visible,
        }
    }

    fn token(age_ms: i64, lifetime_ms: i64) -> Token {
        Token {
            access_token: Secret::new("t0ken"),
            token_type: "Bearer".into(),
            scope: None,
            kept: Map::new(),
            sent: Now::read().plus(-age_ms),
            lifetime_ms,
        }
    }

    /// A machine whose clock differs from the engine's by `ahead_ms`, `later_ms` after the engine's time 5,000,000.
    fn moment(ahead_ms: i64, later_ms: u64) -> Moment {
        let engine_unix_ms = 5_000_000 + later_ms;
        Moment {
            engine_unix_ms,
            before: Now {
                unix_ms: i64::try_from(engine_unix_ms).unwrap() + ahead_ms,
                boot: None,
            },
            after: Instant::now(),
        }
    }

    #[test]
    fn token_has_the_same_time_left_on_every_machine_whatever_its_clock() {
        let sealer = Sealer::new(&[1; KEY_BYTES]).unwrap();
        let place = Place {
            sealer: &sealer,
            name: "n",
        };
        let sealed = place
            .seal_token(&token(100_000, 600_000), &identity(), 1, &moment(0, 0))
            .unwrap();
        assert!(sealed.lives <= Duration::from_millis(499_000));
        for ahead_ms in [0, 600_000, -600_000, 10_i64.pow(12)] {
            for later_ms in [0, 1_000, 400_000] {
                let here = moment(ahead_ms, later_ms);
                let token = place
                    .open_token(&sealed.sealed, &identity(), &here)
                    .unwrap();
                let left_ms = token.left_ms(&here.before).unwrap();
                let expected = 500_000 - i64::try_from(later_ms).unwrap();
                assert!((expected - 200..=expected).contains(&left_ms), "{left_ms}");
            }
        }
        let late = place.open_token(&sealed.sealed, &identity(), &moment(0, 500_000));
        assert_eq!(late.err(), Some(Unusable::Expired));
    }

    #[test]
    fn token_for_other_inputs_or_with_other_characters_is_not_used() {
        let sealer = Sealer::new(&[1; KEY_BYTES]).unwrap();
        let place = Place {
            sealer: &sealer,
            name: "n",
        };
        let mut odd = token(0, 600_000);
        odd.access_token = Secret::new("t\n");
        let other = Identity {
            digest: "d2".into(),
            ..identity()
        };
        for (token, identity) in [(odd, identity()), (token(0, 600_000), other)] {
            let sealed = place
                .seal_token(
                    &token,
                    &Identity {
                        digest: "d1".into(),
                        ..identity.clone()
                    },
                    1,
                    &moment(0, 0),
                )
                .unwrap();
            let opened = place.open_token(&sealed.sealed, &identity, &moment(0, 0));
            assert_eq!(opened.err(), Some(Unusable::Content));
        }
    }

    #[test]
    fn neither_a_token_with_little_time_left_nor_an_endless_one_is_a_problem() {
        let sealer = Sealer::new(&[1; KEY_BYTES]).unwrap();
        let place = Place {
            sealer: &sealer,
            name: "n",
        };
        let seal = |token: &Token| place.seal_token(token, &identity(), 1, &moment(0, 0));
        assert!(seal(&token(0, 900)).is_none());
        assert!(seal(&token(0, -5)).is_none());
        let endless = seal(&token(0, i64::MAX)).unwrap();
        assert_eq!(
            endless.lives,
            Duration::from_millis(LONGEST_MS.unsigned_abs())
        );
        let here = moment(0, 60_000);
        let opened = place
            .open_token(&endless.sealed, &identity(), &here)
            .unwrap();
        assert!(opened.left_ms(&here.before).unwrap() > LONGEST_MS);
    }

    #[test]
    fn wait_that_a_provider_asked_for_ends_at_the_same_time_everywhere() {
        let sealer = Sealer::new(&[1; KEY_BYTES]).unwrap();
        let place = Place {
            sealer: &sealer,
            name: "n",
        };
        let now = Now::read();
        let refused = Problem::UnexpectedStatus(429)
            .into_error("p")
            .retry_at(now.unix_ms + 60_000);
        let failure = LastFailure::new(&refused, &now, false).unwrap();
        let sealed = place.seal_failure(&failure, 1, &moment(0, 0)).unwrap();
        for ahead_ms in [0, 600_000, -600_000] {
            let here = moment(ahead_ms, 20_000);
            let opened = place.open_failure(&sealed.sealed, &here).unwrap();
            let wait_ms = opened.must_wait_ms(&here.before).unwrap();
            assert!((39_800..=40_200).contains(&wait_ms), "{wait_ms}");
        }
        // A failure never opens as an entry.
        let opened = place.open_token(&sealed.sealed, &identity(), &moment(0, 0));
        assert_eq!(opened.err(), Some(Unusable::NotAuthentic));
    }
}
