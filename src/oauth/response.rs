//! Reads a token or a failure from an answer (RFC 6749 §5.1, §5.2).

mod failure;

use serde_json::{Map, Value};

use crate::oauth::lifetime::lifetime_ms;
use crate::oauth::problem::{BadToken, Found, Problem, Unmet};
use crate::oauth::redact::Redactor;
use crate::oauth::refusal::is_refusal;
use crate::oauth::remark::Remark;
use crate::oauth::seen::Seen;
use crate::oauth::shape::{self, Shape, without_tokens};
use crate::oauth::step_output::{StepOutput, Steps};
use crate::profile::file::schema::{Format, TokenCharacters};
use crate::profile::location::Location;
use crate::profile::pointer::kind;
use crate::profile::rules::Response;
use crate::secret::Secret;
use crate::term::text::clean;
use crate::token::Token;
use crate::wire::answer::Answer;
use crate::wire::document::{self, Unreadable};
use crate::wire::xml;
use failure::unreadable;
pub(crate) use failure::{failure, refused};

/// Reads the token in `answer` by the rules of the profile; an error never contains a value from the token's location.
pub fn token(
    answer: &Answer,
    steps: &Steps,
    rules: &Response,
    redactor: &Redactor,
) -> Result<(Token, Vec<Remark>), Problem> {
    let document = document_of(answer, steps, rules, redactor)?;
    let seen = Seen {
        answer,
        document: document.as_ref(),
        steps,
    };
    let access_token = access_token(rules, seen)?;
    let mut remarks = Vec::new();
    let lifetime_ms = lifetime_ms(rules, seen, &access_token, &mut remarks)?;
    // A lifetime counts from the request that returned the token.
    let sent = match rules.access_token.step().and_then(|step| steps.get(step)) {
        Some(step) => &step.sent,
        None => &answer.sent,
    };
    let token = Token {
        token_type: token_type(rules, seen)?,
        scope: seen
            .first(&rules.scope)
            .ok()
            .and_then(|(scope, _)| scope_text(&scope)),
        access_token,
        kept: kept(rules, seen),
        sent: sent.clone(),
        lifetime_ms,
    };
    Ok((token, remarks))
}

pub(crate) fn step(
    answer: &Answer,
    rules: &Response,
    redactor: &Redactor,
) -> Result<StepOutput, Problem> {
    if !rules.is_success(answer.status) {
        return Err(failure(answer, rules, redactor));
    }
    let document = match read(answer, rules.format) {
        Ok(document) => Some(document),
        Err(why @ Unreadable::Repeated(_)) => return Err(unreadable(answer, why)),
        // A step may be made only for a cookie or a header field.
        Err(_) => None,
    };
    check_success(answer, document.as_ref(), rules, redactor)?;
    if document.as_ref().is_some_and(is_refusal) {
        return Err(refused(answer, rules, redactor, None));
    }
    Ok(step_output(answer, document, rules))
}

/// Reads a step whether it succeeded or not, for redaction.
#[must_use]
pub(crate) fn step_unchecked(answer: &Answer, rules: &Response) -> StepOutput {
    step_output(answer, read(answer, rules.format).ok(), rules)
}

fn step_output(answer: &Answer, document: Option<Value>, rules: &Response) -> StepOutput {
    let seen = Seen {
        answer,
        document: document.as_ref(),
        steps: &Steps::default(),
    };
    let kept = kept(rules, seen);
    StepOutput {
        document: document.unwrap_or_default(),
        kept,
        sent: answer.sent.clone(),
    }
}

/// Reads the token whether the answer is a success or not, for redaction.
#[must_use]
pub(crate) fn token_unchecked(answer: &Answer, steps: &Steps, rules: &Response) -> Option<Secret> {
    if rules.format == Format::Text && !rules.is_success(answer.status) {
        // The whole body would be the token, but the body of an error is the provider's words.
        return None;
    }
    let document = read(answer, rules.format).ok();
    let seen = Seen {
        answer,
        document: document.as_ref(),
        steps,
    };
    let (found, _) = seen.first(&rules.access_token).ok()?;
    text(&found).map(Secret::new)
}

/// Reads a member beside the access token.
fn beside_token(answer: &Answer, rules: &Response, name: &str) -> Option<Value> {
    let document = read(answer, rules.format).ok()?;
    let parents = rules.access_token.as_slice().iter();
    parents
        .filter_map(Location::parent)
        .find_map(|parent| parent.find(&document).ok()?.get(name).cloned())
}

