//! The config file as written: one type per table, every key that exists, nothing resolved and nothing defaulted.
//!
//! What a key means and what it may hold is decided in [`crate::profile`]; here stands only what can be spelled.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// `[profiles.NAME]`
    #[serde(default)]
    pub profiles: BTreeMap<String, ProfileTable>,
}

/// `[profiles.NAME]`, or one file of the built-in catalogue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config.example.toml")]
pub struct ProfileTable {
    pub provider: Option<String>,
    pub token_url: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<SourceTable>,
    #[serde(default)]
    pub secrets: BTreeMap<String, SourceTable>,
    #[serde(default)]
    pub vars: BTreeMap<String, String>,
    pub auth_method: Option<AuthMethod>,
    pub basic_encoding: Option<BasicEncoding>,
    pub method: Option<Method>,
    pub encoding: Option<Encoding>,
    pub grant_type: Option<String>,
    pub scope: Option<OneOrMany>,
    pub scope_separator: Option<String>,
    pub audience: Option<String>,
    pub resource: Option<OneOrMany>,
    #[serde(default)]
    pub params: Params,
    #[serde(default)]
    pub names: BTreeMap<Sent, String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub response: ResponseTable,
    pub default_ttl: Option<DurationText>,
    pub max_ttl: Option<DurationText>,
    pub header: Option<OneOrMany>,
    pub origins: Option<Vec<String>>,
    pub cache: Option<CacheKind>,
    pub timeout: Option<DurationText>,
    pub ca_file: Option<String>,
    pub client_cert: Option<String>,
    pub client_key: Option<String>,
    pub steps: Option<Vec<StepTable>>,
}

impl ProfileTable {
    /// This table laid over `base`: its own keys win, and tables within it are merged key by key.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        Self {
            provider: self.provider.or(base.provider),
            token_url: self.token_url.or(base.token_url),
            client_id: self.client_id.or(base.client_id),
            client_secret: self.client_secret.or(base.client_secret),
            secrets: merged(self.secrets, base.secrets),
            vars: merged(self.vars, base.vars),
            auth_method: self.auth_method.or(base.auth_method),
            basic_encoding: self.basic_encoding.or(base.basic_encoding),
            method: self.method.or(base.method),
            encoding: self.encoding.or(base.encoding),
            grant_type: self.grant_type.or(base.grant_type),
            scope: self.scope.or(base.scope),
            scope_separator: self.scope_separator.or(base.scope_separator),
            audience: self.audience.or(base.audience),
            resource: self.resource.or(base.resource),
            params: self.params.over(base.params),
            names: merged(self.names, base.names),
            headers: merged(self.headers, base.headers),
            response: self.response.over(base.response),
            default_ttl: self.default_ttl.or(base.default_ttl),
            max_ttl: self.max_ttl.or(base.max_ttl),
            header: self.header.or(base.header),
            origins: self.origins.or(base.origins),
            cache: self.cache.or(base.cache),
            timeout: self.timeout.or(base.timeout),
            ca_file: self.ca_file.or(base.ca_file),
            client_cert: self.client_cert.or(base.client_cert),
            client_key: self.client_key.or(base.client_key),
            steps: self.steps.or(base.steps),
        }
    }
}

fn merged<K: Ord, V>(over: BTreeMap<K, V>, mut base: BTreeMap<K, V>) -> BTreeMap<K, V> {
    base.extend(over);
    base
}

/// `[[profiles.NAME.steps]]`: a request made before the token request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config.example.toml")]
pub struct StepTable {
    pub name: Option<String>,
    pub url: Option<String>,
    pub auth_method: Option<AuthMethod>,
    pub basic_encoding: Option<BasicEncoding>,
    pub method: Option<Method>,
    pub encoding: Option<Encoding>,
    pub grant_type: Option<String>,
    pub scope: Option<OneOrMany>,
    pub scope_separator: Option<String>,
    pub audience: Option<String>,
    pub resource: Option<OneOrMany>,
    #[serde(default)]
    pub params: Params,
    #[serde(default)]
    pub names: BTreeMap<Sent, String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// `response = { … }`: where the answer keeps what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config.example.toml")]
pub struct ResponseTable {
    pub root: Option<String>,
    pub access_token: Option<String>,
    pub token_type: Option<String>,
    pub expires_in: Option<String>,
    pub expires_in_unit: Option<Unit>,
    pub expires_at: Option<String>,
    pub expires_at_unit: Option<Moment>,
    pub scope: Option<String>,
    pub format: Option<Format>,
    pub keep: Option<Kept>,
    pub strip_prefix: Option<String>,
    #[serde(default)]
    pub success: Params,
    pub error: Option<String>,
    pub error_description: Option<String>,
    pub token_chars: Option<TokenCharacters>,
}

impl ResponseTable {
    fn over(self, base: Self) -> Self {
        Self {
            root: self.root.or(base.root),
            access_token: self.access_token.or(base.access_token),
            token_type: self.token_type.or(base.token_type),
            expires_in: self.expires_in.or(base.expires_in),
            expires_in_unit: self.expires_in_unit.or(base.expires_in_unit),
            expires_at: self.expires_at.or(base.expires_at),
            expires_at_unit: self.expires_at_unit.or(base.expires_at_unit),
            scope: self.scope.or(base.scope),
            format: self.format.or(base.format),
            keep: self.keep.or(base.keep),
            strip_prefix: self.strip_prefix.or(base.strip_prefix),
            success: self.success.over(base.success),
            error: self.error.or(base.error),
            error_description: self.error_description.or(base.error_description),
            token_chars: self.token_chars.or(base.token_chars),
        }
    }
}

/// Where a secret comes from: at most one of the keys. None of them: the keyring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceTable {
    /// The name of an environment variable.
    pub env: Option<String>,
    /// The path of a file, relative to the config.
    pub file: Option<String>,
    /// The name of a systemd credential, under `$CREDENTIALS_DIRECTORY`.
    pub credential: Option<String>,
    /// A program and its arguments, run without a shell.
    pub command: Option<Vec<String>>,
}

