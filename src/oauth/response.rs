//! An answer becomes a token, or the reason why there is none (RFC 6749 §5.1, §5.2).

mod without_token;

use serde_json::{Map, Value};

use crate::error::{Error, Kind};
use crate::oauth::document::{self, NoJson};
use crate::oauth::expiry;
use crate::oauth::redact::Redactor;
use crate::oauth::refusal::is_refusal;
use crate::oauth::stepped::{Stepped, Steps};
use crate::profile::file::schema::{Format, TokenCharacters};
use crate::profile::place::{Place, Seen};
use crate::profile::pointer::kind;
use crate::profile::rules::Response;
use crate::secret::Secret;
use crate::term::text::clean;
use crate::token::Token;
use crate::wire::answer::Answer;
pub use without_token::{failure, refusal};
use without_token::{refused, unreadable};

/// The lifetime of a token of which nobody says how long it lives: short enough that a wrong guess does little harm.
const UNKNOWN_LIFETIME_MS: i64 = 300_000;

/// Reads the token in `answer` by the rules of the profile.
///
/// # Errors
/// A refusal (exit 5), a server in trouble (exit 6), or an answer without a usable token (exit 7). Messages hold the provider's own
/// words, cleaned, but never a value that stands where the token should.
pub fn token(
    answer: &Answer,
    steps: &Steps,
    rules: &Response,
    redactor: &Redactor,
) -> Result<Token, Error> {
    let document = document_of(answer, steps, rules, redactor)?;
    let seen = Seen {
        answer,
        document: document.as_ref(),
        steps,
    };
    let access_token = access_token(rules, seen)?;
    let lifetime_ms = lifetime_ms(rules, seen, &access_token)?;
    // A lifetime counts from when the token itself was asked for.
    let sent = match rules.access_token.step().and_then(|step| steps.get(step)) {
        Some(step) => &step.sent,
        None => &answer.sent,
    };
    Ok(Token {
        token_type: token_type(rules, seen)?,
        scope: rules
            .scope
            .find(seen)
            .ok()
            .and_then(|(scope, _)| scope_text(&scope)),
        access_token,
        kept: kept(rules, seen),
        sent: sent.clone(),
        lifetime_ms,
    })
}

/// Reads what a step answered by its own rules.
///
/// # Errors
/// As [`token`], but for the token.
pub fn step(answer: &Answer, rules: &Response, redactor: &Redactor) -> Result<Stepped, Error> {
    if !rules.is_success(answer.status) {
        return Err(failure(answer, rules, redactor));
    }
    let document = match read(answer, rules.format) {
        Ok(document) => Some(document),
        Err(why @ NoJson::Repeated(_)) => return Err(unreadable(answer, &why)),
        // A step may be made for a cookie or a header field alone.
        Err(_) => None,
    };
    check_success(answer, document.as_ref(), rules, redactor)?;
    if document.as_ref().is_some_and(is_refusal) {
        return Err(refused(refusal(answer, rules, redactor), answer.status));
    }
    Ok(stepped(answer, document, rules))
}

/// What can be seen in a step's answer, whether it is a success or not: for those who have to keep it from being shown.
#[must_use]
pub fn step_unchecked(answer: &Answer, rules: &Response) -> Stepped {
    stepped(answer, read(answer, rules.format).ok(), rules)
}

fn stepped(answer: &Answer, document: Option<Value>, rules: &Response) -> Stepped {
    let seen = Seen {
        answer,
        document: document.as_ref(),
        steps: &Steps::default(),
    };
    let kept = kept(rules, seen);
    Stepped {
        document: document.unwrap_or_default(),
        kept,
        sent: answer.sent.clone(),
    }
}

/// The token in an answer, whether that is a success or not: for those who have to keep it from being shown.
#[must_use]
pub fn token_unchecked(answer: &Answer, steps: &Steps, rules: &Response) -> Option<Secret> {
    if rules.format == Format::Text && !rules.is_success(answer.status) {
        // The whole body would be the token; where there is none, it is the provider's words.
        return None;
    }
    let document = read(answer, rules.format).ok();
    let seen = Seen {
        answer,
        document: document.as_ref(),
        steps,
    };
    let (found, _) = rules.access_token.find(seen).ok()?;
    text(&found).map(Secret::new)
}

/// What `value` says where a text is needed: a string, or a number.
#[must_use]
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What `keep` names, as far as it is there.
fn kept(rules: &Response, seen: Seen<'_>) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, place) in &rules.keep {
        if let Ok(value) = place.find(seen) {
            kept.insert(name.clone(), value.into_owned());
        }
    }
    kept
}

