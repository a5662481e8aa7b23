//! Deserializes TOML values into the schema's tables, and reports errors as data: fault, key and byte.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::term::text::{SHOWN_CHARACTERS, clean};

/// The field that takes the keys a table shares with others. In a config this name is an unknown key.
pub(crate) const SHARED: &str = "*shared";

/// Never shows config text that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("unknown key `{}`", clean(key, SHOWN_CHARACTERS))]
    UnknownKey {
        key: String,
        known: Vec<&'static str>,
    },
    #[error(
        "must be one of {}, not `{}`",
        listed(known),
        clean(word, SHOWN_CHARACTERS)
    )]
    UnknownWord {
        word: String,
        known: &'static [&'static str],
    },
    #[error("expected {expected}, not {found}")]
    WrongType { expected: String, found: String },
    #[error("a secret must not be in the config itself, only where it comes from")]
    SecretItself,
    #[error("is a date, which a request cannot carry")]
    Date,
    #[error("is not a finite number")]
    NotFinite,
    #[error("is a number too large for tok")]
    TooLarge,
    /// An error of a custom deserializer.
    #[error("{0}")]
    Own(String),
}

fn listed(known: &[&str]) -> String {
    let quoted: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub(crate) struct Mistake {
    pub(crate) fault: Fault,
    /// The keys that lead to it; an array element is named by its `name`, if any.
    pub(crate) path: Vec<String>,
    /// The byte at which the key begins.
    pub(crate) at: Option<usize>,
}

impl Mistake {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            path: Vec::new(),
            at: None,
        }
    }

    fn at(mut self, key: &Spanned<DeString<'_>>) -> Self {
        self.at.get_or_insert(key.span().start);
        self
    }
}

impl de::Error for Mistake {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Fault::Own(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let found = match found {
            // May be a secret.
            Unexpected::Str(_) => "a string".to_owned(),
            Unexpected::Map => "a table".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            other => other.to_string(),
        };
        Self::new(Fault::WrongType {
            expected: expected.to_string(),
            found,
        })
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(Fault::UnknownWord {
            word: word.to_owned(),
            known,
        })
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::new(Fault::UnknownKey {
            key: key.to_owned(),
            known: known.to_vec(),
        })
    }
}

pub(crate) fn read<'de, T: Deserialize<'de>>(value: &Spanned<DeValue<'_>>) -> Result<T, Mistake> {
    T::deserialize(Node(value))
}

type Member<'a, 'i> = (&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>);

struct Node<'a, 'i>(&'a Spanned<DeValue<'i>>);

impl<'de> de::Deserializer<'de> for Node<'_, '_> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0.get_ref() {
            DeValue::String(text) => visitor.visit_str(text),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => visitor.visit_i64(number),
                    Err(_) => Err(Mistake::new(Fault::TooLarge)),
                }
            }
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => visitor.visit_f64(number),
                _ => Err(Mistake::new(Fault::NotFinite)),
            },
            DeValue::Boolean(boolean) => visitor.visit_bool(*boolean),
            DeValue::Datetime(_) => Err(Mistake::new(Fault::Date)),
            DeValue::Array(items) => visitor.visit_seq(Items(items.iter())),
            DeValue::Table(table) => visitor.visit_map(Members::of(table.iter().collect())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self.0.get_ref() {
            DeValue::String(word) => {
                let word: StrDeserializer<'_, Mistake> = word.as_ref().into_deserializer();
                word.deserialize_enum(name, words, visitor)
            }
            other => Err(Mistake::new(Fault::WrongType {
                expected: format!("one of {}", listed(words)),
                found: kind(other).to_owned(),
            })),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let DeValue::Table(table) = self.0.get_ref() else {
            return Err(Mistake::new(match (name, self.0.get_ref()) {
                ("SourceTable", DeValue::String(_)) => Fault::SecretItself,
                (_, other) => Fault::WrongType {
                    expected: "a table".to_owned(),
                    found: kind(other).to_owned(),
                },
            }));
        };
        visitor.visit_map(Members::divided(table.iter().collect(), fields))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0.get_ref() {
            DeValue::Table(_) => self.deserialize_any(visitor),
            other => Err(Mistake::new(Fault::WrongType {
                expected: "a table".to_owned(),
                found: kind(other).to_owned(),
            })),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct identifier ignored_any
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The members of a table, followed by those of its [`SHARED`] table.
struct Members<'a, 'i> {
    own: std::vec::IntoIter<Member<'a, 'i>>,
    value: Option<Member<'a, 'i>>,
    shared: Option<Vec<Member<'a, 'i>>>,
    fields: &'static [&'static str],
}

impl<'a, 'i> Members<'a, 'i> {
    fn of(own: Vec<Member<'a, 'i>>) -> Self {
        Self {
            own: own.into_iter(),
            value: None,
            shared: None,
            fields: &[],
        }
    }

    /// Splits the members by `fields`; [`SHARED`] takes the rest.
    fn divided(all: Vec<Member<'a, 'i>>, fields: &'static [&'static str]) -> Self {
        if !fields.contains(&SHARED) {
            return Self::of(all);
        }
        let is_own = |key: &str| key != SHARED && fields.contains(&key);
        let (own, shared): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(key, _)| is_own(key.get_ref()));
        Self {
            shared: Some(shared).filter(|shared| !shared.is_empty()),
            fields,
            ..Self::of(own)
        }
    }
}

