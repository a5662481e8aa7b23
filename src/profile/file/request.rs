//! The keys of a request as written, which a profile and each of its steps have.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::profile::file::values::{OneOrMany, Params, merged};
use crate::wire::request::Method;

/// The keys that a profile and each of its steps share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config.example.toml")]
pub struct RequestTable {
    pub auth_method: Option<AuthMethod>,
    pub basic_encoding: Option<BasicEncoding>,
    pub method: Option<Method>,
    pub encoding: Option<Encoding>,
    pub body: Option<String>,
    pub content_type: Option<String>,
    pub grant_type: Option<String>,
    pub scope: Option<OneOrMany>,
    pub scope_separator: Option<String>,
    pub audience: Option<String>,
    pub resource: Option<OneOrMany>,
    pub params: Params,
    pub query: Params,
    pub names: BTreeMap<Sent, String>,
    pub headers: BTreeMap<String, String>,
}

impl RequestTable {
    /// This table laid over `base`: its own keys win, and tables within it are merged key by key.
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
            params: self.params.over(base.params),
            query: self.query.over(base.query),
            names: merged(self.names, base.names),
            headers: merged(self.headers, base.headers),
        }
    }
}

/// How the client authenticates (RFC 7591 §2, `token_endpoint_auth_method`).
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
    /// tok adds nothing: the profile puts the credentials where they go.
    None,
}

impl AuthMethod {
    /// Whether the client signs an assertion.
    #[must_use]
    pub fn is_signed(self) -> bool {
        matches!(self, Self::ClientSecretJwt | Self::PrivateKeyJwt)
    }
}

/// How id and secret are written in `Authorization: Basic`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BasicEncoding {
    /// Id and secret percent-encoded first (RFC 6749 §2.3.1).
    #[default]
    Rfc6749,
    /// `id:secret` as it is (RFC 7617).
    Raw,
}

/// How the parameters are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
