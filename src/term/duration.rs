//! Durations for people, in their two largest units.

/// `ms` milliseconds as in `59m 12s`; less than a second is `0s`.
#[must_use]
pub fn words(ms: i64) -> String {
    let mut left = ms.max(0) / 1000;
    let mut words = Vec::new();
    for (name, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        let count = left / seconds;
        left %= seconds;
        if count > 0 {
            words.push(format!("{count}{name}"));
        }
        // A zero second unit ends the text too.
        if words.len() == 2 || !words.is_empty() && count == 0 {
            break;
        }
    }
    if words.is_empty() {
        return "0s".to_owned();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_their_two_largest_units() {
        let cases = [
            (-5, "0s"),
            (999, "0s"),
            (1_000, "1s"),
            (60_000, "1m"),
            (3_552_000, "59m 12s"),
            (3_600_000, "1h"),
            (3_601_000, "1h"),
            (86_399_000, "23h 59m"),
            (90_000_000, "1d 1h"),
            (i64::MAX, "106751991167d 7h"),
        ];
        for (ms, text) in cases {
            assert_eq!(words(ms), text, "{ms}");
        }
    }
}
