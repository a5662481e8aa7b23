//! What an answer means that holds no token: a refusal and its words, a redirect, a provider in trouble, a body that cannot be read.

use crate::error::{Error, Kind};
use crate::oauth::document::NoJson;
use crate::oauth::redact::Redactor;
use crate::oauth::refusal::Refusal;
use crate::oauth::response::{read, text};
use crate::oauth::stepped::Steps;
use crate::profile::file::schema::Format;
use crate::profile::place::{Places, Seen};
use crate::profile::rules::Response;
use crate::term::text::clean;
use crate::wire::answer::Answer;

/// What an answer means whose status is no success by `rules`.
#[must_use]
pub fn failure(answer: &Answer, rules: &Response, redactor: &Redactor) -> Error {
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
            Error::new(
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
            let message = said(what, words, status);
            match answer.retry_at() {
                Some(at) => {
                    let seconds = (at.saturating_sub(answer.sent.unix_ms) + 999) / 1000;
                    Error::new(
                        Kind::Unreachable,
                        format!(
                            "{message}, and wants to be asked again in {seconds} s at the earliest"
                        ),
                    )
                    .retry_at(at)
                    .hint("try again then")
                }
                None => Error::new(Kind::Unreachable, message).hint("try again later"),
            }
        }
        400..=499 => refused(words, status),
        // 1xx, or a number HTTP does not have (RFC 9110 §15).
        _ => Error::new(
            Kind::Unusable,
            format!(
                "the answer is neither a token nor a refusal ({})",
                named(status)
            ),
        )
        .hint("check `token_url`"),
    }
}

pub(super) fn refused(words: Option<Refusal>, status: u16) -> Error {
    Error::new(Kind::Refused, said("the provider refused", words, status))
}

fn said(what: &str, words: Option<Refusal>, status: u16) -> String {
    match words {
        Some(words) => format!("{what}: {words} ({})", named(status)),
        None => format!("{what}: {}, without a word of why", named(status)),
    }
}

/// The refusal in an answer: where the profile says its words are, else wherever they are found.
#[must_use]
pub fn refusal(answer: &Answer, rules: &Response, redactor: &Redactor) -> Option<Refusal> {
    let format = match rules.format {
        Format::Form => Format::Form,
        Format::Json | Format::Text => Format::Json,
    };
    let document = read(answer, format).ok();
    let seen = Seen {
        answer,
        document: document.as_ref(),
        steps: &Steps::default(),
    };
    let words = |places: &Option<Places>| {
        let (value, _) = places.as_ref()?.find(seen).ok()?;
        text(&value).filter(|text| !text.is_empty())
    };
    let named = Refusal {
        code: words(&rules.error),
        number: None,
        description: words(&rules.error_description),
    };
    let found = if named == Refusal::default() {
        match (&document, format) {
            (Some(form), Format::Form) => Refusal::in_json(form),
            _ => Refusal::in_answer(answer),
        }
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

pub(super) fn unreadable(answer: &Answer, why: &NoJson) -> Error {
    let kind = answer
        .header("content-type")
        .map(|kind| format!(" ({})", clean(kind, 60)))
        .unwrap_or_default();
    let what = match why {
        NoJson::Empty => "the answer is empty".to_owned(),
        NoJson::Syntax => format!("the answer is no JSON text{kind}"),
        NoJson::Encoding => format!("the answer is not UTF-8 text{kind}"),
        NoJson::Repeated(what) => {
            return Error::new(
                Kind::Unusable,
                format!("the answer can be read in two ways: {what}"),
            );
        }
    };
    Error::new(Kind::Unusable, what).hint(
        "check `token_url`; if the body is the bare token, set `response = { format = \"text\" }`",
    )
}
