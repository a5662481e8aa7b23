//! A planned assertion: the claims of a JWT and the key that signs it (RFC 7521 §5, RFC 7523 §3).

use crate::profile::file::schema::Algorithm;
use crate::profile::parameter::{Parameter, map_all};
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
    /// The name of the secret that signs.
    pub key: String,
    /// Header parameters besides `alg`, in the order written (RFC 7515 §4.1).
    pub headers: Vec<(String, Parameter)>,
    /// The claims, in the order written.
    pub claims: Vec<(String, Claim)>,
    /// The time from `iat` to `exp`, in milliseconds.
    pub lifetime_ms: i64,
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
        for (_, parameter) in &self.headers {
            parameter.templates(each);
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
        mapped.headers = map_all(&self.headers, each)?;
        for (_, claim) in &mut mapped.claims {
            if let Claim::Said(parameter) = claim {
                *parameter = parameter.map(each)?;
            }
        }
        Ok(mapped)
    }
}

impl From<Parameter> for Claim {
    fn from(parameter: Parameter) -> Self {
        Self::Said(parameter)
    }
}
