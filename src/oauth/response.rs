//! An answer becomes a token, or the reason why there is none (RFC 6749 §5.1, §5.2).

use serde_json::{Map, Value};

use super::answer::Answer;
use super::document::NoJson;
use super::expiry;
use super::redact::Redactor;
use super::refusal::{Refusal, is_refusal};
use crate::config::schema::{Format, TokenCharacters};
use crate::failure::{Failure, Kind};
use crate::profile::place::Place;
use crate::profile::pointer::kind;
use crate::profile::rules::Response;
use crate::secret::Secret;
use crate::text::clean;
use crate::token::Token;

/// The lifetime of a token of which nobody says how long it lives: short enough that a wrong guess does little harm.
const UNKNOWN_LIFETIME_MS: i64 = 300_000;

/// Reads the token in `answer` by the rules of the profile.
///
/// # Errors
/// A refusal (exit 5), a server in trouble (exit 6), or an answer without a usable token (exit 7). Messages hold the provider's own
/// words, cleaned, but never a value that stands where the token should.
pub fn token(answer: &Answer, rules: &Response, redactor: &Redactor) -> Result<Token, Failure> {
    let document = document(answer, rules, redactor)?;
    let document = document.as_ref();
    let access_token = access_token(answer, rules, document)?;
    let lifetime_ms = lifetime_ms(answer, rules, document, &access_token)?;
    let mut kept = Map::new();
    for (name, place) in &rules.keep {
        if let Ok(value) = place.find(answer, document) {
            kept.insert(name.clone(), value.into_owned());
        }
    }
    Ok(Token {
        token_type: token_type(answer, rules, document)?,
        scope: rules
            .scope
            .find(answer, document)
            .ok()
            .and_then(|scope| scope_text(&scope)),
        access_token,
        kept,
        sent: answer.sent.clone(),
        lifetime_ms,
    })
}

/// The JSON body of an answer that succeeded; none where the profile expects text, or only header fields, and there is no JSON.
///
/// # Errors
/// What the status says, or that the body is no JSON, or that it is a refusal for all its 2xx.
pub fn document(
    answer: &Answer,
    rules: &Response,
    redactor: &Redactor,
) -> Result<Option<Value>, Failure> {
    if !answer.is_success() {
        return Err(failure(answer, rules, redactor));
    }
    if rules.format == Format::Text {
        return Ok(None);
    }
    let document = match answer.json() {
        Ok(document) => document,
        Err(why) if rules.access_token.is_in_body() => return Err(no_json(answer, &why)),
        Err(_) => return Ok(None),
    };
    for (pointer, expected) in &rules.success {
        if !pointer
            .find(&document)
            .is_ok_and(|found| same(found, expected))
        {
            return Err(refused(refusal(answer, rules, redactor), answer.status));
        }
    }
    if is_refusal(&document) && rules.access_token.find(answer, Some(&document)).is_err() {
        return Err(refused(refusal(answer, rules, redactor), answer.status));
    }
    Ok(Some(document))
}

/// Whether a member says what the profile expects: numbers and their strings are the same.
fn same(found: &Value, expected: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text(found) == text(expected)
}

/// What an answer that is no 2xx means.
#[must_use]
pub fn failure(answer: &Answer, rules: &Response, redactor: &Redactor) -> Failure {
    let status = answer.status;
    let words = refusal(answer, rules, redactor);
    match status {
        300..=399 => {
            let target = answer
                .header("location")
                .map(without_query)
                .unwrap_or_default();
            let to = if target.is_empty() {
                String::new()
            } else {
                format!(" to {target}")
            };
            Failure::new(
                Kind::Unusable,
                format!("the provider redirects{to} ({}), and tok never takes secrets where a redirect points", named(status)),
            )
            .hint("if that is the provider's own new address, set `token_url` to it")
        }
        408 | 429 | 500..=599 => {
            let what = if status == 429 {
                "the provider asks to slow down"
            } else {
                "the provider is in trouble"
            };
            let retry_at = answer.header("retry-after").and_then(|text| {
                expiry::retry_after(text, answer.sent.unix_ms, answer.date_unix_ms())
            });
            let message = said(what, words, status);
            match retry_at {
                Some(at) => {
                    let seconds = (at.saturating_sub(answer.sent.unix_ms) + 999) / 1000;
                    Failure::new(
                        Kind::Unreachable,
                        format!(
                            "{message}, and wants to be asked again in {seconds} s at the earliest"
                        ),
                    )
                    .retry_at(at)
                }
                None => Failure::new(Kind::Unreachable, message),
            }
        }
        400..=499 => refused(words, status),
        // 1xx, or a number HTTP does not have (RFC 9110 §15).
        _ => Failure::new(
            Kind::Unusable,
            format!(
                "the answer is neither a token nor a refusal ({})",
                named(status)
            ),
        ),
    }
}

