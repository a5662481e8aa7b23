//! Reads the expiry of a token in the form that the profile names, which is never guessed from a number's size.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde_json::Value;

use crate::oauth::time::BadTime;
use crate::profile::file::schema::{Moment, Unit};
use crate::profile::pointer::kind;
use crate::wire::http_date::LONGEST_MS;

/// Reads a lifetime in milliseconds; zero or less means that it is over.
pub fn lifetime_ms(value: &Value, unit: Unit) -> Result<i64, BadTime> {
    if unit == Unit::Hms {
        return value.as_str().and_then(clock_ms).ok_or(BadTime::NotHms);
    }
    let number = number(value)?;
    let ms = match unit {
        Unit::S => number * 1000.0,
        Unit::Ms | Unit::Hms => number,
        Unit::Min => number * 60_000.0,
        Unit::H => number * 3_600_000.0,
    };
    Ok(bounded(ms))
}

/// Reads a moment in Unix milliseconds.
pub fn moment_unix_ms(value: &Value, unit: &Moment, zone: Option<Offset>) -> Result<i64, BadTime> {
    match unit {
        Moment::S => Ok((number(value)? * 1000.0) as i64),
        Moment::Ms => Ok(number(value)? as i64),
        Moment::Us => Ok((number(value)? / 1000.0) as i64),
        Moment::Rfc3339 => {
            let Value::String(text) = value else {
                return Err(BadTime::NotRfc3339But(kind(value)));
            };
            let text = text.trim();
            match (text.parse::<Timestamp>(), text.parse::<DateTime>(), zone) {
                (Ok(moment), ..) => Ok(moment.as_millisecond()),
                (Err(_), Ok(local), Some(zone)) => in_zone(local, zone),
                (Err(_), Ok(_), None) => Err(BadTime::NoZone),
                _ => Err(BadTime::NotRfc3339),
            }
        }
        Moment::Pattern(pattern) => {
            let text = match value {
                Value::String(text) => text.trim().to_owned(),
                Value::Number(number) => number.to_string(),
                other => return Err(BadTime::NotATimeBut(kind(other))),
            };
            let wrong = || BadTime::NotLike(pattern.clone());
            let parsed = jiff::fmt::strtime::parse(pattern, &text).map_err(|_| wrong())?;
            match (parsed.to_timestamp(), parsed.to_datetime(), zone) {
                (Ok(moment), ..) => Ok(moment.as_millisecond()),
                (Err(_), Ok(local), Some(zone)) => in_zone(local, zone),
                _ => Err(wrong()),
            }
        }
    }
}

fn in_zone(local: DateTime, zone: Offset) -> Result<i64, BadTime> {
    zone.to_timestamp(local)
        .map(Timestamp::as_millisecond)
        .map_err(|_| BadTime::OutOfRange)
}

fn clock_ms(text: &str) -> Option<i64> {
    let mut parts = text.trim().split(':').map(|part| {
        part.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| part.parse::<i64>().ok())
            .flatten()
    });
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || minutes > 59 || seconds > 59 {
        return None;
    }
    let seconds = hours
        .checked_mul(3600)?
        .checked_add(minutes * 60 + seconds)?;
    Some(seconds.saturating_mul(1000).min(LONGEST_MS))
}

/// Reads the `exp` claim of a JWT (RFC 7519 §4.1.4) in Unix milliseconds, without verifying anything.
#[must_use]
pub fn jwt_exp_unix_ms(token: &str) -> Option<i64> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = zeroize::Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let exp = claims.get("exp")?.as_f64()?;
    (exp.is_finite() && exp > 0.0).then_some((exp * 1000.0) as i64)
}

fn number(value: &Value) -> Result<f64, BadTime> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        other => return Err(BadTime::NotANumberBut(kind(other))),
    };
    number
        .filter(|number| number.is_finite())
        .ok_or(BadTime::NotANumber)
}

