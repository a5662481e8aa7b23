//! The view of the engine: names that are HMACs, and values that are encrypted and bound to their name, fencing number and expiry.
//!
//! A value is version, key id, nonce, fencing number, expiry, ciphertext. Everything before the ciphertext is authenticated together with the
//! name (AES-256-GCM, NIST SP 800-38D). All keys come from the configured one by HKDF (RFC 5869), so a name tells nothing about a value's key.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::hmac;
use zeroize::Zeroizing;

/// The length of a shared key, in bytes.
pub(crate) const KEY_BYTES: usize = 32;

/// A value of another form is a miss.
const VERSION: u8 = 1;

/// Enough to tell a few keys apart; which key it was is not secret.
const KEY_ID_BYTES: usize = 4;

const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_LEN + 8 + 8;

/// Makes names and seals values with one shared key.
pub(crate) struct Sealer {
    names: hmac::Key,
    values: LessSafeKey,
    id: [u8; KEY_ID_BYTES],
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

/// A value that was sealed under this name by a machine with this key.
pub(crate) struct Opened {
    pub(crate) plaintext: Zeroizing<Vec<u8>>,
    /// Unix milliseconds by the engine's clock.
    pub(crate) expires_unix_ms: u64,
}

/// Why a value is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("it has an unknown form")]
    Form,
    #[error("it was sealed with another key")]
    OtherKey,
    #[error("it was changed, or belongs to another name")]
    NotAuthentic,
    #[error("it has expired, and was put back")]
    Expired,
    #[error("it is not an entry of this tok")]
    Content,
}

impl Sealer {
    /// Returns `None` if `key` does not have [`KEY_BYTES`] bytes.
    pub(crate) fn new(key: &[u8]) -> Option<Self> {
        if key.len() != KEY_BYTES {
            return None;
        }
        // RFC 5869 §3.3: a uniformly random key needs no salt.
        let root = Salt::new(HKDF_SHA256, &[]).extract(key);
        let names = derive(&root, b"names")?;
        let values = derive(&root, b"values")?;
        let id = derive(&root, b"key id")?;
        Some(Self {
            names: hmac::Key::new(hmac::HMAC_SHA256, &*names),
            values: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*values).ok()?),
            id: *id.first_chunk()?,
        })
    }

    /// Returns the engine's name for `entry`: the same on every machine with this key, and meaningless without it.
    pub(crate) fn name(&self, entry: &str) -> String {
        let mac = hmac::sign(&self.names, entry.as_bytes());
        let digits = mac.as_ref().iter().map(|byte| format!("{byte:02x}"));
        digits.collect()
    }

    /// Encrypts `plaintext` for `name`; `None` if the system has no random bytes for the nonce.
    pub(crate) fn seal(
        &self,
        name: &str,
        fence: u64,
        expires_unix_ms: u64,
        plaintext: &[u8],
    ) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).ok()?;
        let mut sealed = Vec::with_capacity(HEADER_BYTES + plaintext.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend(self.id);
        sealed.extend(nonce);
        sealed.extend(fence.to_be_bytes());
        sealed.extend(expires_unix_ms.to_be_bytes());
        let aad = Aad::from(authenticated(name, &sealed));
        let mut text = Zeroizing::new(plaintext.to_vec());
        let tag = self
            .values
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text)
            .ok()?;
        sealed.extend(text.iter());
        sealed.extend(tag.as_ref());
        Some(sealed)
    }

    /// Decrypts a value found under `name` when the engine's clock said `now_unix_ms`.
    ///
    /// # Errors
    /// Why it cannot be used; such a value is a miss.
    pub(crate) fn open(
        &self,
        name: &str,
        sealed: &[u8],
        now_unix_ms: u64,
    ) -> Result<Opened, Unusable> {
        let (header, ciphertext) = sealed
            .split_at_checked(HEADER_BYTES)
            .ok_or(Unusable::Form)?;
        let (&version, rest) = header.split_first().ok_or(Unusable::Form)?;
        if version != VERSION {
            return Err(Unusable::Form);
        }
        let (id, rest) = rest.split_first_chunk().ok_or(Unusable::Form)?;
        if *id != self.id {
            return Err(Unusable::OtherKey);
        }
        let (nonce, rest) = rest.split_first_chunk().ok_or(Unusable::Form)?;
        let expires = rest.last_chunk().ok_or(Unusable::Form)?;
        let aad = Aad::from(authenticated(name, header));
        let mut text = Zeroizing::new(ciphertext.to_vec());
        let length = self
            .values
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut text)
            .map_err(|_| Unusable::NotAuthentic)?
            .len();
        text.truncate(length);
        let expires_unix_ms = u64::from_be_bytes(*expires);
        if expires_unix_ms <= now_unix_ms {
            return Err(Unusable::Expired);
        }
        Ok(Opened {
            plaintext: text,
            expires_unix_ms,
        })
    }
}

/// The name and the header, so that a value fits no other name.
fn authenticated(name: &str, header: &[u8]) -> Vec<u8> {
    [name.as_bytes(), b"\0", header].concat()
}

struct Bytes;

impl KeyType for Bytes {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

fn derive(root: &Prk, purpose: &[u8]) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let mut derived = Zeroizing::new([0; KEY_BYTES]);
    let info = [b"tok shared cache".as_slice(), b" ", purpose];
    root.expand(&info, Bytes).ok()?.fill(&mut *derived).ok()?;
    Some(derived)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&[byte; KEY_BYTES]).unwrap()
    }

    #[test]
    fn a_value_opens_under_its_name_and_key_until_it_expires() {
        let one = sealer(1);
        let name = one.name("cint/abc");
        let sealed = one.seal(&name, 7, 1_000, b"t0ken").unwrap();
        let opened = one.open(&name, &sealed, 999).ok().unwrap();
        assert_eq!(opened.plaintext.as_slice(), b"t0ken");
        assert_eq!(opened.expires_unix_ms, 1_000);
        let cases = [
            (one.open(&name, &sealed, 1_000), Unusable::Expired),
            (one.open("other", &sealed, 0), Unusable::NotAuthentic),
            (sealer(2).open(&name, &sealed, 0), Unusable::OtherKey),
            (one.open(&name, &sealed[..20], 0), Unusable::Form),
            (one.open(&name, b"", 0), Unusable::Form),
        ];
        for (opened, expected) in cases {
            assert_eq!(opened.err(), Some(expected));
        }
    }

    #[test]
    fn a_changed_byte_anywhere_makes_a_value_unusable() {
        let one = sealer(1);
        let sealed = one.seal("n", 7, 1_000, b"t0ken").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(one.open("n", &changed, 0).is_err(), "byte {at}");
        }
    }

    #[test]
    fn neither_name_nor_value_shows_its_content() {
        let one = sealer(1);
        let name = one.name("cint");
        assert_ne!(name, sealer(2).name("cint"));
        assert_eq!(name.len(), 64);
        let sealed = one.seal(&name, 1, 1, b"t0ken-t0ken").unwrap();
        assert!(!sealed.windows(5).any(|window| window == b"t0ken"));
        assert_ne!(sealed, one.seal(&name, 1, 1, b"t0ken-t0ken").unwrap());
    }

    #[test]
    fn a_key_has_32_bytes() {
        for length in [0, 31, 33] {
            assert!(Sealer::new(&vec![0; length]).is_none());
        }
    }
}
