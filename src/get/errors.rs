//! The errors of the flow itself: no token in the cache, a wait, and another process that takes too long.

use super::Flow;
use crate::cache::last_failure::LastFailure;
use crate::clock::Now;
use crate::error::{Error, Kind, Subject};

impl Flow<'_> {
    pub(super) fn asked_to_wait(&self, failure: &LastFailure, now: &Now, wait_ms: i64) -> Error {
        let profile = &self.run.profile.name;
        let seconds = (wait_ms + 999) / 1000;
        failure
            .error_without_wait(profile)
            .without_outermost()
            .about(Subject::Action(
                format!("the provider asked to wait; retry in {seconds} s").into(),
            ))
            .profile(profile)
            .retry_at(now.unix_ms.saturating_add(wait_ms))
            .hint(format!(
                "retry then; --refresh asks now, and `tok forget {profile}` ends the wait"
            ))
    }

    /// Not exit 6, "try again later": without --cached the token can be had at once.
    pub(super) fn nothing_cached(&self) -> Error {
        self.error(
            Kind::Usage,
            "no usable token in the cache, and --cached forbids fetching one".to_owned(),
            "leave --cached out to fetch one",
        )
    }

    pub(super) fn timed_out(&self) -> Error {
        self.error(
            Kind::Unreachable,
            "another tok has been fetching this token for too long".to_owned(),
            "if none is running that should be, look for one that is stopped (`ps`); its lock goes with it",
        )
    }

    pub(super) fn other_machine_is_busy(&self) -> Error {
        self.error(
            Kind::Unreachable,
            "another machine has been fetching this token for too long".to_owned(),
            "retry; its lease at the shared cache ends seconds after it does",
        )
    }

    fn error(&self, kind: Kind, reason: String, hint: &'static str) -> Error {
        Error::new(kind, reason)
            .hint(hint)
            .profile(&self.run.profile.name)
    }
}
