//! Finds the private key in a user's file: PEM (RFC 7468) on one line or many, or other encodings, among certificates and comments.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::oauth::signing::jwk;
use crate::oauth::signing::private_key::{Form, PrivateKey, unfit};
use crate::secret::Secret;

const FORMS: [(&str, Form); 3] = [
    ("PRIVATE KEY", Form::Pkcs8),
    ("RSA PRIVATE KEY", Form::Pkcs1),
    ("EC PRIVATE KEY", Form::Sec1),
];

pub(crate) fn certificates(pem: &Secret) -> Option<Vec<CertificateDer<'static>>> {
    blocks(pem.expose())
        .iter()
        .filter(|block| block.label == "CERTIFICATE")
        .map(|block| {
            let der = decoded(block.body).filter(|_| block.is_whole)?;
            Some(CertificateDer::from(der.to_vec()))
        })
        .collect()
}

/// How often base64 in base64 is undone.
const MOST_LAYERS: usize = 3;

/// Reads PEM, JWK, JWKS, or base64 of these or of DER; the error says what else it is.
pub(crate) fn private_key(secret: &Secret) -> Result<PrivateKey, Error> {
    let text = secret.expose().trim();
    let quoted = ["\"", "'"].iter().find_map(|quote| {
        text.strip_prefix(quote)
            .and_then(|text| text.strip_suffix(quote))
    });
    let mut text = Zeroizing::new(quoted.unwrap_or(text).to_owned());
    for _ in 0..MOST_LAYERS {
        let is_other = text.contains("-----BEGIN ") || text.trim_start().starts_with('{');
        let Some(bytes) = decoded(&text.replace("\\n", "")).filter(|_| !is_other) else {
            break;
        };
        if let Some(der) = of_der(&bytes) {
            return der;
        }
        match std::str::from_utf8(&bytes) {
            Ok(inner) => text = Zeroizing::new(inner.trim().to_owned()),
            Err(_) => break,
        }
    }
    if text.trim_start().starts_with('{')
        && let Some(key) = jwk::read(&text)
    {
        return key;
    }
    of_pem(&text)
}

fn of_der(der: &[u8]) -> Option<Result<PrivateKey, Error>> {
    if is_pkcs12(der) {
        return Some(Err(unfit(PKCS12).hint(PKCS12_HINT)));
    }
    let form = match inside(der)? {
        [0x02, 0x01, 0x00, 0x30, ..] => Form::Pkcs8,
        [0x02, 0x01, 0x00, 0x02, ..] => Form::Pkcs1,
        [0x02, 0x01, 0x01, 0x04, ..] => Form::Sec1,
        [0x30, ..] => return Some(Err(encrypted())),
        _ => return None,
    };
    Some(Ok(PrivateKey {
        form,
        der: Zeroizing::new(der.to_vec()),
        kid: None,
    }))
}

/// What follows the length of a sequence.
fn inside(der: &[u8]) -> Option<&[u8]> {
    match der {
        [0x30, 0x82, _, _, inside @ ..]
        | [0x30, 0x81, _, inside @ ..]
        | [0x30, 0..=0x80, inside @ ..] => Some(inside),
        _ => None,
    }
}

/// Whether these bytes begin as PKCS #12 does (RFC 7292 §4): with version 3.
pub(crate) fn is_pkcs12(der: &[u8]) -> bool {
    inside(der).is_some_and(|inside| inside.starts_with(&[0x02, 0x01, 0x03]))
}

const PKCS12: &str = "is a PKCS#12 file (.p12, .pfx)";

/// How to have the key of a PKCS #12 file.
pub(crate) const PKCS12_HINT: &str = "openssl can read its key, with the passphrase from KEY_PASSWORD: `{ command = [\"openssl\", \"pkcs12\", \"-in\", \"FILE\", \"-nodes\", \"-nocerts\", \"-passin\", \"env:KEY_PASSWORD\"] }`";

fn of_pem(text: &str) -> Result<PrivateKey, Error> {
    // In variables and JSON the line ends are often written `\n`.
    let text = joined(text.split("\\n"), "\n", text.len());
    let blocks = blocks(&text);
    let named = |label: &str| blocks.iter().find(|block| block.label == label);
    for (label, form) in FORMS {
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
        let der =
            decoded(body).ok_or_else(|| unfit("is damaged: no base64 between its PEM lines"))?;
        return Ok(PrivateKey {
            form,
            der,
            kid: None,
        });
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
        None => unfit("is not a private key in PEM"),
    })
}

fn encrypted() -> Error {
    unfit("is encrypted, and tok knows no passphrase").hint(
        "openssl can read it, with the passphrase from KEY_PASSWORD: `{ command = [\"openssl\", \"pkey\", \"-in\", \"FILE\", \"-passin\", \"env:KEY_PASSWORD\"] }`",
    )
}

struct Block<'a> {
    label: &'a str,
    body: &'a str,
    is_whole: bool,
}

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

/// Uses one buffer of size `longest`: a growing one would leave copies of the key behind.
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
