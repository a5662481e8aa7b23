//! Finds a provider's reason for a refusal in any of its many shapes, as one readable line.
//! RFC 6749 §5.2 has `error` and `error_description`; others nest, number, flatten or list them, or send a page.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::oauth::redact::Redactor;
use crate::oauth::shape::{Shape, without_tokens};
use crate::term::text::{SHOWN_CHARACTERS, clean};
use crate::wire::answer::Answer;
use crate::wire::document;

/// A refusal in the provider's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub(crate) code: Option<String>,
    pub(crate) number: Option<String>,
    pub(crate) description: Option<String>,
}

/// The standard's first.
const CODES: [&str; 10] = [
    "error",
    "code_reason",
    "error_code",
    "errorCode",
    "errcode",
    "code",
    "Code",
    "title",
    "type",
    "name",
];

/// The standard's first.
const DESCRIPTIONS: [&str; 14] = [
    "error_description",
    "message",
    "detail",
    "error_message",
    "errorMessage",
    "errorSummary",
    "description",
    "msg",
    "errmsg",
    "Message",
    "faultstring",
    "reason",
    "error_reason",
    "longMessage",
];

const INNER: [&str; 6] = ["error", "errors", "fault", "response", "status", "Error"];

/// No provider documents a deeper refusal, and a hostile answer must not exhaust the stack.
const DEEPEST: usize = 4;

impl Refusal {
    /// Whether a grant, such as a refresh token, is refused rather than the client or the request (RFC 6749 §5.2).
    #[must_use]
    pub(crate) fn is_invalid_grant(&self) -> bool {
        self.code.as_deref() == Some("invalid_grant")
    }

    #[must_use]
    pub(crate) fn in_json(document: &Value) -> Option<Self> {
        let found = match (Self::at(document, DEEPEST), only_member(document)) {
            (nothing, Some(inner)) if nothing == Self::default() => Self::at(inner, DEEPEST),
            (found, _) => found,
        };
        (found != Self::default()).then_some(found)
    }

    fn at(value: &Value, depth: usize) -> Self {
        match value {
            Value::String(text) => Self {
                description: words(text),
                ..Self::default()
            },
            Value::Array(items) if depth > 0 => items
                .first()
                .map_or_else(Self::default, |item| Self::at(item, depth - 1)),
            Value::Object(members) => Self::in_object(members, depth),
            _ => Self::default(),
        }
    }

    fn in_object(members: &Map<String, Value>, depth: usize) -> Self {
        let text = |key: &str| match members.get(key) {
            Some(Value::String(text)) => words(text),
            _ => None,
        };
        let mut refusal = Self {
            code: CODES
                .iter()
                .find_map(|key| text(key).filter(|text| !is_number(text))),
            number: CODES.iter().find_map(|key| match members.get(*key) {
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => text(key).filter(|text| is_number(text)),
            }),
            description: DESCRIPTIONS.iter().find_map(|key| match members.get(*key) {
                Some(Value::Array(items)) => items.first().and_then(Value::as_str).and_then(words),
                _ => text(key),
            }),
        };
        if depth > 0 && refusal.description.is_none() {
            let inner = INNER
                .iter()
                .filter_map(|key| {
                    members
                        .get(*key)
                        .filter(|inner| inner.is_object() || inner.is_array())
                })
                .map(|inner| Self::at(inner, depth - 1))
                .find(|inner| *inner != Self::default());
            if let Some(inner) = inner {
                refusal = Self {
                    code: inner.code.or(refusal.code),
                    number: inner.number.or(refusal.number),
                    description: inner.description,
                };
            }
        }
        refusal
    }

    /// Damaged JSON or a damaged form may be a success with the token in it, so it is not shown.
    #[must_use]
    pub(crate) fn in_answer(answer: &Answer) -> Option<Self> {
        let text = answer.text();
        // Words are only read, so a repeated member does no harm.
        let plain = match serde_json::from_str(&text) {
            Ok(document) => match bare_text(&document) {
                Some(text) => text.to_owned(),
                None => return Self::in_json(&document),
            },
            Err(_) => match Shape::of(&text) {
                Shape::Form => {
                    let form = document::read_form(&text).ok()?;
                    return Self::in_json(&Value::Object(form));
                }
                Shape::Html | Shape::Xml => {
                    let title = page_title(&text).unwrap_or_default().trim();
                    // A title is written for people: one word of letters is not a token.
                    if !title.is_empty() && title.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                        return Some(Self {
                            description: words(title),
                            ..Self::default()
                        });
                    }
                    title.to_owned()
                }
                Shape::Text | Shape::Word => text.into_owned(),
                Shape::Json | Shape::Empty => return None,
            },
        };
        words(&without_tokens(&plain))
            .filter(|words| is_sentence_or_code(words))
            .map(|description| Self {
                description: Some(description),
                ..Self::default()
            })
    }
}

