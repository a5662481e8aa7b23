//! Bazel, and what else runs credential helpers of its kind: the answer to `get`.
//!
//! Format: "Credential Helpers Specification" (EngFlow/credential-helper-spec) and its schemas `GetCredentialsRequest` and
//! `GetCredentialsResponse`; `expires` is RFC 3339.

use serde_json::{Map, Value, json};

use crate::error::{Error, Kind};
use crate::output::rfc3339;
use crate::secret::Secret;

/// The `uri` of a request.
///
/// # Errors
/// A usage failure when there is none.
pub fn uri(request: &[u8]) -> Result<String, Error> {
    serde_json::from_slice::<Value>(request)
        .ok()
        .and_then(|request| Some(request.get("uri")?.as_str()?.to_owned()))
        .ok_or_else(|| {
            Error::new(
                Kind::Usage,
                "stdin is no request of a credential helper, as in `{\"uri\": \"https://…\"}`",
            )
        })
}

/// What is said where no credential is to be given, and a line end.
pub const NOTHING: &str = "{\"headers\":{}}\n";

/// The answer with each line of `header`, which are header fields as [`crate::output::header`] gives them, and a line end.
#[must_use]
pub fn answer(header: &Secret, expires_at_unix_ms: Option<i64>) -> Secret {
    let mut headers = Map::new();
    for (name, value) in header
        .expose()
        .lines()
        .filter_map(|line| line.split_once(':'))
    {
        let values = headers
            .entry(name)
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(values) = values {
            values.push(json!(value.trim()));
        }
    }
    let mut answer = json!({ "headers": headers });
    if let Some(expires) = expires_at_unix_ms {
        answer["expires"] = json!(rfc3339(expires));
    }
    let mut out = Secret::new(answer.to_string());
    out.push("\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_a_uri() {
        assert_eq!(
            uri(br#"{"uri":"https://a/b","more":1}"#).unwrap(),
            "https://a/b"
        );
        for bad in ["", "{}", "[]", "{\"uri\":1}", "https://a/b"] {
            assert_eq!(
                uri(bad.as_bytes()).unwrap_err().kind(),
                Kind::Usage,
                "{bad}"
            );
        }
    }

    #[test]
    fn an_answer_has_every_header_and_says_until_when() {
        let header = Secret::new("Authorization: Bearer a:b\nX-Tenant: 1\nX-Tenant: 2\n");
        assert_eq!(
            answer(&header, Some(0)).expose(),
            "{\"headers\":{\"Authorization\":[\"Bearer a:b\"],\"X-Tenant\":[\"1\",\"2\"]},\"expires\":\"1970-01-01T00:00:00Z\"}\n"
        );
        assert_eq!(answer(&Secret::new(""), None).expose(), NOTHING);
    }
}
