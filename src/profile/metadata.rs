//! The metadata that an issuer publishes (RFC 8414 §2, OpenID Connect Discovery §3), and the choices that follow from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::profile::file::schema::{Algorithm, AuthMethod, ProfileTable};
use crate::profile::template::PRIVATE_KEY;
use crate::wire::origin::{Origin, OriginError};

/// An endpoint or document of an issuer, named as in its metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// RFC 6749 §3.2
    Token,
    /// RFC 6749 §3.1
    Authorization,
    /// RFC 8628 §4
    DeviceAuthorization,
    /// RFC 7009
    Revocation,
    /// RFC 7662
    Introspection,
    /// RFC 9126 §5
    PushedAuthorizationRequest,
    /// The issuer's public keys (RFC 7517 §5).
    Keys,
}

impl Endpoint {
    const ALL: [Self; 7] = [
        Self::Token,
        Self::Authorization,
        Self::DeviceAuthorization,
        Self::Revocation,
        Self::Introspection,
        Self::PushedAuthorizationRequest,
        Self::Keys,
    ];

    /// The member of the metadata.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token_endpoint",
            Self::Authorization => "authorization_endpoint",
            Self::DeviceAuthorization => "device_authorization_endpoint",
            Self::Revocation => "revocation_endpoint",
            Self::Introspection => "introspection_endpoint",
            Self::PushedAuthorizationRequest => "pushed_authorization_request_endpoint",
            Self::Keys => "jwks_uri",
        }
    }
}

/// The members of an issuer's metadata that tok uses. They are public.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The issuer identifier, exactly as published.
    pub issuer: String,
    endpoints: BTreeMap<Endpoint, String>,
    /// For clients with a certificate (RFC 8705 §5).
    mtls_endpoint_aliases: BTreeMap<Endpoint, String>,
    auth_methods: Option<Vec<String>>,
    signing_algorithms: Option<Vec<String>>,
    /// RFC 9126 §5
    pub require_pushed_authorization_requests: bool,
    /// RFC 9207 §3
    pub authorization_response_iss_parameter_supported: bool,
}

/// Why an endpoint of the metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    #[error("its metadata has no `{0}`")]
    Missing(&'static str),
    #[error("`{0}` in its metadata cannot be used")]
    Unusable(&'static str, #[source] OriginError),
    #[error("`{0}` in its metadata is not a URL")]
    NotUrl(&'static str),
}

/// No listed method fits the profile's credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the issuer accepts only {}, for which the profile has no credentials", .0.join(", "))]
pub(crate) struct NoMethod(Vec<String>);

/// The credentials that a profile has, besides the client secret, which needs no declaration.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Credentials {
    pub(super) has_private_key: bool,
    /// `assertion.alg` is one of a shared secret.
    pub(super) signs_with_secret: bool,
    pub(super) has_certificate: bool,
    /// The profile has an `identity` and puts it nowhere itself.
    pub(super) has_identity: bool,
}

impl Metadata {
    /// Reads the members that tok uses; one of the wrong type counts as missing.
    pub(crate) fn of(document: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let endpoints = |value: &Value| -> BTreeMap<Endpoint, String> {
            let found = Endpoint::ALL.into_iter();
            found
                .filter_map(|endpoint| Some((endpoint, text(value.get(endpoint.name())?)?)))
                .collect()
        };
        let texts = |name: &str| -> Option<Vec<String>> {
            let items = document.get(name)?.as_array()?;
            Some(items.iter().filter_map(text).collect())
        };
        let flag = |name: &str| document.get(name).and_then(Value::as_bool);
        Some(Self {
            issuer: text(document.get("issuer")?)?,
            endpoints: endpoints(document),
            mtls_endpoint_aliases: document
                .get("mtls_endpoint_aliases")
                .map(endpoints)
                .unwrap_or_default(),
            auth_methods: texts("token_endpoint_auth_methods_supported"),
            signing_algorithms: texts("token_endpoint_auth_signing_alg_values_supported"),
            require_pushed_authorization_requests: flag("require_pushed_authorization_requests")
                .unwrap_or_default(),
            authorization_response_iss_parameter_supported: flag(
                "authorization_response_iss_parameter_supported",
            )
            .unwrap_or_default(),
        })
    }

    /// Returns the URL of `endpoint`, or the alias for clients with a certificate (RFC 8705 §5).
    pub(crate) fn endpoint(
        &self,
        endpoint: Endpoint,
        has_client_cert: bool,
    ) -> Result<&str, EndpointError> {
        let alias = self.mtls_endpoint_aliases.get(&endpoint);
        let url = alias
            .filter(|_| has_client_cert)
            .or_else(|| self.endpoints.get(&endpoint))
            .ok_or(EndpointError::Missing(endpoint.name()))?;
        // RFC 3986 §2 has none of these; a template reads braces.
        let is_text = url.bytes().all(|byte| byte.is_ascii_graphic())
            && !url.contains(['{', '}', '<', '>', '"', '\\', '^', '`', '|', '#']);
        if !is_text || Url::parse(url).is_err() {
            return Err(EndpointError::NotUrl(endpoint.name()));
        }
        Origin::of(url).map_err(|why| EndpointError::Unusable(endpoint.name(), why))?;
        Ok(url)
    }

    /// The listed algorithms for assertions that tok knows.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
        let listed = self.signing_algorithms.iter().flatten();
        listed
            .filter_map(|name| Algorithm::ALL.into_iter().find(|alg| alg.name() == name))
            .collect()
    }

    fn auth_method(&self, credentials: Credentials) -> Result<AuthMethod, NoMethod> {
        // RFC 8414 §2: without the member it is `client_secret_basic`.
        let basic = [AuthMethod::ClientSecretBasic.name().to_owned()];
        let listed = self.auth_methods.as_deref().unwrap_or(&basic);
        let is_listed = |method: &AuthMethod| {
            // To the server an identity is an assertion that the client did not sign itself.
            let published = match method {
                AuthMethod::Identity => AuthMethod::PrivateKeyJwt,
                method => *method,
            };
            listed.iter().any(|name| name == published.name())
        };
        let found = credentials.methods().into_iter().find(is_listed);
        found.ok_or_else(|| NoMethod(listed.to_vec()))
    }
}

