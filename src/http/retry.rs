//! When to retry a request, as a pure decision.

use std::time::Duration;

/// More would not help an overloaded provider.
pub(super) const MOST_TRIES: u32 = 3;

/// The longest pause before the second try; doubles with each further try, with full jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(400);

const WORTH_TRYING: Duration = Duration::from_millis(100);

/// Whether the same request may succeed later (RFC 9110 §15.5.9, §15.6; RFC 6585 §4).
pub(super) fn is_passing_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

/// Whether the provider said that it did not process the request (RFC 6585 §4, RFC 9110 §15.6.4).
pub(super) fn is_unprocessed_status(status: u16) -> bool {
    matches!(status, 429 | 503)
}

pub(super) fn pause(
    tried: u32,
    most: u32,
    retryable: bool,
    retry_after_ms: Option<i64>,
    left: Duration,
) -> Option<Duration> {
    if !retryable || tried >= most {
        return None;
    }
    let pause = match retry_after_ms {
        Some(ms) => Duration::from_millis(ms.max(0).unsigned_abs()),
        None => (FIRST_PAUSE * 2u32.saturating_pow(tried - 1)).mul_f64(random_fraction()),
    };
    (pause + WORTH_TRYING < left).then_some(pause)
}

/// From 0 to 1, so that processes that failed together do not return together.
fn random_fraction() -> f64 {
    let mut random = [0; 4];
    match getrandom::fill(&mut random) {
        Ok(()) => f64::from(u32::from_ne_bytes(random)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn only_passing_trouble_is_tried_again_and_only_while_there_is_time() {
        let second = Duration::from_secs(1);
        let cases = [
            // tried, retryable, retry_after, left, the longest pause
            (1, true, None, LONG, Some(FIRST_PAUSE)),
            (2, true, None, LONG, Some(FIRST_PAUSE * 2)),
            (3, true, None, LONG, None),
            (1, false, None, LONG, None),
            (1, true, Some(1000), LONG, Some(second)),
            (1, true, Some(0), LONG, Some(Duration::ZERO)),
            (1, true, Some(-5), LONG, Some(Duration::ZERO)),
            (1, true, Some(31_000), LONG, None),
            (1, true, Some(i64::MAX), LONG, None),
            (1, true, None, Duration::ZERO, None),
        ];
        for (tried, retryable, retry_after, left, longest) in cases {
            let pause = pause(tried, MOST_TRIES, retryable, retry_after, left);
            match longest {
                None => assert_eq!(pause, None, "{tried} {retryable} {retry_after:?}"),
                Some(longest) => assert!(
                    pause.is_some_and(|pause| pause <= longest),
                    "{tried} {retry_after:?}"
                ),
            }
        }
        assert_eq!(pause(1, 1, true, None, LONG), None);
        assert_eq!(pause(1, MOST_TRIES, true, Some(1000), LONG), Some(second));
    }

    #[test]
    fn processes_that_failed_together_come_back_at_different_times() {
        let pauses: std::collections::BTreeSet<Duration> = (0..20)
            .filter_map(|_| pause(1, MOST_TRIES, true, None, LONG))
            .collect();
        assert!(pauses.len() > 10, "{pauses:?}");
    }

    #[test]
    fn refusals_are_not_tried_again() {
        for status in [200, 301, 400, 401, 403, 404, 410] {
            assert!(!is_passing_status(status), "{status}");
        }
        for status in [408, 429, 500, 502, 503, 504, 599] {
            assert!(is_passing_status(status), "{status}");
            let is_known = matches!(status, 429 | 503);
            assert_eq!(is_unprocessed_status(status), is_known, "{status}");
        }
    }
}
