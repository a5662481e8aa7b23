//! A cached token and the data that decides whether it can be used, as one line of JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::cache::error::Unreadable;
use crate::clock::{Boot, Now};
use crate::secret::Secret;
use crate::token::Token;

/// Raise it when the form changes: entries of other versions are misses.
const VERSION: u32 = 1;

/// A cached token.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The [digest](crate::cache::key::digest) of the inputs it was fetched for.
    pub digest: String,
    /// The token.
    pub token: Token,
    /// Tokens fetched for this key, including this one.
    pub fetches: u64,
    /// Known uses of this key's tokens without a fetch.
    pub reuses: u64,
}

/// [`Secret`] has no serializer on purpose; only this type writes a token.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    inputs: String,
    #[serde(with = "exposed")]
    access_token: Secret,
    token_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    kept: Map<String, Value>,
    sent_unix_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boot_id: Option<String>,
    #[serde(default)]
    sent_boot_ms: i64,
    lifetime_ms: i64,
    fetches: u64,
    #[serde(default)]
    reuses: u64,
}

#[derive(Deserialize)]
struct AnyVersion {
    version: u32,
}

mod exposed {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::secret::Secret;

    pub(super) fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        String::deserialize(from).map(Secret::new)
    }
}

/// Reads an entry; the error never quotes the bytes.
pub fn read(bytes: &[u8]) -> Result<Entry, Unreadable> {
    match serde_json::from_slice::<Stored>(bytes) {
        Ok(stored) if stored.version == VERSION => Ok(stored.into()),
        _ => match serde_json::from_slice::<AnyVersion>(bytes) {
            Ok(AnyVersion { version }) if version > VERSION => Err(Unreadable::Newer),
            _ => Err(Unreadable::Damaged),
        },
    }
}

/// Writes an entry.
#[must_use]
pub fn write(entry: &Entry) -> Zeroizing<Vec<u8>> {
    let token = &entry.token;
    let boot = token.sent.boot.as_ref();
    let stored = Stored {
        version: VERSION,
        inputs: entry.digest.clone(),
        access_token: token.access_token.clone(),
        token_type: token.token_type.clone(),
        scope: token.scope.clone(),
        kept: token.kept.clone(),
        sent_unix_ms: token.sent.unix_ms,
        boot_id: boot.map(|boot| boot.id.clone()),
        sent_boot_ms: boot.map_or(0, |boot| boot.ms),
        lifetime_ms: token.lifetime_ms,
        fetches: entry.fetches,
        reuses: entry.reuses,
    };
    // Large enough from the start: a growing Vec would leave a copy of the token behind.
    let size = token.access_token.expose().len() * 2 + 4096;
    let mut bytes = Zeroizing::new(Vec::with_capacity(size));
    if serde_json::to_writer(&mut *bytes, &stored).is_err() {
        bytes.clear();
    }
    bytes.push(b'\n');
    bytes
}

impl From<Stored> for Entry {
    fn from(stored: Stored) -> Self {
        let ms = stored.sent_boot_ms;
        Self {
            digest: stored.inputs,
            token: Token {
                access_token: stored.access_token,
                token_type: stored.token_type,
                scope: stored.scope,
                kept: stored.kept,
                sent: Now {
                    unix_ms: stored.sent_unix_ms,
                    boot: stored.boot_id.map(|id| Boot { id, ms }),
                },
                lifetime_ms: stored.lifetime_ms,
            },
            fetches: stored.fetches,
            reuses: stored.reuses,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let mut kept = Map::new();
        kept.insert("instance_url".into(), Value::from("https://x"));
        Entry {
            digest: "0123".into(),
            token: Token {
                access_token: Secret::new("t+/=\"\\é"),
                token_type: "Bearer".into(),
                scope: Some("a b".into()),
                kept,
                sent: Now {
                    unix_ms: 12,
                    boot: Some(Boot {
                        id: "b".into(),
                        ms: 34,
                    }),
                },
                lifetime_ms: 56,
            },
            fetches: 7,
            reuses: 8,
        }
    }

    #[test]
    fn written_entry_is_read_again() {
        assert_eq!(read(&write(&entry())), Ok(entry()));
    }

    #[test]
    fn entry_that_was_cut_or_changed_is_damaged() {
        let bytes = write(&entry());
        for cut in 0..bytes.len() - 1 {
            assert_eq!(
                read(&bytes[..cut]),
                Err(Unreadable::Damaged),
                "cut at {cut}"
            );
        }
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        for other in [
            text.replace("\"version\":1", "\"version\":0"),
            text.replace("\"lifetime_ms\":56", "\"lifetime_ms\":\"56\""),
            text.replace("\"access_token\"", "\"token\""),
            String::new(),
            "null".into(),
            "\0".repeat(100),
        ] {
            assert_eq!(read(other.as_bytes()), Err(Unreadable::Damaged), "{other}");
        }
        for newer in [
            text.replace("\"version\":1", "\"version\":2"),
            "{\"version\":3,\"all\":\"else\"}".into(),
        ] {
            assert_eq!(read(newer.as_bytes()), Err(Unreadable::Newer));
        }
    }
}