impl Refusal {
    #[must_use]
    pub(crate) fn shown(self, redactor: &Redactor) -> Self {
        self.redacted(&|text| clean(&redactor.apply(&text), SHOWN_CHARACTERS))
    }

    #[must_use]
    pub(crate) fn redacted(self, change: &dyn Fn(String) -> String) -> Self {
        Self {
            code: self.code.map(change),
            number: self.number.map(change),
            description: self.description.map(change),
        }
    }
}

/// Whether a 2xx is a refusal all the same. Providers also write `"error": null`, `""`, `0` or `false` on success.
#[must_use]
pub(crate) fn is_refusal(document: &Value) -> bool {
    let says_so = |key: &str| match document.get(key) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty() && text != "0",
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(Value::Bool(true)) => true,
    };
    let denies = |key: &str| document.get(key) == Some(&Value::Bool(false));
    says_so("error") || says_so("errors") || denies("ok") || denies("success")
}

/// Whether plain text is several words, or one like `invalid_client`; anything else could be a token.
fn is_sentence_or_code(text: &str) -> bool {
    let is_lower = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    text.trim().contains(' ') || text.bytes().all(is_lower)
}

/// The text of a document that is only text, or a list of texts.
fn bare_text(document: &Value) -> Option<&str> {
    match document {
        Value::String(text) => Some(text),
        Value::Array(items) => items.first().and_then(bare_text),
        _ => None,
    }
}

/// The root element in XML.
fn only_member(document: &Value) -> Option<&Value> {
    let members = document.as_object().filter(|members| members.len() == 1)?;
    members.values().next().filter(|member| member.is_object())
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut said = match (&self.code, &self.number) {
            (Some(code), Some(number)) => format!("{code} ({number})"),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => String::new(),
        };
        match &self.description {
            Some(description) if said.is_empty() => said.clone_from(description),
            Some(description) if *description != said => {
                said.push_str(": ");
                said.push_str(description);
            }
            _ => {}
        }
        f.write_str(&said)
    }
}

/// Not yet cut to the shown length: a secret must be found before a cut hides half of it.
fn words(text: &str) -> Option<String> {
    /// Longer than is ever shown, so that the second cut removes anything that this one halves.
    const KEPT_CHARACTERS: usize = 16 * SHOWN_CHARACTERS;
    let text = clean(text, KEPT_CHARACTERS);
    (!text.is_empty()).then_some(text)
}