/// RFC 8693 §2.2.1.
#[must_use]
pub(crate) fn issued_token_type(answer: &Answer, rules: &Response) -> Option<String> {
    let found = beside_token(answer, rules, "issued_token_type")?;
    found.as_str().map(str::to_owned)
}

/// Returns the new refresh token, beside the access token, whatever else the answer has.
#[must_use]
pub(crate) fn successor(answer: &Answer, rules: &Response) -> Option<Secret> {
    match beside_token(answer, rules, "refresh_token")? {
        Value::String(text) if !text.is_empty() => Some(Secret::new(text)),
        _ => None,
    }
}

/// Returns how long the refresh token lives, which providers state under two names beside the access token; 0 is without an end.
#[must_use]
pub(crate) fn refresh_lifetime_ms(answer: &Answer, rules: &Response) -> Option<i64> {
    const NAMES: [&str; 2] = ["refresh_token_expires_in", "refresh_expires_in"];
    let document = read(answer, rules.format).ok()?;
    let parents = rules.access_token.as_slice().iter();
    let seconds = parents.filter_map(Location::parent).find_map(|parent| {
        let parent = parent.find(&document).ok()?;
        NAMES.iter().find_map(|name| match parent.get(*name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        })
    })?;
    (seconds > 0).then(|| seconds.saturating_mul(1000))
}

/// Whether the answer is whole: one that is not may have had a refresh token.
#[must_use]
pub(crate) fn is_document(answer: &Answer, rules: &Response) -> bool {
    rules.format == Format::Text || read(answer, rules.format).is_ok()
}

/// Returns the refresh token unless the profile keeps it itself.
#[must_use]
pub(crate) fn unkept_refresh_token(answer: &Answer, rules: &Response) -> Option<Secret> {
    let is_kept = rules.keep.iter().any(
        |keep| matches!(&keep.location, Location::Body(at) if at.last() == Some("refresh_token")),
    );
    successor(answer, rules).filter(|_| !is_kept)
}

#[must_use]
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn kept(rules: &Response, seen: Seen<'_>) -> Map<String, Value> {
    let mut kept = Map::new();
    for keep in &rules.keep {
        if let Ok(value) = seen.at(&keep.location) {
            kept.insert(keep.name.clone(), value.into_owned());
        }
    }
    kept
}

fn read(answer: &Answer, format: Format) -> Result<Value, Unreadable> {
    match format {
        Format::Json => answer.json(),
        Format::Text => Ok(Value::from(answer.text().trim())),
        Format::Form => document::read_form(&answer.text()).map(Value::Object),
        Format::Xml => xml::read(&answer.text()),
    }
}

const SHOWN_VALUE: usize = 40;

fn check_success(
    answer: &Answer,
    document: Option<&Value>,
    rules: &Response,
    redactor: &Redactor,
) -> Result<(), Problem> {
    for (pointer, expected) in &rules.success {
        let found = document.and_then(|document| pointer.find(document).ok());
        if found.as_ref().is_some_and(|found| same(found, expected)) {
            continue;
        }
        let unmet = Unmet {
            at: pointer.source().to_owned(),
            expected: clean(&plain(expected), SHOWN_VALUE),
            found: found.as_deref().map(|found| match found {
                Value::Array(_) | Value::Object(_) => Found::Kind(kind(found)),
                scalar => match clean(&redactor.apply(&plain(scalar)), SHOWN_VALUE) {
                    // It is shown only if it cannot be a token.
                    shown if without_tokens(&shown) != shown => Found::Kind(kind(found)),
                    shown => Found::Value(shown),
                },
            }),
        };
        return Err(refused(answer, rules, redactor, Some(Box::new(unmet))));
    }
    Ok(())
}

/// Returns `None` if the body cannot be read and the profile does not need it.
fn document_of(
    answer: &Answer,
    steps: &Steps,
    rules: &Response,
    redactor: &Redactor,
) -> Result<Option<Value>, Problem> {
    if !rules.is_success(answer.status) {
        return Err(failure(answer, rules, redactor));
    }
    let document = match read(answer, rules.format) {
        Ok(document) => document,
        Err(why) if rules.access_token.is_in_body() => return Err(unreadable(answer, why)),
        Err(_) => return Ok(None),
    };
    check_success(answer, Some(&document), rules, redactor)?;
    let seen = Seen {
        answer,
        document: Some(&document),
        steps,
    };
    if is_refusal(&document) && seen.first(&rules.access_token).is_err() {
        return Err(refused(answer, rules, redactor, None));
    }
    Ok(Some(document))
}

