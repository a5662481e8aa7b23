//! Converts JWK and JWKS private keys (RFC 7517, RFC 7518 §6, RFC 8037) to the DER that ring reads.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::oauth::signing::der::{P256, P384, tagged};
use crate::oauth::signing::private_key::{Form, PrivateKey, unfit};
use crate::secret::Secret;

/// The start of PKCS #8 for Ed25519 (RFC 8410 §7).
const ED25519: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

#[derive(Deserialize)]
struct Jwk {
    keys: Option<Vec<Jwk>>,
    kty: Option<String>,
    crv: Option<String>,
    kid: Option<String>,
    #[serde(default, deserialize_with = "member")]
    d: Option<Secret>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    #[serde(default, deserialize_with = "member")]
    p: Option<Secret>,
    #[serde(default, deserialize_with = "member")]
    q: Option<Secret>,
    #[serde(default, deserialize_with = "member")]
    dp: Option<Secret>,
    #[serde(default, deserialize_with = "member")]
    dq: Option<Secret>,
    #[serde(default, deserialize_with = "member")]
    qi: Option<Secret>,
}

fn member<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

/// Returns `None` if `json` is not a JWK; takes the first private key of a set.
pub(super) fn read(json: &str) -> Option<Result<PrivateKey, Error>> {
    let jwk: Jwk = serde_json::from_str(json).ok()?;
    match jwk.keys {
        Some(keys) => {
            let private = keys.iter().find(|key| key.d.is_some());
            Some(match private {
                Some(key) => der(key),
                None => Err(unfit("is a JWKS without a private key")),
            })
        }
        None if jwk.kty.is_some() => Some(der(&jwk)),
        None => None,
    }
}

fn der(jwk: &Jwk) -> Result<PrivateKey, Error> {
    let damaged = || unfit("is a JWK of which a member is missing or damaged");
    let secret = |member: &Option<Secret>| {
        member
            .as_ref()
            .and_then(|text| decoded(text.expose()))
            .ok_or_else(damaged)
    };
    let public = |member: &Option<String>| {
        member
            .as_ref()
            .and_then(|text| decoded(text))
            .ok_or_else(damaged)
    };
    let kty = jwk.kty.as_deref().unwrap_or_default();
    if kty == "oct" {
        return Err(unfit("is a JWK with a shared key")
            .hint("a shared key signs as it is with `auth_method = \"client_secret_jwt\"`"));
    }
    if jwk.d.is_none() {
        return Err(unfit("is a JWK with a public key, not the private one"));
    }
    let (form, der) = match (kty, jwk.crv.as_deref()) {
        ("RSA", _) => {
            let secrets = [&jwk.d, &jwk.p, &jwk.q, &jwk.dp, &jwk.dq, &jwk.qi];
            let mut numbers = Zeroizing::new(b"\x02\x01\x00".to_vec());
            for number in [public(&jwk.n)?, public(&jwk.e)?] {
                numbers = joined(&[&numbers, &integer(&number)]);
            }
            for number in secrets {
                numbers = joined(&[&numbers, &integer(&secret(number)?)]);
            }
            (Form::Pkcs1, tagged(0x30, &numbers))
        }
        ("EC", Some(curve @ ("P-256" | "P-384"))) => {
            let (oid, size) = if curve == "P-256" {
                (P256, 32)
            } else {
                (P384, 48)
            };
            let padded = |number: Zeroizing<Vec<u8>>| {
                let missing = size - number.len().min(size);
                joined(&[&vec![0; missing], &number])
            };
            let (d, x, y) = (
                padded(secret(&jwk.d)?),
                padded(public(&jwk.x)?),
                padded(public(&jwk.y)?),
            );
            let point = tagged(0x03, &joined(&[b"\x00\x04", &x, &y]));
            let inside = joined(&[
                b"\x02\x01\x01",
                &tagged(0x04, &d),
                &tagged(0xa0, oid),
                &tagged(0xa1, &point),
            ]);
            (Form::Sec1, tagged(0x30, &inside))
        }
        ("OKP", Some("Ed25519")) => (Form::Pkcs8, joined(&[ED25519, &secret(&jwk.d)?])),
        ("EC" | "OKP", Some(curve))
            if curve
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            return Err(unfit(&format!("is a JWK with a key on {curve:.20}"))
                .hint("tok signs with RSA, EC on P-256 or P-384, and Ed25519"));
        }
        _ => return Err(damaged()),
    };
    Ok(PrivateKey {
        form,
        der,
        kid: jwk.kid.clone(),
    })
}

fn integer(number: &[u8]) -> Zeroizing<Vec<u8>> {
    let start = number.iter().take_while(|byte| **byte == 0).count();
    let number = number.get(start..).unwrap_or_default();
    match number.first() {
        Some(0..0x80) => tagged(0x02, number),
        _ => tagged(0x02, &joined(&[b"\x00", number])),
    }
}

fn joined(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(parts.concat())
}

fn decoded(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    Some(Zeroizing::new(bytes))
}
