//! The config file as written: one type per table, every key that exists, nothing resolved and nothing defaulted.
//!
//! What a key means and what it may hold is decided in [`crate::profile`]; here stands only what can be spelled.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de};

pub use super::assertion::{Algorithm, AssertionTable};
pub use super::values::{DurationText, Kept, OneOrMany, Params, json};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// `[profiles.NAME]`
    #[serde(default)]
    pub profiles: BTreeMap<String, ProfileTable>,
}

/// Declares a table that describes a request among other things; the keys of every request stand here once, between those that it has before
/// and after them. (serde would read one table as part of another too, but would then let unknown keys pass.)
macro_rules! request_table {
    (
        $(#[$of_table:meta])*
        pub struct $table:ident {
            $($(#[$of_before:meta])* pub $before:ident: $before_type:ty,)*
            ..every_request,
            $($(#[$of_after:meta])* pub $after:ident: $after_type:ty,)*
        }
    ) => {
        $(#[$of_table])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "each key is explained in config.example.toml")]
        pub struct $table {
            $($(#[$of_before])* pub $before: $before_type,)*
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
            pub query: Params,
            #[serde(default)]
            pub names: BTreeMap<Sent, String>,
            #[serde(default)]
            pub headers: BTreeMap<String, String>,
            $($(#[$of_after])* pub $after: $after_type,)*
        }
    };
}

request_table! {
    /// `[profiles.NAME]`, or one file of the built-in catalogue.
    pub struct ProfileTable {
        pub provider: Option<String>,
        pub token_url: Option<String>,
        pub client_id: Option<String>,
        pub client_secret: Option<SourceTable>,
        #[serde(default)]
        pub secrets: BTreeMap<String, SourceTable>,
        #[serde(default)]
        pub vars: BTreeMap<String, String>,
        #[serde(default)]
        pub values: BTreeMap<String, String>,
        #[serde(default)]
        pub assertion: AssertionTable,
        ..every_request,
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
}

request_table! {
    /// `[[profiles.NAME.steps]]`: a request made before the token request.
    pub struct StepTable {
        pub name: Option<String>,
        pub url: Option<String>,
        ..every_request,
        #[serde(default)]
        pub response: StepResponseTable,
    }
}

request_table! {
    /// What every request has, taken out of the table that it stands in.
    pub struct RequestTable {
        ..every_request,
    }
}

/// Lets the keys of a request be taken out of the tables that have them.
macro_rules! has_request {
    ($($table:ident),*) => {
        $(impl $table {
            /// Takes the keys of the request out.
            #[must_use]
            pub fn take_request(&mut self) -> RequestTable {
                RequestTable {
                    auth_method: self.auth_method.take(),
                    basic_encoding: self.basic_encoding.take(),
                    method: self.method.take(),
                    encoding: self.encoding.take(),
                    grant_type: self.grant_type.take(),
                    scope: self.scope.take(),
                    scope_separator: self.scope_separator.take(),
                    audience: self.audience.take(),
                    resource: self.resource.take(),
                    params: std::mem::take(&mut self.params),
                    query: std::mem::take(&mut self.query),
                    names: std::mem::take(&mut self.names),
                    headers: std::mem::take(&mut self.headers),
                }
            }
        })*
    };
}

has_request!(ProfileTable, StepTable);

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
            values: merged(self.values, base.values),
            assertion: self.assertion.over(base.assertion),
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
            query: self.query.over(base.query),
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

/// `response = { … }` of a step: how its answer is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config.example.toml")]
pub struct StepResponseTable {
    pub format: Option<Format>,
    pub status: Option<u16>,
    pub keep: Option<Kept>,
    #[serde(default)]
    pub success: Params,
    pub error: Option<OneOrMany>,
    pub error_description: Option<OneOrMany>,
}

impl StepResponseTable {
    /// The same for a whole answer; what it does not say of refusals is as in the profile's own `response`.
    #[must_use]
    pub fn within(self, profile: &ResponseTable) -> ResponseTable {
        ResponseTable {
            format: self.format,
            status: self.status,
            keep: self.keep,
            success: self.success,
            error: self.error.or_else(|| profile.error.clone()),
            error_description: self
                .error_description
                .or_else(|| profile.error_description.clone()),
            ..ResponseTable::default()
        }
    }
}

/// `response = { … }`: where the answer keeps what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config.example.toml")]
pub struct ResponseTable {
    pub root: Option<String>,
    pub access_token: Option<OneOrMany>,
    pub token_type: Option<OneOrMany>,
    pub expires_in: Option<OneOrMany>,
    pub expires_in_unit: Option<Unit>,
    pub expires_at: Option<OneOrMany>,
    pub expires_at_unit: Option<Moment>,
    pub expires_at_zone: Option<String>,
    pub scope: Option<OneOrMany>,
    pub format: Option<Format>,
    pub status: Option<u16>,
    pub keep: Option<Kept>,
    pub strip_prefix: Option<String>,
    #[serde(default)]
    pub success: Params,
    pub error: Option<OneOrMany>,
    pub error_description: Option<OneOrMany>,
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
            expires_at_zone: self.expires_at_zone.or(base.expires_at_zone),
            scope: self.scope.or(base.scope),
            format: self.format.or(base.format),
            status: self.status.or(base.status),
            keep: self.keep.or(base.keep),
            strip_prefix: self.strip_prefix.or(base.strip_prefix),
            success: self.success.over(base.success),
            error: self.error.or(base.error),
            error_description: self.error_description.or(base.error_description),
            token_chars: self.token_chars.or(base.token_chars),
        }
    }
}

/// Where a secret comes from: at most one of `env`, `file`, `credential` and `command`. None of them: the keyring.
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
    /// Where in it the secret is, if it is JSON: an RFC 6901 pointer.
    pub pointer: Option<String>,
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
    /// An assertion signed with the client secret (OpenID Connect Core §9, RFC 7523 §2.2).
    ClientSecretJwt,
    /// An assertion signed with the client's private key (the same).
    PrivateKeyJwt,
    /// Nothing of tok's own: the profile puts the credentials where they go.
    None,
}

impl AuthMethod {
    /// Whether the client signs an assertion.
    #[must_use]
    pub fn is_signed(self) -> bool {
        matches!(self, Self::ClientSecretJwt | Self::PrivateKeyJwt)
    }
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
    /// What a few do: cloud metadata services, sessions that are made at a name of one's own.
    Put,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
            Self::Put => "PUT",
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
#[expect(
    missing_docs,
    reason = "the names are those of RFC 6749, RFC 7521 and RFC 8707"
)]
pub enum Sent {
    GrantType,
    ClientId,
    ClientSecret,
    ClientAssertionType,
    ClientAssertion,
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
            Self::ClientAssertionType => "client_assertion_type",
            Self::ClientAssertion => "client_assertion",
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
    /// Minutes.
    Min,
    /// Hours.
    H,
    /// Hours, minutes and seconds with colons between: `477:21:15`.
    Hms,
}

/// How `response.expires_at` is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    /// RFC 3339; also with an offset without a colon, as ISO 8601's basic form has it.
    #[default]
    Rfc3339,
    /// Unix time in seconds.
    S,
    /// Unix time in milliseconds.
    Ms,
    /// Unix time in microseconds.
    Us,
    /// A strftime pattern, as `%Y%m%d%H%M%S`.
    Pattern(String),
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(match self {
            Self::Rfc3339 => "rfc3339",
            Self::S => "s",
            Self::Ms => "ms",
            Self::Us => "us",
            Self::Pattern(pattern) => pattern,
        })
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Ok(match text.as_str() {
            "rfc3339" => Self::Rfc3339,
            "s" => Self::S,
            "ms" => Self::Ms,
            "us" => Self::Us,
            _ if text.contains('%') => Self::Pattern(text),
            other => {
                return Err(de::Error::custom(format!(
                    "`{other}` is none of `rfc3339`, `s`, `ms`, `us`, and no pattern like `%Y-%m-%d %H:%M:%S`"
                )));
            }
        })
    }
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
    /// `name=value&…`, read as a JSON object of strings.
    Form,
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

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(
            merged.response.scope.as_ref().map(OneOrMany::as_slice),
            Some(["/s".to_owned()].as_slice())
        );
    }
}
