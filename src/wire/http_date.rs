//! The times in an answer's header fields: `Date` and `Retry-After` (RFC 9110 §5.6.7, §10.2.3).

/// Ten years in milliseconds: a greater value is a mistake, and sums stay far from overflow.
pub const LONGEST_MS: i64 = 10 * 365 * 24 * 3600 * 1000;

/// One hour in milliseconds: a longer wait is a mistake or an old proxy's date, and would stop every request.
pub const LONGEST_RETRY_AFTER_MS: i64 = 3600 * 1000;

/// Reads an HTTP date in Unix milliseconds.
#[must_use]
pub(crate) fn http_date(text: &str) -> Option<i64> {
    jiff::fmt::rfc2822::parse(text)
        .ok()
        .map(|at| at.timestamp().as_millisecond())
}

/// Reads a `Retry-After` in Unix milliseconds.
/// A date counts from the server's own `Date` where that is known, so that a wrong clock does no harm.
#[must_use]
pub fn retry_after(text: &str, now_unix_ms: i64, date_unix_ms: Option<i64>) -> Option<i64> {
    let text = text.trim();
    let wait_ms = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit mean "very long", not "unreadable".
        text.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(1000)
    } else {
        http_date(text)?.saturating_sub(date_unix_ms.unwrap_or(now_unix_ms))
    };
    Some(now_unix_ms.saturating_add(wait_ms.clamp(0, LONGEST_RETRY_AFTER_MS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_counts_seconds_from_now_and_dates_from_the_servers_clock() {
        let now = 1_000_000;
        let cases = [
            ("120", None, Some(now + 120_000)),
            ("0", None, Some(now)),
            ("3601", None, Some(now + LONGEST_RETRY_AFTER_MS)),
            (
                "99999999999999999999999",
                None,
                Some(now + LONGEST_RETRY_AFTER_MS),
            ),
            (
                "Fri, 06 Nov 2099 08:49:37 GMT",
                Some(784_111_767_000),
                Some(now + LONGEST_RETRY_AFTER_MS),
            ),
            (
                "Sun, 06 Nov 1994 08:49:37 GMT",
                Some(784_111_767_000),
                Some(now + 10_000),
            ),
            (
                "Sun, 06 Nov 1994 08:49:37 GMT",
                Some(784_111_787_000),
                Some(now),
            ),
            ("-5", None, None),
            ("1.5", None, None),
            ("soon", None, None),
            ("", None, None),
        ];
        for (text, date, expected) in cases {
            assert_eq!(retry_after(text, now, date), expected, "{text}");
        }
    }
}
