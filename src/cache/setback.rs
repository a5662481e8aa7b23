//! What the last fetch failed with, beside the entry it was for: so that a crowd shares one failure, and a provider's `Retry-After` holds for
//! every process.

use serde::{Deserialize, Serialize};

use crate::clock::{Boot, Now};
use crate::failure::{Failure, Kind};

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
}

/// How long nobody tries again to refresh a token that is still good after a try has failed: often enough to catch the provider's return
/// well before the token dies, seldom enough not to hold each caller up.
const STALE_PAUSE_MS: i64 = 15_000;

impl Setback {
    /// Keeps `failure`, which happened at `now`.
    #[must_use]
    pub fn new(failure: &Failure, now: &Now) -> Self {
        let mut random = [0; 8];
        // Without randomness the moment tells two failures apart well enough.
        let id = match getrandom::fill(&mut random) {
            Ok(()) => u64::from_ne_bytes(random),
            Err(_) => now.unix_ms.unsigned_abs(),
        };
        Self {
            id,
            kind: failure.kind(),
            message: failure.message().to_owned(),
            hint: failure.next_step().map(str::to_owned),
            at_unix_ms: now.unix_ms,
            boot_id: now.boot.as_ref().map(|boot| boot.id.clone()),
            at_boot_ms: now.boot.as_ref().map_or(0, |boot| boot.ms),
            wait_ms: failure
                .retry_at_unix_ms()
                .map_or(0, |at| at.saturating_sub(now.unix_ms))
                .max(0),
        }
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
    pub fn failure(&self) -> Failure {
        let failure = Failure::new(self.kind, &self.message);
        match &self.hint {
            Some(hint) => failure.hint(hint),
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

    #[test]
    fn a_failure_comes_back_as_it_was() {
        let failure = Failure::new(Kind::Refused, "no").hint("do");
        let setback = Setback::new(&failure, &at(1_000));
        let again = Setback::read(&setback.write()).unwrap();
        assert_eq!(again, setback);
        assert_eq!(again.failure(), failure);
        assert_ne!(Setback::new(&failure, &at(1_000)).id, setback.id);
        assert_eq!(Setback::read(b"{}"), None);
    }

    #[test]
    fn retry_after_holds_until_it_is_over_and_a_stepped_clock_does_not_prolong_it() {
        let asked_to_wait = Setback::new(
            &Failure::new(Kind::Unreachable, "slow").retry_at(61_000),
            &at(1_000),
        );
        let plain = Setback::new(&Failure::new(Kind::Unreachable, "down"), &at(1_000));
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