/// A refusal that came with a 2xx, in the provider's words.
#[must_use]
pub fn refused_by(answer: &Answer, rules: &Response, redactor: &Redactor) -> Failure {
    refused(refusal(answer, rules, redactor), answer.status)
}

fn refused(words: Option<Refusal>, status: u16) -> Failure {
    Failure::new(Kind::Refused, said("the provider refused", words, status))
}

fn said(what: &str, words: Option<Refusal>, status: u16) -> String {
    match words {
        Some(words) => format!("{what}: {words} ({})", named(status)),
        None => format!("{what}: {}, without a word of why", named(status)),
    }
}

/// The refusal in an answer: where the profile says its words are, else wherever they are found.
fn refusal(answer: &Answer, rules: &Response, redactor: &Redactor) -> Option<Refusal> {
    let document = answer.json().ok();
    let words = |place: &Option<Place>| {
        let value = place.as_ref()?.find(answer, document.as_ref()).ok()?;
        let text = match value.as_ref() {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    };
    let named = Refusal {
        code: words(&rules.error),
        number: None,
        description: words(&rules.error_description),
    };
    let found = if named == Refusal::default() {
        Refusal::in_answer(answer)
    } else {
        Some(named)
    };
    found.map(|refusal| refusal.shown(redactor))
}

/// `HTTP 401 Unauthorized`.
fn named(status: u16) -> String {
    let reason = reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    match reason {
        Some(reason) => format!("HTTP {status} {reason}"),
        None => format!("HTTP {status}"),
    }
}

/// A redirect's target, fit to show: its query may repeat what was sent.
fn without_query(location: &str) -> String {
    clean(location.split(['?', '#']).next().unwrap_or_default(), 200)
}

fn no_json(answer: &Answer, why: &NoJson) -> Failure {
    let kind = answer
        .header("content-type")
        .map(|kind| format!(" ({})", clean(kind, 60)))
        .unwrap_or_default();
    let what = match why {
        NoJson::Empty => "the answer is empty".to_owned(),
        NoJson::Syntax => format!("the answer is no JSON text{kind}"),
        NoJson::Encoding => format!("the answer is not UTF-8 text{kind}"),
        NoJson::Repeated(what) => {
            return Failure::new(
                Kind::Unusable,
                format!("the answer can be read in two ways: {what}"),
            );
        }
    };
    Failure::new(Kind::Unusable, what).hint(
        "check `token_url`; if the body is the bare token, set `response = { format = \"text\" }`",
    )
}

fn access_token(
    answer: &Answer,
    rules: &Response,
    document: Option<&Value>,
) -> Result<Secret, Failure> {
    let unusable = |message: String| Failure::new(Kind::Unusable, message);
    let (token, place) = match rules.format {
        Format::Text => {
            let text = answer
                .text()
                .ok_or_else(|| unusable("the answer is not UTF-8 text".to_owned()))?;
            (Secret::new(text.trim()), "the answer".to_owned())
        }
        Format::Json => {
            let place = format!("`{}`", rules.access_token);
            let found = rules
                .access_token
                .find(answer, document)
                .map_err(|nowhere| {
                    unusable(format!("no token at {place}: {nowhere}"))
                        .hint("set `response = { access_token = \"/…\" }` to where the token is")
                })?;
            let token = match found.as_ref() {
                Value::String(text) => Secret::new(text.as_str()),
                Value::Number(number) if number.is_u64() => Secret::new(number.to_string()),
                other => {
                    return Err(unusable(format!(
                        "no token at {place}: it is {}",
                        kind(other)
                    )));
                }
            };
            (token, place)
        }
    };
    let token = match rules
        .strip_prefix
        .as_deref()
        .and_then(|prefix| token.expose().strip_prefix(prefix))
    {
        Some(rest) => Secret::new(rest),
        None => token,
    };
    if token.is_empty() {
        return Err(unusable(format!("the token at {place} is empty")));
    }
    check_characters(&token, rules.token_chars).map_err(|what| {
        let failure = unusable(format!("the token at {place} {what}"));
        match (rules.token_chars, token.expose().bytes().all(|byte| byte.is_ascii_graphic())) {
            (TokenCharacters::B64token, true) => {
                failure.hint("if the provider's tokens are like that, set `response = { token_chars = \"visible\" }`")
            }
            _ => failure,
        }
    })?;
    Ok(token)
}

/// Whether `token` is made of what it may be made of, so that it cannot end a header line or a shell word's meaning.
///
/// # Errors
/// A message that does not show the token.
fn check_characters(token: &Secret, characters: TokenCharacters) -> Result<(), String> {
    let bytes = token.expose().as_bytes();
    let wrong = match characters {
        TokenCharacters::Visible => bytes.iter().find(|byte| !byte.is_ascii_graphic()),
        TokenCharacters::B64token => {
            // RFC 6750 §2.1: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
            let end = bytes
                .iter()
                .rposition(|byte| *byte != b'=')
                .map_or(0, |last| last + 1);
            if end == 0 {
                return Err("is nothing but `=`".to_owned());
            }
            bytes[..end]
                .iter()
                .find(|byte| !(byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte)))
        }
    };
    match wrong {
        None => Ok(()),
        Some(byte) if byte.is_ascii_graphic() => Err(format!(
            "holds a `{}`, which RFC 6750 does not allow in one",
            char::from(*byte)
        )),
        Some(_) => Err(
            "holds a space, a control character or something else that cannot stand in a header"
                .to_owned(),
        ),
    }
}

