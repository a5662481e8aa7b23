//! Reads the `assertion` table.

use serde_json::Value;

use crate::error::Error;
use crate::profile::assertion::{Assertion, BACKDATED_S, Claim, Header, OfCertificate, SigningKey};
use crate::profile::at::{At, wrong};
use crate::profile::file::schema::{Algorithm, AuthMethod, OneOrMany};
use crate::profile::parameter::Parameter;
use crate::profile::reader::{Reader, Where};
use crate::profile::template::{CLIENT_SECRET, Name, PRIVATE_KEY, Template};

/// An assertion is used at once, and some providers refuse a longer lifetime.
const DEFAULT_LIFETIME_MS: i64 = 60_000;

/// It counts from `iat`, and the assertion must arrive before it expires.
const SHORTEST_LIFETIME_MS: i64 = (BACKDATED_S + 5) * 1000;

impl Reader<'_> {
    pub(in crate::profile) fn assertion(
        &mut self,
        url: &Template,
        auth_method: AuthMethod,
    ) -> Result<Assertion, Error> {
        let table = self.assertion.clone();
        let algorithm = match (auth_method, table.alg) {
            (AuthMethod::ClientSecretJwt, None) => {
                let offered = self.offered.iter().find(|alg| alg.is_shared()).copied();
                let has_default = self.offered.contains(&Algorithm::Hs256);
                Some(offered.filter(|_| !has_default).unwrap_or(Algorithm::Hs256))
            }
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
        let key = self.signing_key(algorithm, table.key)?;
        let lifetime_ms = table
            .lifetime
            .map_or(DEFAULT_LIFETIME_MS, |lifetime| lifetime.ms);
        if lifetime_ms < SHORTEST_LIFETIME_MS {
            return Err(wrong(
                "assertion.lifetime",
                format!(
                    "must be at least {} seconds: `iat` is {BACKDATED_S} seconds back, and the assertion must arrive before it expires",
                    SHORTEST_LIFETIME_MS / 1000
                ),
            ));
        }
        let mut headers = vec![("typ".to_owned(), Header::Said(text("JWT")))];
        if let Some(kid) = &table.kid {
            let kid = self.template("assertion.kid", kid, Where::Inner)?;
            headers.push(("kid".to_owned(), Header::Said(Parameter::Text(kid))));
        }
        for (name, value) in &table.headers.0 {
            if name == "alg" {
                return Err(wrong("assertion.headers", "write `alg` as `assertion.alg`"));
            }
            let header = match self.of_certificate(name, value, algorithm)? {
                Some(header) => Some(Header::Certificate(header)),
                None => self.said("assertion.headers", value)?.map(Header::Said),
            };
            put(&mut headers, name, header);
        }
        Ok(Assertion {
            algorithm,
            offered: self.offered.clone(),
            key,
            headers,
            claims: self.claims(url)?,
            lifetime_ms,
        })
    }

    fn signing_key(
        &mut self,
        algorithm: Option<Algorithm>,
        written: Option<String>,
    ) -> Result<SigningKey, Error> {
        let is_shared = algorithm.is_some_and(Algorithm::is_shared);
        if let Some(sign) = &self.sign {
            let reason = match (&sign.command, algorithm) {
                (None, _) => "write `sign = { command = [\"PROGRAM\", \"ARGUMENT\"] }`",
                (Some(command), _) if command.is_empty() => {
                    "`command` is empty; it is a list of a program and its arguments"
                }
                _ if is_shared => {
                    "a program signs with a private key, not with the client secret; `auth_method = \"private_key_jwt\"` is the method for that"
                }
                _ if written.is_some() => {
                    "a program signs, so `assertion.key` has no effect; delete one of them"
                }
                (_, None) => {
                    return Err(wrong(
                        "sign",
                        "`assertion.alg` is missing: a program does not say how it signs",
                    )
                    .hint("write `assertion = { alg = \"RS256\" }`, or ES256, EdDSA, …"));
                }
                (Some(command), Some(_)) => return Ok(SigningKey::Command(command.clone())),
            };
            return Err(wrong("sign", reason));
        }
        let key = written.unwrap_or_else(|| match is_shared {
            true => CLIENT_SECRET.to_owned(),
            false => PRIVATE_KEY.to_owned(),
        });
        if key != PRIVATE_KEY {
            self.allowed(&Name::Secret(key.clone()), Where::Inner)
                .at("assertion.key")?;
        }
        Ok(SigningKey::Secret(key))
    }

    /// Returns which header parameter `name = true` is, if it is made from the certificate.
    fn of_certificate(
        &self,
        name: &str,
        value: &Value,
        algorithm: Option<Algorithm>,
    ) -> Result<Option<OfCertificate>, Error> {
        let known = OfCertificate::ALL.iter().find(|(known, _)| *known == name);
        let Some((_, header)) = known.filter(|_| *value == Value::Bool(true)) else {
            return Ok(None);
        };
        if algorithm.is_some_and(Algorithm::is_shared) {
            let reason = format!(
                "`{name}` names the certificate of a private key, and the client secret has none"
            );
            return Err(wrong("assertion.headers", reason));
        }
        if !self.has_client_cert {
            let reason = format!("`{name}` is made from `client_cert`, which is missing");
            return Err(wrong("assertion.headers", reason).hint(
                "write `client_cert = \"client.pem\"`, the certificate of the key that signs",
            ));
        }
        Ok(Some(*header))
    }

    fn claims(&mut self, url: &Template) -> Result<Vec<(String, Claim)>, Error> {
        let table = self.assertion.clone();
        let mut claims = Vec::new();
        if self.has_client_id {
            // RFC 7523 §3: issuer and subject are the client that authenticates.
            for name in ["iss", "sub"] {
                let client_id = self.template("client_id", "${client_id}", Where::Inner)?;
                claims.push((name.to_owned(), Claim::Said(Parameter::Text(client_id))));
            }
        } else if !table.claims.0.contains_key("iss") {
            return Err(wrong(
                "assertion.claims",
                "it has no issuer: write `client_id`, or `claims = { iss = \"…\" }`",
            ));
        }
        let names_itself = url.names().any(|name| *name == Name::Assertion);
        if names_itself && table.audience.is_none() && !table.claims.0.contains_key("aud") {
            return Err(wrong(
                "assertion.audience",
                "missing: by default it is the URL that the assertion is sent to, but that URL contains `${assertion}`",
            ));
        }
        let audience = match table.audience.as_ref().map(OneOrMany::as_slice) {
            None => Parameter::Text(url.clone()),
            Some([one]) => {
                Parameter::Text(self.template("assertion.audience", one, Where::Inner)?)
            }
            Some(many) => Parameter::List(
                many.iter()
                    .map(|one| {
                        self.template("assertion.audience", one, Where::Inner)
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

    /// `false` removes one of tok's own members, so it gives `None`.
    fn said(&mut self, key: &str, value: &Value) -> Result<Option<Parameter>, Error> {
        match value {
            Value::Bool(false) => Ok(None),
            value => self.parameter(key, value, Where::Inner).map(Some),
        }
    }
}

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

fn text(literal: &str) -> Parameter {
    Parameter::Text(Template::literal(literal))
}

fn mismatch(algorithm: Algorithm, signs_with: &str, other: AuthMethod) -> Error {
    let other = match other {
        AuthMethod::ClientSecretJwt => "client_secret_jwt",
        _ => "private_key_jwt",
    };
    wrong(
        "assertion.alg",
        format!(
            "{} signs with {signs_with}; the method for that is `auth_method = \"{other}\"`",
            algorithm.name()
        ),
    )
}
