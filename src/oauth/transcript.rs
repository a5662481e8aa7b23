//! A request and an answer as `-v` shows them: fit to paste into a bug report.
//! A request is built a second time with names in place of its secrets, so nothing has to be searched for and replaced.
//! An answer's strings are left out except in members where OAuth puts public words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::oauth::redact::Redactor;
use crate::term::notes::LONGEST_CHARACTERS;
use crate::term::text::clean;
use crate::wire::answer::Answer;
use crate::wire::request::Request;

const HARMLESS: [&str; 12] = [
    "token_type",
    "expires_in",
    "scope",
    "error",
    "error_description",
    "error_uri",
    "code",
    "code_reason",
    "message",
    "expires_at",
    "status",
    "detail",
];

const SHOWN_FIELDS: [&str; 8] = [
    "content-type",
    "content-length",
    "content-encoding",
    "date",
    "retry-after",
    "server",
    "location",
    "www-authenticate",
];

#[must_use]
pub(crate) fn request(request: &Request) -> Vec<String> {
    let mut lines = vec![format!(
        "> {} {}",
        request.method.name(),
        readable(request.url.expose())
    )];
    for (name, value) in &request.headers {
        lines.push(format!("> {name}: {}", readable(value.expose())));
    }
    if let Some(body) = request.body.as_ref().filter(|body| !body.is_empty()) {
        lines.push(format!("> {}", readable(body.expose())));
    }
    lines
}

/// Shows the names of secrets also where the request encodes them: in Basic credentials and in forms.
fn readable(text: &str) -> String {
    let pair = text
        .strip_prefix("Basic ")
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .and_then(|pair| String::from_utf8(pair).ok());
    let text = pair.map_or_else(|| text.to_owned(), |pair| format!("Basic base64({pair})"));
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("%3C") {
        out.push_str(before);
        let name = after.split_once("%3E").filter(|(name, _)| {
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        });
        rest = match name {
            Some((name, after)) => {
                out.push_str(&format!("<{name}>"));
                after
            }
            None => {
                out.push_str("%3C");
                after
            }
        };
    }
    out.push_str(rest);
    out
}

/// `redactor` knows the secrets that may come back in a member that is shown.
#[must_use]
pub(crate) fn answer(answer: &Answer, redactor: &Redactor) -> Vec<String> {
    let mut lines = vec![format!("< HTTP {}", answer.status)];
    for (name, value) in &answer.headers {
        if name == "location" {
            lines.push(format!(
                "< {name}: {}",
                value.split(['?', '#']).next().unwrap_or_default()
            ));
        } else if SHOWN_FIELDS.contains(&name.as_str()) {
            lines.push(format!("< {name}: {value}"));
        } else {
            lines.push(format!("< {name}: …"));
        }
    }
    lines.push(match answer.json() {
        Ok(document) => format!("< {}", shape(None, &document)),
        Err(_) => format!("< {} bytes that are no JSON", answer.body.len()),
    });
    // Cut first: the provider controls both the length of a line and what is searched for in it.
    lines
        .iter()
        .map(|line| redactor.apply(&clean(line, LONGEST_CHARACTERS)))
        .collect()
}

fn shape(name: Option<&str>, value: &Value) -> Value {
    let harmless = name.is_some_and(|name| HARMLESS.contains(&name));
    match value {
        Value::String(text) if !harmless => {
            Value::from(format!("<{} characters>", text.chars().count()))
        }
        // A token may be a number.
        Value::Number(_) if !harmless => Value::from("<number>"),
        Value::Array(items) => items.iter().map(|item| shape(name, item)).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| (name.clone(), shape(Some(name), member)))
                .collect::<Map<_, _>>(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;
    use crate::secret::Secret;
    use zeroize::Zeroizing;

    #[test]
    fn an_answers_strings_are_left_out_but_for_oauths_own_words() {
        let body = r#"{"data":{"access_token":"hunter2","token_type":"Bearer","expires_in":60,"x":["hunter2",7]},"error":{"message":"m"}}"#;
        let answer = Answer {
            status: 200,
            headers: vec![
                ("content-type".into(), "application/json".into()),
                ("set-cookie".into(), "session=hunter2".into()),
                ("location".into(), "https://a/?token=hunter2".into()),
            ],
            body: Zeroizing::new(body.as_bytes().to_vec()),
            sent: Now {
                unix_ms: 0,
                boot: None,
            },
        };
        let lines = super::answer(&answer, &Redactor::default());
        assert_eq!(
            lines,
            [
                "< HTTP 200",
                "< content-type: application/json",
                "< set-cookie: …",
                "< location: https://a/",
                r#"< {"data":{"access_token":"<7 characters>","token_type":"Bearer","expires_in":60,"x":["<7 characters>","<number>"]},"error":{"message":"m"}}"#,
            ]
        );
    }

    #[test]
    fn a_request_shows_by_name_what_it_leaves_out() {
        for (text, expected) in [
            (
                "Basic aWQ6JTNDY2xpZW50X3NlY3JldCUzRQ==",
                "Basic base64(id:<client_secret>)",
            ),
            (
                "client_id=id&client_secret=%3Cclient_secret%3E&x=%3Cstep.login.key%3E",
                "client_id=id&client_secret=<client_secret>&x=<step.login.key>",
            ),
            ("a=%3Cb+c%3E&d=%3C", "a=%3Cb+c%3E&d=%3C"),
            ("Basic of nothing", "Basic of nothing"),
        ] {
            assert_eq!(readable(text), expected);
        }
    }

    #[test]
    fn a_secret_that_comes_back_in_a_harmless_place_is_not_shown() {
        let answer = Answer {
            status: 401,
            headers: vec![("www-authenticate".into(), "Bearer s3cret".into())],
            body: Zeroizing::new(br#"{"error_description":"no s3cret","status":"t0ken"}"#.to_vec()),
            sent: Now {
                unix_ms: 0,
                boot: None,
            },
        };
        let secrets = [Secret::new("s3cret"), Secret::new("t0ken")];
        let redactor = Redactor::new(secrets.iter());
        assert_eq!(
            super::answer(&answer, &redactor)[1..],
            [
                "< www-authenticate: Bearer ***",
                r#"< {"error_description":"no ***","status":"***"}"#,
            ]
        );
    }
}
