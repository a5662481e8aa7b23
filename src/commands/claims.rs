//! Claims of a token as a table: one row each, with times in words.

use serde_json::{Map, Value};

use crate::output::rfc3339;
use crate::term::colour::{ASIDE, NAME, paint};
use crate::term::duration;
use crate::term::text::{SHOWN_CHARACTERS, clean};

/// Claims that are times: RFC 7519 §4.1 and OpenID Connect Core §2.
const MOMENTS: [&str; 5] = ["exp", "nbf", "iat", "auth_time", "updated_at"];

/// Returns the claims that are times, in Unix milliseconds.
pub(super) fn moments(claims: &Map<String, Value>) -> impl Iterator<Item = (&str, i64)> {
    MOMENTS.into_iter().filter_map(|name| {
        let seconds = claims.get(name)?.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float to integer cast saturates, and no claim is near the end"
        )]
        Some((name, (seconds * 1000.0) as i64))
    })
}

pub(super) fn rows(claims: &Map<String, Value>, now_unix_ms: i64) -> Vec<Vec<String>> {
    let row = |(name, value): (&String, &Value)| {
        let mut row = vec![paint(NAME, &clean(name, SHOWN_CHARACTERS)), shown(value)];
        if let Some((_, unix_ms)) = moments(claims).find(|(moment, _)| moment == name) {
            let aside = format!("{}, {}", rfc3339(unix_ms), distance(unix_ms - now_unix_ms));
            row.push(paint(ASIDE, &aside));
        }
        row
    };
    claims.iter().map(row).collect()
}

/// Formats a claim in one line. It is cleaned, as the token came over a network and must not move the cursor.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => clean(text, SHOWN_CHARACTERS),
        other => clean(&other.to_string(), SHOWN_CHARACTERS),
    }
}

/// Formats the time until or since `ms` in its two largest units: `in 1h 5m`, `2d 3h ago`.
fn distance(ms: i64) -> String {
    if ms < 0 {
        format!("{} ago", duration::words(ms.saturating_neg()))
    } else {
        format!("in {}", duration::words(ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_claim_moves_the_cursor() {
        assert_eq!(shown(&json!("a\u{1b}[2Jb\nc")), "a[2Jb c");
        assert_eq!(shown(&json!({ "a": [1, "b"] })), r#"{"a":[1,"b"]}"#);
    }

    #[test]
    fn distances_are_told_in_two_units() {
        let cases = [
            (0, "in 0s"),
            (59_999, "in 59s"),
            (-61_000, "1m 1s ago"),
            (3_600_000, "in 1h"),
            (3_605_000, "in 1h"),
            (90_061_000, "in 1d 1h"),
            (-86_400_000, "1d ago"),
        ];
        for (ms, expected) in cases {
            assert_eq!(distance(ms), expected, "{ms}");
        }
    }
}