/// How the client proves who it is (RFC 7591 §2, `token_endpoint_auth_method`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// `Authorization: Basic` (RFC 6749 §2.3.1).
    #[default]
    ClientSecretBasic,
    /// `client_id` and `client_secret` among the parameters (RFC 6749 §2.3.1).
    ClientSecretPost,
    /// Nothing of tok's own: the profile puts the credentials where they go.
    None,
}

/// What stands between `base64(` and `)` in `Authorization: Basic`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BasicEncoding {
    /// Id and secret percent-encoded first (RFC 6749 §2.3.1).
    #[default]
    Rfc6749,
    /// `id:secret` as it stands (RFC 7617).
    Raw,
}

/// The HTTP method of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// What RFC 6749 §3.2 demands.
    #[default]
    Post,
    /// What some do all the same.
    Get,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
        }
    }
}

/// How the parameters travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// `application/x-www-form-urlencoded`, as RFC 6749 §3.2 has it.
    Form,
    /// `application/json`.
    Json,
    /// In the URL's query; the body is empty.
    Query,
    /// Not at all.
    None,
}

/// A parameter that tok sends of itself, which `names` may rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are RFC 6749's and RFC 8707's")]
pub enum Sent {
    GrantType,
    ClientId,
    ClientSecret,
    Scope,
    Audience,
    Resource,
}

impl Sent {
    /// The standard's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GrantType => "grant_type",
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::Scope => "scope",
            Self::Audience => "audience",
            Self::Resource => "resource",
        }
    }
}

/// The unit of `response.expires_in`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Seconds (RFC 6749 §5.1).
    #[default]
    S,
    /// Milliseconds.
    Ms,
}

/// How `response.expires_at` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    /// RFC 3339; also with an offset without a colon, as ISO 8601's basic form has it.
    #[default]
    Rfc3339,
    /// Unix time in seconds.
    S,
    /// Unix time in milliseconds.
    Ms,
}

/// What the answer's body is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A JSON text; the pointers say where in it the token is.
    #[default]
    Json,
    /// The token and nothing else.
    Text,
}

/// Which characters a token may be made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenCharacters {
    /// RFC 6750 §2.1's `b64token`.
    #[default]
    B64token,
    /// Any visible ASCII.
    Visible,
}

/// Where a token is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheKind {
    /// In a file of the cache folder.
    #[default]
    File,
    /// In the OS keyring.
    Keyring,
    /// Nowhere: each run fetches.
    None,
}

/// A length of time: `"90s"`, `"5m"`, `"1h 30m"`, or a whole number of seconds.
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
            Err(_) => text
                .parse::<jiff::SignedDuration>()
                .ok()
                .and_then(|duration| i64::try_from(duration.as_millis()).ok()),
        };
        ms.filter(|ms| *ms >= 0)
            .map(|ms| Self { ms })
            .ok_or_else(|| format!("`{text}` is no length of time (like `90s`, `5m` or `1h`)"))
    }
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
    fn over(self, mut base: Self) -> Self {
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
                        de::Error::custom(format!("`{name}` holds {what}, which JSON cannot say"))
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
        toml::Value::Datetime(_) => return Err("a date (write it as a string)"),
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

    #[test]
    fn a_profile_wins_over_its_base_key_by_key() {
        let base: ProfileTable = toml::from_str(
            "token_url = 'b'\naudience = 'b'\nvars = { a = 'b', c = 'b' }\nparams = { p = 1, q = 2 }\nresponse = { root = '/b', scope = '/s' }",
        )
        .unwrap();
        let own: ProfileTable = toml::from_str(
            "audience = 'o'\nvars = { a = 'o' }\nparams = { q = 3 }\nresponse = { root = '/o' }",
        )
        .unwrap();
        let merged = own.over(base);
        assert_eq!(merged.token_url.as_deref(), Some("b"));
        assert_eq!(merged.audience.as_deref(), Some("o"));
        assert_eq!(merged.vars["a"], "o");
        assert_eq!(merged.vars["c"], "b");
        assert_eq!(
            serde_json::to_string(&merged.params.0).unwrap(),
            r#"{"p":1,"q":3}"#
        );
        assert_eq!(merged.response.root.as_deref(), Some("/o"));
        assert_eq!(merged.response.scope.as_deref(), Some("/s"));
    }
}
