//! Where an issuer's metadata is, and whether an answer is that metadata (OpenID Connect Discovery §4, RFC 8414 §3).

use url::Url;

use crate::profile::metadata::Metadata;
use crate::term::text::{SHOWN_CHARACTERS, clean};
use crate::wire::answer::Answer;

const OPENID: &str = "/.well-known/openid-configuration";

const OAUTH: &str = "/.well-known/oauth-authorization-server";

/// The addresses to ask, in order: OpenID Connect appends its path to the issuer's, RFC 8414 §3.1 puts it before.
/// A terminating slash of the issuer is left out in both.
pub(crate) fn addresses(issuer: &str) -> Vec<String> {
    let Ok(url) = Url::parse(issuer) else {
        return Vec::new();
    };
    let path = url.path().trim_end_matches('/');
    let at = |path: &str| {
        let mut url = url.clone();
        url.set_path(path);
        url.to_string()
    };
    let mut all = vec![
        at(&format!("{path}{OPENID}")),
        at(&format!("{OAUTH}{path}")),
    ];
    if !path.is_empty() {
        all.push(at(&format!("{OPENID}{path}")));
    }
    all
}

/// Why an answer is not the metadata of the issuer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotMetadata {
    #[error("HTTP {0}")]
    Status(u16),
    #[error("not JSON")]
    NotJson,
    #[error("JSON without `issuer`")]
    NoIssuer,
    /// RFC 8414 §3.3: metadata that names another issuer must not be used.
    #[error("the metadata is that of `{}`", clean(.0, SHOWN_CHARACTERS))]
    OtherIssuer(String),
}

/// Reads `answer` as the metadata of `issuer`, which is compared character by character.
pub(crate) fn read(issuer: &str, answer: &Answer) -> Result<Metadata, NotMetadata> {
    if answer.status != 200 {
        return Err(NotMetadata::Status(answer.status));
    }
    let document = answer.json().map_err(|_| NotMetadata::NotJson)?;
    let found = Metadata::of(&document).ok_or(NotMetadata::NoIssuer)?;
    match found.issuer == issuer {
        true => Ok(found),
        false => Err(NotMetadata::OtherIssuer(found.issuer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;

    #[test]
    fn both_standards_place_the_path_of_an_issuer_differently() {
        let cases = [
            (
                "https://a.example",
                &[
                    "https://a.example/.well-known/openid-configuration",
                    "https://a.example/.well-known/oauth-authorization-server",
                ][..],
            ),
            (
                "https://a.example:8443/",
                &[
                    "https://a.example:8443/.well-known/openid-configuration",
                    "https://a.example:8443/.well-known/oauth-authorization-server",
                ],
            ),
            (
                "https://a.example/t/v2/",
                &[
                    "https://a.example/t/v2/.well-known/openid-configuration",
                    "https://a.example/.well-known/oauth-authorization-server/t/v2",
                    "https://a.example/.well-known/openid-configuration/t/v2",
                ],
            ),
        ];
        for (issuer, expected) in cases {
            assert_eq!(addresses(issuer), expected);
        }
    }

    #[test]
    fn only_metadata_of_exactly_this_issuer_is_used() {
        let read = |status, body: &str| {
            let answer = Answer {
                status,
                headers: Vec::new(),
                body: zeroize::Zeroizing::new(body.as_bytes().to_vec()),
                sent: Now {
                    unix_ms: 0,
                    boot: None,
                },
            };
            super::read("https://a.example", &answer).map(|found| found.issuer)
        };
        let other = |issuer: &str| Err(NotMetadata::OtherIssuer(issuer.to_owned()));
        for (status, body, expected) in [
            (
                200,
                r#"{"issuer":"https://a.example"}"#,
                Ok("https://a.example".to_owned()),
            ),
            (
                200,
                r#"{"issuer":"https://a.example/"}"#,
                other("https://a.example/"),
            ),
            (
                200,
                r#"{"issuer":"https://A.example"}"#,
                other("https://A.example"),
            ),
            (200, "{}", Err(NotMetadata::NoIssuer)),
            (200, "<html>", Err(NotMetadata::NotJson)),
            (
                404,
                r#"{"issuer":"https://a.example"}"#,
                Err(NotMetadata::Status(404)),
            ),
        ] {
            assert_eq!(read(status, body), expected, "{body}");
        }
    }
}
