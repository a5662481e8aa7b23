//! Secrets inside JSON: the key files that cloud consoles hand out hold the private key as one member among others.

use serde_json::Value;

use crate::error::{Error, Kind};
use crate::profile::pointer::{self, Pointer};
use crate::secret::Secret;

/// The text at `pointer` in `json`.
pub(super) fn read(json: &Secret, pointer: &Pointer) -> Result<Secret, Error> {
    let failed = |message: String| Error::new(Kind::Secret, message);
    // Of serde_json's complaint only the place: the rest may quote the text.
    let mut document: Value = serde_json::from_str(json.expose()).map_err(|error| {
        failed(format!(
            "what is there is no JSON (line {}, column {})",
            error.line(),
            error.column()
        ))
    })?;
    pointer
        .find(&document)
        .map_err(|nowhere| failed(nowhere.to_string()))?;
    // Taken out rather than copied, so that it is zeroed with the secret. The document's other strings, and what the parser unescaped them in, are not tok's to zero
    // (SECURITY.md).
    match document.pointer_mut(pointer.source()).map(Value::take) {
        Some(Value::String(text)) if !text.is_empty() => Ok(Secret::new(text)),
        Some(Value::String(_)) => Err(failed("the secret is empty".to_owned())),
        other => Err(failed(format!(
            "what stands there is {}, not a string",
            pointer::kind(&other.unwrap_or_default())
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_a_string_or_a_message_that_shows_nothing_of_the_text() {
        let file = r#"{"type":"service_account","private_key":"-----BEGIN\nhunter2","n":7,"e":""}"#;
        let read = |json: &str, pointer: &str| {
            read(&Secret::new(json), &Pointer::parse(pointer).unwrap())
                .map(|secret| secret.expose().to_owned())
                .map_err(|failure| (failure.kind(), failure.to_string().to_owned()))
        };
        assert_eq!(read(file, "/private_key").unwrap(), "-----BEGIN\nhunter2");
        for (json, pointer, expected) in [
            (file, "/key", "there is no `key`"),
            (file, "/n", "is a number, not a string"),
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