fn token_type(
    answer: &Answer,
    rules: &Response,
    document: Option<&Value>,
) -> Result<String, Failure> {
    match rules.token_type.find(answer, document).as_deref() {
        Ok(Value::String(text)) if !text.trim().is_empty() => Ok(clean(text, 60)),
        Ok(Value::String(_)) | Err(_) => Ok("Bearer".to_owned()),
        Ok(other) => Err(Failure::new(
            Kind::Unusable,
            format!(
                "the token type at `{}` is {}",
                rules.token_type,
                kind(other)
            ),
        )),
    }
}

/// The scope as RFC 6749 §3.3 writes it; some send a list.
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

/// How long the token lives: what the answer says, else what the token says of itself, else what the profile says, else a short while.
fn lifetime_ms(
    answer: &Answer,
    rules: &Response,
    document: Option<&Value>,
    token: &Secret,
) -> Result<i64, Failure> {
    let wrong = |place: &Place, message: String| {
        Failure::new(Kind::Unusable, format!("the lifetime at `{place}` {message}"))
            .hint("set `response.expires_in` or `response.expires_at`, and its unit, to what the provider's manual says")
    };
    // A moment counts from the clock of whoever wrote it, where that is known.
    let from_now = |moment_ms: i64| {
        let now_ms = answer.date_unix_ms().unwrap_or(answer.sent.unix_ms);
        moment_ms
            .saturating_sub(now_ms)
            .clamp(-expiry::LONGEST_MS, expiry::LONGEST_MS)
    };
    let mut lifetime = None;
    if let Some(place) = &rules.expires_in
        && let Ok(value) = place.find(answer, document)
    {
        lifetime = Some(
            expiry::lifetime_ms(&value, rules.expires_in_unit)
                .map_err(|message| wrong(place, message))?,
        );
    }
    if let (None, Some(place)) = (lifetime, &rules.expires_at)
        && let Ok(value) = place.find(answer, document)
    {
        let moment = expiry::moment_unix_ms(&value, rules.expires_at_unit)
            .map_err(|message| wrong(place, message))?;
        lifetime = Some(from_now(moment));
    }
    let lifetime = lifetime
        .or_else(|| expiry::jwt_exp_unix_ms(token.expose()).map(from_now))
        .or(rules.default_ttl_ms)
        .unwrap_or(UNKNOWN_LIFETIME_MS);
    Ok(rules.max_ttl_ms.map_or(lifetime, |most| lifetime.min(most)))
}

#[cfg(test)]
mod tests;
