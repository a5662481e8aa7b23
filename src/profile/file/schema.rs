//! The config file as written: one type per table with every key, nothing resolved and nothing defaulted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use crate::profile::file::assertion::{Algorithm, AssertionTable};
pub use crate::profile::file::request::{AuthMethod, BasicEncoding, Encoding, RequestTable, Sent};
pub use crate::profile::file::response::{
    Format, Moment, ResponseTable, StepResponseTable, TokenCharacters, Unit,
};
use crate::profile::file::values::merged;
pub use crate::profile::file::values::{DurationText, Kept, NotADuration, OneOrMany, Params};
pub use crate::wire::request::Method;

/// `[profiles.NAME]`, `[defaults]`, or one file of the built-in catalogue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config.example.toml")]
pub struct ProfileTable {
    pub extends: Option<String>,
    pub provider: Option<String>,
    pub token_url: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<SourceTable>,
    pub secrets: BTreeMap<String, SourceTable>,
    pub vars: BTreeMap<String, String>,
    pub values: BTreeMap<String, String>,
    pub assertion: AssertionTable,
    #[serde(rename = "*shared")]
    pub request: RequestTable,
    pub response: ResponseTable,
    pub default_ttl: Option<DurationText>,
    pub max_ttl: Option<DurationText>,
    pub header: Option<OneOrMany>,
    pub extra_header: Option<OneOrMany>,
    pub origins: Option<Vec<String>>,
    pub cache: Option<CacheKind>,
    pub timeout: Option<DurationText>,
    pub ca_file: Option<String>,
    pub client_cert: Option<String>,
    pub client_key: Option<String>,
    pub steps: Option<Vec<StepTable>>,
}

/// `[[profiles.NAME.steps]]`: a request made before the token request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config.example.toml")]
pub struct StepTable {
    pub name: Option<String>,
    pub url: Option<String>,
    #[serde(rename = "*shared")]
    pub request: RequestTable,
    pub response: StepResponseTable,
}

impl ProfileTable {
    /// This table laid over `base`: its own keys win, and tables within it are merged key by key.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        Self {
            extends: self.extends.or(base.extends),
            provider: self.provider.or(base.provider),
            token_url: self.token_url.or(base.token_url),
            client_id: self.client_id.or(base.client_id),
            client_secret: self.client_secret.or(base.client_secret),
            secrets: merged(self.secrets, base.secrets),
            vars: merged(self.vars, base.vars),
            values: merged(self.values, base.values),
            assertion: self.assertion.over(base.assertion),
            request: self.request.over(base.request),
            response: self.response.over(base.response),
            default_ttl: self.default_ttl.or(base.default_ttl),
            max_ttl: self.max_ttl.or(base.max_ttl),
            header: self.header.or(base.header),
            extra_header: self.extra_header.or(base.extra_header),
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

/// Where a secret comes from: at most one of `env`, `file`, `credential` and `command`; without one, the keyring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceTable {
    /// The name of an environment variable.
    pub env: Option<String>,
    /// The path of a file, relative to the config, or from the home folder with `~/`.
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
    use crate::profile::file::read::document;

    #[test]
    fn a_profile_wins_over_its_base_key_by_key() {
        let base: ProfileTable = document(
            "token_url = 'b'\naudience = 'b'\nvars = { a = 'b', c = 'b' }\nparams = { p = 1, q = 2 }\nresponse = { root = '/b', scope = '/s' }",
        )
        .unwrap();
        let own: ProfileTable = document(
            "audience = 'o'\nvars = { a = 'o' }\nparams = { q = 3 }\nresponse = { root = '/o' }",
        )
        .unwrap();
        let merged = own.over(base);
        assert_eq!(merged.token_url.as_deref(), Some("b"));
        assert_eq!(merged.request.audience.as_deref(), Some("o"));
        assert_eq!(merged.vars["a"], "o");
        assert_eq!(merged.vars["c"], "b");
        assert_eq!(
            serde_json::to_string(&merged.request.params.0).unwrap(),
            r#"{"p":1,"q":3}"#
        );
        assert_eq!(merged.response.root.as_deref(), Some("/o"));
        assert_eq!(
            merged.response.scope.as_ref().map(OneOrMany::as_slice),
            Some(["/s".to_owned()].as_slice())
        );
    }
}
