//! The keys of a request as written, which a profile and each of its steps have, and what they may hold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::profile::file::values::{OneOrMany, Params};
use crate::wire::request::Method;

/// Declares a table that describes a request among other things; the keys of every request are declared here once, between those that it has
/// before and after them. (serde would read one table as part of another too, but would then let unknown keys pass.) `take_request` and
/// `ProfileTable::over` name each again, and do not compile without it.
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

pub(super) use {has_request, request_table};

request_table! {
    /// What every request has, taken out of the table that it stands in.
    pub struct RequestTable {
        ..every_request,
    }
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
