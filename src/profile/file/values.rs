//! The kinds of value that keys of a profile hold and TOML has no word for: lengths of time, one or many, places to keep, free tables.

use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time: `"90s"`, `"5m"`, `"1h 30m"`, `"30d"`, or a whole number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurationText {
    /// The length in milliseconds; never negative.
    pub ms: i64,
}

impl std::str::FromStr for DurationText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ms = match text.parse::<i64>() {
            Ok(seconds) => seconds.checked_mul(1000),
            Err(_) => match days(text) {
                Some((days_ms, "")) => Some(days_ms),
                Some((days_ms, rest)) => hours(rest).and_then(|ms| ms.checked_add(days_ms)),
                None => hours(text),
            },
        };
        ms.filter(|ms| *ms >= 0)
            .map(|ms| Self { ms })
            .ok_or_else(|| format!("`{text}` is no length of time (like `90s`, `5m` or `1h`)"))
    }
}

/// A length of time in hours and what is less, in milliseconds.
fn hours(text: &str) -> Option<i64> {
    let length: jiff::SignedDuration = text.parse().ok()?;
    // As people write it, it may be in the past: `3h ago`.
    i64::try_from(length.as_millis()).ok().filter(|ms| *ms >= 0)
}

/// The days that `text` begins with, in milliseconds, and what comes after them; none where it begins with none. A day is 24 hours: jiff leaves that to calendars.
fn days(text: &str) -> Option<(i64, &str)> {
    let (count, rest) = text.split_once('d')?;
    // What follows is another count, not the rest of a word.
    let rest = rest.trim_start();
    let ends = rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit());
    let count: u32 = count.trim().parse().ok().filter(|_| ends)?;
    Some((i64::from(count) * 86_400_000, rest))
}

impl Serialize for DurationText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text = if self.ms % 1000 == 0 {
            format!("{}s", self.ms / 1000)
        } else {
            format!("{}ms", self.ms)
        };
        to.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = DurationText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time like \"90s\", \"5m\" or \"1h\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<DurationText, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<DurationText, E> {
                self.visit_str(&seconds.to_string())
            }
        }
        from.deserialize_any(Reader)
    }
}

/// A string, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// `"a"`
    One(String),
    /// `["a", "b"]`
    Many(Vec<String>),
}

impl OneOrMany {
    /// The strings, however they were written.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = OneOrMany;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut many = Vec::new();
                while let Some(one) = list.next_element()? {
                    many.push(one);
                }
                Ok(OneOrMany::Many(many))
            }
        }
        from.deserialize_any(Reader)
    }
}

/// `keep`: a list of places, each called by its last part, or a table of places by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept(pub Vec<(Option<String>, String)>);

impl Serialize for Kept {
    /// As it was written: a list unless a place has a name of its own.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0.iter().all(|(name, _)| name.is_none()) {
            return to.collect_seq(self.0.iter().map(|(_, place)| place));
        }
        to.collect_map(
            self.0
                .iter()
                .map(|(name, place)| (name.as_ref().unwrap_or(place), place)),
        )
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Kept;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of pointers, or a table of pointers by name")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kept, A::Error> {
                let mut kept = Vec::new();
                while let Some(place) = list.next_element()? {
                    kept.push((None, place));
                }
                Ok(Kept(kept))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Kept, A::Error> {
                let mut kept = Vec::new();
                while let Some((name, place)) = table.next_entry()? {
                    kept.push((Some(name), place));
                }
                Ok(Kept(kept))
            }
        }
        from.deserialize_any(Reader)
    }
}

/// `params = { … }`: anything else in the request, typed and nested as written, in the order written.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Params(pub serde_json::Map<String, serde_json::Value>);

impl Params {
    /// These over `base`, name by name.
    pub(super) fn over(self, mut base: Self) -> Self {
        base.0.extend(self.0);
        base
    }
}

impl<'de> Deserialize<'de> for Params {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Params;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of parameters")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Params, A::Error> {
                let mut params = serde_json::Map::new();
                while let Some((name, value)) = table.next_entry::<String, toml::Value>()? {
                    let value = json(value).map_err(|what| {
                        de::Error::custom(format!(
                            "`{name}` holds {what}, which JSON does not have; write it as a string"
                        ))
                    })?;
                    params.insert(name, value);
                }
                Ok(Params(params))
            }
        }
        from.deserialize_map(Reader)
    }
}

/// The JSON value that says what a TOML value says.
///
/// # Errors
/// What it is that JSON has no word for.
pub fn json(value: toml::Value) -> Result<serde_json::Value, &'static str> {
    use serde_json::Value as Json;
    Ok(match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Integer(number) => Json::from(number),
        toml::Value::Float(number) => serde_json::Number::from_f64(number)
            .map(Json::Number)
            .ok_or("a number that is infinite or none")?,
        toml::Value::Boolean(boolean) => Json::Bool(boolean),
        toml::Value::Datetime(_) => return Err("a date"),
        toml::Value::Array(list) => {
            Json::Array(list.into_iter().map(json).collect::<Result<_, _>>()?)
        }
        toml::Value::Table(table) => Json::Object(
            table
                .into_iter()
                .map(|(name, value)| json(value).map(|value| (name, value)))
                .collect::<Result<_, _>>()?,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        let cases = [
            ("90s", Some(90_000)),
            ("5m", Some(300_000)),
            ("1h 30m", Some(5_400_000)),
            ("500ms", Some(500)),
            ("30", Some(30_000)),
            ("30d", Some(2_592_000_000)),
            ("1d 12h", Some(129_600_000)),
            ("2d3h", Some(183_600_000)),
            ("4294967295d", Some(371_085_174_288_000_000)),
            ("4294967296d", None),
            ("1d 9223372036854775h", None),
            ("-1d", None),
            ("1day", None),
            ("d", None),
            ("1d 1d", None),
            ("1d 3h ago", None),
            ("1.5d", None),
            ("0", Some(0)),
            ("-5s", None),
            ("", None),
            ("soon", None),
            ("9223372036854775807", None),
        ];
        for (text, ms) in cases {
            assert_eq!(
                text.parse::<DurationText>().ok().map(|read| read.ms),
                ms,
                "{text}"
            );
        }
    }
}
