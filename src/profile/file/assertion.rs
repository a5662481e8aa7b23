//! The `assertion` table as written: the JWT that a client signs to authenticate (RFC 7521, RFC 7523).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::profile::file::values::{DurationText, OneOrMany, Params};

/// `assertion = { … }`: what is signed, with which key, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AssertionTable {
    /// The signature algorithm; without it, the key's own.
    pub alg: Option<Algorithm>,
    /// The name of the secret that signs; the default is `private_key`.
    pub key: Option<String>,
    /// The key's id.
    pub kid: Option<String>,
    /// The audience; the default is the URL it is sent to.
    pub audience: Option<OneOrMany>,
    /// How long it is valid; the default is 60s, at least 10s.
    pub lifetime: Option<DurationText>,
    /// Further header members; `false` removes one of tok's own, and `true` makes `x5t`, `x5t#S256` or `x5c` from `client_cert`.
    pub headers: Params,
    /// Further claims; `false` removes one of tok's own.
    pub claims: Params,
}

/// `sign = { command = […] }`: a program that signs, for a key that must not leave its store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignTable {
    /// A program and its arguments, run without a shell: the signing input is its stdin, and it prints the signature, raw or in base64.
    pub command: Option<Vec<String>>,
}

impl AssertionTable {
    /// Lays this table over `base`: own keys win, and inner tables are merged by key.
    #[must_use]
    pub(super) fn over(self, base: Self) -> Self {
        Self {
            alg: self.alg.or(base.alg),
            key: self.key.or(base.key),
            kid: self.kid.or(base.kid),
            audience: self.audience.or(base.audience),
            lifetime: self.lifetime.or(base.lifetime),
            headers: self.headers.over(base.headers),
            claims: self.claims.over(base.claims),
        }
    }
}

/// How an assertion is signed (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    #[serde(rename = "EdDSA")]
    EdDsa,
    #[serde(rename = "Ed25519")]
    Ed25519,
    Hs256,
    Hs384,
    Hs512,
}

impl Algorithm {
    /// Every algorithm; of two for one kind of key the stronger padding comes first.
    pub(crate) const ALL: [Self; 13] = [
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
        Self::Ed25519,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
    ];

    /// The standards' name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// Whether both sides have its key (HMAC).
    #[must_use]
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}
