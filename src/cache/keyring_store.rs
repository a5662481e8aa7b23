//! Entries in the OS keyring, for `cache = "keyring"`: who does not want tokens in files gets them encrypted at rest, for a D-Bus or system
//! call at each hit.
//!
//! Filed under the service of all of tok's secrets, user `token/` and the entry's stem. Locks stay in the cache folder: keyrings have none.

use crate::cache::directory::Trouble;
use crate::secret::Secret;
use crate::secrets::keyring;

/// The most bytes that Windows takes in one credential (`CRED_MAX_CREDENTIAL_BLOB_SIZE`).
#[cfg(windows)]
const LARGEST_BYTES: usize = 2560;

fn user(stem: &str) -> String {
    format!("token/{stem}")
}

/// The entry's bytes; none when there is no such entry.
///
/// # Errors
/// When the keyring cannot be reached, is locked, or does not answer in time.
pub(super) fn read(stem: &str) -> Result<Option<Secret>, Trouble> {
    keyring::get(&user(stem)).map_err(|failure| about(stem, &failure.to_string()))
}

/// Stores the entry's bytes, replacing what was there.
///
/// # Errors
/// As [`read`], and when the entry is larger than the platform allows.
pub(super) fn write(stem: &str, bytes: &[u8]) -> Result<(), Trouble> {
    #[cfg(windows)]
    if bytes.len() > LARGEST_BYTES {
        return Err(about(
            stem,
            &format!(
                "the token and what belongs to it take {} bytes, but Windows takes at most {LARGEST_BYTES}; use `cache = \"file\"`",
                bytes.len()
            ),
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| about(stem, "is not UTF-8"))?;
    keyring::set(&user(stem), &Secret::new(text))
        .map_err(|failure| about(stem, &failure.to_string()))
}

/// Removes the entry; whether it was there.
///
/// # Errors
/// As [`read`].
pub(super) fn remove(stem: &str) -> Result<bool, Trouble> {
    keyring::delete(&user(stem)).map_err(|failure| about(stem, &failure.to_string()))
}

fn about(stem: &str, what: &str) -> Trouble {
    Trouble(format!("keyring entry `{}`: {what}", user(stem)))
}
