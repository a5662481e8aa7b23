//! The device authorization grant (RFC 8628): reads the code for the user, and decides when to ask for the token again.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::secret::Secret;
use crate::term::text::clean;

/// RFC 8628 §3.2: the interval if the answer has none.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

/// RFC 8628 §3.5: `slow_down` adds this to the interval, for this and all later requests.
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// A provider cannot make tok wait longer than this between two requests.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

/// For an answer without `expires_in`, which RFC 8628 §3.2 requires.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

const LONGEST_CODE: usize = 100;

const LONGEST_URL: usize = 2000;

/// The answer of the device authorization endpoint (RFC 8628 §3.2).
#[derive(Debug, PartialEq)]
pub(crate) struct Authorization {
    pub(crate) device_code: Secret,
    pub(crate) user_code: String,
    pub(crate) verification_uri: String,
    pub(crate) verification_uri_complete: Option<String>,
    pub(crate) lifetime: Duration,
    pub(crate) interval: Duration,
}

/// Why the answer of the device authorization endpoint cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAnAuthorization {
    #[error("the device authorization answer has no `{0}`")]
    Missing(&'static str),
    #[error("the device authorization answer's `{0}` is not an http or https URL")]
    NotAUrl(&'static str),
}

impl Authorization {
    /// Reads the answer; Google and old Microsoft endpoints say `verification_url`.
    pub(crate) fn read(answer: &Value) -> Result<Self, NotAnAuthorization> {
        let empty = Map::new();
        let members = answer.as_object().unwrap_or(&empty);
        let text = |names: &[&'static str]| {
            let found = names.iter().find_map(|name| members.get(*name)?.as_str());
            found.filter(|text| !text.trim().is_empty())
        };
        let missing = NotAnAuthorization::Missing;
        let url = |names: &[&'static str], name| {
            text(names).map(|url| checked(url).ok_or(NotAnAuthorization::NotAUrl(name)))
        };
        Ok(Self {
            device_code: Secret::new(text(&["device_code"]).ok_or(missing("device_code"))?),
            user_code: clean(
                text(&["user_code"]).ok_or(missing("user_code"))?,
                LONGEST_CODE,
            ),
            verification_uri: url(
                &["verification_uri", "verification_url"],
                "verification_uri",
            )
            .ok_or(missing("verification_uri"))??,
            verification_uri_complete: url(
                &["verification_uri_complete", "verification_url_complete"],
                "verification_uri_complete",
            )
            .transpose()?,
            lifetime: seconds(members.get("expires_in")).unwrap_or(DEFAULT_LIFETIME),
            interval: seconds(members.get("interval"))
                .unwrap_or(DEFAULT_INTERVAL)
                .min(LONGEST_INTERVAL),
        })
    }
}

/// The URL is shown and may be opened, so it must be a web page, in visible ASCII.
fn checked(url: &str) -> Option<String> {
    let is_plain = url.len() <= LONGEST_URL && url.bytes().all(|byte| byte.is_ascii_graphic());
    let parsed = url::Url::parse(url).ok().filter(|_| is_plain)?;
    matches!(parsed.scheme(), "http" | "https").then(|| url.to_owned())
}

/// Some providers write numbers as text.
fn seconds(value: Option<&Value>) -> Option<Duration> {
    let number = match value? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let is_usable = number > 0.0 && number < 1e9;
    is_usable.then(|| Duration::from_secs_f64(number))
}

/// What the token endpoint answered while the user has not decided (RFC 8628 §3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poll {
    Pending,
    SlowDown,
    Denied,
    Expired,
}

impl Poll {
    /// Returns `None` for another error, which ends the login.
    pub(crate) fn of(code: &str) -> Option<Self> {
        Some(match code {
            "authorization_pending" => Self::Pending,
            "slow_down" => Self::SlowDown,
            "access_denied" | "authorization_declined" => Self::Denied,
            "expired_token" | "code_expired" => Self::Expired,
            _ => return None,
        })
    }
}

/// When to ask again. Times count from the answer with the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    interval: Duration,
    lifetime: Duration,
}

impl Schedule {
    pub(crate) fn new(interval: Duration, lifetime: Duration) -> Self {
        Self { interval, lifetime }
    }

    pub(crate) fn slow_down(&mut self) {
        self.interval = (self.interval + SLOW_DOWN).min(LONGEST_INTERVAL);
    }

