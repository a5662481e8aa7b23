//! A refresh token on disk for as long as it is stored nowhere else, encrypted with the one that it replaces.
//!
//! The old token is where the profile keeps it, such as in the keyring, and the provider no longer accepts it. So the file alone gives
//! nothing away. AES-256-GCM (NIST SP 800-38D), with a key that HKDF (RFC 5869) makes for this one message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::secret::Secret;

const SALT_BYTES: usize = 16;

const PURPOSE: &[u8] = b"tok refresh token 1";

/// Salt and ciphertext in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Sealed(String);

impl Sealed {
    /// Seals `new` for a process that has `old`; returns `None` if the system gives no random bytes.
    pub(crate) fn new(new: &Secret, old: &Secret) -> Option<Self> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).ok()?;
        let (key, nonce) = key(&salt, old)?;
        let mut text = Zeroizing::new(Vec::with_capacity(
            new.expose().len() + AES_256_GCM.tag_len(),
        ));
        text.extend_from_slice(new.expose().as_bytes());
        let tag = key
            .seal_in_place_separate_tag(nonce, Aad::empty(), &mut text)
            .ok()?;
        let all = [&salt, text.as_slice(), tag.as_ref()].concat();
        Some(Self(STANDARD.encode(all)))
    }

    /// Returns the token, or `None` if it was sealed for another one or is damaged.
    pub(crate) fn open(&self, old: &Secret) -> Option<Secret> {
        let mut all = Zeroizing::new(STANDARD.decode(&self.0).ok()?);
        let (salt, text) = all.split_at_mut_checked(SALT_BYTES)?;
        let (key, nonce) = key(salt, old)?;
        let text = key.open_in_place(nonce, Aad::empty(), text).ok()?;
        Some(Secret::new(std::str::from_utf8(text).ok()?))
    }
}

/// The salt, and with it the key, is new for each message, so one nonce is enough.
fn key(salt: &[u8], old: &Secret) -> Option<(LessSafeKey, Nonce)> {
    let secret = Salt::new(HKDF_SHA256, salt).extract(old.expose().as_bytes());
    let made = secret.expand(&[PURPOSE], &AES_256_GCM).ok()?;
    let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
    Some((LessSafeKey::new(UnboundKey::from(made)), nonce))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_old_token_opens_the_new_one() {
        let [old, new, other] = ["0ld", "n3w-t0ken", "other"].map(Secret::new);
        let sealed = Sealed::new(&new, &old).unwrap();
        assert_eq!(sealed.open(&old), Some(new.clone()));
        assert_eq!(sealed.open(&other), None);
        assert!(!sealed.0.contains(new.expose()));
        assert_ne!(Sealed::new(&new, &old).unwrap(), sealed);
        for damaged in ["", "AAAA", "not base64", &sealed.0[4..]] {
            assert_eq!(Sealed(damaged.to_owned()).open(&old), None, "{damaged}");
        }
    }
}
