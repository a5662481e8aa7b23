//! The functions an expression may call, and the engine that calls them: the few that real token endpoints need, and nothing
//! that reads a file, runs a program or loops.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::value::Value;
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// Every function, as it is called, with what it gives: for help, documentation and messages.
pub const FUNCTIONS: [(&str, &str); 6] = [
    ("base64(text)", "base64 with padding (RFC 4648 §4)"),
    (
        "urlencode(text)",
        "percent-encoding of all but unreserved characters (RFC 3986 §2.3)",
    ),
    ("sha256(text)", "SHA-256 in lower-case hex"),
    (
        "hmac_sha256(key, text)",
        "HMAC-SHA-256 (RFC 2104) in lower-case hex",
    ),
    ("uuid()", "a random UUID (RFC 9562, version 4)"),
    (
        "now(format)",
        "the time in UTC, in a strftime format; \"%s\" is Unix seconds",
    ),
];

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `text` percent-encoded: a space is `%20`, never `+`, since some servers only percent-decode and none mistakes `%20`.
#[must_use]
pub fn percent_encode(text: &str) -> Secret {
    let mut out = Secret::default();
    for piece in utf8_percent_encode(text, RESERVED) {
        out.push(piece);
    }
    out
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes all that is written to it");
        out
    })
}

/// Asked for the result of a function, by its name and arguments, before it is computed; none to have it computed.
pub type Standin = Arc<dyn Fn(&str, &[&str]) -> Option<String> + Send + Sync>;

fn engine(standin: Option<&Standin>) -> Environment<'static> {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    let asked = |name: &'static str| {
        let standin = standin.cloned();
        move |arguments: &[&str]| {
            standin
                .as_ref()
                .and_then(|standin| standin(name, arguments))
        }
    };
    let first = asked("base64");
    engine.add_function("base64", move |text: &str| {
        first(&[text]).unwrap_or_else(|| STANDARD.encode(text))
    });
    let first = asked("urlencode");
    engine.add_function("urlencode", move |text: &str| {
        first(&[text]).unwrap_or_else(|| percent_encode(text).expose().to_owned())
    });
    let first = asked("sha256");
    engine.add_function("sha256", move |text: &str| {
        first(&[text]).unwrap_or_else(|| hex(&Sha256::digest(text.as_bytes())))
    });
    let first = asked("hmac_sha256");
    engine.add_function("hmac_sha256", move |key: &str, text: &str| {
        first(&[key, text]).unwrap_or_else(|| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
                .expect("HMAC takes a key of any length (RFC 2104 §2)");
            mac.update(text.as_bytes());
            hex(&mac.finalize().into_bytes())
        })
    });
    let first = asked("uuid");
    engine.add_function("uuid", move || first(&[]).map_or_else(uuid, Ok));
    let first = asked("now");
    engine.add_function("now", move |format: &str| {
        first(&[format]).map_or_else(|| now(format), Ok)
    });
    engine
}

/// A version 4 UUID (RFC 9562 §5.4).
fn uuid() -> Result<String, minijinja::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        minijinja::Error::new(
            ErrorKind::InvalidOperation,
            format!("no random bytes: {error}"),
        )
    })?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex(&bytes);
    Ok([
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..],
    ]
    .join("-"))
}

/// The present time in UTC, in a strftime format.
fn now(format: &str) -> Result<String, minijinja::Error> {
    jiff::fmt::strtime::format(format, &Timestamp::now().to_zoned(TimeZone::UTC)).map_err(|error| {
        minijinja::Error::new(
            ErrorKind::InvalidOperation,
            format!("now(\"{format}\"): {error}"),
        )
    })
}

/// Compiles `expression` without evaluating it, and checks that it calls only what there is.
///
/// # Errors
/// A message that quotes the expression.
pub(super) fn check(expression: &str) -> Result<(), String> {
    let engine = engine(None);
    engine
        .compile_expression(expression)
        .map_err(|error| message(expression, &error))?;
    for word in super::words(expression) {
        let called = word.path.join(".");
        let known = || {
            FUNCTIONS
                .iter()
                .map(|(call, _)| &call[..call.find('(').unwrap_or(call.len())])
        };
        if word.is_call && !super::is_keyword(&word.path) && !known().any(|name| name == called) {
            return Err(format!(
                "`${{{expression}}}`: there is no function `{called}` (there are {})",
                known().collect::<Vec<_>>().join(", ")
            ));
        }
    }
    if let Some(filter) = filter_in(expression) {
        return Err(format!(
            "`${{{expression}}}`: there is no filter `{filter}`; functions are called, as in `base64(client_id)`"
        ));
    }
    Ok(())
}

