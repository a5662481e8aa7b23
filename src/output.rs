//! Prints a token raw, as header lines, or as JSON; each is complete before its first byte is written.

use std::io::{ErrorKind, Write};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::clock::Now;
use crate::error::{Error, Kind, OrFail, Subject};
use crate::get::Source;
use crate::process::stdout;
use crate::profile::Profile;
use crate::profile::template::Name;
use crate::secret::Secret;
use crate::term::text::{SHOWN_CHARACTERS, clean};
use crate::token::Token;

/// A closed pipe is not an error; a full disk is.
pub(crate) fn write(out: &mut dyn Write, answer: &str) -> Result<(), Error> {
    let failed = |error: Error| error.about(Subject::Action("could not write to stdout".into()));
    if !stdout::was_open() {
        return Err(failed(Error::new(Kind::Unexpected, "it is closed")));
    }
    match out.write_all(answer.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.or_fail(Kind::Unexpected).map_err(failed),
    }
}

#[must_use]
pub(crate) fn raw(token: &Token) -> Secret {
    let mut out = Secret::default();
    out.push(token.access_token.expose());
    out.push("\n");
    out
}

pub(crate) fn header(
    profile: &Profile,
    token: &Token,
    secret: &dyn Fn(&str) -> Result<Secret, Error>,
) -> Result<Secret, Error> {
    let mut out = Secret::default();
    let Some(lines) = &profile.header else {
        return bearer(token).ok_or_else(|| {
            Error::new(
                Kind::Unusable,
                format!("profile `{}`: a token of type `{}` cannot be used as a Bearer token", profile.name, token.token_type),
            )
            .hint("set `header` to what the provider's APIs want, as in `header = \"Authorization: Bearer ${access_token}\"`")
        });
    };
    let mut values: Vec<(&str, Secret)> = Vec::new();
    for (name, template) in &profile.header_values {
        let text = template.render(&|name| header_value(profile, token, &values, secret, name))?;
        values.push((name, text));
    }
    let is_missing = |name: &Name| match name {
        Name::Kept(name) => is_optional_and_missing(profile, token, name),
        _ => false,
    };
    let left = lines.iter().filter(|line| !line.names().any(is_missing));
    for line in left {
        let text = line.render(&|name| header_value(profile, token, &values, secret, name))?;
        check_line(&text).map_err(|error| {
            Error::new(
                Kind::Config,
                format!(
                    "profile `{}`: `header`: the line from `{}` {error}",
                    profile.name,
                    clean(line.source(), SHOWN_CHARACTERS)
                ),
            )
            .hint("write it like `header = \"X-Token: ${access_token}\"`")
        })?;
        out.push(text.expose());
        out.push("\n");
    }
    if out.is_empty() {
        return Err(Error::new(
            Kind::Unusable,
            "no line of `header` is left: the provider's answer has none of the optional members",
        )
        .profile(&profile.name));
    }
    Ok(out)
}

/// Like [`header`] for lines of only the token and fixed text; `None` if [`header`] would fail.
#[must_use]
pub(crate) fn header_around(lines: Option<&[Vec<String>]>, token: &Token) -> Option<Secret> {
    let Some(lines) = lines else {
        return bearer(token);
    };
    let mut out = Secret::default();
    for texts in lines {
        let mut line = Secret::default();
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                line.push(token.access_token.expose());
            }
            line.push(text);
        }
        check_line(&line).ok()?;
        out.push(line.expose());
        out.push("\n");
    }
    Some(out)
}

/// RFC 6750 §2.1; `None` for a token of another type.
fn bearer(token: &Token) -> Option<Secret> {
    if !token.token_type.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut out = Secret::default();
    out.push("Authorization: Bearer ");
    out.push(token.access_token.expose());
    out.push("\n");
    Some(out)
}

fn header_value(
    profile: &Profile,
    token: &Token,
    values: &[(&str, Secret)],
    secret: &dyn Fn(&str) -> Result<Secret, Error>,
    name: &Name,
) -> Result<Secret, Error> {
    match name {
        Name::AccessToken => Ok(token.access_token.clone()),
        Name::Secret(name) => secret(name),
        Name::Value(name) => {
            let computed = values.iter().find(|(known, _)| known == name);
            Ok(computed.map(|(_, text)| text.clone()).unwrap_or_default())
        }
        Name::Kept(name) if is_optional_and_missing(profile, token, name) => Ok(Secret::default()),
        Name::Kept(name) => kept(token, name)
            .map_err(|error| Error::of(Kind::Unusable, error).profile(&profile.name)),
        known => Ok(Secret::new(profile.known_value(known).unwrap_or_default())),
    }
}

