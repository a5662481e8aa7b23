//! The public keys of an issuer (RFC 7517 §5, RFC 7518 §6, RFC 8037 §2), and whether one of them made a signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, EcdsaVerificationAlgorithm,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;

use crate::profile::file::schema::Algorithm;

/// The keys of an issuer.
#[derive(Debug)]
pub(crate) struct KeySet(Vec<Value>);

/// The signature is from none of the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotSigned {
    /// No key has this id, or fits the algorithm.
    NoKey,
    /// Another key made it, or the token was changed.
    BadSignature,
}

impl KeySet {
    /// Returns `None` if `document` is not a JWK set.
    pub(crate) fn of(document: &Value) -> Option<Self> {
        let keys = document.get("keys")?.as_array()?;
        Some(Self(keys.clone()))
    }

    /// Checks the signature with the key `kid`, or without a `kid` with each key that fits.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
        signed: &str,
        signature: &[u8],
    ) -> Result<(), NotSigned> {
        let mut fitting = self
            .0
            .iter()
            .filter(|key| fits(key, algorithm, kid))
            .peekable();
        if fitting.peek().is_none() {
            return Err(NotSigned::NoKey);
        }
        let made_it = |key: &Value| is_signed_by(key, algorithm, signed.as_bytes(), signature);
        match fitting.any(|key| made_it(key).unwrap_or(false)) {
            true => Ok(()),
            false => Err(NotSigned::BadSignature),
        }
    }
}

/// RFC 7517 §4: a key for encryption, or for another algorithm, made no signature.
fn fits(key: &Value, algorithm: Algorithm, kid: Option<&str>) -> bool {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let (kty, curve) = kind(algorithm);
    let verifies = match key.get("key_ops").and_then(Value::as_array) {
        Some(uses) => uses.iter().any(|one| one == "verify"),
        None => true,
    };
    let is_for_it = text("alg").is_none_or(|alg| {
        // RFC 9864 §4.1.2 gives EdDSA with this curve another name.
        alg == algorithm.name() || kty == "OKP" && ["EdDSA", "Ed25519"].contains(&alg)
    });
    verifies
        && is_for_it
        && text("kty") == Some(kty)
        && curve.is_none_or(|curve| text("crv") == Some(curve))
        && text("use").is_none_or(|purpose| purpose == "sig")
        && kid.is_none_or(|kid| text("kid") == Some(kid))
}

fn kind(algorithm: Algorithm) -> (&'static str, Option<&'static str>) {
    match algorithm {
        Algorithm::Es256 => ("EC", Some("P-256")),
        Algorithm::Es384 => ("EC", Some("P-384")),
        Algorithm::EdDsa | Algorithm::Ed25519 => ("OKP", Some("Ed25519")),
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => ("oct", None),
        _ => ("RSA", None),
    }
}

/// Returns `None` if the key is damaged, or shared: a public key must never be the key of an HMAC.
fn is_signed_by(
    key: &Value,
    algorithm: Algorithm,
    signed: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let bytes = |name: &str| {
        let text = key.get(name)?.as_str()?;
        URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
    };
    let rsa = |how: &'static RsaParameters| {
        let (n, e) = (bytes("n")?, bytes("e")?);
        // Some servers write the leading zero of a DER integer.
        let n = n.strip_prefix(&[0]).unwrap_or(&n);
        let key = RsaPublicKeyComponents { n, e: &e };
        Some(key.verify(how, signed, signature).is_ok())
    };
    let ecdsa = |how: &'static EcdsaVerificationAlgorithm, size: usize| {
        let mut point = vec![4];
        for name in ["x", "y"] {
            let number = bytes(name).filter(|number| number.len() <= size)?;
            point.resize(point.len() + size - number.len(), 0);
            point.extend(number);
        }
        let key = UnparsedPublicKey::new(how, point);
        Some(key.verify(signed, signature).is_ok())
    };
    match algorithm {
        Algorithm::Rs256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => rsa(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => rsa(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => rsa(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => rsa(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => rsa(&RSA_PSS_2048_8192_SHA512),
        Algorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED, 32),
        Algorithm::Es384 => ecdsa(&ECDSA_P384_SHA384_FIXED, 48),
        Algorithm::EdDsa | Algorithm::Ed25519 => {
            let key = UnparsedPublicKey::new(&ED25519, bytes("x")?);
            Some(key.verify(signed, signature).is_ok())
        }
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => None,
    }
}