/// The body as a document: JSON, a form as an object of strings, a text as a string.
///
/// # Errors
/// Why it is not what the profile says it is.
fn read(answer: &Answer, format: Format) -> Result<Value, NoJson> {
    let text = || answer.text().ok_or(NoJson::Encoding);
    match format {
        Format::Json => answer.json(),
        Format::Text => text().map(|text| Value::from(text.trim())),
        Format::Form => document::read_form(text()?).map(Value::Object),
    }
}

fn check_success(
    answer: &Answer,
    document: Option<&Value>,
    rules: &Response,
    redactor: &Redactor,
) -> Result<(), Error> {
    let holds = rules.success.iter().all(|(pointer, expected)| {
        document
            .and_then(|document| pointer.find(document).ok())
            .is_some_and(|found| same(found, expected))
    });
    if holds {
        Ok(())
    } else {
        Err(refused(refusal(answer, rules, redactor), answer.status))
    }
}

/// The body of an answer that succeeded; none where the profile expects only header fields or a step's token, and there is no JSON.
///
/// # Errors
/// What the status says, or that the body cannot be read, or that it is a refusal for all its 2xx.
fn document_of(
    answer: &Answer,
    steps: &Steps,
    rules: &Response,
    redactor: &Redactor,
) -> Result<Option<Value>, Error> {
    if !rules.is_success(answer.status) {
        return Err(failure(answer, rules, redactor));
    }
    let document = match read(answer, rules.format) {
        Ok(document) => document,
        Err(why) if rules.access_token.is_in_body() => return Err(unreadable(answer, &why)),
        Err(_) => return Ok(None),
    };
    check_success(answer, Some(&document), rules, redactor)?;
    let seen = Seen {
        answer,
        document: Some(&document),
        steps,
    };
    if is_refusal(&document) && rules.access_token.find(seen).is_err() {
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

/// What to do when what stands in the token's place is none.
const WHERE_IT_IS: &str = "set `response = { access_token = \"/…\" }` to where the token is; -v shows the answer, without secrets";

fn access_token(rules: &Response, seen: Seen<'_>) -> Result<Secret, Error> {
    let unusable = |message: String| Error::new(Kind::Unusable, message);
    let (found, place) = rules.access_token.find(seen).map_err(|nowhere| {
        unusable(format!("no token at `{}`: {nowhere}", rules.access_token)).hint(WHERE_IT_IS)
    })?;
    let place = match rules.format {
        Format::Text if place.to_string().is_empty() => "the answer".to_owned(),
        _ => format!("`{place}`"),
    };
    let token = match found.as_ref() {
        Value::String(text) => Secret::new(text.as_str()),
        Value::Number(number) if number.is_u64() => Secret::new(number.to_string()),
        other => {
            return Err(
                unusable(format!("no token at {place}: it is {}", kind(other))).hint(WHERE_IT_IS),
            );
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
        return Err(unusable(format!("the token at {place} is empty")).hint(WHERE_IT_IS));
    }
    check_characters(&token, rules.token_chars).map_err(|what| {
        let failure = unusable(format!("the token at {place} {what}"));
        match (rules.token_chars, token.expose().bytes().all(|byte| byte.is_ascii_graphic())) {
            (TokenCharacters::B64token, true) => {
                failure.hint("if the provider's tokens are like that, set `response = { token_chars = \"visible\" }`")
            }
            _ => failure.hint(WHERE_IT_IS),
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

fn token_type(rules: &Response, seen: Seen<'_>) -> Result<String, Error> {
    let Ok((found, place)) = rules.token_type.find(seen) else {
        return Ok("Bearer".to_owned());
    };
    match found.as_ref() {
        Value::String(text) if text.trim().is_empty() => Ok("Bearer".to_owned()),
        Value::String(text) => Ok(clean(text, 60)),
        other => Err(Error::new(
            Kind::Unusable,
            format!("the token type at `{place}` is {}", kind(other)),
        )
        .hint("set `response = { token_type = \"/…\" }` to where the type is")),
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
fn lifetime_ms(rules: &Response, seen: Seen<'_>, token: &Secret) -> Result<i64, Error> {
    let answer = seen.answer;
    let wrong = |place: &Place, message: String| {
        Error::new(Kind::Unusable, format!("the lifetime at `{place}` {message}"))
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
    if let Some(places) = &rules.expires_in
        && let Ok((value, place)) = places.find(seen)
    {
        lifetime = Some(
            expiry::lifetime_ms(&value, rules.expires_in_unit)
                .map_err(|message| wrong(place, message))?,
        );
    }
    if let (None, Some(places)) = (lifetime, &rules.expires_at)
        && let Ok((value, place)) = places.find(seen)
    {
        let moment = expiry::moment_unix_ms(&value, &rules.expires_at_unit, rules.expires_at_zone)
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
