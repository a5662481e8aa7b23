//! The JSON Schema of the config, generated from the types that read it.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::profile::file::schema::ProfileTable;
use crate::profile::file::shared_cache::SharedCacheTable;
use crate::profile::name::RULE;

pub(crate) fn json_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator();
    let profile = generator.subschema_for::<ProfileTable>();
    let shared_cache = generator.subschema_for::<SharedCacheTable>();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tok's config",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "profiles": {
                "description": "The profiles by name.",
                "type": "object",
                "propertyNames": {
                    "description": RULE,
                    "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
                },
                "additionalProperties": profile
            },
            "defaults": {
                "description": "Keys for every profile that does not set them.",
                "allOf": [profile],
                "not": { "required": ["extends"] }
            },
            "shared_cache": {
                "description": "The engine of `cache = \"shared\"`: a Redis or Valkey that many machines use.",
                "allOf": [shared_cache]
            }
        },
        "$defs": generator.take_definitions(true)
    });
    without_null(&mut schema);
    schema
}

/// Removes `null`, which TOML lacks, and the defaults, both of which come from Rust's `Option`.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.remove("default");
            for key in ["anyOf", "type"] {
                if let Some(Value::Array(choices)) = members.get_mut(key) {
                    choices
                        .retain(|choice| *choice != "null" && *choice != json!({ "type": "null" }));
                }
            }
            take_only(members);
            members.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// Replaces a choice with a single alternative by that alternative.
fn take_only(members: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = members.get_mut("type")
        && let [only] = types.as_mut_slice()
    {
        let only = only.take();
        members.insert("type".to_owned(), only);
    }
    if let Some(Value::Array(choices)) = members.get_mut("anyOf")
        && let [Value::Object(only)] = choices.as_mut_slice()
    {
        let only = std::mem::take(only);
        members.remove("anyOf");
        members.extend(only);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(schema: &Value, found: &mut Vec<(String, Value)>) {
        if let Some(Value::Object(own)) = schema.get("properties") {
            found.extend(
                own.iter()
                    .map(|(name, about)| (name.clone(), about.clone())),
            );
        }
        match schema {
            Value::Object(members) => members
                .values()
                .for_each(|member| properties(member, found)),
            Value::Array(items) => items.iter().for_each(|item| properties(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_key_is_described_and_explained_in_the_example() {
        let example = include_str!("../../../config.example.toml");
        let schema = json_schema();
        let mut found = Vec::new();
        properties(&schema, &mut found);
        assert!(found.len() > 70, "{}", found.len());
        for (name, about) in found {
            // The members of `names` are the standards' parameter names, documented there.
            let is_plain = about == json!({ "type": "string" });
            assert!(
                about["description"].is_string() || is_plain,
                "{name} has no description"
            );
            let is_there = ["=", " ", "]", ".", ",", ":"]
                .iter()
                .any(|after| example.contains(&format!("{name}{after}")));
            assert!(is_there, "`{name}` is not in config.example.toml");
        }
        for word in words(&schema) {
            assert!(
                example.contains(&word),
                "`{word}` is not in config.example.toml"
            );
        }
    }

    fn words(schema: &Value) -> Vec<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match schema {
            Value::Object(members) => members
                .iter()
                .flat_map(|(key, value)| match (key.as_str(), value) {
                    ("enum", Value::Array(all)) => all.iter().filter_map(text).collect(),
                    ("const", value) => text(value).into_iter().collect(),
                    (_, value) => words(value),
                })
                .collect(),
            Value::Array(items) => items.iter().flat_map(words).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn tables_are_closed_and_nothing_is_null() {
        let schema = json_schema();
        let text = schema.to_string();
        assert!(!text.contains("\"null\""), "{text}");
        assert!(!text.contains("*shared"), "{text}");
        for table in [
            "ProfileTable",
            "StepTable",
            "ResponseTable",
            "SourceTable",
            "SharedCacheTable",
            "AssertionTable",
        ] {
            let table = &schema["$defs"][table];
            let is_closed =
                table["additionalProperties"] == false || table["unevaluatedProperties"] == false;
            assert!(is_closed, "{table}");
        }
        assert_eq!(
            schema["$defs"]["ProfileTable"]["properties"]["scope"]["$ref"],
            "#/$defs/OneOrMany"
        );
    }
}
