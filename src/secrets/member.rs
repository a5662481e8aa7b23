//! Secrets inside JSON, such as the private key in a cloud console's key file.

use std::borrow::Cow;

use serde_json::Value;

use crate::profile::pointer::{self, Pointer};
use crate::secret::{NotASecret, Secret};
use crate::secrets::failure::Failure;

pub(super) fn read(json: &Secret, pointer: &Pointer) -> Result<Secret, Failure> {
    // serde_json's error may quote the text.
    let mut document: Value =
        serde_json::from_str(json.expose()).map_err(|error| Failure::NotJson {
            line: error.line(),
            column: error.column(),
        })?;
    let inner = match pointer.find(&document).map_err(Failure::Nowhere)? {
        Cow::Owned(value) => Some(value),
        Cow::Borrowed(_) => None,
    };
    // Taken out rather than copied, so that it is zeroed with the secret; the document's other strings are not (SECURITY.md).
    let value = inner.or_else(|| document.pointer_mut(pointer.source()).map(Value::take));
    match value {
        Some(Value::String(text)) if !text.is_empty() => Ok(Secret::new(text)),
        Some(Value::String(_)) => Err(NotASecret::Empty.into()),
        other => Err(Failure::NotAString(pointer::kind(
            &other.unwrap_or_default(),
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn a_member_is_a_string_or_a_message_that_shows_nothing_of_the_text() {
        let file = r#"{"type":"service_account","private_key":"-----BEGIN\nhunter2","n":7,"e":""}"#;
        let read = |json: &str, pointer: &str| {
            read(&Secret::new(json), &Pointer::parse(pointer).unwrap())
                .map(|secret| secret.expose().to_owned())
                .map_err(crate::error::Error::from)
                .map_err(|error| (error.kind(), error.to_string()))
        };
        assert_eq!(read(file, "/private_key").unwrap(), "-----BEGIN\nhunter2");
        for (json, pointer, expected) in [
            (file, "/key", "there is no `key`"),
            (file, "/n", "found a number, not a string"),
            (file, "/e", "the secret is empty"),
            ("hunter2", "/a", "no JSON (line 1, column"),
            ("{\"hunter2\": hunter2}", "/a", "no JSON (line 1, column"),
            ("", "/a", "no JSON"),
        ] {
            let (kind, message) = read(json, pointer).unwrap_err();
            assert_eq!(kind, Kind::Secret);
            assert!(message.contains(expected), "{pointer}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
