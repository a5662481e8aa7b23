//! The flattened keys of a profile for `tok show` and `tok providers`, each with its source.

use serde_json::{Map, Value};

use crate::profile::file::SHARED;
use crate::profile::file::schema::{IdentityTable, ProfileTable};
use crate::profile::layers::{Layer, Layers};
use crate::profile::name::var_variable;
use crate::profile::plan::TOKEN_EXCHANGE;
use crate::profile::template::{Name, Template};
use crate::profile::{DEFAULT_HEADER, Environment, Overrides, Profile};

/// Tables that are flattened: `response.root` rather than one long `response`.
const TABLES: [&str; 10] = [
    "vars",
    "values",
    "assertion",
    "identity",
    "params",
    "query",
    "names",
    "headers",
    "response",
    "secrets",
];

const IDENTITY_SOURCES: [&str; 6] = [
    "identity.from",
    "identity.env",
    "identity.file",
    "identity.command",
    "identity.pointer",
    "identity.service_connection",
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum From {
    CommandLine,
    Environment(String),
    Layer(Layer),
    Issuer,
    Default,
}

impl std::fmt::Display for From {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CommandLine => f.write_str("command line"),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::Layer(Layer::Own) => f.write_str("profile"),
            Self::Layer(Layer::Extended(base)) => write!(f, "extends {base}"),
            Self::Layer(Layer::Catalogue(provider)) => write!(f, "provider {provider}"),
            Self::Layer(Layer::Defaults) => f.write_str("defaults"),
            Self::Issuer => f.write_str("issuer"),
            Self::Default => f.write_str("default"),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    /// Dotted.
    pub(crate) name: String,
    /// With variables replaced.
    pub(crate) value: Value,
    pub(crate) from: From,
}

/// Returns the keys of `table`, dotted, in the schema's order.
pub(crate) fn flat(table: &ProfileTable) -> Vec<(String, Value)> {
    // Cannot fail: the schema has string keys and finite numbers only.
    let Ok(Value::Object(members)) = serde_json::to_value(table) else {
        return Vec::new();
    };
    let mut keys = Vec::new();
    let members = members.into_iter().flat_map(|(name, value)| match value {
        Value::Object(shared) if name == SHARED => shared.into_iter().collect(),
        value => vec![(name, value)],
    });
    for (name, value) in members {
        match value {
            Value::Object(inner) if TABLES.contains(&name.as_str()) => {
                keys.extend(
                    inner
                        .into_iter()
                        .filter(|(_, value)| !is_nothing(value))
                        .map(|(key, value)| (format!("{name}.{key}"), value)),
                );
            }
            value if is_nothing(&value) => {}
            Value::Object(inner) => {
                let said: Map<String, Value> = inner
                    .into_iter()
                    .filter(|(_, value)| !value.is_null())
                    .collect();
                keys.push((name, Value::Object(said)));
            }
            mut value => {
                lift_shared(&mut value);
                keys.push((name, value));
            }
        }
    }
    keys
}

/// Puts the keys that a step shares with a profile among the others.
fn lift_shared(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(lift_shared),
        Value::Object(members) => {
            if let Some(Value::Object(shared)) = members.remove(SHARED) {
                members.extend(shared);
            }
        }
        _ => {}
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

/// `is_complete` tells whether the issuer's metadata is in `profile`.
pub(crate) fn keys(
    profile: &Profile,
    is_complete: bool,
    layers: &Layers,
    overrides: &Overrides,
    environment: Environment<'_>,
) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    let mut put =
        |name: String, value: Value, from: From| match keys.iter_mut().find(|key| key.name == name)
        {
            Some(known) => (known.value, known.from) = (value, from),
            None => keys.push(Key { name, value, from }),
        };
    let source = layers.tables.iter().position(|(_, table)| {
        let identity = table.identity.as_ref();
        identity.is_some_and(IdentityTable::has_source)
    });
    for (index, (layer, table)) in layers.tables.iter().enumerate().rev() {
        for (name, value) in flat(table) {
            // A base's own base is not this profile's, and a source of the identity replaces that of a base.
            let is_replaced = source.is_some_and(|strongest| index > strongest)
                && IDENTITY_SOURCES.contains(&name.as_str());
            let is_other_base = name == "extends" && *layer != Layer::Own;
            if !is_replaced && !is_other_base {
                put(name, value, From::Layer(layer.clone()));
            }
        }
    }
    for (name, value) in overridden(overrides, profile) {
        put(name, value, From::CommandLine);
    }
    for (var, value) in &profile.vars {
        let variable = var_variable(&profile.name, var);
        let by_option = overrides.vars.iter().any(|(name, _)| name == var);
        if !by_option && environment(&variable).is_some() {
            put(
                format!("vars.{var}"),
                value.as_str().into(),
                From::Environment(variable),
            );
        }
    }
    for (name, value) in discovered(profile, is_complete) {
        if !keys.iter().any(|key| key.name == name) {
            keys.push(Key {
                name: name.to_owned(),
                value,
                from: From::Issuer,
            });
        }
    }
    for (name, value) in defaults(profile) {
        if !keys.iter().any(|key| key.name == name) {
            keys.push(Key {
                name: name.to_owned(),
                value,
                from: From::Default,
            });
        }
    }
    for key in &mut keys {
        resolve(&mut key.value, profile);
    }
    keys
}

fn overridden(overrides: &Overrides, profile: &Profile) -> Vec<(String, Value)> {
    let mut said = Vec::new();
    if !overrides.scope.is_empty() {
        said.push(("scope".to_owned(), overrides.scope.join(" ").into()));
    }
    if let Some(audience) = &overrides.audience {
        said.push(("audience".to_owned(), audience.as_str().into()));
    }
    if let Some(ms) = overrides.timeout_ms {
        said.push(("timeout".to_owned(), spelled_duration(ms)));
    }
    for (name, value) in &overrides.params {
        let mut query = profile.token.query.iter();
        let table = match query.any(|(known, _)| known == name) {
            true => "query",
            false => "params",
        };
        said.push((format!("{table}.{name}"), value.as_str().into()));
    }
    for (name, value) in &overrides.vars {
        said.push((format!("vars.{name}"), value.as_str().into()));
    }
    said
}

/// The values that the issuer's metadata gives; null where they are not known yet.
fn discovered(profile: &Profile, is_complete: bool) -> Vec<(&'static str, Value)> {
    if !profile.is_discovered {
        return Vec::new();
    }
    let plan = &profile.token;
    let known = |value: Value| if is_complete { value } else { Value::Null };
    let mut all = vec![
        ("token_url", known(plan.url.source().into())),
        ("auth_method", known(plan.auth_method.name().into())),
    ];
    let offered = plan.assertion.as_ref().map(|signed| &signed.offered);
    if let Some(offered) = offered.filter(|offered| !offered.is_empty()) {
        let names: Vec<&str> = offered.iter().map(|alg| alg.name()).collect();
        all.push(("assertion.alg", names.into()));
    }
    all
}

/// The defaults that apply to `profile`.
fn defaults(profile: &Profile) -> Vec<(&'static str, Value)> {
    let plan = &profile.token;
    let word = |value: Result<Value, serde_json::Error>| value.unwrap_or_default();
    let mut all = vec![
        ("auth_method", word(serde_json::to_value(plan.auth_method))),
        ("method", plan.method.name().into()),
        ("encoding", word(serde_json::to_value(plan.encoding))),
        ("header", DEFAULT_HEADER.into()),
        ("cache", word(serde_json::to_value(profile.cache))),
        ("timeout", spelled_duration(profile.timeout_ms)),
    ];
    if plan.parameters.iter().any(|(name, _)| name == "grant_type") {
        let is_exchange = plan.exchange.is_some();
        let grant_type = match is_exchange {
            true => TOKEN_EXCHANGE,
            false => "client_credentials",
        };
        all.push(("grant_type", grant_type.into()));
    }
    if profile.response.format == crate::profile::file::schema::Format::Json {
        all.push((
            "response.access_token",
            profile.response.access_token.to_string().into(),
        ));
        if let Some(place) = &profile.response.expires_in {
            all.push(("response.expires_in", place.to_string().into()));
        }
    }
    all
}

fn spelled_duration(ms: i64) -> Value {
    serde_json::to_value(crate::profile::file::schema::DurationText { ms }).unwrap_or_default()
}

/// Replaces `${var.NAME}` in every string of `value`. Other names are secrets or environment variables, and stay.
fn resolve(value: &mut Value, profile: &Profile) {
    match value {
        Value::String(text) => {
            if let Some(resolved) = resolved(text, profile) {
                *text = resolved;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, profile)),
        Value::Object(members) => members
            .iter_mut()
            .for_each(|(_, member)| resolve(member, profile)),
        _ => {}
    }
}

fn resolved(text: &str, profile: &Profile) -> Option<String> {
    let template = Template::parse(text).ok()?;
    if template.has_expression() || !template.names().any(|name| matches!(name, Name::Var(_))) {
        return None;
    }
    let rendered = template.render(&|name| {
        let value = match name {
            Name::Var(var) => profile.vars.get(var).cloned(),
            _ => None,
        };
        Ok(crate::secret::Secret::new(
            value.unwrap_or_else(|| format!("${{{name}}}")),
        ))
    });
    rendered.ok().map(|text| text.expose().to_owned())
}

/// Formats a value in one line, as in a config.
pub(crate) fn spelled(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(quoted).collect();
            format!("[{}]", items.join(", "))
        }
        other => quoted(other),
    };
    crate::term::text::clean(&text, crate::term::text::SHOWN_CHARACTERS)
}

fn quoted(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .filter(|(_, value)| !is_nothing(value))
                .map(|(name, value)| format!("{name} = {}", quoted(value)))
                .collect();
            if members.is_empty() {
                return "{}".to_owned();
            }
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(quoted).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_listed_key_by_key_without_unset_keys() {
        let table: ProfileTable = crate::profile::file::document(
            "token_url = 'u'\nclient_secret = { env = 'E' }\nresponse = { root = '/d' }\nvars = { b = '1', a = '2' }\nparams = { n = { x = 1 } }\nquery = { q = '3' }\nvalues = { v = '4' }\nmax_ttl = '1h'\nsecrets = { s = {} }",
        )
        .unwrap();
        let listed: Vec<String> = flat(&table)
            .iter()
            .map(|(key, value)| format!("{key}: {}", spelled(value)))
            .collect();
        assert_eq!(
            listed,
            [
                "token_url: u",
                "client_secret: { env = \"E\" }",
                "secrets.s: {}",
                "vars.a: 2",
                "vars.b: 1",
                "values.v: 4",
                "params.n: { x = 1 }",
                "query.q: 3",
                "response.root: /d",
                "max_ttl: 3600s",
            ]
        );
    }
}
