//! An assertion as a profile plans it: which claims a JWT makes, which key signs it, and how (RFC 7523 §3, RFC 7521 §5).
//!
//! One and the same serves to authenticate the client (`auth_method = "private_key_jwt"`), as a grant and as a bearer token of one's own: `${assertion}` puts it wherever a
//! request wants it.

use serde_json::Value;

use crate::profile::file::schema::{Algorithm, AuthMethod};
use crate::profile::plan::{Parameter, map_all};
use crate::profile::reader::{Reader, Stand};
use crate::profile::template::{CLIENT_SECRET, Name, PRIVATE_KEY, Template};
use crate::profile::wrong::{At, Wrong};

/// How long an assertion is good for when the profile does not say: it is used at once, and some providers take none that is good for longer.
const DEFAULT_LIFETIME_MS: i64 = 60_000;

/// How long before the present an assertion says it was made, seconds: a provider whose clock is a little behind must not find it issued in the future.
pub const BACKDATED_S: i64 = 5;

/// The least that an assertion may be good for: it is counted from `iat`, and the provider has to get it before the end.
const SHORTEST_LIFETIME_MS: i64 = (BACKDATED_S + 5) * 1000;

/// What `client_assertion_type` is for a JWT (RFC 7523 §2.2).
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A JWT to be signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// The algorithm; none: the one that goes with the key.
    pub algorithm: Option<Algorithm>,
    /// The secret that is the key.
    pub key: String,
    /// Header parameters besides `alg`, in the order written (RFC 7515 §4.1).
    pub headers: Vec<(String, Parameter)>,
    /// Its claims, in the order written.
    pub claims: Vec<(String, Claim)>,
    /// From `iat` to `exp`, milliseconds.
    pub lifetime_ms: i64,
}

/// What a claim says.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// When the assertion is made.
    Issued,
    /// When it ends.
    Expires,
    /// What no other assertion says.
    Unique,
    /// What the profile says.
    Said(Parameter),
}

impl Assertion {
    /// Every template in it, with a call for each.
    pub fn templates<'a>(&'a self, each: &mut impl FnMut(&'a Template)) {
        for (_, parameter) in &self.headers {
            parameter.templates(each);
        }
        for (_, claim) in &self.claims {
            if let Claim::Said(parameter) = claim {
                parameter.templates(each);
            }
        }
    }

    /// The same with what `each` makes of every template in it.
    ///
    /// # Errors
    /// What `each` returns.
    pub fn map<E>(&self, each: &impl Fn(&Template) -> Result<Template, E>) -> Result<Self, E> {
        let mut mapped = self.clone();
        mapped.headers = map_all(&self.headers, each)?;
        for (_, claim) in &mut mapped.claims {
            if let Claim::Said(parameter) = claim {
                *parameter = parameter.map(each)?;
            }
        }
        Ok(mapped)
    }

    /// What it is made of, the key left out, as labelled texts: its part of a cache key.
    #[must_use]
    pub fn inputs(&self) -> Vec<(String, String)> {
        let algorithm = self.algorithm.map_or("", Algorithm::name);
        let mut inputs = vec![
            ("alg".to_owned(), algorithm.to_owned()),
            ("key".to_owned(), self.key.clone()),
        ];
        let mut members: Vec<(String, String)> = Vec::new();
        for (name, parameter) in &self.headers {
            members.push((format!("header {name}"), parameter.canonical().to_string()));
        }
        for (name, claim) in &self.claims {
            let said = match claim {
                Claim::Said(parameter) => parameter.canonical().to_string(),
                own => format!("{own:?}"),
            };
            members.push((format!("claim {name}"), said));
        }
        // Neither JSON object has an order.
        members.sort();
        inputs.extend(members);
        inputs
    }
}