fn is_number(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// The title of an HTML page from a proxy or a firewall says most.
fn page_title(page: &str) -> Option<&str> {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = start + lower[start..].find('<')?;
    page.get(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;
    use zeroize::Zeroizing;

    fn said(body: &str) -> Option<String> {
        let answer = Answer {
            status: 401,
            headers: Vec::new(),
            body: Zeroizing::new(body.as_bytes().to_vec()),
            sent: Now {
                unix_ms: 0,
                boot: None,
            },
        };
        Refusal::in_answer(&answer).map(|refusal| refusal.shown(&Redactor::default()).to_string())
    }

    #[test]
    fn every_shape_of_refusal_becomes_one_line() {
        let cases = [
            (
                r#"{ "error": "access_denied", "error_description": "Unauthorized" }"#,
                "access_denied: Unauthorized",
            ),
            (
                r#"{ "error": { "code": "400013", "code_reason": "invalid_request", "message": "Missing or invalid parameters" } }"#,
                "invalid_request (400013): Missing or invalid parameters",
            ),
            (
                r#"{ "code": "401021", "code_reason": "invalid_client", "message": "Invalid client_id, client_secret, or session_key" }"#,
                "invalid_client (401021): Invalid client_id, client_secret, or session_key",
            ),
            (
                r#"{ "error": { "code": "500999", "code_reason": "API_ERROR", "message": "Api Error, please contact customer service" } }"#,
                "API_ERROR (500999): Api Error, please contact customer service",
            ),
            (
                r#"{ "error": "Access forbidden for this resource." }"#,
                "Access forbidden for this resource.",
            ),
            (r#"{"error":"invalid_scope"}"#, "invalid_scope"),
            (
                r#"{"errors":[{"code":"NOT.AUTHORIZED","message":"no"}]}"#,
                "NOT.AUTHORIZED: no",
            ),
            (
                r#"{"response":{"errors":[{"code":"10401","message":"ClientId is Invalid"}]}}"#,
                "10401: ClientId is Invalid",
            ),
            (r#"{"fault":{"faultstring":"Invalid key"}}"#, "Invalid key"),
            (
                r#"{"error":{"code":403,"message":["first","second"]}}"#,
                "403: first",
            ),
            (
                r#"{"errorCode":"E0000011","errorSummary":"Invalid token"}"#,
                "E0000011: Invalid token",
            ),
            (
                r#"{"status":{"error":true,"code":401,"message":"Authentication Error"}}"#,
                "401: Authentication Error",
            ),
            (r#"{"error":{"code":400},"success":false}"#, "400"),
            (
                r#"{"title":"Unauthorized","detail":"bad key"}"#,
                "Unauthorized: bad key",
            ),
            ("just text", "just text"),
            ("\"quoted\"", "quoted"),
            ("invalid_client", "invalid_client"),
            (
                "error=incorrect_client_credentials&error_description=The+client_id+is+incorrect.",
                "incorrect_client_credentials: The client_id is incorrect.",
            ),
            (
                "<html><head><TITLE>403 Forbidden</TITLE></head>",
                "403 Forbidden",
            ),
            (r#"{"error":"\u001b[31mx\u202ey"}"#, "[31mxy"),
        ];
        for (body, expected) in cases {
            assert_eq!(said(body).as_deref(), Some(expected), "{body}");
        }
        for nothing in [
            "",
            "  ",
            "{}",
            "[]",
            "null",
            "7",
            "<html></html>",
            r#"{"error":null}"#,
            // A damaged success.
            r#"{"access_token":"REAL-token","expires_in":3600"#,
            r#"{"access_token":"REAL-token",}"#,
            r#"["REAL-token""#,
            "access_token=REAL-token&token_type=bearer",
            "access_token=REAL-token",
            "\"eyJhbGciOiJub25lIn0.eyJzdWIiOjF9.sig\"",
            "eyJhbGciOiJub25lIn0.eyJzdWIiOjF9.sig",
            "\"REALTOKEN123456\"",
            "REALTOKEN123456",
            "REALTOKEN123456\n",
            "\" REALTOKEN123456\"",
            "[\"REALTOKEN123456\"]",
            "[[\"REALTOKEN123456\"]]",
            "Realtoken",
            "<title>REALTOKEN123456</title>",
            "abc123",
            r#"sorry: {"access_token":"REAL-token"}"#,
        ] {
            assert_eq!(said(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn deep_answer_does_not_exhaust_the_stack_and_a_long_one_is_cut() {
        let deep = format!("{}{}", r#"{"error":"#.repeat(100), "}".repeat(100));
        assert_eq!(said(&deep.replace(":}", ":0}")), None);
        let long = said(&format!("a {}", "x".repeat(100_000))).unwrap();
        assert_eq!(long.chars().count(), SHOWN_CHARACTERS + 1);
    }

    #[test]
    fn a_secret_that_straddles_the_cut_does_not_show_its_first_half() {
        let secret = crate::secret::Secret::new("hunter2hunter2");
        let refusal = Refusal {
            description: words(&format!(
                "{}hunter2hunter2",
                "x".repeat(SHOWN_CHARACTERS - 7)
            )),
            ..Refusal::default()
        };
        let shown = refusal
            .shown(&Redactor::new([&secret].into_iter()))
            .to_string();
        assert!(!shown.contains("hunter"), "{shown}");
    }

    #[test]
    fn only_a_real_error_makes_a_success_a_refusal() {
        let refusals = [
            r#"{"error":"x"}"#,
            r#"{"error":{"code":1}}"#,
            r#"{"ok":false}"#,
            r#"{"success":false}"#,
            r#"{"errors":["x"]}"#,
        ];
        let successes = [
            r#"{"error":null}"#,
            r#"{"error":""}"#,
            r#"{"error":0}"#,
            r#"{"error":false}"#,
            r#"{"errors":[]}"#,
            r#"{"ok":true}"#,
            "{}",
            "[]",
        ];
        for body in refusals {
            assert!(is_refusal(&serde_json::from_str(body).unwrap()), "{body}");
        }
        for body in successes {
            assert!(!is_refusal(&serde_json::from_str(body).unwrap()), "{body}");
        }
    }
}
