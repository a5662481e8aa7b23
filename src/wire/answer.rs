//! An HTTP answer as it came, not yet validated.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::clock::Now;
use crate::wire::charset;
use crate::wire::document::{self, Unreadable};
use crate::wire::http_date;

/// What a server answered.
#[derive(Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header fields, names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed; of an error perhaps only its beginning. It may contain a token, so it is zeroed on drop.
    pub body: Zeroizing<Vec<u8>>,
    /// When the request was sent: lifetimes count from here.
    pub sent: Now,
}

impl Answer {
    /// The first header field called `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of cookie `name` that the answer sets (RFC 6265 §4.1).
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .filter(|(known, _)| known == "set-cookie")
            .filter_map(|(_, value)| value.split(';').next()?.split_once('='))
            .find(|(known, _)| known.trim() == name)
            .map(|(_, value)| value.trim().trim_matches('"'))
    }

    /// The time on the server's clock, Unix milliseconds, from its `Date` (RFC 9110 §6.6.1).
    #[must_use]
    pub fn date_unix_ms(&self) -> Option<i64> {
        http_date::http_date(self.header("date")?)
    }

    /// How far this machine's clock is ahead of the server's, in milliseconds, if the server says its time.
    #[must_use]
    pub fn clock_ahead_ms(&self) -> Option<i64> {
        let theirs = self.date_unix_ms()?.saturating_add(self.age_ms());
        Some(self.sent.unix_ms.saturating_sub(theirs))
    }

    /// How long ago the answer was made, if it comes from an HTTP cache, in milliseconds (RFC 9111 §5.1).
    #[must_use]
    pub fn age_ms(&self) -> i64 {
        let text = self.header("age").map(str::trim).unwrap_or_default();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return 0;
        }
        // More digits than fit mean "very old".
        let seconds = text.parse::<i64>().unwrap_or(i64::MAX);
        seconds.saturating_mul(1000).min(http_date::LONGEST_MS)
    }

    /// When the provider may be asked again, Unix milliseconds, from its `Retry-After` (RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_at(&self) -> Option<i64> {
        let text = self.header("retry-after")?;
        http_date::retry_after(text, self.sent.unix_ms, self.date_unix_ms())
    }

    /// The body as text, whatever its encoding, without a byte order mark.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        charset::decode(&self.body, self.header("content-type"))
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// Why it is not JSON that can be read in only one way.
    pub fn json(&self) -> Result<serde_json::Value, Unreadable> {
        document::read(&self.text())
    }
}

/// Shows the status only: the body may contain a token.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer(HTTP {}, {} bytes)", self.status, self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_by_name_and_a_byte_order_mark_is_ignored() {
        let answer = Answer {
            status: 200,
            headers: vec![
                ("set-cookie".into(), "a=1; Path=/".into()),
                ("set-cookie".into(), "session=\"x=y\"; HttpOnly".into()),
            ],
            body: Zeroizing::new("\u{feff}{\"a\":1}".as_bytes().to_vec()),
            sent: Now {
                unix_ms: 0,
                boot: None,
            },
        };
        assert_eq!(answer.cookie("session"), Some("x=y"));
        assert_eq!(answer.cookie("Path"), None);
        assert!(answer.json().is_ok());
        assert_eq!(format!("{answer:?}"), "Answer(HTTP 200, 10 bytes)");
    }
}
