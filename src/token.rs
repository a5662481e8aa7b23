//! A token and its freshness, a pure function of the token and the time.

use serde_json::{Map, Value};

use crate::clock::Now;
use crate::secret::Secret;

/// A token with less time left is dead: it would expire on its way to the API.
pub(crate) const DEAD_UNDER_MS: i64 = 10_000;

/// Bounds of the last part of a token's life, usually a tenth, in which it is refreshed ahead of time.
const STALE_AT_LEAST_MS: i64 = 10_000;
const STALE_AT_MOST_MS: i64 = 300_000;

/// Tolerated clock difference: the clocks of machines that share a folder differ a little.
const FUTURE_MS: i64 = 60_000;

/// An access token (RFC 6749 §1.4) and what the answer says about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// The token.
    pub access_token: Secret,
    pub(crate) token_type: String,
    pub(crate) scope: Option<String>,
    pub(crate) kept: Map<String, Value>,
    pub(crate) sent: Now,
    /// Counts from `sent`.
    pub(crate) lifetime_ms: i64,
}

/// Whether a token can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Print it.
    Fresh,
    /// Print it, but one process should refresh it.
    Stale,
    /// Fetch another.
    Dead,
}

impl Token {
    /// A token that no API takes, to test a store with.
    pub(crate) fn to_test(text: &str) -> Self {
        Self {
            access_token: Secret::new(text),
            token_type: "Bearer".to_owned(),
            scope: None,
            kept: Map::new(),
            sent: Now::read(),
            lifetime_ms: 60_000,
        }
    }

    /// Returns `None` if the token comes from the future.
    #[must_use]
    pub(crate) fn left_ms(&self, now: &Now) -> Option<i64> {
        let age_ms = now.since(&self.sent);
        (age_ms >= -FUTURE_MS).then(|| self.lifetime_ms.saturating_sub(age_ms.max(0)))
    }

    /// `jitter` (0 to 1) spreads the moment at which a token becomes stale, so that processes do not refresh at once.
    #[must_use]
    pub fn freshness(&self, now: &Now, min_ttl_ms: i64, jitter: f64) -> Freshness {
        let Some(left_ms) = self.left_ms(now) else {
            return Freshness::Dead;
        };
        if left_ms < min_ttl_ms.max(DEAD_UNDER_MS) {
            return Freshness::Dead;
        }
        let window_ms = (self.lifetime_ms / 10).clamp(STALE_AT_LEAST_MS, STALE_AT_MOST_MS);
        let stale_under_ms = window_ms - (window_ms as f64 / 2.0 * jitter.clamp(0.0, 1.0)) as i64;
        if left_ms < stale_under_ms {
            Freshness::Stale
        } else {
            Freshness::Fresh
        }
    }

    /// Returns when it expires, Unix milliseconds by the wall clock at `now`.
    #[must_use]
    pub fn expires_at_unix_ms(&self, now: &Now) -> Option<i64> {
        self.left_ms(now)
            .map(|left_ms| now.unix_ms.saturating_add(left_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Boot;

    fn token(lifetime_ms: i64) -> Token {
        Token {
            access_token: Secret::new("t"),
            token_type: "Bearer".into(),
            scope: None,
            kept: Map::new(),
            sent: at(1_000_000_000, Some(("boot", 50_000))),
            lifetime_ms,
        }
    }

    fn at(unix_ms: i64, boot: Option<(&str, i64)>) -> Now {
        Now {
            unix_ms,
            boot: boot.map(|(id, ms)| Boot { id: id.into(), ms }),
        }
    }

    #[test]
    fn token_is_fresh_then_stale_then_dead() {
        use Freshness::{Dead, Fresh, Stale};
        let hour = 3_600_000;
        let cases = [
            // lifetime, age, min_ttl, jitter, expected
            (hour, 0, 0, 0.0, Fresh),
            (hour, hour - 300_000, 0, 0.0, Fresh),
            (hour, hour - 299_999, 0, 0.0, Stale),
            (hour, hour - 299_999, 0, 1.0, Fresh),
            (hour, hour - 149_999, 0, 1.0, Stale),
            (hour, hour - 10_000, 0, 0.0, Stale),
            (hour, hour - 9_999, 0, 0.0, Dead),
            (hour, hour, 0, 0.0, Dead),
            (hour, hour + 1, 0, 0.0, Dead),
            (hour, 0, hour, 0.0, Fresh),
            (hour, 1, hour, 0.0, Dead),
            (hour, 0, hour + 1, 0.0, Dead),
            (60_000, 49_999, 0, 0.0, Fresh),
            (60_000, 50_001, 0, 0.0, Dead),
            (9_999, 0, 0, 0.0, Dead),
            (0, 0, 0, 0.0, Dead),
            (-5, 0, 0, 0.0, Dead),
            (i64::MAX, 0, 0, 0.0, Fresh),
        ];
        for (lifetime, age, min_ttl, jitter, expected) in cases {
            let now = at(1_000_000_000 + age, Some(("boot", 50_000 + age)));
            assert_eq!(
                token(lifetime).freshness(&now, min_ttl, jitter),
                expected,
                "{lifetime} {age} {min_ttl} {jitter}"
            );
        }
    }

    #[test]
    fn stepped_clock_does_not_revive_a_dead_token() {
        use Freshness::{Dead, Fresh};
        let hour = 3_600_000;
        let decade = 10 * 365 * 24 * hour;
        let sent = 1_000_000_000;
        let cases = [
            // wall clock, boot, expected
            (
                "stepped back an hour, same boot, still good",
                at(sent - hour, Some(("boot", 60_000))),
                Fresh,
            ),
            (
                "stepped ahead ten years, same boot, still good",
                at(sent + decade, Some(("boot", 60_000))),
                Fresh,
            ),
            (
                "stepped back ten years, same boot, over",
                at(sent - decade, Some(("boot", 50_000 + 2 * hour))),
                Dead,
            ),
            (
                "suspended past the end",
                at(sent + 2 * hour, Some(("boot", 50_000 + 2 * hour))),
                Dead,
            ),
            (
                "rebooted, clock right",
                at(sent + 60_000, Some(("next", 1_000))),
                Fresh,
            ),
            (
                "rebooted, over",
                at(sent + 2 * hour, Some(("next", 1_000))),
                Dead,
            ),
            (
                "rebooted, clock back an hour: from the future",
                at(sent - hour, Some(("next", 1_000))),
                Dead,
            ),
            (
                "rebooted, clock back a minute",
                at(sent - 60_000, Some(("next", 1_000))),
                Fresh,
            ),
            (
                "rebooted, clock back over a minute",
                at(sent - 60_001, Some(("next", 1_000))),
                Dead,
            ),
            (
                "rebooted, clock ahead ten years",
                at(sent + decade, Some(("next", 1_000))),
                Dead,
            ),
            ("no boot clock, clock right", at(sent + 60_000, None), Fresh),
            ("no boot clock, clock back", at(sent - decade, None), Dead),
            (
                "boot clock behind itself",
                at(sent, Some(("boot", -200_000))),
                Dead,
            ),
        ];
        for (what, now, expected) in cases {
            assert_eq!(token(hour).freshness(&now, 0, 0.0), expected, "{what}");
        }
    }

    #[test]
    fn time_left_is_at_most_the_lifetime() {
        let now = at(1_000_000_000 - 30_000, None);
        assert_eq!(token(60_000).left_ms(&now), Some(60_000));
        assert_eq!(token(60_000).expires_at_unix_ms(&now), Some(1_000_030_000));
    }
}
