//! Reads JSON or a form; a name with two different values is refused.
//! RFC 8259 §4 leaves open which of two members counts; RFC 6749 §3.2 forbids repeated parameters.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::term::text::clean;

/// Why a body cannot be read as a document. The cache stores the names: add, never rename.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// It is empty.
    Empty,
    /// It is not JSON (RFC 8259), or nested too deep.
    Syntax,
    /// The named member has two values in one object.
    Repeated(String),
}

pub(crate) fn read(text: &str) -> Result<Value, Unreadable> {
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    let first = parse(text);
    match first {
        Err(Unreadable::Syntax) => match without_lone_surrogates(text) {
            Some(text) => parse(&text),
            None => first,
        },
        _ => first,
    }
}

fn parse(text: &str) -> Result<Value, Unreadable> {
    let repeated = Cell::new(None);
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Unambiguous(&repeated).deserialize(&mut json);
    match value.and_then(|value| json.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(_) => Err(repeated
            .take()
            .map_or(Unreadable::Syntax, Unreadable::Repeated)),
    }
}

/// Replaces each `\u` escape of half a character by U+FFFD: it spoils only the member it is in.
fn without_lone_surrogates(text: &str) -> Option<String> {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => {
                out.push_str(text.get(kept..at)?);
                out.push_str("\\ufffd");
                at += 6;
                kept = at;
            }
            // An escaped backslash must not be taken for the beginning of the next escape.
            _ => at += 2,
        }
    }
    out.push_str(text.get(kept..)?);
    (kept > 0).then_some(out)
}

pub(crate) fn read_form(text: &str) -> Result<Map<String, Value>, Unreadable> {
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    let mut out = Map::new();
    for (name, value) in url::form_urlencoded::parse(text.trim().as_bytes()) {
        let value = Value::from(value);
        if out.get(&*name).is_some_and(|known| *known != value) {
            return Err(Unreadable::Repeated(shown(&name)));
        }
        out.insert(name.into_owned(), value);
    }
    Ok(out)
}

fn shown(name: &str) -> String {
    clean(name, 40)
}

/// Sets the name that has two values.
#[derive(Clone, Copy)]
struct Unambiguous<'a>(&'a Cell<Option<String>>);

impl<'de> DeserializeSeed<'de> for Unambiguous<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unambiguous<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let member = members.next_value_seed(self)?;
            if out.get(&name).is_some_and(|known| *known != member) {
                self.0.set(Some(shown(&name)));
                return Err(A::Error::custom("a name has two values"));
            }
            out.insert(name, member);
        }
        Ok(Value::Object(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_name_with_two_values_is_refused_at_every_depth() {
        for text in [
            r#"{"access_token":"a","access_token":"b"}"#,
            r#"{"access_token":"a","access_token":null}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"data":[{"a":{"x":1,"x":2}}]}"#,
        ] {
            assert!(matches!(read(text), Err(Unreadable::Repeated(_))), "{text}");
        }
        assert_eq!(
            read(r#"{"access_token":"s3cret","access_token":"other"}"#),
            Err(Unreadable::Repeated("access_token".to_owned()))
        );
        assert!(read(r#"{"expires_in":60,"expires_in":60}"#).is_ok());
        assert!(read(r#"[{"a":1},{"a":2}]"#).is_ok());
    }

    #[test]
    fn bodies_that_are_not_json_are_told_apart() {
        let deep = "[".repeat(10_000);
        for (text, expected) in [
            ("", Unreadable::Empty),
            (" \r\n", Unreadable::Empty),
            ("{", Unreadable::Syntax),
            ("{} {}", Unreadable::Syntax),
            ("1e999", Unreadable::Syntax),
            ("\"\u{1}\"", Unreadable::Syntax),
            (&deep, Unreadable::Syntax),
        ] {
            assert_eq!(read(text), Err(expected), "{:.20}", text);
        }
    }

    #[test]
    fn lone_surrogate_affects_only_its_own_member() {
        for (text, expected) in [
            (
                r#"{"name":"a\ud800b","t":"x"}"#,
                json!({"name": "a\u{fffd}b", "t": "x"}),
            ),
            (
                r#"{"name":"\uDC00\ud83d\ude00"}"#,
                json!({"name": "\u{fffd}😀"}),
            ),
            (
                r#"{"name":"\\ud800\ud800"}"#,
                json!({"name": "\\ud800\u{fffd}"}),
            ),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        assert_eq!(read(r#"{"name":"\ud800""#), Err(Unreadable::Syntax));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_other_document_reads_as_serde_json_reads_it(value in any_json()) {
            let text = value.to_string();
            prop_assert_eq!(read(&text).ok(), serde_json::from_str(&text).ok());
        }
    }
}
