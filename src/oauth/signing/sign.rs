//! Signs with a key, in an algorithm that suits it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self as ring_signature, KeyPair as _};
use rustls::pki_types::CertificateDer;

use crate::error::{Error, Kind};
use crate::oauth::signing::certificate;
use crate::oauth::signing::key::{self, Key};
use crate::profile::assertion::Assertion;
use crate::profile::file::schema::Algorithm;
use crate::secret::Secret;

/// A key with its algorithm.
pub struct Signer {
    algorithm: Algorithm,
    key: Key,
    key_id: Option<String>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Signer {
    /// Makes a signer from a shared key (`HS…`) or a private key; without an `algorithm` the key decides.
    /// The error says what kind of text `secret` is, and contains nothing of it.
    pub fn new(secret: &Secret, algorithm: Option<Algorithm>) -> Result<Self, Error> {
        if let Some(hash) = algorithm.and_then(shared) {
            let key = hmac::Key::new(hash, secret.expose().as_bytes());
            return Ok(Self {
                algorithm: algorithm.unwrap_or(Algorithm::Hs256),
                key: Key::Shared(key),
                key_id: None,
                certificates: Vec::new(),
            });
        }
        let (key, own, key_id) = key::read(secret)?;
        let algorithm = algorithm.unwrap_or(own);
        if family(algorithm) != family(own) {
            return Err(Error::new(
                Kind::Config,
                format!(
                    "`assertion.alg` is {}, but the key is {}",
                    algorithm.name(),
                    described(own)
                ),
            )
            .hint(format!(
                "leave `alg` out ({} then), or give the key that goes with it",
                own.name()
            )));
        }
        Ok(Self {
            algorithm,
            key,
            key_id,
            certificates: Vec::new(),
        })
    }

    /// Makes a signer whose signatures come from a program.
    pub(crate) fn elsewhere(algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            key: Key::Elsewhere,
            key_id: None,
            certificates: Vec::new(),
        }
    }

    /// Adds the certificate of the key and its issuers; fails if the certificate has another key.
    pub(crate) fn certified(
        mut self,
        certificates: Vec<CertificateDer<'static>>,
    ) -> Result<Self, Error> {
        if let (Some(first), Some(public)) = (certificates.first(), self.public_key())
            && !certificate::has_key(first, public)
        {
            return Err(Error::new(
                Kind::Config,
                "`client_cert` is the certificate of another key than the one that signs",
            )
            .hint("put the certificate of the signing key first in the file of `client_cert`"));
        }
        self.certificates = certificates;
        Ok(self)
    }

    /// The certificate of the key, then its issuers; empty if not needed.
    pub(crate) fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    fn public_key(&self) -> Option<&[u8]> {
        match &self.key {
            Key::Shared(_) | Key::Elsewhere => None,
            Key::Rsa(key) => Some(key.public_key().as_ref()),
            Key::Ecdsa(key) => Some(key.public_key().as_ref()),
            Key::Ed25519(key) => Some(key.public_key().as_ref()),
        }
    }

    /// Makes the signer of `assertion`. If the issuer does not accept the key's default algorithm, another one that suits the key is used.
    pub(crate) fn of(assertion: &Assertion, secret: &Secret) -> Result<Self, Error> {
        let mut signer = Self::new(secret, assertion.algorithm)?;
        let offered = &assertion.offered;
        if assertion.algorithm.is_none() && !offered.contains(&signer.algorithm) {
            let own = family(signer.algorithm);
            let mut suitable = Algorithm::ALL.into_iter().filter(|alg| family(*alg) == own);
            if let Some(alg) = suitable.find(|alg| offered.contains(alg)) {
                signer.algorithm = alg;
            }
        }
        Ok(signer)
    }

    /// The `alg` header parameter (RFC 7518 §3.1).
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key ID of a JWK (RFC 7515 §4.1.4).
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns the signature in base64url; fails without system randomness.
    pub fn sign(&self, text: &str) -> Result<String, Error> {
        let failed = |_| {
            Error::new(
                Kind::Unexpected,
                "the key could not sign: no random numbers",
            )
        };
        let (random, message) = (SystemRandom::new(), text.as_bytes());
        let signature = match &self.key {
            Key::Elsewhere => {
                return Err(Error::new(Kind::Unexpected, "the key is not here to sign"));
            }
            Key::Shared(key) => hmac::sign(key, message).as_ref().to_vec(),
            Key::Ed25519(key) => key.sign(message).as_ref().to_vec(),
            Key::Ecdsa(key) => key
                .sign(&random, message)
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(
                    rsa_padding(self.algorithm),
                    &random,
                    message,
                    &mut signature,
                )
                .map_err(failed)?;
                signature
            }
        };
        Ok(URL_SAFE_NO_PAD.encode(signature))
    }
}

fn shared(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::Hs256 => Some(hmac::HMAC_SHA256),
        Algorithm::Hs384 => Some(hmac::HMAC_SHA384),
        Algorithm::Hs512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

fn rsa_padding(algorithm: Algorithm) -> &'static dyn ring_signature::RsaEncoding {
    match algorithm {
        Algorithm::Rs384 => &ring_signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &ring_signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &ring_signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &ring_signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &ring_signature::RSA_PSS_SHA512,
        _ => &ring_signature::RSA_PKCS1_SHA256,
    }
}

