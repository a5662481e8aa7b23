//! JSON from somebody else, read so that there is only one way to read it: a name that comes twice with two values is refused.
//!
//! RFC 8259 §4 leaves open which of two members of one name counts, and programs differ: what one checks another may not use. RFC 6749 §3.2
//! forbids repeated parameters, so nothing honest is lost.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};

use crate::term::text::clean;

/// Why a body is no JSON document. Says nothing of what is in it but a member's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoJson {
    /// It is not UTF-8 text.
    Encoding,
    /// There is nothing in it.
    Empty,
    /// It is no JSON text (RFC 8259), or nested deeper than any honest one.
    Syntax,
    /// A member stands twice in one object, with two values: the message that names it.
    Repeated(String),
}

/// Reads `text` as one JSON document.
///
/// # Errors
/// Why it is none.
pub fn read(text: &str) -> Result<Value, NoJson> {
    if text.trim().is_empty() {
        return Err(NoJson::Empty);
    }
    match serde_json::from_str::<Unambiguous>(text) {
        Ok(Unambiguous(value)) => Ok(value),
        // Any JSON is a value, so the only fault in data (rather than in syntax) is the one found here.
        Err(error) if error.classify() == Category::Data => {
            let said = error.to_string();
            let what = said
                .rsplit_once(" at line ")
                .map_or(said.as_str(), |(what, _)| what);
            Err(NoJson::Repeated(what.to_owned()))
        }
        Err(_) => Err(NoJson::Syntax),
    }
}

/// Reads `text` as a form (`application/x-www-form-urlencoded`): an object of strings.
///
/// # Errors
/// Why it is none.
pub fn read_form(text: &str) -> Result<Map<String, Value>, NoJson> {
    if text.trim().is_empty() {
        return Err(NoJson::Empty);
    }
    let mut out = Map::new();
    for (name, value) in url::form_urlencoded::parse(text.trim().as_bytes()) {
        let value = Value::from(value);
        if out.get(&*name).is_some_and(|known| *known != value) {
            return Err(NoJson::Repeated(repeated(&name)));
        }
        out.insert(name.into_owned(), value);
    }
    Ok(out)
}

fn repeated(name: &str) -> String {
    format!("`{}` stands twice in it, with two values", clean(name, 40))
}

/// A value in which no name has two values.
struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
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
        while let Some(Unambiguous(item)) = items.next_element()? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some((name, Unambiguous(member))) = members.next_entry::<String, _>()? {
            if out.get(&name).is_some_and(|known| *known != member) {
                return Err(A::Error::custom(repeated(&name)));
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

    #[test]
    fn a_name_with_two_values_is_refused_at_every_depth() {
        for text in [
            r#"{"access_token":"a","access_token":"b"}"#,
            r#"{"access_token":"a","access_token":null}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"data":[{"a":{"x":1,"x":2}}]}"#,
        ] {
            assert!(matches!(read(text), Err(NoJson::Repeated(_))), "{text}");
        }
        assert_eq!(
            read(r#"{"access_token":"s3cret","access_token":"other"}"#),
            Err(NoJson::Repeated(
                "`access_token` stands twice in it, with two values".to_owned()
            ))
        );
        // Said twice is said all the same.
        assert!(read(r#"{"expires_in":60,"expires_in":60}"#).is_ok());
        assert!(read(r#"[{"a":1},{"a":2}]"#).is_ok());
    }

    #[test]
    fn what_is_no_json_is_told_apart() {
        let deep = "[".repeat(10_000);
        for (text, expected) in [
            ("", NoJson::Empty),
            (" \r\n", NoJson::Empty),
            ("{", NoJson::Syntax),
            ("{} {}", NoJson::Syntax),
            ("1e999", NoJson::Syntax),
            ("\"\u{1}\"", NoJson::Syntax),
            (&deep, NoJson::Syntax),
        ] {
            assert_eq!(read(text), Err(expected), "{:.20}", text);
        }
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