/// The name after the first `|` outside a string literal: tok has functions and no filters.
fn filter_in(expression: &str) -> Option<&str> {
    let bytes = expression.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => at = super::after_string(bytes, at, quote),
            b'|' => return Some(expression[at + 1..].trim()),
            _ => at += 1,
        }
    }
    None
}

/// Evaluates `expression` with the given names, each as its dotted path.
///
/// # Errors
/// A message that quotes the expression and never a value.
pub(super) fn evaluate(
    expression: &str,
    values: &[(Vec<&str>, Secret)],
    standin: Option<&Standin>,
) -> Result<Secret, String> {
    let engine = engine(standin);
    let compiled = engine
        .compile_expression(expression)
        .map_err(|error| message(expression, &error))?;
    let mut root = Node::default();
    for (path, value) in values {
        let leaf = path.iter().fold(&mut root, |node, segment| {
            node.members.entry((*segment).to_owned()).or_default()
        });
        leaf.text = Some(value.expose());
    }
    let result = compiled
        .eval(root.into_value())
        .map_err(|error| message(expression, &error))?;
    match result.as_str() {
        Some(text) => Ok(Secret::new(text)),
        None if result.is_number() => Ok(Secret::new(result.to_string())),
        None => Err(format!("`${{{expression}}}` gives no text")),
    }
}

/// A name's place in the tree that an expression sees.
#[derive(Default)]
struct Node<'a> {
    text: Option<&'a str>,
    members: BTreeMap<String, Node<'a>>,
}

impl Node<'_> {
    fn into_value(self) -> Value {
        match self.text {
            Some(text) if self.members.is_empty() => Value::from(text),
            _ => Value::from_pairs(
                self.members
                    .into_iter()
                    .map(|(name, node)| (name, node.into_value())),
            ),
        }
    }
}

/// The engine's complaint in one line. Its kind and detail speak of the expression; values never come into them because
/// the engine's `debug` feature, which records them, is off.
fn message(expression: &str, error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("`${{{expression}}}`: {detail}"),
        None => format!("`${{{expression}}}`: {}", error.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eval(expression: &str) -> Result<String, String> {
        check(expression)?;
        let values = [
            (vec!["client_id"], Secret::new("Jefe")),
            (
                vec!["secret", "a"],
                Secret::new("what do ya want for nothing?"),
            ),
        ];
        evaluate(expression, &values, None).map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn functions_give_what_their_standards_say() {
        let cases = [
            ("base64(client_id ~ ':x')", "SmVmZTp4"),
            ("urlencode('a b+c/é~')", "a%20b%2Bc%2F%C3%A9~"),
            (
                "sha256('abc')",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            // RFC 4231, test case 2.
            (
                "hmac_sha256(client_id, secret.a)",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            ("'}' ~ base64('')", "}"),
            ("client_id if secret.a else ''", "Jefe"),
        ];
        for (expression, expected) in cases {
            assert_eq!(eval(expression).as_deref(), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn a_uuid_is_random_and_of_version_four() {
        let (first, second) = (eval("uuid()").unwrap(), eval("uuid()").unwrap());
        assert_ne!(first, second);
        assert_eq!((first.len(), &first[14..15]), (36, "4"));
        assert!("89ab".contains(&first[19..20]), "{first}");
    }

    #[test]
    fn the_time_comes_in_the_format_asked_for() {
        let seconds: i64 = eval("now('%s')").unwrap().parse().unwrap();
        assert!((Timestamp::now().as_second() - seconds).abs() <= 1);
        assert_eq!(eval("now('%Y-%m-%dT%H:%M:%SZ')").unwrap().len(), 20);
        assert!(eval("now('%!')").unwrap_err().contains("now("));
    }

    #[test]
    fn what_cannot_be_evaluated_is_said_without_a_value() {
        for expression in [
            "base64()",
            "base64(",
            "client_id.x",
            "nothing",
            "client_id | upper",
            "[client_id]",
        ] {
            let message = eval(expression).unwrap_err();
            assert!(message.contains(expression), "{message}");
            assert!(!message.contains("Jefe"), "{message}");
        }
    }
}
