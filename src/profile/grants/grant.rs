//! What a grant is: how a profile names it, and what its requests send.

use crate::profile::file::schema::Sent;

/// A grant: what a profile calls it, and what its token request sends.
#[derive(Debug, PartialEq, Eq)]
pub struct Grant {
    /// The profile's `grant_type`.
    pub name: &'static str,
    /// The `grant_type` of the request, which needs no person.
    pub sent: &'static str,
    /// Parameters that the request has unless the profile writes them itself, with their templates.
    pub parameters: &'static [(Sent, &'static str)],
    /// Secrets that it uses without a declaration.
    pub secrets: &'static [&'static str],
    /// How `tok login` gets its first refresh token, if it does.
    pub login: Option<Login>,
}

/// How a user approves a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// In a browser that comes back to this machine (RFC 6749 §4.1).
    AuthorizationCode,
    /// In any browser, with a code (RFC 8628).
    DeviceCode,
}

impl Login {
    /// The `grant_type` of the token request that ends the login.
    #[must_use]
    pub fn sent(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }
}
