//! Guesses the kind of a body that cannot be read, for the hint and for whether its words may be shown.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::profile::pointer::Pointer;
use crate::wire::answer::Answer;

/// The apparent kind of a text. The cache stores the names: add, never rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// It is empty.
    Empty,
    /// JSON, complete or not.
    Json,
    /// A web page.
    Html,
    /// XML.
    Xml,
    /// A form.
    Form,
    /// One word, which may be a token.
    Word,
    /// Anything else.
    Text,
}

impl Shape {
    #[must_use]
    pub(crate) fn of(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Empty;
        }
        if text.starts_with('<') {
            let start: String = text.chars().take(2000).collect();
            let start = start.to_ascii_lowercase();
            let is_page = ["<!doctype html", "<html", "<head", "<body", "<title"]
                .iter()
                .any(|tag| start.contains(tag));
            return if is_page { Self::Html } else { Self::Xml };
        }
        if text.starts_with(['{', '[', '"']) || text.contains("\":") || text.contains("{\"") {
            return Self::Json;
        }
        if is_form(text) {
            return Self::Form;
        }
        match text.contains(char::is_whitespace) {
            true => Self::Text,
            false => Self::Word,
        }
    }
}

/// `name=value` twice or more, or once with a name that OAuth knows: a token in base64 may end in `=`.
fn is_form(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-[]%".contains(&byte))
    };
    let pairs: Vec<Option<(&str, &str)>> = text
        .split('&')
        .map(|pair| pair.split_once('=').filter(|(name, _)| is_name(name)))
        .collect();
    !text.contains(char::is_whitespace)
        && pairs.iter().all(Option::is_some)
        && (pairs.len() > 1
            || pairs.iter().flatten().any(|(name, value)| {
                !value.is_empty()
                    && ["access_token", "token", "error"]
                        .iter()
                        .any(|known| name.eq_ignore_ascii_case(known))
            }))
}

/// A provider's plain words may contain a token that tok does not know.
#[must_use]
pub(crate) fn without_tokens(text: &str) -> String {
    /// A run of this many characters from a token's alphabet, with digits and letters, is unlikely to be a word.
    const TOKEN: usize = 20;
    let is_token = |run: &str| {
        run.len() >= TOKEN
            && run.bytes().any(|byte| byte.is_ascii_digit())
            && run.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    let is_of_token =
        |character: char| character.is_ascii_alphanumeric() || "-._~+/".contains(character);
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_of_token) {
        let (before, from) = rest.split_at(start);
        let end = from
            .find(|character| !is_of_token(character))
            .unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        out.push_str(before);
        out.push_str(if is_token(run) { "***" } else { run });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[must_use]
pub(crate) fn token_in(document: &Value) -> Option<String> {
    /// A hostile answer must not cost more.
    const DEEPEST: usize = 4;
    let mut found: Vec<(usize, Vec<String>)> = Vec::new();
    collect(document, &mut Vec::new(), DEEPEST, &mut found);
    found.sort_by_key(|(rank, path)| (*rank, path.len()));
    let (_, path) = found.into_iter().next()?;
    Some(Pointer::of(&path).source().to_owned())
}

fn collect(
    value: &Value,
    path: &mut Vec<String>,
    depth: usize,
    found: &mut Vec<(usize, Vec<String>)>,
) {
    let mut member = |name: String, value: &Value| {
        path.push(name);
        if depth > 0 {
            collect(value, path, depth - 1, found);
        }
        path.pop();
    };
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                member(name.clone(), value);
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                member("0".to_owned(), first);
            }
        }
        Value::String(text) if is_usable(text) => {
            if let Some(rank) = path.last().and_then(|name| rank(name)) {
                found.push((rank, path.clone()));
            }
        }
        _ => {}
    }
}

fn is_usable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn rank(name: &str) -> Option<usize> {
    const NAMES: [&str; 10] = [
        "accesstoken",
        "token",
        "authtoken",
        "bearertoken",
        "apitoken",
        "sessiontoken",
        "authenticationtoken",
        "jwt",
        "idtoken",
        "sessionid",
    ];
    let plain: String = name
        .chars()
        .filter(|character| character.is_ascii_alphanumeric())
        .map(|character| character.to_ascii_lowercase())
        .collect();
    NAMES.iter().position(|known| *known == plain)
}

#[must_use]
pub(crate) fn token_in_headers(answer: &Answer) -> Option<String> {
    answer
        .headers
        .iter()
        .find(|(name, value)| name.ends_with("token") && is_usable(value))
        .map(|(name, _)| format!("header:{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn body_kinds_are_recognised() {
        let cases = [
            (" \n", Shape::Empty),
            (r#"{"access_token":"REAL"#, Shape::Json),
            (r#""eyJ.eyJ.s""#, Shape::Json),
            (r#"error {"a":1}"#, Shape::Json),
            (r#")]}',{"a":1}"#, Shape::Json),
            ("<!DOCTYPE html><p>", Shape::Html),
            ("<html>", Shape::Html),
            ("<?xml version=\"1.0\"?><a/>", Shape::Xml),
            ("<Response><Token>t</Token></Response>", Shape::Xml),
            ("access_token=a.b&token_type=bearer", Shape::Form),
            ("access_token=abc", Shape::Form),
            ("error=", Shape::Word),
            ("NgXCXRKcMz0Yjw=", Shape::Word),
            ("aGVsbG8==", Shape::Word),
            ("eyJ.eyJ.s", Shape::Word),
            ("Internal error, a=b&c=d", Shape::Text),
        ];
        for (text, expected) in cases {
            assert_eq!(Shape::of(text), expected, "{text}");
        }
    }

    #[test]
    fn words_that_look_like_tokens_are_left_out() {
        for (text, expected) in [
            ("no such client", "no such client"),
            (
                "see https://developer.example.com/errors",
                "see https://developer.example.com/errors",
            ),
            ("token abcdefghij0123456789 expired", "token *** expired"),
            ("access_token=sk-418e41a74ca2e7d941fa;", "access_token=***;"),
        ] {
            assert_eq!(without_tokens(text), expected);
        }
    }

    #[test]
    fn a_token_elsewhere_is_found_by_its_name() {
        for (document, expected) in [
            (json!({"token": "t"}), Some("/token")),
            (
                json!({"accessToken": "t", "token": "u"}),
                Some("/accessToken"),
            ),
            (json!({"data": {"token": "t"}}), Some("/data/token")),
            (
                json!({"data": {"Access-Token": "t"}, "x": {"jwt": "u"}}),
                Some("/data/Access-Token"),
            ),
            (
                json!({"a/b": [{"auth_token": "t"}]}),
                Some("/a~1b/0/auth_token"),
            ),
            (json!({"token": ""}), None),
            (json!({"token": {"value": "t"}}), None),
            (json!({"token_type": "bearer"}), None),
            (json!("t"), None),
        ] {
            assert_eq!(token_in(&document).as_deref(), expected, "{document}");
        }
    }
}
