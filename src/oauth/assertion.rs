//! Signs an assertion as a JWT (RFC 7519 §7.1, in the compact form of RFC 7515 §3.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::CertificateDer;
use serde_json::Value;

use crate::error::{Error, Kind};
use crate::oauth::request::{Lookup, json_body};
use crate::oauth::signing::{Signer, certificate};
use crate::profile::Profile;
use crate::profile::assertion::{Assertion, BACKDATED_S, Claim, Header};
use crate::profile::parameter::Parameter;
use crate::profile::template::{CLIENT_KEY, Template};
use crate::secret::Secret;

/// The time and the unique ID of one assertion.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// Unix time in milliseconds.
    pub now_ms: i64,
    /// The `jti`, unique per assertion.
    pub unique: &'a str,
}

/// Returns the header and the claims as JSON.
pub fn parts(
    assertion: &Assertion,
    signer: &Signer,
    occasion: Occasion<'_>,
    value: Lookup<'_>,
) -> Result<(Secret, Secret), Error> {
    let text = |text: &str| Parameter::Text(Template::literal(text));
    let mut header = vec![("alg".to_owned(), text(signer.algorithm().name()))];
    let has_key_id = assertion.headers.iter().any(|(name, _)| name == "kid");
    if let Some(key_id) = signer.key_id().filter(|_| !has_key_id) {
        header.push(("kid".to_owned(), text(key_id)));
    }
    for (name, own) in &assertion.headers {
        let said = match own {
            Header::Said(parameter) => parameter.clone(),
            Header::Certificate(which) => {
                let made = certificate::header(signer.certificates(), *which);
                let made = made.ok_or_else(|| {
                    Error::new(Kind::Unexpected, format!("`{name}` has no certificate"))
                })?;
                Parameter::Plain(made)
            }
        };
        header.push((name.clone(), said));
    }
    let issued_s = occasion.now_ms.div_euclid(1000) - BACKDATED_S;
    let claims: Vec<(String, Parameter)> = assertion
        .claims
        .iter()
        .map(|(name, claim)| {
            let said = match claim {
                Claim::Issued => Parameter::Plain(Value::from(issued_s)),
                Claim::Expires => Parameter::Plain(Value::from(
                    issued_s.saturating_add(assertion.lifetime_ms / 1000),
                )),
                Claim::Unique => text(occasion.unique),
                Claim::Said(parameter) => parameter.clone(),
            };
            (name.clone(), said)
        })
        .collect();
    Ok((json_body(&header, value)?, json_body(&claims, value)?))
}

/// Signs `assertion` with a key that `signer` has.
pub fn sign(
    assertion: &Assertion,
    signer: &Signer,
    occasion: Occasion<'_>,
    value: Lookup<'_>,
) -> Result<Secret, Error> {
    let text = signing_input(assertion, signer, occasion, value)?;
    let signature = signer.sign(text.expose())?;
    Ok(signed(text, &signature))
}

/// Returns the text to be signed (RFC 7515 §5.1).
pub(crate) fn signing_input(
    assertion: &Assertion,
    signer: &Signer,
    occasion: Occasion<'_>,
    value: Lookup<'_>,
) -> Result<Secret, Error> {
    let (header, claims) = parts(assertion, signer, occasion, value)?;
    let mut text = encoded(&header);
    text.push(".");
    text.push(encoded(&claims).expose());
    Ok(text)
}

/// Returns the JWT whose signing input is `text`.
pub(crate) fn signed(mut text: Secret, signature: &str) -> Secret {
    text.push(".");
    text.push(signature);
    text
}

/// Checks that a secret that is a key can sign, with the key of `client_cert` where that is needed, before anything is sent.
pub(crate) fn check(
    profile: &Profile,
    name: &str,
    secret: &Secret,
    certificates: &[CertificateDer<'static>],
) -> Result<(), Error> {
    if profile.shows_certificate && name == CLIENT_KEY {
        Signer::new(secret, None)?;
    }
    let mut signed = profile
        .assertions()
        .filter(|signed| signed.key.secret() == Some(name));
    signed.try_for_each(|assertion| signer(assertion, secret, certificates).map(|_| ()))
}

/// Returns the signer of `assertion`, with the certificates if the header needs them.
pub(crate) fn signer(
    assertion: &Assertion,
    key: &Secret,
    certificates: &[CertificateDer<'static>],
) -> Result<Signer, Error> {
    certified(assertion, Signer::of(assertion, key)?, certificates)
}

/// Adds the certificates if the header needs them.
pub(crate) fn certified(
    assertion: &Assertion,
    signer: Signer,
    certificates: &[CertificateDer<'static>],
) -> Result<Signer, Error> {
    match assertion.needs_certificate() {
        true => signer.certified(certificates.to_vec()),
        false => Ok(signer),
    }
}

fn encoded(json: &Secret) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(json.expose()))
}
