//! `client_key` as written: the path of a file, or any source of a secret.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::profile::file::source::SourceTable;

/// `"client-key.pem"`, or a source as of any secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySource(pub SourceTable);

impl KeySource {
    fn of_path(path: &str) -> Self {
        Self(SourceTable {
            file: Some(path.to_owned()),
            ..SourceTable::default()
        })
    }
}

impl Serialize for KeySource {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0.file {
            Some(path) if *self == Self::of_path(path) => to.serialize_str(path),
            _ => self.0.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for KeySource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = KeySource;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a file, or a table like { command = [\"…\"] }")
            }
            fn visit_str<E: de::Error>(self, path: &str) -> Result<KeySource, E> {
                if path.contains("BEGIN") || path.starts_with('{') {
                    return Err(E::custom(
                        "the key itself must not be in this file; write the path of a file, or `{}` and store it in the keyring",
                    ));
                }
                Ok(KeySource::of_path(path))
            }
            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<KeySource, A::Error> {
                SourceTable::deserialize(MapAccessDeserializer::new(table)).map(KeySource)
            }
        }
        from.deserialize_any(Reader)
    }
}

impl JsonSchema for KeySource {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KeySource".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<SourceTable>();
        json_schema!({ "anyOf": [{ "type": "string" }, table] })
    }
}