impl Reader<'_> {
    /// What the profile's `assertion` table means in a request to `url` that authenticates by `auth_method`.
    pub(super) fn assertion(
        &mut self,
        url: &Template,
        auth_method: AuthMethod,
    ) -> Result<Assertion, Wrong> {
        let table = self.assertion.clone();
        let algorithm = match (auth_method, table.alg) {
            (AuthMethod::ClientSecretJwt, None) => Some(Algorithm::Hs256),
            (AuthMethod::ClientSecretJwt, Some(alg)) if !alg.is_shared() => {
                return Err(mismatch(alg, "a private key", AuthMethod::PrivateKeyJwt));
            }
            (AuthMethod::PrivateKeyJwt, Some(alg)) if alg.is_shared() => {
                return Err(mismatch(
                    alg,
                    "a shared secret",
                    AuthMethod::ClientSecretJwt,
                ));
            }
            (_, alg) => alg,
        };
        let key = table.key.unwrap_or_else(|| {
            let is_shared = algorithm.is_some_and(Algorithm::is_shared);
            if is_shared {
                CLIENT_SECRET
            } else {
                PRIVATE_KEY
            }
            .to_owned()
        });
        if key != PRIVATE_KEY {
            self.allowed(&Name::Secret(key.clone()), Stand::Inner)
                .at("assertion.key")?;
        }
        let lifetime_ms = table
            .lifetime
            .map_or(DEFAULT_LIFETIME_MS, |lifetime| lifetime.ms);
        if lifetime_ms < SHORTEST_LIFETIME_MS {
            return Err(Wrong::new(
                "assertion.lifetime",
                format!(
                    "must be at least {} seconds: `iat` is {BACKDATED_S} seconds back, and the assertion has to be there before it ends",
                    SHORTEST_LIFETIME_MS / 1000
                ),
            ));
        }
        let mut headers = vec![("typ".to_owned(), text("JWT"))];
        if let Some(kid) = &table.kid {
            let kid = self.template("assertion.kid", kid, Stand::Inner)?;
            headers.push(("kid".to_owned(), Parameter::Text(kid)));
        }
        for (name, value) in &table.headers.0 {
            if name == "alg" {
                return Err(Wrong::new(
                    "assertion.headers",
                    "`alg` is not written here but as `assertion.alg`",
                ));
            }
            let said = self.said("assertion.headers", value)?;
            put(&mut headers, name, said);
        }
        Ok(Assertion {
            algorithm,
            key,
            headers,
            claims: self.claims(url)?,
            lifetime_ms,
        })
    }

    fn claims(&mut self, url: &Template) -> Result<Vec<(String, Claim)>, Wrong> {
        let table = self.assertion.clone();
        let mut claims = Vec::new();
        if self.has_client_id {
            // RFC 7523 §3: where it authenticates a client, issuer and subject are that client.
            for name in ["iss", "sub"] {
                let client_id = self.template("client_id", "${client_id}", Stand::Inner)?;
                claims.push((name.to_owned(), Claim::Said(Parameter::Text(client_id))));
            }
        } else if !table.claims.0.contains_key("iss") {
            return Err(Wrong::new(
                "assertion.claims",
                "nobody is its issuer: write `client_id`, or `claims = { iss = \"…\" }`",
            ));
        }
        let names_itself = url.names().any(|name| *name == Name::Assertion);
        if names_itself && table.audience.is_none() && !table.claims.0.contains_key("aud") {
            return Err(Wrong::new(
                "assertion.audience",
                "must be said: it is else the URL that the assertion is sent to, and the URL holds `${assertion}` itself",
            ));
        }
        let audience = match table
            .audience
            .as_ref()
            .map(crate::profile::file::schema::OneOrMany::as_slice)
        {
            None => Parameter::Text(url.clone()),
            Some([one]) => {
                Parameter::Text(self.template("assertion.audience", one, Stand::Inner)?)
            }
            Some(many) => Parameter::List(
                many.iter()
                    .map(|one| {
                        self.template("assertion.audience", one, Stand::Inner)
                            .map(Parameter::Text)
                    })
                    .collect::<Result<_, _>>()?,
            ),
        };
        claims.push(("aud".to_owned(), Claim::Said(audience)));
        let own = [
            ("iat", Claim::Issued),
            ("nbf", Claim::Issued),
            ("exp", Claim::Expires),
            ("jti", Claim::Unique),
        ];
        claims.extend(own.map(|(name, claim)| (name.to_owned(), claim)));
        for (name, value) in &table.claims.0 {
            let said = self.said("assertion.claims", value)?.map(Claim::Said);
            put(&mut claims, name, said);
        }
        Ok(claims)
    }

    /// What a header parameter or claim says; none where it is `false`, which of those that tok writes itself no other value means.
    fn said(&mut self, key: &str, value: &Value) -> Result<Option<Parameter>, Wrong> {
        match value {
            Value::Bool(false) => Ok(None),
            value => self.parameter(key, value, Stand::Inner).map(Some),
        }
    }
}

/// Sets member `name`, in the place where it stands; takes away one of tok's own where nothing is `said`.
fn put<T: From<Parameter>>(members: &mut Vec<(String, T)>, name: &str, said: Option<T>) {
    let known = members.iter().position(|(known, _)| known == name);
    match (known, said) {
        (Some(at), Some(said)) => members[at].1 = said,
        (Some(at), None) => {
            members.remove(at);
        }
        (None, said) => {
            let said = said.unwrap_or_else(|| Parameter::Plain(Value::Bool(false)).into());
            members.push((name.to_owned(), said));
        }
    }
}

impl From<Parameter> for Claim {
    fn from(parameter: Parameter) -> Self {
        Self::Said(parameter)
    }
}

fn text(literal: &str) -> Parameter {
    Parameter::Text(Template::literal(literal))
}

fn mismatch(algorithm: Algorithm, signs_with: &str, other: AuthMethod) -> Wrong {
    let other = match other {
        AuthMethod::ClientSecretJwt => "client_secret_jwt",
        _ => "private_key_jwt",
    };
    Wrong::new(
        "assertion.alg",
        format!(
            "{} signs with {signs_with}; the method for that is `auth_method = \"{other}\"`",
            algorithm.name()
        ),
    )
}
