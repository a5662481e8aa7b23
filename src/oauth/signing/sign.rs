//! A key and an algorithm become a signature: which algorithm goes with which key, and what ring calls each.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature as ring_signature;

use crate::error::{Error, Kind};
use crate::oauth::signing::key::{self, Key};
use crate::profile::file::schema::Algorithm;
use crate::secret::Secret;

/// A key with the algorithm it signs in.
pub struct Signer {
    algorithm: Algorithm,
    key: Key,
}

impl Signer {
    /// A signer from `secret`: a shared key as it stands for `HS…`, else a private key in PEM (PKCS #8, PKCS #1 or SEC 1). Without an `algorithm` the key decides: RS256
    /// for RSA, ES256 or ES384 for the curve, EdDSA for Ed25519.
    ///
    /// # Errors
    /// A secret failure when `secret` is no key that can sign, a config one when `algorithm` is for another kind of key. Both say what `secret` is and nothing of it.
    pub fn new(secret: &Secret, algorithm: Option<Algorithm>) -> Result<Self, Error> {
        if let Some(hash) = algorithm.and_then(shared) {
            let key = hmac::Key::new(hash, secret.expose().as_bytes());
            return Ok(Self {
                algorithm: algorithm.unwrap_or(Algorithm::Hs256),
                key: Key::Shared(key),
            });
        }
        let (key, own) = key::read(secret)?;
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
        Ok(Self { algorithm, key })
    }

    /// The algorithm, as the header parameter `alg` names it (RFC 7518 §3.1).
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The signature of `text`, in base64url.
    ///
    /// # Errors
    /// An unexpected failure when the system gives no random numbers.
    pub fn sign(&self, text: &str) -> Result<String, Error> {
        let failed = |_| {
            Error::new(
                Kind::Unexpected,
                "the key could not sign: no random numbers",
            )
        };
        let (random, message) = (SystemRandom::new(), text.as_bytes());
        let signature = match &self.key {
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

/// The hash of an algorithm whose key both sides have; none for the others.
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

/// The algorithm that stands for all that one kind of key can do.
fn family(algorithm: Algorithm) -> Algorithm {
    match algorithm {
        Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512 => Algorithm::Rs256,
        other => other,
    }
}

/// What a key is whose own algorithm is `algorithm`.
fn described(algorithm: Algorithm) -> &'static str {
    match family(algorithm) {
        Algorithm::Rs256 => "an RSA key (RS256, RS384, RS512, PS256, PS384 or PS512)",
        Algorithm::Es256 => "an EC key on P-256 (ES256)",
        Algorithm::Es384 => "an EC key on P-384 (ES384)",
        _ => "an Ed25519 key (EdDSA)",
    }
}
