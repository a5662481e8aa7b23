//! The last fetch's failure, stored beside the entry: concurrent processes share it, and a `Retry-After` holds for all.

use serde::{Deserialize, Serialize};

use crate::clock::Now;
use crate::error::{Error, Subject};
use crate::oauth::problem::Problem;
use crate::wire::http_date::LONGEST_RETRY_AFTER_MS;

/// Pause after a failed early refresh: shorter than most tokens live, and long enough not to delay each caller.
const REFRESH_PAUSE_MS: i64 = 15_000;

/// How long processes share a failure: hundreds have started by then, and an endless stream of calls still notices a change.
const SHARED_MS: i64 = 5_000;

/// Raise it when the stored form changes: failures of other versions are ignored.
const VERSION: u32 = 1;

/// A failure stored as data; its text is made when it is printed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastFailure {
    version: u32,
    problem: Problem,
    subjects: Vec<Subject>,
    at: Now,
    wait_ms: i64,
    /// A refresh-ahead: a single attempt, while the token was still fresh.
    ahead: bool,
}

impl LastFailure {
    /// Returns `None` if other processes would not get this failure.
    #[must_use]
    pub fn new(failure: &Error, now: &Now, ahead: bool) -> Option<Self> {
        Some(Self {
            version: VERSION,
            problem: shared(failure)?.clone(),
            subjects: failure.subjects().to_vec(),
            at: now.clone(),
            wait_ms: failure
                .retry_at_unix_ms()
                .map_or(0, |at| at.saturating_sub(now.unix_ms))
                .max(0),
            ahead,
        })
    }

    /// Reads a stored failure of this version.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let failure: Self = serde_json::from_slice(bytes).ok()?;
        (failure.version == VERSION).then_some(failure)
    }

    /// Serializes it as JSON.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Returns the failure as an error of `profile`.
    #[must_use]
    pub fn error(&self, profile: &str) -> Error {
        self.error_of(self.problem.clone(), profile)
    }

    /// Omits the wait, which has become shorter since.
    #[must_use]
    pub fn error_without_wait(&self, profile: &str) -> Error {
        let mut problem = self.problem.clone();
        if let Problem::InTrouble { wait_s, .. } = &mut problem {
            *wait_s = None;
        }
        self.error_of(problem, profile)
    }

    fn error_of(&self, problem: Problem, profile: &str) -> Error {
        let error = problem.into_error(profile);
        self.subjects
            .iter()
            .rev()
            .fold(error, |error, subject| error.about(subject.clone()))
    }

    /// How long the failure can matter to any process, in milliseconds.
    #[must_use]
    pub(crate) fn matters_ms(&self) -> i64 {
        let pause = if self.ahead {
            REFRESH_PAUSE_MS
        } else {
            SHARED_MS
        };
        self.wait_ms.clamp(pause, LONGEST_RETRY_AFTER_MS)
    }

    /// The same failure on another machine, whose clock says that it happened at `at`.
    #[must_use]
    pub(crate) fn moved_to(self, at: Now) -> Self {
        Self { at, ..self }
    }

    pub(crate) fn age_ms(&self, now: &Now) -> Option<i64> {
        Some(now.since(&self.at)).filter(|age| *age >= 0)
    }

    /// Whether the failure happened after the process began, or the process waited for others that share it.
    #[must_use]
    pub fn is_shared_by(&self, began: &Now, waited: bool, now: &Now) -> bool {
        let is_recent = || self.age_ms(now).is_some_and(|age| age < SHARED_MS);
        !self.ahead && (self.at.since(began) > 0 || waited && is_recent())
    }

    /// Milliseconds until the provider may be asked again, or `None` for now.
    #[must_use]
    pub fn must_wait_ms(&self, now: &Now) -> Option<i64> {
        let wait_ms = self.wait_ms.min(LONGEST_RETRY_AFTER_MS);
        let left = wait_ms.saturating_sub(self.age_ms(now)?);
        (left > 0).then_some(left)
    }

    /// Whether to use a fresh token rather than refresh it now.
    #[must_use]
    pub fn pauses_refreshing(&self, now: &Now) -> bool {
        self.age_ms(now).is_some_and(|age| age < REFRESH_PAUSE_MS)
            || self.must_wait_ms(now).is_some()
    }
}

/// Returns a problem that every process would meet. A missing secret is not shared: the next environment may have it.
#[must_use]
pub fn shared(failure: &Error) -> Option<&Problem> {
    failure.reason()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn at(unix_ms: i64) -> Now {
        Now {
            unix_ms,
            boot: None,
        }
    }

    fn refused() -> Error {
        Problem::UnexpectedStatus(302).into_error("p")
    }

    fn new(failure: &Error, unix_ms: i64) -> LastFailure {
        LastFailure::new(failure, &at(unix_ms), false).unwrap()
    }

    #[test]
    fn stored_failure_is_read_again() {
        let failure = refused().about(Subject::Step("s".into())).profile("p");
        let stored = new(&failure, 1_000);
        let again = LastFailure::read(&stored.write()).unwrap();
        assert_eq!(again, stored);
        assert_eq!(again.error("p"), failure);
    }

    #[test]
    fn failure_of_another_version_is_ignored() {
        let text = String::from_utf8(new(&refused(), 0).write()).unwrap();
        let newer = text.replace("\"version\":1", "\"version\":2");
        assert_ne!(newer, text);
        for other in [newer.as_str(), "{}", ""] {
            assert_eq!(LastFailure::read(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn only_failures_that_others_would_meet_are_stored() {
        let missing = Error::new(Kind::Secret, "no client_secret");
        assert_eq!(LastFailure::new(&missing, &at(0), false), None);
    }

    #[test]
    fn failure_is_shared_since_the_process_began_or_while_it_waits() {
        let stored = new(&refused(), 10_000);
        let ahead = LastFailure::new(&refused(), &at(10_000), true).unwrap();
        let cases = [
            // began, waited, now, expected
            (9_999, false, 10_000, true),
            (9_999, false, 99_000, true),
            (10_000, false, 10_000, false),
            (10_001, false, 10_002, false),
            (10_001, true, 10_002, true),
            (10_001, true, 14_999, true),
            (10_001, true, 15_000, false),
            (10_001, true, 9_999, false),
        ];
        for (began, waited, now, expected) in cases {
            assert_eq!(
                stored.is_shared_by(&at(began), waited, &at(now)),
                expected,
                "{began} {waited} {now}"
            );
            assert!(!ahead.is_shared_by(&at(began), waited, &at(now)));
        }
    }

    #[test]
    fn retry_after_holds_until_it_is_over_and_a_stepped_clock_does_not_prolong_it() {
        let asked_to_wait = new(&refused().retry_at(61_000), 1_000);
        let plain = new(&refused(), 1_000);
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
