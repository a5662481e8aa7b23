//! Signatures over texts (JWS, RFC 7515): a private key as people keep it, in PEM, becomes something that signs, in the algorithms of RFC 7518 and RFC 8037.
//!
//! ring does the arithmetic, as it does for TLS. What it will not take (a certificate, an encrypted key, a curve it does not know) is told apart here, since whoever
//! handed over the wrong file needs to hear which file it is. No message holds anything of the key.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::error::KeyRejected;
use ring::rand::SystemRandom;
use ring::signature::{self as ring_signature, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use ring::{hmac, rsa};
use zeroize::Zeroizing;

use crate::config::schema::Algorithm;
use crate::failure::{Failure, Kind};
use crate::secret::Secret;

/// A key with the algorithm it signs in.
pub struct Signer {
    algorithm: Algorithm,
    key: Key,
}

enum Key {
    Shared(hmac::Key),
    Rsa(Box<RsaKeyPair>),
    /// On P-256 or P-384, as its algorithm says.
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    /// A signer from `secret`: a shared key as it stands for `HS…`, else a private key in PEM (PKCS #8, PKCS #1 or SEC 1). Without an `algorithm` the key decides: RS256
    /// for RSA, ES256 or ES384 for the curve, EdDSA for Ed25519.
    ///
    /// # Errors
    /// A secret failure when `secret` is no key that can sign, a config one when `algorithm` is for another kind of key. Both say what `secret` is and nothing of it.
    pub fn new(secret: &Secret, algorithm: Option<Algorithm>) -> Result<Self, Failure> {
        if let Some(hash) = algorithm.and_then(shared) {
            let key = hmac::Key::new(hash, secret.expose().as_bytes());
            return Ok(Self {
                algorithm: algorithm.unwrap_or(Algorithm::Hs256),
                key: Key::Shared(key),
            });
        }
        let (key, own) = private_key(secret)?;
        let algorithm = algorithm.unwrap_or(own);
        if family(algorithm) != family(own) {
            return Err(Failure::new(
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
    pub fn sign(&self, text: &str) -> Result<String, Failure> {
        let failed = |_| {
            Failure::new(
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

// Object identifiers (RFC 5480, RFC 8017, RFC 8410), DER-encoded with their tags.
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const RSA_PSS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const EC: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x22";
const P521: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x23";
/// How the public half begins (RFC 5480 §2.2, not compressed) that a private key on P-256 or P-384 has beside it.
const POINTS: [&[u8]; 2] = [b"\x03\x42\x00\x04", b"\x03\x62\x00\x04"];
const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";

/// Where a PKCS #8 key says what it is: before the key itself, all of it short.
const HEAD_BYTES: usize = 40;

/// The private key in `secret`, with the algorithm it signs in where nobody says otherwise.
fn private_key(secret: &Secret) -> Result<(Key, Algorithm), Failure> {
    // In one line, as variables and JSON often have it, a line end is written `\n`.
    let text = joined(secret.expose().split("\\n"), "\n", secret.expose().len());
    let blocks = blocks(&text);
    let named = |label: &str| blocks.iter().find(|block| block.label == label);
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        let Some(Block { body, is_whole, .. }) = named(label) else {
            continue;
        };
        if body.contains("ENCRYPTED") {
            return Err(encrypted());
        }
        if !is_whole {
            return Err(
                unfit("is cut short: it has no `-----END` line").hint("give all lines of the file")
            );
        }
        let der = decoded(body)
            .ok_or_else(|| unfit("is damaged: between its PEM lines stands no base64"))?;
        return match label {
            "PRIVATE KEY" => pkcs8(&der),
            "RSA PRIVATE KEY" => rsa_key(RsaKeyPair::from_der(&der)),
            _ => sec1(&der),
        };
    }
    Err(match blocks.first().map(|block| block.label) {
        Some("ENCRYPTED PRIVATE KEY") => encrypted(),
        Some("OPENSSH PRIVATE KEY") => unfit("is a key in OpenSSH's own format")
            .hint("`ssh-keygen -p -m PKCS8 -f COPY` rewrites a copy of it as PEM"),
        Some(label) if label.contains("CERTIFICATE") => {
            unfit("is a certificate, not the private key that belongs to it")
        }
        Some(label) if label.contains("PUBLIC KEY") => unfit("is a public key, not the private one"),
        Some(_) => unfit("is PEM, but no private key"),
        None if text.trim_start().starts_with('{') => unfit("is JSON, not a private key in PEM")
            .hint("where the key is a member of it, say which: `{ file = \"…\", pointer = \"/private_key\" }`"),
        None => unfit("is no private key in PEM"),
    })
}

fn unfit(what: &str) -> Failure {
    Failure::new(Kind::Secret, format!("this {what}")).hint(
        "a private key in PEM begins with `-----BEGIN PRIVATE KEY-----`, perhaps with RSA or EC in it, and is whole",
    )
}

fn encrypted() -> Failure {
    unfit("is encrypted, and tok knows no passphrase").hint(
        "`openssl pkey -in FILE` writes it without; as the secret's `command` it does so each time, with the passphrase from where `-passin` says",
    )
}

/// One PEM block (RFC 7468).
struct Block<'a> {
    label: &'a str,
    /// What stands between its first line and its last.
    body: &'a str,
    /// Whether it has a last line.
    is_whole: bool,
}

/// The PEM blocks in `text`; whatever stands around them is passed over.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, begun)) = rest.split_once("-----BEGIN ") {
        let (label, after) = begun.split_once("-----").unwrap_or((begun, ""));
        let ended = after.split_once("-----END ");
        blocks.push(Block {
            label,
            body: ended.map_or(after, |(body, _)| body),
            is_whole: ended.is_some(),
        });
        rest = ended.map_or("", |(_, rest)| rest);
    }
    blocks
}

/// The `pieces` of a key with `between` in between, at most `longest` bytes: in one buffer, for one that grows leaves copies behind.
fn joined<'a>(
    pieces: impl Iterator<Item = &'a str>,
    between: &str,
    longest: usize,
) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(longest));
    for (index, piece) in pieces.enumerate() {
        if index > 0 {
            out.push_str(between);
        }
        out.push_str(piece);
    }
    out
}

fn decoded(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    let body = joined(body.split_ascii_whitespace(), "", body.len());
    STANDARD.decode(body.as_bytes()).ok().map(Zeroizing::new)
}

/// A key in PKCS #8 (RFC 5958), which says itself what it is.
fn pkcs8(der: &[u8]) -> Result<(Key, Algorithm), Failure> {
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

/// An EC key in SEC 1's form (RFC 5915): put into PKCS #8, the only one that ring reads.
fn sec1(der: &[u8]) -> Result<(Key, Algorithm), Failure> {
    let curve = [P256, P384].into_iter().find(|curve| holds(der, curve));
    let Some(curve) = curve else {
        return Err(other_curve(der));
    };
    let kind = tagged(0x30, &[EC, curve].concat());
    let inside = [b"\x02\x01\x00".as_slice(), &kind, &tagged(0x04, der)];
    let inside = Zeroizing::new(inside.concat());
    ec_key(&tagged(0x30, &inside), &kind)
}

/// `content` with a DER tag and its length before it.
fn tagged(tag: u8, content: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut out = Zeroizing::new(Vec::with_capacity(content.len() + 2 + length.len()));
    out.push(tag);
    match content.len() {
        short @ 0..=0x7f => out.extend(u8::try_from(short)),
        _ => {
            out.extend(u8::try_from(0x80 | length.len()));
            out.extend_from_slice(length);
        }
    }
    out.extend_from_slice(content);
    out
}

/// An EC key in PKCS #8, on the curve that `head` names.
fn ec_key(der: &[u8], head: &[u8]) -> Result<(Key, Algorithm), Failure> {
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

fn other_curve(der: &[u8]) -> Failure {
    let curve = if holds(der, P521) {
        "P-521"
    } else {
        "a curve that tok does not know"
    };
    unfit(&format!("is an EC key on {curve}"))
        .hint("tok signs with keys on P-256 (ES256) and P-384 (ES384)")
}

fn rsa_key(read: Result<rsa::KeyPair, KeyRejected>) -> Result<(Key, Algorithm), Failure> {
    read.map(|key| (Key::Rsa(Box::new(key)), Algorithm::Rs256))
        .map_err(|error| rejected("RSA", &error))
}

/// ring's word for what is wrong with a key of this `kind`, which is one of a few fixed ones, as a message.
fn rejected(kind: &str, error: &KeyRejected) -> Failure {
    match error.to_string().as_str() {
        // The first two are said of modulus and exponent alike, the third of the primes: each has half the bits.
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