impl<'de> MapAccess<'de> for Members<'_, '_> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mistake> {
        self.value = self.own.next();
        let (name, key) = match (self.value, &self.shared) {
            (Some((key, _)), _) => (key.get_ref().as_ref(), Some(key)),
            (None, Some(_)) => (SHARED, None),
            (None, None) => return Ok(None),
        };
        let name: StrDeserializer<'_, Mistake> = name.into_deserializer();
        let read = seed.deserialize(name);
        read.map(Some).map_err(|mistake| match key {
            Some(key) => mistake.at(key),
            None => mistake,
        })
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Mistake> {
        if let Some((key, value)) = self.value {
            return seed.deserialize(Node(value)).map_err(|mut mistake| {
                mistake.path.insert(0, key.get_ref().to_string());
                mistake.at(key)
            });
        }
        let shared = self.shared.take().unwrap_or_default();
        seed.deserialize(Table(shared)).map_err(|mut mistake| {
            if let Fault::UnknownKey { known, .. } = &mut mistake.fault
                && mistake.path.is_empty()
            {
                let own = self.fields.iter().filter(|field| **field != SHARED);
                known.splice(0..0, own.copied());
            }
            mistake
        })
    }
}

/// A subset of another table's members.
struct Table<'a, 'i>(Vec<Member<'a, 'i>>);

impl<'de> de::Deserializer<'de> for Table<'_, '_> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_map(Members::of(self.0))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_map(Members::divided(self.0, fields))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Items<'a, 'i>(std::slice::Iter<'a, Spanned<DeValue<'i>>>);

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Mistake;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Mistake> {
        let Some(item) = self.0.next() else {
            return Ok(None);
        };
        let read = seed.deserialize(Node(item));
        read.map(Some).map_err(|mut mistake| {
            if let Some(name) = name_of(item.get_ref()) {
                mistake.path.insert(0, name.to_owned());
            }
            mistake
        })
    }
}

/// Returns the `name` of an element of an array of tables.
pub(super) fn name_of<'a>(item: &'a DeValue<'_>) -> Option<&'a str> {
    match item {
        DeValue::Table(table) => table.get("name").and_then(|name| name.get_ref().as_str()),
        _ => None,
    }
}

pub(crate) fn document<'de, T: Deserialize<'de>>(text: &str) -> Result<T, Mistake> {
    let document = DeTable::parse(text).map_err(|error| {
        let mut mistake = Mistake::new(Fault::Own(error.message().to_owned()));
        mistake.at = error.span().map(|span| span.start);
        mistake
    })?;
    let span = document.span();
    read(&Spanned::new(span, DeValue::Table(document.into_inner())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::file::schema::ProfileTable;

    fn mistake(text: &str) -> Mistake {
        document::<ProfileTable>(text).unwrap_err()
    }

    #[test]
    fn a_mistake_has_its_fault_path_and_byte() {
        let cases = [
            ("token_ur = 'x'", "unknown key `token_ur`", "", 0),
            ("'*shared' = 1", "unknown key `*shared`", "", 0),
            (
                "scope = 's'\nmethod = 7",
                "expected one of `POST`, `GET`, `PUT`, not a number",
                "method",
                12,
            ),
            (
                "response = { expires_in_unit = 'weeks' }",
                "must be one of `s`, `ms`, `min`, `h`, `hms`, not `weeks`",
                "response.expires_in_unit",
                13,
            ),
            (
                "[[steps]]\nname = 'login'\ntimeout = '1s'",
                "unknown key `timeout`",
                "steps.login",
                25,
            ),
            (
                "scope = ['a', 7]",
                "expected a string, not integer `7`",
                "scope",
                0,
            ),
            (
                "params = { d = 2020-01-01 }",
                "is a date, which a request cannot carry",
                "params.d",
                11,
            ),
            (
                "params = { d = [inf] }",
                "is not a finite number",
                "params.d",
                11,
            ),
            (
                "client_secret = 'hunter2'",
                "a secret must not be in the config itself, only where it comes from",
                "client_secret",
                0,
            ),
            (
                "vars = 'hunter2'",
                "expected a table, not a string",
                "vars",
                0,
            ),
        ];
        for (text, fault, path, at) in cases {
            let mistake = mistake(text);
            assert_eq!(mistake.to_string(), fault, "{text}");
            assert_eq!(mistake.path.join("."), path, "{text}");
            assert_eq!(mistake.at, Some(at), "{text}");
        }
    }

    #[test]
    fn an_unknown_key_comes_with_every_key_of_its_table() {
        let Fault::UnknownKey { known, .. } = mistake("zzz = 1").fault else {
            panic!("not an unknown key");
        };
        assert!(known.contains(&"token_url") && known.contains(&"scope"));
        assert!(!known.contains(&SHARED));
    }
}
