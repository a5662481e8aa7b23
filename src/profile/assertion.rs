//! An assertion as a profile plans it: the claims of a JWT, the key that signs it, and how (RFC 7523 §3, RFC 7521 §5).
//!
//! It can authenticate the client (`auth_method = "private_key_jwt"`), be a grant or be a bearer token: `${assertion}` puts it anywhere in a request.

use crate::profile::file::schema::Algorithm;
use crate::profile::parameter::{Parameter, map_all};
use crate::profile::template::Template;

/// How far `iat` is set back, seconds: to a provider whose clock is a little slow the assertion must not come from the future.
pub(crate) const BACKDATED_S: i64 = 5;

/// The `client_assertion_type` of a JWT (RFC 7523 §2.2).
pub(crate) const CLIENT_ASSERTION_TYPE: &str =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A JWT to be signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// The algorithm; `None`: the default for the key.
    pub algorithm: Option<Algorithm>,
    /// The name of the secret that is the key.
    pub key: String,
    /// Header parameters besides `alg`, in the order written (RFC 7515 §4.1).
    pub headers: Vec<(String, Parameter)>,
    /// Its claims, in the order written.
    pub claims: Vec<(String, Claim)>,
    /// From `iat` to `exp`, milliseconds.
    pub lifetime_ms: i64,
}

/// The value of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// When the assertion is made.
    Issued,
    /// When it ends.
    Expires,
    /// A value that no other assertion has.
    Unique,
    /// A value from the profile.
    Said(Parameter),
}

impl Assertion {
    /// Calls `each` with every template in it.
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

    /// The same with every template replaced by what `each` returns for it.
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
