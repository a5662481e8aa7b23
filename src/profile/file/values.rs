//! Value types that TOML lacks: durations, one string or several, `keep`, free tables.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::term::text::{SHOWN_CHARACTERS, clean};

/// A duration: `"90s"`, `"5m"`, `"1h 30m"`, `"30d"`, or a whole number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurationText {
    /// Milliseconds; never negative.
    pub ms: i64,
}

/// A text that is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a duration (like `90s`, `5m` or `1h`)", clean(.0, SHOWN_CHARACTERS))]
pub struct NotADuration(String);

impl std::str::FromStr for DurationText {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
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
            .ok_or_else(|| NotADuration(text.to_owned()))
    }
}

fn hours(text: &str) -> Option<i64> {
    let duration: jiff::SignedDuration = text.parse().ok()?;
    // Negative durations such as `3h ago` fail.
    i64::try_from(duration.as_millis())
        .ok()
        .filter(|ms| *ms >= 0)
}

/// Reads leading days, in milliseconds, and returns the rest. jiff's days depend on a calendar; here a day is 24 hours.
fn days(text: &str) -> Option<(i64, &str)> {
    let (count, rest) = text.split_once('d')?;
    // Requires another count after the days, not the rest of a word.
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
                f.write_str("a duration like \"90s\", \"5m\" or \"1h\"")
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

impl JsonSchema for DurationText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A duration like `90s`, `5m`, `1h 30m` or `30d`, or a number of seconds.",
            "anyOf": [{ "type": "string", "pattern": "^[0-9]" }, { "type": "integer", "minimum": 0 }]
        })
    }
}

/// A string, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
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

/// `keep`: a list of locations, each named after its last part, or a table of locations by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept(pub Vec<(Option<String>, KeptFrom)>);

/// A location in `keep`: `"/a"`, or `{ from = "/a", optional = true }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptFrom {
    /// The location.
    pub from: String,
    /// Whether an answer may lack it.
    #[serde(default)]
    pub optional: bool,
}

impl Serialize for KeptFrom {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.optional {
            to.collect_map([
                ("from", serde_json::Value::from(self.from.as_str())),
                ("optional", serde_json::Value::from(true)),
            ])
        } else {
            to.serialize_str(&self.from)
        }
    }
}

struct AnyKeptFrom(KeptFrom);

impl<'de> Deserialize<'de> for AnyKeptFrom {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = KeptFrom;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pointer, or a table like { from = \"/a\", optional = true }")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<KeptFrom, E> {
                Ok(KeptFrom {
                    from: text.to_owned(),
                    optional: false,
                })
            }
            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<KeptFrom, A::Error> {
                KeptFrom::deserialize(de::value::MapAccessDeserializer::new(table))
            }
        }
        from.deserialize_any(Reader).map(AnyKeptFrom)
    }
}

impl JsonSchema for Kept {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Kept".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A list of pointers, or a table of pointers by name.",
            "anyOf": [
                { "type": "array", "items": { "type": "string" } },
                { "type": "object", "additionalProperties": { "anyOf": [
                    { "type": "string" },
                    {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["from"],
                        "properties": {
                            "from": { "type": "string", "description": "Where the member is." },
                            "optional": { "type": "boolean", "description": "Whether it may be missing." }
                        }
                    }
                ] } }
            ]
        })
    }
}

impl Serialize for Kept {
    /// Writes a list unless a location has a name of its own.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0.iter().all(|(name, _)| name.is_none()) {
            return to.collect_seq(self.0.iter().map(|(_, kept)| kept));
        }
        to.collect_map(
            self.0
                .iter()
                .map(|(name, kept)| (name.as_ref().unwrap_or(&kept.from), kept)),
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
                while let Some(AnyKeptFrom(one)) = list.next_element()? {
                    kept.push((None, one));
                }
                Ok(Kept(kept))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Kept, A::Error> {
                let mut kept = Vec::new();
                while let Some((name, AnyKeptFrom(one))) = table.next_entry()? {
                    kept.push((Some(name), one));
                }
                Ok(Kept(kept))
            }
        }
        from.deserialize_any(Reader)
    }
}

/// `params = { … }`: anything else in the request, typed and nested as written, in the order written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Params(pub serde_json::Map<String, serde_json::Value>);

impl Params {
    pub(super) fn over(self, mut base: Self) -> Self {
        base.0.extend(self.0);
        base
    }
}

/// Lays `over` over `base`, key by key.
pub(super) fn merged<K: Ord, V>(over: BTreeMap<K, V>, mut base: BTreeMap<K, V>) -> BTreeMap<K, V> {
    base.extend(over);
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
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
