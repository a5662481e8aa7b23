//! The text of each problem.

use std::fmt;

use super::{BadToken, Found, Problem, Unmet};
use crate::oauth::refusal::Refusal;
use crate::oauth::shape::Shape;
use crate::oauth::time::StatedBy;
use crate::wire::document::Unreadable;

impl std::error::Error for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer { origin, why } => why.write(origin, f),
            Self::Refused {
                status,
                words,
                unmet,
                ..
            } => f.write_str(&said(
                "the provider refused",
                words.as_ref(),
                *status,
                unmet.as_deref(),
            )),
            Self::LoginOver {
                status,
                words,
                lost_unix_ms,
                ..
            } => {
                let what = "the provider does not accept the refresh token";
                f.write_str(&said(what, words.as_ref(), *status, None))?;
                match lost_unix_ms {
                    Some(ms) => write!(
                        f,
                        "; the answer to a refresh sent at {} was lost, and the new refresh token with it",
                        sent_at(*ms)
                    ),
                    None => Ok(()),
                }
            }
            Self::InTrouble {
                status,
                words,
                wait_s,
            } => {
                let what = match status {
                    429 => "the provider asks to slow down",
                    _ => "the provider is in trouble",
                };
                f.write_str(&said(what, words.as_ref(), *status, None))?;
                match wait_s {
                    Some(seconds) => write!(f, ", and asked to wait: retry in {seconds} s"),
                    None => Ok(()),
                }
            }
            Self::Redirect { status, target } => {
                f.write_str("the provider redirects")?;
                if let Some(target) = target {
                    write!(f, " to {target}")?;
                }
                write!(
                    f,
                    " ({}), and tok does not follow redirects",
                    http_status(*status)
                )
            }
            Self::UnexpectedStatus(status) => write!(
                f,
                "the answer is neither a token nor a refusal ({})",
                http_status(*status)
            ),
            Self::Unreadable {
                why, content_type, ..
            } => {
                f.write_str(match why {
                    Unreadable::Empty => return f.write_str("the answer is empty"),
                    Unreadable::Repeated(name) => {
                        return write!(
                            f,
                            "duplicate member `{name}` with different values in the answer"
                        );
                    }
                    Unreadable::Syntax => "the answer is not JSON",
                })?;
                match content_type {
                    Some(kind) => write!(f, " ({kind})"),
                    None => Ok(()),
                }
            }
            Self::NoToken { at, missing, .. } => write!(f, "no token at `{at}`: {missing}"),
            Self::BadToken { at, why } => match (at, why) {
                (_, BadToken::Document(_)) => write!(f, "no token: the answer {why}"),
                (Some(at), BadToken::Kind(found)) => {
                    write!(f, "no token at `{at}`: it is {found}")
                }
                (Some(at), why) => write!(f, "the token at `{at}` {why}"),
                (None, why) => write!(f, "the bare token {why}"),
            },
            Self::BadTokenType { at, found } => write!(f, "the token type at `{at}` is {found}"),
            Self::BadLifetime { at, why } => write!(f, "the lifetime at `{at}` {why}"),
            Self::Expired {
                by,
                ago_s,
                by_local_clock,
                age_s,
            } => {
                f.write_str("the token had already expired when it arrived: ")?;
                match by {
                    StatedBy::Location(at) => write!(f, "`{at}`")?,
                    StatedBy::Exp => f.write_str("its `exp`")?,
                }
                if *age_s > 0 {
                    return write!(
                        f,
                        " was {ago_s} s ago, as a cache in between had kept the answer for {age_s} s"
                    );
                }
                let clock = match by_local_clock {
                    true => "this machine's clock",
                    false => "the provider's clock",
                };
                write!(f, " was {ago_s} s ago by {clock}")
            }
            Self::IssuedType { issued, requested } => {
                write!(f, "the exchange issued a token of the type `{issued}`")?;
                match requested {
                    Some(requested) => write!(f, ", not `{requested}`"),
                    None => f.write_str(", which is not an access token"),
                }
            }
            Self::StepHasNo {
                step,
                path,
                instead,
            } => {
                write!(f, "the answer of step `{step}` has no `{path}`: ")?;
                match instead {
                    Some(nowhere) => nowhere.fmt(f),
                    None => f.write_str("it is not JSON"),
                }
            }
            Self::StepHasOther { step, path, found } => {
                write!(f, "`{path}` in the answer of step `{step}` is {found}")
            }
            Self::TooShort {
                lifetime_s,
                min_ttl_s,
            } => write!(
                f,
                "the provider's tokens live {lifetime_s} s, which is less than --min-ttl asks for ({min_ttl_s} s)"
            ),
        }
    }
}

impl fmt::Display for BadToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(found) => write!(f, "is {found}"),
            Self::Document(shape) => f.write_str(match shape {
                Shape::Json => "looks like JSON",
                Shape::Html => "is a web page",
                Shape::Xml => "looks like XML",
                Shape::Form => "looks like a form",
                Shape::Empty | Shape::Word | Shape::Text => "is not a token",
            }),
            Self::Empty => f.write_str("is empty"),
            Self::OnlyPadding => f.write_str("is only `=`"),
            Self::Character { character, .. } => write!(
                f,
                "contains a `{character}`, which RFC 6750 does not allow in a token"
            ),
            Self::Scheme(scheme) => write!(f, "begins with `{scheme} `"),
            Self::Unsendable => f.write_str(
                "contains a space, a control character or something else that a header cannot carry",
            ),
        }
    }
}

fn sent_at(unix_ms: i64) -> String {
    let seconds = unix_ms.div_euclid(1000);
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| "an unknown time".to_owned(), |at| at.to_string())
}

fn said(what: &str, words: Option<&Refusal>, status: u16, unmet: Option<&Unmet>) -> String {
    let status = http_status(status);
    let unmet = unmet.map(Unmet::to_string);
    match (words, unmet) {
        (Some(words), None) => format!("{what}: {words} ({status})"),
        (Some(words), Some(unmet)) => format!("{what}: {words} ({status}; {unmet})"),
        (None, None) => format!("{what}: {status} (no reason given)"),
        (None, Some(unmet)) => format!("{what}: {unmet} ({status})"),
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, expected, .. } = self;
        match &self.found {
            Some(Found::Value(found)) => write!(f, "`{at}` is `{found}`, not `{expected}`"),
            Some(Found::Kind(found)) => write!(f, "`{at}` is {found}, not `{expected}`"),
            None => write!(f, "there is no `{at}`, which must be `{expected}`"),
        }
    }
}

fn http_status(status: u16) -> String {
    let reason = reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    match reason {
        Some(reason) => format!("HTTP {status} {reason}"),
        None => format!("HTTP {status}"),
    }
}
