//! Converts a private key in DER to one that ring signs with, or an error naming its kind.

use ring::error::KeyRejected;
use ring::rand::SystemRandom;
use ring::signature::{self as ring_signature, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use ring::{hmac, rsa};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::oauth::signing::der::{P256, P384, tagged};
use crate::oauth::signing::pem;
use crate::oauth::signing::private_key::{Form, PrivateKey, unfit};
use crate::profile::file::schema::Algorithm;
use crate::secret::Secret;

pub(super) enum Key {
    Shared(hmac::Key),
    Rsa(Box<RsaKeyPair>),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    /// In a store that it does not leave.
    Elsewhere,
}

// Object identifiers (RFC 5480, RFC 8017, RFC 8410), DER-encoded with their tags.
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const RSA_PSS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const EC: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
const P521: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x23";
/// The uncompressed public key (RFC 5480 §2.2) beside a P-256 or P-384 private key starts with these.
const POINTS: [&[u8]; 2] = [b"\x03\x42\x00\x04", b"\x03\x62\x00\x04"];
const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";

/// The algorithm of a PKCS #8 key is within these first bytes.
const HEAD_BYTES: usize = 40;

pub(super) fn read(secret: &Secret) -> Result<(Key, Algorithm, Option<String>), Error> {
    let PrivateKey { form, der, kid } = pem::private_key(secret)?;
    let (key, algorithm) = match form {
        Form::Pkcs8 => pkcs8(&der),
        Form::Pkcs1 => rsa_key(RsaKeyPair::from_der(&der)),
        Form::Sec1 => sec1(&der),
    }?;
    Ok((key, algorithm, kid))
}

/// Reads PKCS #8 (RFC 5958), which names its algorithm.
fn pkcs8(der: &[u8]) -> Result<(Key, Algorithm), Error> {
    let head = &der[..der.len().min(HEAD_BYTES)];
    let says = |identifier: &[u8]| holds(head, identifier);
    if says(RSA) {
        return rsa_key(RsaKeyPair::from_pkcs8(der));
    }
    if says(RSA_PSS) {
        return Err(unfit("is an RSA key for PSS alone (id-RSASSA-PSS)")
            .hint("make a plain RSA key; with `assertion.alg` PS256 it signs by PSS as well"));
    }
    if says(EC) {
        return ec_key(der, head);
    }
    if says(ED25519) {
        return Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .map(|key| (Key::Ed25519(key), Algorithm::EdDsa))
            .map_err(|error| rejected("Ed25519", &error));
    }
    Err(unfit("is a key of a kind that tok cannot sign with")
        .hint("tok signs with RSA, EC on P-256 or P-384, and Ed25519"))
}

/// Converts SEC 1 (RFC 5915) to PKCS #8, which ring requires.
fn sec1(der: &[u8]) -> Result<(Key, Algorithm), Error> {
    let curve = [P256, P384].into_iter().find(|curve| holds(der, curve));
    let Some(curve) = curve else {
        return Err(other_curve(der));
    };
    let kind = tagged(0x30, &[EC, curve].concat());
    let inside = [b"\x02\x01\x00".as_slice(), &kind, &tagged(0x04, der)];
    let inside = Zeroizing::new(inside.concat());
    ec_key(&tagged(0x30, &inside), &kind)
}

fn ec_key(der: &[u8], head: &[u8]) -> Result<(Key, Algorithm), Error> {
    let (curve, algorithm) = if holds(head, P256) {
        (
            &ring_signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            Algorithm::Es256,
        )
    } else if holds(head, P384) {
        (
            &ring_signature::ECDSA_P384_SHA384_FIXED_SIGNING,
            Algorithm::Es384,
        )
    } else {
        return Err(other_curve(head));
    };
    EcdsaKeyPair::from_pkcs8(curve, der, &SystemRandom::new())
        .map(|key| (Key::Ecdsa(key), algorithm))
        .map_err(|error| {
            if POINTS.into_iter().any(|point| holds(der, point)) {
                return rejected("EC", &error);
            }
            unfit("is an EC key without its public half")
                .hint("`openssl pkey -in FILE` writes it with both")
        })
}

fn other_curve(der: &[u8]) -> Error {
    let curve = if holds(der, P521) {
        "P-521"
    } else {
        "a curve that tok does not know"
    };
    unfit(&format!("is an EC key on {curve}"))
        .hint("tok signs with keys on P-256 (ES256) and P-384 (ES384): `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes one")
}

fn rsa_key(read: Result<rsa::KeyPair, KeyRejected>) -> Result<(Key, Algorithm), Error> {
    read.map(|key| (Key::Rsa(Box::new(key)), Algorithm::Rs256))
        .map_err(|error| rejected("RSA", &error))
}

/// ring's words for a rejected key are a few fixed ones.
fn rejected(kind: &str, error: &KeyRejected) -> Error {
    match error.to_string().as_str() {
        // The first two are about modulus or exponent, the third about the primes: each has half the bits.
        "TooSmall" | "TooLarge" | "PrivateModulusLenNotMultipleOf512Bits" => unfit(
            "is an RSA key that tok cannot sign with: it wants 2048, 3072 or 4096 bits, and the public exponent 65537",
        )
        .hint("`openssl genrsa -out FILE 2048` makes such a key"),
        word => unfit(&format!("is a damaged {kind} key ({word})")),
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