fn bounded(ms: f64) -> i64 {
    (ms as i64).clamp(-LONGEST_MS, LONGEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lifetimes_are_read_in_every_form() {
        let cases = [
            (json!(3600), Unit::S, Some(3_600_000)),
            (json!("14399"), Unit::S, Some(14_399_000)),
            (json!(" 60 "), Unit::S, Some(60_000)),
            (json!(1799.5), Unit::S, Some(1_799_500)),
            (json!(86_400_000), Unit::Ms, Some(86_400_000)),
            (json!(0), Unit::S, Some(0)),
            (json!(-1), Unit::S, Some(-1000)),
            (json!(1e300), Unit::S, Some(LONGEST_MS)),
            (json!(9_999_999_999_999_999_u64), Unit::S, Some(LONGEST_MS)),
            (json!("NaN"), Unit::S, None),
            (json!("inf"), Unit::S, None),
            (json!("1h"), Unit::S, None),
            (json!(""), Unit::S, None),
            (json!(true), Unit::S, None),
            (json!([3600]), Unit::S, None),
            (json!({}), Unit::S, None),
            (json!(30), Unit::Min, Some(1_800_000)),
            (json!("1.5"), Unit::H, Some(5_400_000)),
            (json!("477:21:15"), Unit::Hms, Some(1_718_475_000)),
            (json!("00:00:09"), Unit::Hms, Some(9_000)),
            (json!("99999999999999999:00:00"), Unit::Hms, None),
            (json!("9999999999999:00:00"), Unit::Hms, Some(LONGEST_MS)),
            (json!("1:60:00"), Unit::Hms, None),
            (json!("21:15"), Unit::Hms, None),
            (json!("1:2:3:4"), Unit::Hms, None),
            (json!("-1:00:00"), Unit::Hms, None),
            (json!(90), Unit::Hms, None),
        ];
        for (value, unit, expected) in cases {
            assert_eq!(lifetime_ms(&value, unit).ok(), expected, "{value}");
        }
    }

    #[test]
    fn moments_are_read_in_the_form_the_profile_names() {
        let at = 1_893_553_445_000;
        let cases = [
            (json!("2030-01-02T03:04:05Z"), Moment::Rfc3339, Some(at)),
            (
                json!("2030-01-02T03:04:05+00:00"),
                Moment::Rfc3339,
                Some(at),
            ),
            (json!("2030-01-02T03:04:05+0000"), Moment::Rfc3339, Some(at)),
            (
                json!("2030-01-02T05:04:05.25+0200"),
                Moment::Rfc3339,
                Some(at + 250),
            ),
            (json!("2030-01-02 03:04:05Z"), Moment::Rfc3339, Some(at)),
            (json!(1_893_553_445), Moment::S, Some(at)),
            (json!("1893553445"), Moment::S, Some(at)),
            (json!(1_893_553_445_000_i64), Moment::Ms, Some(at)),
            (json!("2030-01-02T03:04:05"), Moment::Rfc3339, None),
            (json!("tomorrow"), Moment::Rfc3339, None),
            (json!(1_893_553_445), Moment::Rfc3339, None),
            (json!("2030-01-02T03:04:05Z"), Moment::S, None),
        ];
        for (value, unit, expected) in cases {
            assert_eq!(
                moment_unix_ms(&value, &unit, None).ok(),
                expected,
                "{value} {unit:?}"
            );
        }
    }

    #[test]
    fn moment_without_a_zone_uses_the_profiles_zone() {
        let at = 1_893_553_445_000;
        let seoul = Some(Offset::constant(9));
        let pattern = |text: &str| Moment::Pattern(text.to_owned());
        let cases = [
            (
                json!("2030-01-02T12:04:05"),
                Moment::Rfc3339,
                seoul,
                Some(at),
            ),
            // A time with its own zone ignores the profile's.
            (
                json!("2030-01-02T03:04:05Z"),
                Moment::Rfc3339,
                seoul,
                Some(at),
            ),
            (
                json!("20300102120405"),
                pattern("%Y%m%d%H%M%S"),
                seoul,
                Some(at),
            ),
            (
                json!(20_300_102_120_405_i64),
                pattern("%Y%m%d%H%M%S"),
                seoul,
                Some(at),
            ),
            (
                json!("2030-01-02 12:04:05"),
                pattern("%Y-%m-%d %H:%M:%S"),
                seoul,
                Some(at),
            ),
            (
                json!("2030-01-02 12:04:05.5"),
                pattern("%Y-%m-%d %H:%M:%S%.f"),
                seoul,
                Some(at + 500),
            ),
            (
                json!("Wed Jan  2 03:04:05 +0000 2030"),
                pattern("%a %b %e %H:%M:%S %z %Y"),
                None,
                Some(at),
            ),
            (json!("20300102"), pattern("%Y%m%d%H%M%S"), seoul, None),
            (
                json!("20301302120405"),
                pattern("%Y%m%d%H%M%S"),
                seoul,
                None,
            ),
            (json!(true), pattern("%Y"), seoul, None),
            (json!("20300102120405"), pattern("%Y%m%d%H%M%S"), None, None),
            (json!(1_893_553_445_000_000_i64), Moment::Us, None, Some(at)),
        ];
        for (value, unit, zone, expected) in cases {
            assert_eq!(
                moment_unix_ms(&value, &unit, zone).ok(),
                expected,
                "{value} {unit:?}"
            );
        }
        let message = moment_unix_ms(&json!("2030-01-02T03:04:05"), &Moment::Rfc3339, None);
        assert!(message.unwrap_err().to_string().contains("expires_at_zone"));
    }

    #[test]
    fn jwt_expiry_is_read_from_its_exp() {
        let jwt = |claims: &str| format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(
            jwt_exp_unix_ms(&jwt(r#"{"exp":1893553445}"#)),
            Some(1_893_553_445_000)
        );
        assert_eq!(jwt_exp_unix_ms(&jwt(r#"{"exp":"soon"}"#)), None);
        assert_eq!(jwt_exp_unix_ms(&jwt(r#"{"exp":-4}"#)), None);
        assert_eq!(jwt_exp_unix_ms(&jwt("{}")), None);
        assert_eq!(jwt_exp_unix_ms("opaque"), None);
        assert_eq!(jwt_exp_unix_ms("a.b"), None);
    }
}
