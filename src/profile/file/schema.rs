//! The config file as written: one type per table, every key that exists, nothing resolved and nothing defaulted.
//!
//! What a key means and what it may hold is decided in [`crate::profile`]; here stands only what can be spelled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use crate::profile::file::assertion::{Algorithm, AssertionTable};
pub use crate::profile::file::request::{AuthMethod, BasicEncoding, Encoding, RequestTable, Sent};
use crate::profile::file::request::{has_request, request_table};
pub use crate::profile::file::response::{
    Format, Moment, ResponseTable, StepResponseTable, TokenCharacters, Unit,
};
pub use crate::profile::file::values::{DurationText, Kept, OneOrMany, Params, json};
pub use crate::wire::request::Method;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// `[profiles.NAME]`
    #[serde(default)]
    pub profiles: BTreeMap<String, ProfileTable>,
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
