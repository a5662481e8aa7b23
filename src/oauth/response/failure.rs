//! Reads an answer without a token: a refusal, a redirect, a provider in trouble, or an unreadable body.

use crate::oauth::problem::{Problem, Unmet};
use crate::oauth::redact::Redactor;
use crate::oauth::refusal::Refusal;
use crate::oauth::response::{read, text};
use crate::oauth::seen::Seen;
use crate::oauth::shape::{self, Shape};
use crate::oauth::step_output::Steps;
use crate::profile::file::schema::Format;
use crate::profile::location::Locations;
use crate::profile::rules::Response;
use crate::term::text::clean;
use crate::wire::answer::Answer;
use crate::wire::document::Unreadable;

#[must_use]
pub(crate) fn failure(answer: &Answer, rules: &Response, redactor: &Redactor) -> Problem {
    let status = answer.status;
    match status {
        300..=399 => Problem::Redirect {
            status,
            target: answer
                .header("location")
                .map(without_query)
                .filter(|target| !target.is_empty()),
        },
        408 | 429 | 500..=599 => Problem::InTrouble {
            status,
            words: refusal(answer, rules, redactor),
            wait_s: answer
                .retry_at()
                .map(|at| (at.saturating_sub(answer.sent.unix_ms) + 999) / 1000),
        },
        400..=499 => refused(answer, rules, redactor, None),
        // 1xx, or a number HTTP does not have (RFC 9110 §15).
        _ => Problem::UnexpectedStatus(status),
    }
}

/// The caller adds the advice, because it knows the request.
pub(crate) fn refused(
    answer: &Answer,
    rules: &Response,
    redactor: &Redactor,
    unmet: Option<Box<Unmet>>,
) -> Problem {
    Problem::Refused {
        status: answer.status,
        words: refusal(answer, rules, redactor),
        unmet,
        advice: None,
    }
}

fn refusal(answer: &Answer, rules: &Response, redactor: &Redactor) -> Option<Refusal> {
    let format = match rules.format {
        Format::Form | Format::Xml => rules.format,
        Format::Json | Format::Text => Format::Json,
    };
    let document = read(answer, format).ok();
    let seen = Seen {
        answer,
        document: document.as_ref(),
        steps: &Steps::default(),
    };
    let words = |places: &Option<Locations>| {
        let (value, _) = seen.first(places.as_ref()?).ok()?;
        text(&value).filter(|text| !text.is_empty())
    };
    let named = Refusal {
        code: words(&rules.error),
        number: None,
        description: words(&rules.error_description),
    };
    let found = if named == Refusal::default() {
        match (&document, format) {
            (Some(document), Format::Form | Format::Xml) => {
                Refusal::in_json(document).or_else(|| Refusal::in_answer(answer))
            }
            _ => Refusal::in_answer(answer),
        }
    } else {
        Some(named)
    };
    found.map(|refusal| refusal.shown(redactor))
}

/// Drops the query, which may repeat what was sent.
fn without_query(location: &str) -> String {
    clean(location.split(['?', '#']).next().unwrap_or_default(), 200)
}

pub(super) fn unreadable(answer: &Answer, why: Unreadable) -> Problem {
    Problem::Unreadable {
        why,
        content_type: answer.header("content-type").map(|kind| clean(kind, 60)),
        shape: Some(Shape::of(&answer.text())),
        elsewhere: shape::token_in_headers(answer),
    }
}
