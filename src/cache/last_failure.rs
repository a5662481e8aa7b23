//! What the last fetch failed with, beside the entry it was for: so that a crowd shares one failure, and a provider's `Retry-After` holds for
//! every process.

use serde::{Deserialize, Serialize};

use crate::clock::{Boot, Now};
use crate::error::{Error, Kind};

/// A failure that outlives the process that met it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setback {
    /// A random number: whoever saw another one before waiting knows that this failure came while it waited.
    pub id: u64,
    kind: Kind,
    message: String,
    hint: Option<String>,
    at_unix_ms: i64,
    boot_id: Option<String>,
    at_boot_ms: i64,
    /// How long after that moment the provider does not want to be asked again, milliseconds.
    wait_ms: i64,
    /// Whether a refresh ahead of time met it: a single try, while there still was a good token.
    ahead: bool,
}

/// How long nobody tries again to refresh a token that is still good after a try has failed: often enough to catch the provider's return
/// well before the token dies, seldom enough not to hold each caller up.
const STALE_PAUSE_MS: i64 = 15_000;

impl Setback {
    /// Keeps `failure`, which happened at `now`, to a refresh ahead of time or to someone who had to have a token.
    ///
    /// None for what others would not meet: a missing secret may be in the next process's environment.
    #[must_use]
    pub fn new(failure: &Error, now: &Now, ahead: bool) -> Option<Self> {
        if !Self::is_shared(failure) {
            return None;
        }
        let mut random = [0; 8];
        // Without randomness the moment tells two failures apart well enough.
        let id = match getrandom::fill(&mut random) {
            Ok(()) => u64::from_ne_bytes(random),
            Err(_) => now.unix_ms.unsigned_abs(),
        };
        Some(Self {
            id,
            kind: failure.kind(),
            message: failure.to_string().to_owned(),
            hint: failure.next_step().map(str::to_owned),
            at_unix_ms: now.unix_ms,
            boot_id: now.boot.as_ref().map(|boot| boot.id.clone()),
            at_boot_ms: now.boot.as_ref().map_or(0, |boot| boot.ms),
            wait_ms: failure
                .retry_at_unix_ms()
                .map_or(0, |at| at.saturating_sub(now.unix_ms))
                .max(0),
            ahead,
        })
    }

    /// Whether `failure` is the provider's doing, so that everyone who asks it would meet the same.
    #[must_use]
    pub fn is_shared(failure: &Error) -> bool {
        matches!(
            failure.kind(),
            Kind::Refused | Kind::Unreachable | Kind::Unusable | Kind::Connection
        )
    }

    /// The setback in a file's bytes, if it is one.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The bytes of a file with it.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        // Strings and numbers always serialize; were it not so, an empty file is no setback.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The failure again, for whoever waited for the process that met it.
    #[must_use]
    pub fn failure(&self) -> Error {
        let failure = Error::new(self.kind, self.message.clone());
        match &self.hint {
            Some(hint) => failure.hint(hint.clone()),
            None => failure,
        }
    }

    /// Milliseconds since it happened; none when it comes from the future.
    fn age_ms(&self, now: &Now) -> Option<i64> {
        let then = Now {
            unix_ms: self.at_unix_ms,
            boot: self.boot_id.clone().map(|id| Boot {
                id,
                ms: self.at_boot_ms,
            }),
        };
        Some(now.since(&then)).filter(|age| *age >= 0)
    }

    /// Whether it is the failure of a process's own crowd: met since the process last looked, when it saw `seen`, or, by one that `joined`
    /// others, in the last `shared_ms`.
    #[must_use]
    pub fn is_of(&self, joined: bool, seen: Option<u64>, shared_ms: i64, now: &Now) -> bool {
        let recent = || self.age_ms(now).is_some_and(|age| age < shared_ms);
        !self.ahead && (Some(self.id) != seen || joined && recent())
    }

