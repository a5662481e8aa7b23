//! A profile that `tok add` writes: its keys in reading order, without those that repeat a default.

use serde_json::Map;
use toml_edit::{Array, InlineTable, Item, Table, Value};

/// The keys of a profile. Keys that are `None` or empty are left out of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Draft {
    pub(crate) provider: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) token_url: Option<String>,
    pub(crate) client_id: Option<String>,
    /// `env` or `file`, and its name; `None` is the keyring.
    pub(crate) client_secret: Option<(&'static str, String)>,
    pub(crate) auth_method: Option<String>,
    pub(crate) basic_encoding: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) encoding: Option<String>,
    pub(crate) grant_type: Option<String>,
    pub(crate) scope: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) resource: Vec<String>,
    pub(crate) params: Map<String, serde_json::Value>,
    pub(crate) names: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) secrets: Vec<String>,
    pub(crate) vars: Vec<(String, String)>,
    pub(crate) response: Vec<(String, String)>,
    pub(crate) default_ttl: Option<String>,
    pub(crate) header: Vec<String>,
    pub(crate) ca_file: Option<String>,
    pub(crate) client_cert: Option<String>,
    pub(crate) client_key: Option<String>,
    /// Further keys, as they are written.
    pub(crate) more: Map<String, serde_json::Value>,
}

/// A parameter that TOML cannot express.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum DraftError {
    #[error("parameter `{0}` is null, which a profile cannot say")]
    Null(String),
    #[error("parameter `{0}` is a number too large for a profile")]
    NumberTooLarge(String),
}

impl Draft {
    /// Adds to `origins`.
    pub(crate) fn allow(&mut self, origin: &str) {
        let origins = self
            .more
            .entry("origins")
            .or_insert_with(|| Vec::<String>::new().into());
        if let serde_json::Value::Array(origins) = origins
            && !origins.iter().any(|known| known == origin)
        {
            origins.push(origin.into());
        }
    }

    /// The profile's table.
    pub(crate) fn table(&self) -> Result<Table, DraftError> {
        let mut table = Table::new();
        let mut set = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                table.insert(key, Item::Value(value));
            }
        };
        let text = |value: &Option<String>| value.as_deref().map(Value::from);
        set("provider", text(&self.provider));
        set("issuer", text(&self.issuer));
        set("token_url", text(&self.token_url));
        set("client_id", text(&self.client_id));
        set(
            "client_secret",
            self.client_secret.as_ref().map(|(kind, which)| {
                let source: InlineTable = [(*kind, which.as_str())].into_iter().collect();
                Value::InlineTable(source)
            }),
        );
        set("auth_method", text(&self.auth_method));
        set("basic_encoding", text(&self.basic_encoding));
        set("method", text(&self.method));
        set("encoding", text(&self.encoding));
        set("grant_type", text(&self.grant_type));
        set("scope", one_or_many(&self.scope));
        set("audience", text(&self.audience));
        set("resource", one_or_many(&self.resource));
        set("params", inline(&self.params)?);
        set("names", pairs(&self.names));
        set("headers", pairs(&self.headers));
        let secrets: InlineTable = self
            .secrets
            .iter()
            .map(|name| (name.as_str(), InlineTable::new()))
            .collect();
        set(
            "secrets",
            (!secrets.is_empty()).then_some(Value::InlineTable(secrets)),
        );
        set("vars", pairs(&self.vars));
        set("response", pairs(&self.response));
        set("default_ttl", text(&self.default_ttl));
        set("header", one_or_many(&self.header));
        set("ca_file", text(&self.ca_file));
        set("client_cert", text(&self.client_cert));
        set("client_key", text(&self.client_key));
        for (name, member) in &self.more {
            set(name, Some(value(name, member)?));
        }
        Ok(table)
    }
}

fn one_or_many(values: &[String]) -> Option<Value> {
    match values {
        [] => None,
        [one] => Some(Value::from(one)),
        many => Some(Value::Array(many.iter().collect())),
    }
}

fn pairs(pairs: &[(String, String)]) -> Option<Value> {
    let table: InlineTable = pairs
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    (!table.is_empty()).then_some(Value::InlineTable(table))
}

fn inline(members: &Map<String, serde_json::Value>) -> Result<Option<Value>, DraftError> {
    if members.is_empty() {
        return Ok(None);
    }
    let mut table = InlineTable::new();
    for (name, member) in members {
        table.insert(name, value(name, member)?);
    }
    Ok(Some(Value::InlineTable(table)))
}

fn value(name: &str, json: &serde_json::Value) -> Result<Value, DraftError> {
    use serde_json::Value as Json;
    Ok(match json {
        Json::Null => {
            return Err(DraftError::Null(name.to_owned()));
        }
        Json::Bool(boolean) => Value::from(*boolean),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(float)) if !number.is_u64() => Value::from(float),
            _ => {
                return Err(DraftError::NumberTooLarge(name.to_owned()));
            }
        },
        Json::String(text) => Value::from(text),
        Json::Array(items) => {
            let mut array = Array::new();
            for item in items {
                array.push(value(name, item)?);
            }
            Value::Array(array)
        }
        Json::Object(members) => match inline(members)? {
            Some(table) => table,
            None => Value::InlineTable(InlineTable::new()),
        },
    })
}
