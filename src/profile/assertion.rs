//! A planned assertion: the claims of a JWT and the key that signs it (RFC 7521 §5, RFC 7523 §3).

use crate::profile::file::schema::Algorithm;
use crate::profile::parameter::Parameter;
use crate::profile::template::Template;

/// Seconds that `iat` is set back, so that a provider with a slow clock does not see it in the future.
pub(crate) const BACKDATED_S: i64 = 5;

/// RFC 7523 §2.2.
pub(crate) const CLIENT_ASSERTION_TYPE: &str =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A JWT to be signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// The algorithm, or `None` for the key's default.
    pub algorithm: Option<Algorithm>,
    /// The algorithms that the issuer accepts, if known; without an `algorithm` one of them is chosen.
    pub offered: Vec<Algorithm>,
    /// What signs.
    pub key: SigningKey,
    /// Header parameters besides `alg`, in the order written (RFC 7515 §4.1).
    pub headers: Vec<(String, Header)>,
    /// The claims, in the order written.
    pub claims: Vec<(String, Claim)>,
    /// The time from `iat` to `exp`, in milliseconds.
    pub lifetime_ms: i64,
}

/// What signs an assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningKey {
    /// The secret of this name.
    Secret(String),
    /// A program, and its arguments.
    Command(Vec<String>),
}

impl SigningKey {
    /// Returns the name of the secret, if a secret signs.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::Secret(name) => Some(name),
            Self::Command(_) => None,
        }
    }
}

/// The value of a header parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Header {
    /// Made from `client_cert`.
    Certificate(OfCertificate),
    /// A value from the profile.
    Said(Parameter),
}

/// A header parameter that names or holds the certificate of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfCertificate {
    /// `x5t`: the SHA-1 hash (RFC 7515 §4.1.7).
    Sha1,
    /// `x5t#S256`: the SHA-256 hash (RFC 7515 §4.1.8).
    Sha256,
    /// `x5c`: all certificates of the file (RFC 7515 §4.1.6).
    Chain,
}

impl OfCertificate {
    pub(crate) const ALL: [(&'static str, Self); 3] = [
        ("x5t", Self::Sha1),
        ("x5t#S256", Self::Sha256),
        ("x5c", Self::Chain),
    ];
}

/// The value of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// The time of signing.
    Issued,
    /// The time of expiry.
    Expires,
    /// A new random value.
    Unique,
    /// A value from the profile.
    Said(Parameter),
}

impl Assertion {
    pub(crate) fn templates<'a>(&'a self, each: &mut impl FnMut(&'a Template)) {
        for (_, header) in &self.headers {
            if let Header::Said(parameter) = header {
                parameter.templates(each);
            }
        }
        for (_, claim) in &self.claims {
            if let Claim::Said(parameter) = claim {
                parameter.templates(each);
            }
        }
    }

    pub(crate) fn map<E>(
        &self,
        each: &impl Fn(&Template) -> Result<Template, E>,
    ) -> Result<Self, E> {
        let mut mapped = self.clone();
        for (_, header) in &mut mapped.headers {
            if let Header::Said(parameter) = header {
                *parameter = parameter.map(each)?;
            }
        }
        for (_, claim) in &mut mapped.claims {
            if let Claim::Said(parameter) = claim {
                *parameter = parameter.map(each)?;
            }
        }
        Ok(mapped)
    }

    /// Whether a header parameter is made from `client_cert`.
    pub(crate) fn needs_certificate(&self) -> bool {
        let mut headers = self.headers.iter();
        headers.any(|(_, header)| matches!(header, Header::Certificate(_)))
    }
}

impl From<Parameter> for Header {
    fn from(parameter: Parameter) -> Self {
        Self::Said(parameter)
    }
}

impl From<Parameter> for Claim {
    fn from(parameter: Parameter) -> Self {
        Self::Said(parameter)
    }
}