    /// Milliseconds until the provider may be asked again; none when it may be asked now.
    #[must_use]
    pub fn must_wait_ms(&self, now: &Now) -> Option<i64> {
        let left = self.wait_ms.saturating_sub(self.age_ms(now)?);
        (left > 0).then_some(left)
    }

    /// Whether a token that is still good had better be used as it is than refreshed now.
    #[must_use]
    pub fn pauses_refreshing(&self, now: &Now) -> bool {
        self.age_ms(now)
            .is_some_and(|age| age < self.wait_ms.max(STALE_PAUSE_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix_ms: i64) -> Now {
        Now {
            unix_ms,
            boot: None,
        }
    }

    fn new(failure: &Error, unix_ms: i64) -> Setback {
        Setback::new(failure, &at(unix_ms), false).unwrap()
    }

    #[test]
    fn a_failure_comes_back_as_it_was() {
        let failure = Error::new(Kind::Refused, "no").hint("do");
        let setback = new(&failure, 1_000);
        let again = Setback::read(&setback.write()).unwrap();
        assert_eq!(again, setback);
        assert_eq!(again.failure(), failure);
        assert_ne!(new(&failure, 1_000).id, setback.id);
        assert_eq!(Setback::read(b"{}"), None);
    }

    #[test]
    fn only_what_the_provider_did_is_kept() {
        let cases = [
            (Kind::Unexpected, false),
            (Kind::Usage, false),
            (Kind::Config, false),
            (Kind::Secret, false),
            (Kind::Refused, true),
            (Kind::Unreachable, true),
            (Kind::Unusable, true),
            (Kind::Connection, true),
        ];
        for (kind, kept) in cases {
            let setback = Setback::new(&Error::new(kind, "x"), &at(0), false);
            assert_eq!(setback.is_some(), kept, "{kind:?}");
        }
    }

    #[test]
    fn a_crowd_shares_what_it_met_and_no_refresh_ahead_of_time() {
        let failure = Error::new(Kind::Refused, "no");
        let setback = new(&failure, 10_000);
        let ahead = Setback::new(&failure, &at(10_000), true).unwrap();
        let (id, other) = (setback.id, setback.id ^ 1);
        let cases = [
            // joined, seen, now, expected
            (false, None, 10_000, true),
            (false, Some(other), 99_000, true),
            (false, Some(id), 10_001, false),
            (true, Some(id), 10_001, true),
            (true, Some(id), 14_999, true),
            (true, Some(id), 15_000, false),
            (true, Some(id), 9_999, false),
        ];
        for (joined, seen, now, expected) in cases {
            assert_eq!(
                setback.is_of(joined, seen, 5_000, &at(now)),
                expected,
                "{joined} {seen:?} {now}"
            );
            assert!(!ahead.is_of(joined, seen, 5_000, &at(now)));
        }
    }

    #[test]
    fn retry_after_holds_until_it_is_over_and_a_stepped_clock_does_not_prolong_it() {
        let asked_to_wait = new(
            &Error::new(Kind::Unreachable, "slow").retry_at(61_000),
            1_000,
        );
        let plain = new(&Error::new(Kind::Unreachable, "down"), 1_000);
        let cases = [
            (1_000, Some(60_000), true, true),
            (15_999, Some(45_001), true, true),
            (16_000, Some(45_000), true, false),
            (60_999, Some(1), true, false),
            (61_000, None, false, false),
            (0, None, false, false),
        ];
        for (now, wait, pauses, pauses_plain) in cases {
            assert_eq!(asked_to_wait.must_wait_ms(&at(now)), wait, "{now}");
            assert_eq!(asked_to_wait.pauses_refreshing(&at(now)), pauses, "{now}");
            assert_eq!(plain.must_wait_ms(&at(now)), None);
            assert_eq!(plain.pauses_refreshing(&at(now)), pauses_plain, "{now}");
        }
    }
}
