//! An HTTP answer as it came, not yet validated.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::clock::Now;
use crate::wire::charset;
use crate::wire::document::{self, Unreadable};
use crate::wire::http_date;

/// The answer of a server.
#[derive(Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header fields in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The decompressed body, perhaps cut if it is an error's; zeroed on drop because it may contain a token.
    pub body: Zeroizing<Vec<u8>>,
    /// When the request was sent: lifetimes count from here.
    pub sent: Now,
}

impl Answer {
    /// `name` is in lower case.
    #[must_use]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// RFC 6265 §4.1.
    #[must_use]
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .filter(|(known, _)| known == "set-cookie")
            .filter_map(|(_, value)| value.split(';').next()?.split_once('='))
            .find(|(known, _)| known.trim() == name)
            .map(|(_, value)| value.trim().trim_matches('"'))
    }

    /// The cookies that the answer sets and does not delete, as one `Cookie` header field (RFC 6265 §4.2.1).
    #[must_use]
    pub(crate) fn cookies(&self) -> Option<String> {
        let mut cookies: Vec<(&str, &str)> = Vec::new();
        for (_, field) in self.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let mut parts = field.split(';');
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let name = name.trim();
            cookies.retain(|(known, _)| *known != name);
            if !parts.any(|attribute| self.deletes_cookie(attribute)) {
                cookies.push((name, value.trim()));
            }
        }
        let pairs = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let header = pairs.collect::<Vec<_>>().join("; ");
        (!header.is_empty()).then_some(header)
    }

    /// RFC 6265 §5.2.1, §5.2.2.
    fn deletes_cookie(&self, attribute: &str) -> bool {
        let Some((name, value)) = attribute.split_once('=') else {
            return false;
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "max-age" => value
                .trim()
                .parse::<i64>()
                .is_ok_and(|seconds| seconds <= 0),
            "expires" => http_date::http_date(&value.trim().replace('-', " "))
                .is_some_and(|at| at <= self.date_unix_ms().unwrap_or(self.sent.unix_ms)),
            _ => false,
        }
    }

    #[must_use]
    pub(crate) fn date_unix_ms(&self) -> Option<i64> {
        http_date::http_date(self.header("date")?)
    }

    #[must_use]
    pub(crate) fn clock_ahead_ms(&self) -> Option<i64> {
        let theirs = self.date_unix_ms()?.saturating_add(self.age_ms());
        Some(self.sent.unix_ms.saturating_sub(theirs))
    }

    /// RFC 9111 §5.1.
    #[must_use]
    pub(crate) fn age_ms(&self) -> i64 {
        let text = self.header("age").map(str::trim).unwrap_or_default();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return 0;
        }
        // More digits than fit mean "very old".
        let seconds = text.parse::<i64>().unwrap_or(i64::MAX);
        seconds.saturating_mul(1000).min(http_date::LONGEST_MS)
    }

    /// Unix milliseconds, from `Retry-After` (RFC 9110 §10.2.3).
    #[must_use]
    pub(crate) fn retry_at(&self) -> Option<i64> {
        let text = self.header("retry-after")?;
        http_date::retry_after(text, self.sent.unix_ms, self.date_unix_ms())
    }

    #[must_use]
    pub(crate) fn text(&self) -> Cow<'_, str> {
        charset::decode(&self.body, self.header("content-type"))
    }

    pub(crate) fn json(&self) -> Result<serde_json::Value, Unreadable> {
        document::read(&self.text())
    }
}

/// Shows only the status, because the body may contain a token.
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
        assert_eq!(answer.cookies().as_deref(), Some("a=1; session=\"x=y\""));
        assert!(answer.json().is_ok());
        assert_eq!(format!("{answer:?}"), "Answer(HTTP 200, 10 bytes)");
    }

    #[test]
    fn deleted_and_replaced_cookies_are_left_out_of_the_header_line() {
        let answer = |fields: &[&str]| Answer {
            status: 200,
            headers: fields
                .iter()
                .map(|field| ("set-cookie".to_owned(), (*field).to_owned()))
                .collect(),
            body: Zeroizing::default(),
            sent: Now {
                unix_ms: 1_900_000_000_000,
                boot: None,
            },
        };
        for (fields, expected) in [
            (&["a=1", "b=2; HttpOnly", "a=3"][..], Some("b=2; a=3")),
            (&["a=1", "a=; Max-Age=0"], None),
            (
                &["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=2"],
                Some("b=2"),
            ),
            (&["a=1; expires=Thu, 01-Jan-1970 00:00:00 GMT"], None),
            (
                &["a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Max-Age=60"],
                Some("a=1"),
            ),
            (&["nonsense"], None),
            (&[], None),
        ] {
            assert_eq!(answer(fields).cookies().as_deref(), expected, "{fields:?}");
        }
    }
}