/// A number equals its text.
fn same(found: &Value, expected: &Value) -> bool {
    plain(found) == plain(expected)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn access_token(rules: &Response, seen: Seen<'_>) -> Result<Secret, Problem> {
    let (found, place) = seen
        .first(&rules.access_token)
        .map_err(|missing| Problem::NoToken {
            at: rules.access_token.to_string(),
            missing,
            elsewhere: seen
                .document
                .and_then(shape::token_in)
                .or_else(|| shape::token_in_headers(seen.answer)),
            shape: Some(Shape::of(&seen.answer.text())),
        })?;
    let bad = |why: BadToken| Problem::BadToken {
        at: match (rules.format, place.to_string()) {
            (Format::Text, whole) if whole.is_empty() => None,
            (_, place) => Some(place),
        },
        why,
    };
    if rules.format == Format::Text && matches!(place, Location::Body(_)) {
        check_bare(&seen.answer.text()).map_err(bad)?;
    }
    let token = match found.as_ref() {
        Value::String(text) => Secret::new(text.as_str()),
        Value::Number(number) if number.is_u64() => Secret::new(number.to_string()),
        other => return Err(bad(BadToken::Kind(kind(other)))),
    };
    let token = match rules
        .strip_prefix
        .as_deref()
        .and_then(|prefix| token.expose().strip_prefix(prefix))
    {
        Some(rest) => Secret::new(rest),
        None => token,
    };
    check_characters(&token, rules.token_chars).map_err(bad)?;
    Ok(token)
}

/// Schemes that providers write before a token.
const SCHEMES: [&str; 5] = ["Bearer", "bearer", "BEARER", "Token", "Basic"];

/// Rejects characters that can end a header line or a shell word.
pub(crate) fn check_characters(
    token: &Secret,
    characters: TokenCharacters,
) -> Result<(), BadToken> {
    let bytes = token.expose().as_bytes();
    let wrong = match characters {
        _ if bytes.is_empty() => return Err(BadToken::Empty),
        TokenCharacters::Visible => bytes.iter().find(|byte| !byte.is_ascii_graphic()),
        TokenCharacters::B64token => {
            // RFC 6750 §2.1: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
            let end = bytes
                .iter()
                .rposition(|byte| *byte != b'=')
                .map_or(0, |last| last + 1);
            if end == 0 {
                return Err(BadToken::OnlyPadding);
            }
            bytes[..end]
                .iter()
                .find(|byte| !(byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte)))
        }
    };
    match wrong {
        None => Ok(()),
        Some(byte) if byte.is_ascii_graphic() => Err(BadToken::Character {
            character: char::from(*byte),
            visible: bytes.iter().all(u8::is_ascii_graphic),
        }),
        Some(_) => Err(SCHEMES
            .iter()
            .find(|scheme| {
                bytes
                    .strip_prefix(scheme.as_bytes())
                    .is_some_and(|rest| rest.starts_with(b" "))
            })
            .map_or(BadToken::Unsendable, |scheme| {
                BadToken::Scheme((*scheme).to_owned())
            })),
    }
}

fn token_type(rules: &Response, seen: Seen<'_>) -> Result<String, Problem> {
    let Ok((found, place)) = seen.first(&rules.token_type) else {
        return Ok("Bearer".to_owned());
    };
    match found.as_ref() {
        Value::String(text) if text.trim().is_empty() => Ok("Bearer".to_owned()),
        Value::String(text) => Ok(clean(text, 60)),
        other => Err(Problem::BadTokenType {
            at: place.to_string(),
            found: kind(other),
        }),
    }
}

/// RFC 6749 §3.3 has a string; some providers send a list.
fn scope_text(scope: &Value) -> Option<String> {
    match scope {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Array(items) if !items.is_empty() => Some(
            items
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(" "),
        ),
        _ => None,
    }
}

/// Whether the whole answer can be the token.
fn check_bare(text: &str) -> Result<(), BadToken> {
    match Shape::of(text) {
        Shape::Empty | Shape::Word | Shape::Text => Ok(()),
        other => Err(BadToken::Document(other)),
    }
}

#[cfg(test)]
mod tests;