impl Credentials {
    pub(super) fn of(table: &ProfileTable) -> Self {
        let assertion = &table.assertion;
        let signs_with_secret = assertion.alg.is_some_and(Algorithm::is_shared);
        Self {
            has_private_key: table.sign.is_some()
                || table.secrets.contains_key(PRIVATE_KEY)
                || !signs_with_secret && (assertion.alg.is_some() || assertion.key.is_some()),
            signs_with_secret,
            has_certificate: table.client_cert.is_some() && table.client_key.is_some(),
            has_identity: table.identity.is_some() && !places_identity(table),
        }
    }

    /// The method that `metadata` allows; without it, the strongest of all.
    pub(super) fn method(self, metadata: Option<&Metadata>) -> Result<AuthMethod, NoMethod> {
        match metadata {
            Some(metadata) => metadata.auth_method(self),
            None => Ok(self.methods().first().copied().unwrap_or_default()),
        }
    }

    /// The strongest first. A client secret is sent in the registered default (RFC 7591 §2) rather than as the key of a JWT, because
    /// servers list `client_secret_jwt` for all clients but accept it only from those registered for it.
    fn methods(self) -> Vec<AuthMethod> {
        let certificate = [
            AuthMethod::TlsClientAuth,
            AuthMethod::SelfSignedTlsClientAuth,
        ];
        let certificate = certificate.into_iter().filter(|_| self.has_certificate);
        let key = self.has_private_key.then_some(AuthMethod::PrivateKeyJwt);
        let identity = self.has_identity.then_some(AuthMethod::Identity);
        let sent = [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost];
        let stored = key.into_iter().chain(certificate);
        let mut methods: Vec<AuthMethod> = stored.chain(identity).chain(sent).collect();
        let sent_secret = methods.len() - sent.len();
        let at = match self.signs_with_secret {
            true => sent_secret,
            false => methods.len(),
        };
        methods.insert(at, AuthMethod::ClientSecretJwt);
        methods
    }
}

