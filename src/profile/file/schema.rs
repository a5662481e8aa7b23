//! The config file as written: one type per table with every key, nothing resolved and nothing defaulted.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::profile::file::assertion::{Algorithm, AssertionTable, SignTable};
pub use crate::profile::file::identity::{IdentityTable, Platform};
pub use crate::profile::file::key_source::KeySource;
pub use crate::profile::file::request::{AuthMethod, BasicEncoding, Encoding, RequestTable, Sent};
pub use crate::profile::file::response::{
    Format, Moment, ResponseTable, StepResponseTable, TokenCharacters, Unit,
};
pub use crate::profile::file::source::SourceTable;
use crate::profile::file::values::merged;
pub use crate::profile::file::values::{DurationText, Kept, NotADuration, OneOrMany, Params};
pub use crate::wire::request::Method;

/// `[profiles.NAME]`, `[defaults]`, or one file of the built-in catalogue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileTable {
    /// Another profile of this file: its keys count where this profile has none, and tables are merged member by member. Secrets and tokens stay separate.
    pub extends: Option<String>,
    /// A provider that tok knows (`tok providers`): everything but the credentials comes from there, and keys here win.
    pub provider: Option<String>,
    /// The issuer whose published metadata gives the endpoints (OpenID Connect Discovery, RFC 8414), instead of `token_url`.
    pub issuer: Option<String>,
    /// The provider's token endpoint.
    pub token_url: Option<String>,
    /// Where `tok revoke` revokes a token (RFC 7009); with `issuer` the metadata gives it.
    pub revocation_url: Option<String>,
    /// Where `tok introspect` asks about a token (RFC 7662); with `issuer` the metadata gives it.
    pub introspection_url: Option<String>,
    /// Where the browser goes for a login with `grant_type = "authorization_code"` (RFC 6749 §3.1); its query is kept.
    pub authorization_url: Option<String>,
    /// The endpoint that gives the code for a login with `grant_type = "device_code"` (RFC 8628).
    pub device_authorization_url: Option<String>,
    /// Where the browser returns to after a login, for a provider that wants it exact; the default is `http://127.0.0.1/callback` with a free port.
    pub redirect_uri: Option<String>,
    /// The client id the provider gave you. Without it, and without any use of client credentials, the profile is a login.
    pub client_id: Option<String>,
    /// Where the client secret comes from. Without it: `TOK_<PROFILE>_CLIENT_SECRET`, then the keyring. The secret itself must not be here.
    pub client_secret: Option<SourceTable>,
    /// Further secrets by name, for `${secret.NAME}`; `{}` means environment or keyring.
    pub secrets: BTreeMap<String, SourceTable>,
    /// Values for `${var.NAME}`; `--var NAME=…` and `TOK_<PROFILE>_VAR_NAME` win.
    pub vars: BTreeMap<String, String>,
    /// Values computed once per run, for `${value.NAME}`: one nonce for a header and for the signature over it.
    pub values: BTreeMap<String, String>,
    /// The JWT that `private_key_jwt` and `client_secret_jwt` sign, and that `${assertion}` is (RFC 7523).
    pub assertion: AssertionTable,
    /// The program that signs the assertion instead of the secret `private_key`; `assertion.alg` says how.
    pub sign: Option<SignTable>,
    /// The token that the platform issues to the running job, for `auth_method = "identity"` and `${identity}`; a new one for each request.
    pub identity: Option<IdentityTable>,
    /// The keys of its request.
    #[schemars(flatten)]
    #[serde(rename = "*shared")]
    pub request: RequestTable,
    /// How the answer is read.
    pub response: ResponseTable,
    /// The lifetime of a token whose answer gives none.
    pub default_ttl: Option<DurationText>,
    /// The longest lifetime to believe.
    pub max_ttl: Option<DurationText>,
    /// The lines that `tok header` prints; the default is `Authorization: Bearer ${access_token}`.
    pub header: Option<OneOrMany>,
    /// Lines that `tok header` prints after those of `header`.
    pub extra_header: Option<OneOrMany>,
    /// Origins besides that of `token_url` or `issuer` that may receive secrets, for steps.
    pub origins: Option<Vec<String>>,
    /// Where the token is kept.
    pub cache: Option<CacheKind>,
    /// The longest that all of it may take, steps and retries included; the default is 30s.
    pub timeout: Option<DurationText>,
    /// A PEM file with further CAs to trust, relative to this file.
    pub ca_file: Option<String>,
    /// A PEM file with the certificate for mutual TLS, relative to this file.
    pub client_cert: Option<String>,
    /// The private key of `client_cert`: the path of its file, relative to this file, or where it comes from, as for any secret.
    pub client_key: Option<KeySource>,
    /// Requests before the token request; their answers are `${step.NAME.MEMBER}`.
    pub steps: Option<Vec<StepTable>>,
}

/// `[[profiles.NAME.steps]]`: a request made before the token request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StepTable {
    /// What later requests call the step.
    pub name: Option<String>,
    /// The URL of the request.
    pub url: Option<String>,
    /// The keys of its request.
    #[schemars(flatten)]
    #[serde(rename = "*shared")]
    pub request: RequestTable,
    /// How its answer is read.
    pub response: StepResponseTable,
}

impl ProfileTable {
    /// Lays this table over `base`: own keys win, and inner tables are merged by key.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        Self {
            extends: self.extends.or(base.extends),
            provider: self.provider.or(base.provider),
            // An issuer replaces the token endpoint of a base.
            token_url: match self.issuer {
                Some(_) => self.token_url,
                None => self.token_url.or(base.token_url),
            },
            issuer: self.issuer.or(base.issuer),
            revocation_url: self.revocation_url.or(base.revocation_url),
            introspection_url: self.introspection_url.or(base.introspection_url),
            authorization_url: self.authorization_url.or(base.authorization_url),
            device_authorization_url: self
                .device_authorization_url
                .or(base.device_authorization_url),
            redirect_uri: self.redirect_uri.or(base.redirect_uri),
            client_id: self.client_id.or(base.client_id),
            client_secret: self.client_secret.or(base.client_secret),
            secrets: merged(self.secrets, base.secrets),
            vars: merged(self.vars, base.vars),
            values: merged(self.values, base.values),
            assertion: self.assertion.over(base.assertion),
            sign: self.sign.or(base.sign),
            identity: match (self.identity, base.identity) {
                (Some(own), Some(base)) => Some(own.over(base)),
                (own, base) => own.or(base),
            },
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

/// Where a token is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CacheKind {
    /// In a file of the cache folder.
    #[default]
    File,
    /// In the OS keyring.
    Keyring,
    /// In a file of the cache folder, and in the engine of `[shared_cache]` for other machines.
    Shared,
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
