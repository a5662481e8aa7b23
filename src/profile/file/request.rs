//! The keys of a request as written, which a profile and each of its steps have.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::profile::file::values::{OneOrMany, Params, merged};
use crate::wire::request::Method;

/// The keys that a profile and each of its steps share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RequestTable {
    /// How the client authenticates; the default is `client_secret_basic`.
    pub auth_method: Option<AuthMethod>,
    /// How id and secret are written in `Authorization: Basic`.
    pub basic_encoding: Option<BasicEncoding>,
    /// The HTTP method; the default is POST.
    pub method: Option<Method>,
    /// How the parameters are sent; the default is `form`, and `query` with GET.
    pub encoding: Option<Encoding>,
    /// The body with `encoding = "raw"`: a template.
    pub body: Option<String>,
    /// The Content-Type of `body`.
    pub content_type: Option<String>,
    /// The grant type; the default is `client_credentials`, and `none` sends none. `refresh_token` sends the secret of that name, and stores the one that replaces it; `device_code` and `authorization_code` do the same after `tok login`.
    pub grant_type: Option<String>,
    /// The scopes to ask for; sent as one string.
    pub scope: Option<OneOrMany>,
    /// The text between two scopes; the default is a space.
    pub scope_separator: Option<String>,
    /// The API the token is for, as the provider names it.
    pub audience: Option<String>,
    /// The resources the token is for (RFC 8707).
    pub resource: Option<OneOrMany>,
    /// The token that is exchanged (RFC 8693): `${identity}`, `${step.NAME.MEMBER}` or a secret; the grant type is then token exchange.
    pub subject_token: Option<String>,
    /// Its type; the default is a JWT for `${identity}` and `${assertion}`, else an access token.
    pub subject_token_type: Option<String>,
    /// The token of the party that acts for the subject.
    pub actor_token: Option<String>,
    /// Its type, with the same default.
    pub actor_token_type: Option<String>,
    /// The type of the token that is wanted; an answer with another type is refused.
    pub requested_token_type: Option<String>,
    /// Further parameters, typed and nested for JSON.
    pub params: Params,
    /// Parameters that are sent in the URL, whatever the encoding of the others.
    pub query: Params,
    /// Other names for the parameters that tok sends by itself; in JSON, one that begins with `/` is a pointer into the body.
    pub names: BTreeMap<Sent, String>,
    /// Header fields of the request; they replace tok's own.
    pub headers: BTreeMap<String, String>,
}

impl RequestTable {
    /// Lays this table over `base`: own keys win, and inner tables are merged by key.
    #[must_use]
    pub(super) fn over(self, base: Self) -> Self {
        Self {
            auth_method: self.auth_method.or(base.auth_method),
            basic_encoding: self.basic_encoding.or(base.basic_encoding),
            method: self.method.or(base.method),
            encoding: self.encoding.or(base.encoding),
            body: self.body.or(base.body),
            content_type: self.content_type.or(base.content_type),
            grant_type: self.grant_type.or(base.grant_type),
            scope: self.scope.or(base.scope),
            scope_separator: self.scope_separator.or(base.scope_separator),
            audience: self.audience.or(base.audience),
            resource: self.resource.or(base.resource),
            subject_token: self.subject_token.or(base.subject_token),
            subject_token_type: self.subject_token_type.or(base.subject_token_type),
            actor_token: self.actor_token.or(base.actor_token),
            actor_token_type: self.actor_token_type.or(base.actor_token_type),
            requested_token_type: self.requested_token_type.or(base.requested_token_type),
            params: self.params.over(base.params),
            query: self.query.over(base.query),
            names: merged(self.names, base.names),
            headers: merged(self.headers, base.headers),
        }
    }
}

/// How the client authenticates (RFC 7591 §2, `token_endpoint_auth_method`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// `client_id`, and a certificate that the provider's CA issued (RFC 8705 §2.1): the keys `client_cert` and `client_key`.
    TlsClientAuth,
    /// `client_id`, and a certificate that the provider knows itself (RFC 8705 §2.2): the same keys.
    SelfSignedTlsClientAuth,
    /// The platform's token for this job is the assertion (RFC 7523 §2.2): the key `identity`.
    Identity,
    /// tok adds nothing: the profile puts the credentials where they go.
    None,
}

impl AuthMethod {
    /// The word in a profile, which is the standards' name where there is one.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::Identity => "identity",
            Self::None => "none",
        }
    }

    /// Whether the client signs an assertion.
    #[must_use]
    pub fn is_signed(self) -> bool {
        matches!(self, Self::ClientSecretJwt | Self::PrivateKeyJwt)
    }

    /// Whether the client shows a certificate (RFC 8705 §2).
    #[must_use]
    pub fn is_certificate(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }
}

/// How id and secret are written in `Authorization: Basic`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BasicEncoding {
    /// Id and secret percent-encoded first (RFC 6749 §2.3.1).
    #[default]
    Rfc6749,
    /// `id:secret` as it is (RFC 7617).
    Raw,
}

/// How the parameters are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// `application/x-www-form-urlencoded`, as RFC 6749 §3.2 has it.
    Form,
    /// `application/json`.
    Json,
    /// In the URL's query; the body is empty.
    Query,
    /// `multipart/form-data` (RFC 7578).
    Multipart,
    /// Not at all: the profile writes the body itself.
    Raw,
    /// Not at all.
    None,
}

/// A parameter that tok sends by itself; `names` may rename it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    GrantType,
    ClientId,
    ClientSecret,
    ClientAssertionType,
    ClientAssertion,
    RefreshToken,
    Scope,
    Audience,
    Resource,
    SubjectToken,
    SubjectTokenType,
    ActorToken,
    ActorTokenType,
    RequestedTokenType,
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
            Self::RefreshToken => "refresh_token",
            Self::Scope => "scope",
            Self::Audience => "audience",
            Self::Resource => "resource",
            Self::SubjectToken => "subject_token",
            Self::SubjectTokenType => "subject_token_type",
            Self::ActorToken => "actor_token",
            Self::ActorTokenType => "actor_token_type",
            Self::RequestedTokenType => "requested_token_type",
        }
    }
}