fn is_optional_and_missing(profile: &Profile, token: &Token, name: &str) -> bool {
    let keep = profile.response.keep_named(name);
    let is_absent = match token.kept.get(name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    };
    is_absent && keep.is_some_and(|keep| keep.optional)
}

/// A member of the provider's answer that a header line cannot contain.
#[derive(Debug, thiserror::Error)]
enum KeptError {
    #[error("the provider's answer had no `{0}`, which `header` needs")]
    Missing(String),
    #[error("the provider's answer had an empty `{0}`, which `header` needs")]
    Empty(String),
    #[error(
        "the provider's answer had something that a header cannot carry in `{0}`, which `header` needs"
    )]
    NotPrintable(String),
}

/// The text of a kept member for a header line.
fn kept(token: &Token, name: &str) -> Result<Secret, KeptError> {
    match token.kept.get(name) {
        Some(Value::Number(number)) => Ok(Secret::new(number.to_string())),
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(KeptError::Empty(name.to_owned()))
        }
        Some(Value::String(text))
            if text
                .bytes()
                .all(|byte| byte == b' ' || byte.is_ascii_graphic()) =>
        {
            Ok(Secret::new(text.as_str()))
        }
        Some(Value::String(_)) => Err(KeptError::NotPrintable(name.to_owned())),
        _ => Err(KeptError::Missing(name.to_owned())),
    }
}

/// A line that is not one header field. Its text does not contain the line.
#[derive(Debug, PartialEq, thiserror::Error)]
enum LineError {
    #[error("is not a header field: it has no `Name: `")]
    NoName,
    #[error("has something before the colon that is not a header name")]
    Name,
    #[error("has nothing after the colon")]
    NoValue,
    #[error("would hold a line break or control character")]
    Control,
}

/// Checks that `line` is one header field: `name: value` without a control character (RFC 9110 §5).
fn check_line(line: &Secret) -> Result<(), LineError> {
    let text = line.expose();
    let Some((name, value)) = text.split_once(':') else {
        return Err(LineError::NoName);
    };
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(LineError::Name);
    }
    if value.trim().is_empty() {
        return Err(LineError::NoValue);
    }
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(LineError::Control);
    }
    Ok(())
}

#[must_use]
pub(crate) fn json(profile: &str, token: &Token, source: Source, now: &Now) -> Secret {
    let left_ms = token.left_ms(now).unwrap_or(0).max(0);
    let mut members = Map::new();
    members.insert(
        "access_token".to_owned(),
        json!(token.access_token.expose()),
    );
    members.insert("token_type".to_owned(), json!(token_type(token)));
    members.insert("expires_in".to_owned(), json!(left_ms / 1000));
    members.insert(
        "expires_at".to_owned(),
        json!(rfc3339(now.unix_ms.saturating_add(left_ms))),
    );
    if let Some(scope) = &token.scope {
        members.insert("scope".to_owned(), json!(scope));
    }
    members.insert("profile".to_owned(), json!(profile));
    let source = match source {
        Source::Cache => "cache",
        Source::Provider => "provider",
    };
    members.insert("source".to_owned(), json!(source));
    members.extend(token.kept.clone());
    let mut out = Secret::new(Value::Object(members).to_string());
    out.push("\n");
    out
}

/// Prints `Bearer` in any case as `Bearer`.
#[must_use]
pub(crate) fn token_type(token: &Token) -> &str {
    if token.token_type.eq_ignore_ascii_case("bearer") {
        "Bearer"
    } else {
        &token.token_type
    }
}

#[must_use]
pub(crate) fn rfc3339(unix_ms: i64) -> String {
    let moment = Timestamp::from_second(unix_ms.div_euclid(1000)).unwrap_or(Timestamp::MAX);
    moment.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_line_is_one_field_or_nothing() {
        for good in [
            "A: b",
            "X-Shopify-Access-Token: t",
            "Authorization: Userkeyauth t",
            "a:b",
        ] {
            assert_eq!(check_line(&Secret::new(good)), Ok(()), "{good}");
        }
        for bad in [
            "",
            "no colon",
            ": v",
            "a b: c",
            "A:",
            "A: ",
            "A: b\r\nC: d",
            "A: b\nC: d",
            "A: \0",
            "é: x",
        ] {
            assert!(check_line(&Secret::new(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn moments_are_printed_in_whole_seconds_of_utc() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (1_893_553_445_999, "2030-01-02T03:04:05Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ];
        for (unix_ms, expected) in cases {
            assert_eq!(rfc3339(unix_ms), expected);
        }
        assert!(rfc3339(i64::MAX).starts_with("9999-"));
    }
}
