//! A token as it stands in a file: everything needed to say whether it is the right one and still good.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::{Boot, Now};
use crate::secret::Secret;
use crate::token::Token;

/// The form of the file. An entry of another form is a miss and is overwritten by the next fetch.
const VERSION: u32 = 1;

/// An entry, as JSON. The secret types of [`Token`] have no serializer on purpose; this is the one place that writes one out.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    version: u32,
    /// The [digest](crate::cache::key::digest) of the inputs of the request.
    #[serde(borrow)]
    inputs: Cow<'a, str>,
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

/// The one member that every form of the file has.
#[derive(Deserialize)]
struct Form {
    version: u32,
}

/// Writes a secret's text out and takes it in again.
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

/// What a file held.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The token.
    pub token: Token,
    /// How many tokens were fetched under this key so far, this one included.
    pub fetches: u64,
    /// How often a token under this key was used without a fetch, as far as it could be counted.
    pub reuses: u64,
}

/// The entry in `bytes` if it is for inputs of this digest.
///
/// # Errors
/// What is wrong with the bytes, however damaged they are; nothing of them is shown.
pub fn read(bytes: &[u8], digest: &str) -> Result<Option<Entry>, &'static str> {
    let written = written(bytes)?;
    Ok((written.inputs == digest).then(|| written.into_entry()))
}

/// The entry in `bytes`, whatever it is for.
///
/// # Errors
/// As [`read`].
pub fn read_any(bytes: &[u8]) -> Result<Entry, &'static str> {
    written(bytes).map(Written::into_entry)
}

fn written(bytes: &[u8]) -> Result<Written<'_>, &'static str> {
    match serde_json::from_slice::<Written<'_>>(bytes) {
        Ok(written) if written.version == VERSION => Ok(written),
        _ => match serde_json::from_slice::<Form>(bytes) {
            Ok(form) if form.version > VERSION => Err("it was written by a newer tok"),
            _ => Err("it is damaged"),
        },
    }
}

/// The bytes of `entry`, which is for inputs of this digest.
#[must_use]
pub fn write(entry: &Entry, digest: &str) -> zeroize::Zeroizing<Vec<u8>> {
    let token = &entry.token;
    let written = Written {
        version: VERSION,
        inputs: digest.into(),
        access_token: token.access_token.clone(),
        token_type: token.token_type.clone(),
        scope: token.scope.clone(),
        kept: token.kept.clone(),
        sent_unix_ms: token.sent.unix_ms,
        boot_id: token.sent.boot.as_ref().map(|boot| boot.id.clone()),
        sent_boot_ms: token.sent.boot.as_ref().map_or(0, |boot| boot.ms),
        lifetime_ms: token.lifetime_ms,
        fetches: entry.fetches,
        reuses: entry.reuses,
    };
    // A buffer that is large enough from the start: a grown one would leave a copy of the token behind.
    let size = token.access_token.expose().len() * 2 + 4096;
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(size));
    if serde_json::to_writer(&mut *bytes, &written).is_err() {
        // Strings, numbers and JSON values always serialize; were it not so, an empty entry is a miss.
        bytes.clear();
    }
    bytes.push(b'\n');
    bytes
}

impl Written<'_> {
    fn into_entry(self) -> Entry {
        Entry {
            token: Token {
                access_token: self.access_token,
                token_type: self.token_type,
                scope: self.scope,
                kept: self.kept,
                sent: Now {
                    unix_ms: self.sent_unix_ms,
                    boot: self.boot_id.map(|id| Boot {
                        id,
                        ms: self.sent_boot_ms,
                    }),
                },
                lifetime_ms: self.lifetime_ms,
            },
            fetches: self.fetches,
            reuses: self.reuses,
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

    const DIGEST: &str = "0123";

    #[test]
    fn what_was_written_is_read_again() {
        let bytes = write(&entry(), DIGEST);
        assert_eq!(read(&bytes, DIGEST), Ok(Some(entry())));
        assert_eq!(read_any(&bytes), Ok(entry()));
    }

    #[test]
    fn an_entry_for_other_inputs_is_a_miss() {
        let bytes = write(&entry(), DIGEST);
        for other in ["", "012", "0124", "01234"] {
            assert_eq!(read(&bytes, other), Ok(None), "{other}");
        }
    }

    #[test]
    fn a_damaged_entry_is_known_wherever_it_was_cut_or_changed() {
        let bytes = write(&entry(), DIGEST);
        for cut in 0..bytes.len() - 1 {
            assert_eq!(
                read(&bytes[..cut], DIGEST),
                Err("it is damaged"),
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
            assert_eq!(
                read(other.as_bytes(), DIGEST),
                Err("it is damaged"),
                "{other}"
            );
        }
        for newer in [
            text.replace("\"version\":1", "\"version\":2"),
            "{\"version\":3,\"all\":\"else\"}".into(),
        ] {
            assert_eq!(
                read(newer.as_bytes(), DIGEST),
                Err("it was written by a newer tok")
            );
        }
    }
}