fn family(algorithm: Algorithm) -> Algorithm {
    match algorithm {
        Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512 => Algorithm::Rs256,
        Algorithm::Ed25519 => Algorithm::EdDsa,
        other => other,
    }
}

fn described(algorithm: Algorithm) -> &'static str {
    match family(algorithm) {
        Algorithm::Rs256 => "an RSA key (RS256, RS384, RS512, PS256, PS384 or PS512)",
        Algorithm::Es256 => "an EC key on P-256 (ES256)",
        Algorithm::Es384 => "an EC key on P-384 (ES384)",
        _ => "an Ed25519 key (EdDSA or Ed25519)",
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    macro_rules! key {
        ($name:literal) => {
            include_str!(concat!("../../../tests/keys/", $name))
        };
    }

    fn signer(key: &str) -> Result<Signer, Error> {
        Signer::new(&Secret::new(key), None)
    }

    fn der(pem: &str) -> String {
        pem.lines()
            .skip_while(|line| !line.starts_with("---"))
            .filter(|line| !line.starts_with("---"))
            .collect()
    }

    #[test]
    fn a_key_signs_in_whatever_form_people_have_it() {
        let (rsa, pkcs1, ed25519) = (key!("rsa.pem"), key!("rsa.pkcs1.pem"), key!("ed25519.pem"));
        for (pem, forms) in [
            (
                rsa,
                vec![
                    key!("rsa.jwk.json").to_owned(),
                    rsa.replace('\n', "\r\n"),
                    rsa.replace('\n', "\\n"),
                    format!("\"{}\"", rsa.replace('\n', "\\n")),
                    format!("'{rsa}'"),
                    STANDARD.encode(rsa),
                    STANDARD.encode(STANDARD.encode(rsa)),
                    STANDARD.encode(key!("rsa.jwk.json")),
                    der(rsa),
                ],
            ),
            (pkcs1, vec![STANDARD.encode(pkcs1), der(pkcs1)]),
            (
                ed25519,
                vec![
                    key!("ed25519.jwk.json").to_owned(),
                    key!("ed25519.jwks.json").to_owned(),
                    STANDARD.encode(key!("ed25519.jwks.json")),
                    der(ed25519),
                ],
            ),
        ] {
            let expected = signer(pem).unwrap().sign("text").unwrap();
            for form in forms {
                let signer = signer(&form).unwrap_or_else(|error| panic!("{error}: {form}"));
                assert_eq!(signer.sign("text").unwrap(), expected, "{form}");
            }
        }
        // ECDSA signatures differ each time; ring compares the public half with the private one.
        for (form, algorithm) in [
            (key!("p256.jwk.json").to_owned(), Algorithm::Es256),
            (key!("p384.jwk.json").to_owned(), Algorithm::Es384),
            (STANDARD.encode(key!("p256.sec1.pem")), Algorithm::Es256),
            (der(key!("p384.pem")), Algorithm::Es384),
        ] {
            assert_eq!(signer(&form).unwrap().algorithm(), algorithm, "{form}");
        }
        assert_eq!(
            signer(key!("rsa.jwk.json")).unwrap().key_id(),
            Some("rsa-1")
        );
        assert_eq!(
            signer(key!("ed25519.jwks.json")).unwrap().key_id(),
            Some("ed-1")
        );
        assert_eq!(signer(rsa).unwrap().key_id(), None);
    }

    #[test]
    fn what_cannot_sign_is_named() {
        let pkcs12 = STANDARD.encode(b"\x30\x82\x01\x00\x02\x01\x03\x30\x82");
        let jwk = |more: &str| format!("{{\"kty\":{more}}}");
        for (key, words) in [
            (pkcs12, "this is a PKCS#12 file"),
            (der(key!("unfit/encrypted.pem")), "this is encrypted"),
            (
                STANDARD.encode(key!("unfit/encrypted.pem")),
                "this is encrypted",
            ),
            (der(key!("unfit/p521.pem")), "this is an EC key on P-521"),
            (
                jwk(r#""EC","crv":"P-521","d":"AA""#),
                "this is a JWK with a key on P-521",
            ),
            (jwk(r#""OKP","crv":"Ed25519","x":"AA""#), "a public key"),
            (jwk(r#""oct","k":"AA""#), "a shared key"),
            (jwk(r#""RSA","d":"AA""#), "missing or damaged"),
            (
                jwk(r#""OKP","crv":"Ed25519","d":"AA""#),
                "this is a damaged Ed25519 key",
            ),
            (r#"{"keys":[]}"#.to_owned(), "a JWKS without a private key"),
            (r#"{"private_key":"x"}"#.to_owned(), "this is JSON"),
            ("aGVsbG8gd29ybGQ=".to_owned(), "not a private key in PEM"),
        ] {
            let error = signer(&key)
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            assert!(error.contains(words), "{key}: {error}");
        }
    }
}