/// Whether a request of the profile has `${identity}` in a place of its own, such as the token that is exchanged.
fn places_identity(table: &ProfileTable) -> bool {
    let steps = table.steps.iter().flatten();
    let steps = steps.map(|step| (step.url.as_ref(), &step.request));
    let mut requests = steps.chain([(table.token_url.as_ref(), &table.request)]);
    requests.any(|request| {
        serde_json::to_string(&request).is_ok_and(|text| text.contains("${identity}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const KEY: Credentials = Credentials {
        has_private_key: true,
        signs_with_secret: false,
        has_certificate: false,
        has_identity: false,
    };
    const SECRET: Credentials = Credentials {
        has_private_key: false,
        signs_with_secret: false,
        has_certificate: false,
        has_identity: false,
    };
    const SHARED: Credentials = Credentials {
        has_private_key: false,
        signs_with_secret: true,
        has_certificate: false,
        has_identity: false,
    };
    const CERTIFICATE: Credentials = Credentials {
        has_private_key: false,
        signs_with_secret: false,
        has_certificate: true,
        has_identity: false,
    };
    const IDENTITY: Credentials = Credentials {
        has_identity: true,
        ..SECRET
    };

    fn metadata(document: Value) -> Metadata {
        Metadata::of(&document).unwrap()
    }

    #[test]
    fn the_strongest_listed_method_with_credentials_is_chosen() {
        use AuthMethod::{
            ClientSecretBasic, ClientSecretJwt, ClientSecretPost, Identity, PrivateKeyJwt,
        };
        let all = json!([
            "client_secret_post",
            "client_secret_basic",
            "client_secret_jwt",
            "private_key_jwt"
        ]);
        let cases = [
            (Value::Null, SECRET, Some(ClientSecretBasic)),
            (Value::Null, KEY, Some(ClientSecretBasic)),
            (all.clone(), SECRET, Some(ClientSecretBasic)),
            (all.clone(), KEY, Some(PrivateKeyJwt)),
            (all.clone(), SHARED, Some(ClientSecretJwt)),
            (all, IDENTITY, Some(Identity)),
            (json!(["private_key_jwt"]), IDENTITY, Some(Identity)),
            (Value::Null, IDENTITY, Some(ClientSecretBasic)),
            (json!(["identity"]), IDENTITY, None),
            (
                json!(["client_secret_post", "none"]),
                SECRET,
                Some(ClientSecretPost),
            ),
            (json!(["client_secret_jwt"]), SECRET, Some(ClientSecretJwt)),
            (json!(["private_key_jwt", "other"]), SECRET, None),
            (json!([]), KEY, None),
            (
                json!(["client_secret_basic", "self_signed_tls_client_auth"]),
                CERTIFICATE,
                Some(AuthMethod::SelfSignedTlsClientAuth),
            ),
            (json!(["tls_client_auth"]), SECRET, None),
        ];
        for (listed, credentials, expected) in cases {
            let document =
                json!({ "issuer": "i", "token_endpoint_auth_methods_supported": listed.clone() });
            let chosen = metadata(document).auth_method(credentials);
            assert_eq!(chosen.ok(), expected, "{listed} {credentials:?}");
        }
    }

    #[test]
    fn an_identity_that_the_profile_puts_somewhere_itself_is_not_the_credential() {
        let identity = "identity = { env = 'JOB' }";
        let cases = [
            ("", true),
            ("'*shared'.scope = 'identity'", true),
            ("'*shared'.subject_token = '${identity}'", false),
            ("'*shared'.params.a.b = ['${identity}']", false),
            ("'*shared'.headers = { A = 'Bearer ${identity}' }", false),
            (
                "[[steps]]
name = 's'
'*shared'.body = '${identity}'",
                false,
            ),
            (
                "[[steps]]
name = 's'
url = 'https://a.example/${identity}'",
                false,
            ),
        ];
        for (written, expected) in cases {
            let table: ProfileTable = toml::from_str(&format!(
                "{identity}
{written}"
            ))
            .unwrap();
            let found = Credentials::of(&table).has_identity;
            assert_eq!(found, expected, "{written}");
        }
    }

    #[test]
    fn a_client_with_a_certificate_gets_the_alias() {
        let document = json!({
            "issuer": "i",
            "token_endpoint": "https://a.example/token",
            "mtls_endpoint_aliases": { "token_endpoint": "https://mtls.a.example/token" },
        });
        let found = metadata(document);
        let token = |has_cert| found.endpoint(Endpoint::Token, has_cert).unwrap();
        assert_eq!(token(false), "https://a.example/token");
        assert_eq!(token(true), "https://mtls.a.example/token");
        let missing = found.endpoint(Endpoint::Keys, true);
        assert_eq!(missing, Err(EndpointError::Missing("jwks_uri")));
    }

    #[test]
    fn an_endpoint_is_a_url_that_may_receive_secrets() {
        for bad in [
            "http://a.example/t",
            "https://a.example/${env.HOME}",
            "https://a.example/t#x",
            "https://u@a.example/",
            "/t",
            "",
            "https://a.example/t t",
        ] {
            let found = metadata(json!({ "issuer": "i", "token_endpoint": bad }));
            let endpoint = found.endpoint(Endpoint::Token, false);
            assert!(endpoint.is_err(), "{bad}");
        }
    }

    #[test]
    fn a_member_of_the_wrong_type_counts_as_missing() {
        let found = metadata(
            json!({ "issuer": "i", "token_endpoint": 7, "require_pushed_authorization_requests": "yes", "mtls_endpoint_aliases": [] }),
        );
        let expected = Metadata {
            issuer: "i".into(),
            ..Metadata::default()
        };
        assert_eq!(found, expected);
        for other in [json!({}), json!({ "issuer": 1 }), json!([])] {
            assert_eq!(Metadata::of(&other), None);
        }
    }
}