    /// RFC 8628 §3.5 wants exponential backoff after a time-out.
    pub(crate) fn back_off(&mut self) {
        self.interval = (self.interval * 2).min(LONGEST_INTERVAL);
    }

    /// Returns the pause before the next request, or `None` if the codes expire before it.
    pub(crate) fn pause(&self, elapsed: Duration) -> Option<Duration> {
        let left = self.lifetime.checked_sub(elapsed)?;
        (self.interval < left).then_some(self.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_answer_is_read_with_the_defaults_of_the_standard() {
        let minimal = json!({ "device_code": "d", "user_code": "WDJB-MJHT", "verification_uri": "https://a.example/device" });
        let read = Authorization::read(&minimal).unwrap();
        assert_eq!(read.device_code.expose(), "d");
        assert_eq!(read.user_code, "WDJB-MJHT");
        assert_eq!((read.interval, read.lifetime), (s(5), s(600)));
        assert_eq!(read.verification_uri_complete, None);
        let full = json!({ "device_code": "d", "user_code": "u", "verification_url": "http://127.0.0.1/d", "expires_in": "1800",
            "verification_uri_complete": "https://a.example/device?user_code=u", "interval": 1.5 });
        let read = Authorization::read(&full).unwrap();
        assert_eq!(
            (read.interval, read.lifetime),
            (Duration::from_millis(1500), s(1800))
        );
        assert_eq!(read.verification_uri, "http://127.0.0.1/d");
        for (interval, expected) in [
            (json!(0), 5),
            (json!(-1), 5),
            (json!(86_400), 60),
            (json!(null), 5),
            (json!([]), 5),
        ] {
            let mut answer = minimal.clone();
            answer["interval"] = interval.clone();
            let read = Authorization::read(&answer).unwrap();
            assert_eq!(read.interval, s(expected), "{interval}");
        }
    }

    #[test]
    fn an_answer_without_codes_or_with_a_url_that_is_not_a_page_is_refused() {
        use NotAnAuthorization::{Missing, NotAUrl};
        let full = json!({ "device_code": "d", "user_code": "u", "verification_uri": "https://a.example/d" });
        for (member, value, expected) in [
            ("device_code", json!(null), Missing("device_code")),
            ("device_code", json!(""), Missing("device_code")),
            ("user_code", json!(" "), Missing("user_code")),
            ("verification_uri", json!(null), Missing("verification_uri")),
            (
                "verification_uri",
                json!("javascript:alert(1)"),
                NotAUrl("verification_uri"),
            ),
            (
                "verification_uri",
                json!("https://a.example/\u{1b}[31m"),
                NotAUrl("verification_uri"),
            ),
            (
                "verification_uri_complete",
                json!("file:///etc/passwd"),
                NotAUrl("verification_uri_complete"),
            ),
        ] {
            let mut answer = full.clone();
            answer[member] = value;
            assert_eq!(Authorization::read(&answer), Err(expected), "{answer}");
        }
        assert_eq!(Authorization::read(&json!([])), Err(Missing("device_code")));
    }

    #[test]
    fn polling_keeps_the_interval_slows_down_and_ends_with_the_code() {
        let mut schedule = Schedule::new(s(5), s(30));
        for (elapsed, expected) in [
            (0, Some(s(5))),
            (24, Some(s(5))),
            (25, None),
            (30, None),
            (99, None),
        ] {
            assert_eq!(schedule.pause(s(elapsed)), expected, "{elapsed}");
        }
        schedule.slow_down();
        assert_eq!(schedule.pause(s(0)), Some(s(10)));
        schedule.slow_down();
        assert_eq!(schedule.pause(s(0)), Some(s(15)));
        schedule.back_off();
        assert_eq!(schedule.pause(s(0)), None);
        let mut schedule = Schedule::new(s(50), s(1000));
        schedule.back_off();
        assert_eq!(schedule.pause(s(0)), Some(s(60)));
    }

    #[test]
    fn only_the_errors_of_the_standard_continue_or_end_the_wait() {
        for (code, expected) in [
            ("authorization_pending", Some(Poll::Pending)),
            ("slow_down", Some(Poll::SlowDown)),
            ("access_denied", Some(Poll::Denied)),
            ("expired_token", Some(Poll::Expired)),
            ("invalid_grant", None),
            ("invalid_client", None),
            ("", None),
        ] {
            assert_eq!(Poll::of(code), expected, "{code}");
        }
    }
}
