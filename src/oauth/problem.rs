//! Every way in which a provider gives no usable token, as data that can be stored, shown and advised on.
//!
//! The cache stores a `Problem` for the processes that share a failure. Names of variants and fields are its stored form: add, never rename.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::oauth::advice::Advice;
use crate::oauth::lifetime::StatedBy;
use crate::oauth::refusal::Refusal;
use crate::oauth::seen::Missing;
use crate::oauth::shape::Shape;
use crate::profile::pointer::{JsonKind, Nowhere, There};
use crate::wire::document::Unreadable;
use crate::wire::no_answer::NoAnswer;

/// Why a provider gave no usable token. It never contains a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// There was no answer from `origin`.
    NoAnswer {
        /// The scheme, host and port of the request.
        origin: String,
        /// What happened.
        why: NoAnswer,
    },
    /// The provider refused (RFC 6749 §5.2).
    Refused {
        /// The HTTP status.
        status: u16,
        /// The provider's words.
        words: Option<Refusal>,
        /// The member by which the profile tells that it is a refusal.
        #[serde(default)]
        unmet: Option<Unmet>,
        /// The next step.
        advice: Option<Advice>,
    },
    /// The provider is overloaded or broken (408, 429, 5xx).
    InTrouble {
        /// The HTTP status.
        status: u16,
        /// The provider's words.
        words: Option<Refusal>,
        /// What its `Retry-After` asks for.
        wait_s: Option<i64>,
    },
    /// A redirect, which is never followed.
    Redirect {
        /// The HTTP status.
        status: u16,
        /// The target without its query.
        target: Option<String>,
    },
    /// A status that is neither a success nor an error.
    UnexpectedStatus(u16),
    /// The body is not in the expected format.
    Unreadable {
        /// What is wrong with it.
        why: Unreadable,
        /// The `Content-Type` of the answer.
        content_type: Option<String>,
        /// What it looks like.
        #[serde(default)]
        shape: Option<Shape>,
        /// Where else a token seems to be.
        #[serde(default)]
        elsewhere: Option<String>,
    },
    /// There is nothing where the token should be.
    NoToken {
        /// The profile's locations of the token.
        at: String,
        /// What is there instead.
        missing: Missing,
        /// Where else a token seems to be.
        #[serde(default)]
        elsewhere: Option<String>,
        /// What the answer looks like.
        #[serde(default)]
        shape: Option<Shape>,
    },
    /// What is where the token should be cannot be used as a token.
    BadToken {
        /// Its location; `None` where it is the whole body.
        at: Option<String>,
        /// What is wrong with it.
        why: BadToken,
    },
    /// The token type is not text.
    BadTokenType {
        /// Its location.
        at: String,
        /// What it is.
        found: JsonKind,
    },
    /// The lifetime cannot be read.
    BadLifetime {
        /// Its location.
        at: String,
        /// What is wrong with it.
        why: BadTime,
    },
    /// The token had expired when it arrived.
    Expired {
        /// What says so.
        by: StatedBy,
        /// How long ago.
        ago_s: i64,
        /// Whether that is by this machine's clock, as the answer has no `Date`.
        by_local_clock: bool,
    },
    /// A step's answer lacks what a later request needs.
    StepHasNo {
        /// The step.
        step: String,
        /// The path below the step, as a template writes it.
        path: String,
        /// What is there instead; `None` where the answer is not a document.
        instead: Option<Nowhere>,
    },
    /// What a later request needs of a step's answer is not text.
    StepHasOther {
        /// The step.
        step: String,
        /// The path below the step, as a template writes it.
        path: String,
        /// What it is.
        found: JsonKind,
    },
    /// The token lives shorter than `--min-ttl` asks for.
    TooShort {
        /// How long the provider's tokens live.
        lifetime_s: i64,
        /// What `--min-ttl` asks for.
        min_ttl_s: i64,
    },
}

/// A member that is not what the profile's `success` expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmet {
    /// The member's pointer.
    pub at: String,
    /// What the profile expects.
    pub expected: String,
    /// What it is; `None` where it is missing.
    pub found: Option<Found>,
}

/// What a member is, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Its value.
    Value(String),
    /// Only what kind of value it is.
    Kind(JsonKind),
}

/// Why something cannot be used as a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadToken {
    /// It is not text.
    Kind(JsonKind),
    /// It is a whole document that looks like this.
    Document(Shape),
    /// It is empty.
    Empty,
    /// It consists of `=` only.
    OnlyPadding,
    /// It has a visible character that RFC 6750 §2.1 does not allow.
    Character {
        /// The character.
        character: char,
        /// Whether `token_chars = "visible"` would allow the token.
        visible: bool,
    },
    /// It has a character that a header cannot carry.
    Unsendable,
}

/// Why a lifetime or a moment cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadTime {
    /// It is not text like `12:34:56`.
    NotHms,
    /// It is a value of this kind, not a number.
    NotANumberBut(JsonKind),
    /// It is text that is not a number.
    NotANumber,
    /// It is a value of this kind, not a time.
    NotATimeBut(JsonKind),
    /// It is a value of this kind, not text like RFC 3339 wants.
    NotRfc3339But(JsonKind),
    /// It is text that is not like RFC 3339 wants.
    NotRfc3339,
    /// It is a time without a zone.
    NoZone,
    /// It is not written like the profile's pattern.
    NotLike(String),
    /// It is outside of the calendar.
    OutOfRange,
}

/// What to do when the token is somewhere else.
const WHERE_THE_TOKEN_IS: &str = "set `response = { access_token = \"/…\" }` to where the token is; -v shows the answer, without secrets";

/// What to do when a step's answer lacks what a later request needs.
const WHERE_IN_A_STEP: &str =
    "set what follows `step.NAME.` to where it is in the answer; -v shows that, without secrets";

impl Problem {
    /// The kind of error it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoAnswer { why, .. } => why.kind(),
            Self::Refused { .. } => Kind::Refused,
            Self::InTrouble { .. } => Kind::Unreachable,
            _ => Kind::Unusable,
        }
    }

    /// The next step for a user of `profile`.
    #[must_use]
    pub fn hint(&self, profile: &str) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::NoAnswer { why, .. } => why.hint(),
            Self::Refused { advice, .. } => {
                return advice.as_ref().map(|advice| advice.text(profile));
            }
            Self::InTrouble {
                wait_s: Some(_), ..
            } => "try again then",
            Self::InTrouble { .. } => "try again later",
            Self::Redirect { .. } => {
                "if that is the provider's own new address, set `token_url` to it"
            }
            Self::UnexpectedStatus(_) => "check `token_url`",
            Self::Unreadable {
                why: Unreadable::Repeated(_),
                ..
            } => return None,
            Self::Unreadable {
                elsewhere: Some(at),
                ..
            }
            | Self::NoToken {
                elsewhere: Some(at),
                ..
            } => {
                return Some(
                    format!("a token seems to be at `{at}`: set `response = {{ access_token = \"{at}\" }}`")
                        .into(),
                );
            }
            Self::NoToken {
                missing:
                    Missing::Member(Nowhere::NotAContainer {
                        at,
                        kind: JsonKind::String,
                    }),
                ..
            } if at.is_empty() => {
                "if the answer is the token in quotes, set `response = { access_token = \"\" }`"
            }
            Self::Unreadable {
                why: Unreadable::Syntax,
                shape,
                ..
            }
            | Self::NoToken {
                missing: Missing::Document,
                shape,
                ..
            } => shape.map_or("check `token_url`", for_shape),
            Self::Unreadable { .. } => "check `token_url`",
            Self::BadToken {
                why: BadToken::Document(Shape::Json),
                ..
            } => "leave out `format = \"text\"`: then the token is read from the JSON",
            Self::BadToken {
                why: BadToken::Document(shape),
                ..
            } => for_shape(*shape),
            Self::BadToken {
                why: BadToken::Character { visible: true, .. } | BadToken::OnlyPadding,
                ..
            } => {
                "if the provider's tokens are like that, set `response = { token_chars = \"visible\" }`"
            }
            Self::NoToken { .. } | Self::BadToken { .. } => WHERE_THE_TOKEN_IS,
            Self::BadTokenType { .. } => {
                "set `response = { token_type = \"/…\" }` to where the type is"
            }
            Self::BadLifetime { .. } => {
                "set `response.expires_in` or `response.expires_at`, and its unit, to what the provider's manual says"
            }
            Self::Expired {
                by_local_clock: true,
                ..
            } => "check this machine's clock (`date`); if it is right, tell the provider",
            Self::Expired { .. } => {
                "try again later; if it stays so, tell the provider: it, or an HTTP cache before it, hands out an old token"
            }
            Self::StepHasNo { .. } | Self::StepHasOther { .. } => WHERE_IN_A_STEP,
            Self::TooShort { .. } => "ask for less with --min-ttl",
        };
        Some(hint.into())
    }

    /// The error with its hint for a user of `profile`; the caller adds the subjects.
    #[must_use]
    pub fn into_error(self, profile: &str) -> Error {
        let hint = self.hint(profile);
        let error = Error::of(self.kind(), self);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// The same with `change` made to each text that comes from elsewhere.
    #[must_use]
    pub fn redacted(self, change: &dyn Fn(String) -> String) -> Self {
        match self {
            Self::NoAnswer { origin, why } => Self::NoAnswer {
                origin: change(origin),
                why: why.redacted(change),
            },
            Self::Refused {
                status,
                words,
                unmet,
                advice,
            } => Self::Refused {
                status,
                words: words.map(|words| words.redacted(change)),
                unmet: unmet.map(|unmet| Unmet {
                    found: unmet.found.map(|found| match found {
                        Found::Value(value) => Found::Value(change(value)),
                        other => other,
                    }),
                    ..unmet
                }),
                advice: advice.map(|advice| advice.redacted(change)),
            },
            Self::InTrouble {
                status,
                words,
                wait_s,
            } => Self::InTrouble {
                status,
                words: words.map(|words| words.redacted(change)),
                wait_s,
            },
            Self::Redirect { status, target } => Self::Redirect {
                status,
                target: target.map(change),
            },
            Self::Unreadable {
                why,
                content_type,
                shape,
                elsewhere,
            } => Self::Unreadable {
                why: match why {
                    Unreadable::Repeated(name) => Unreadable::Repeated(change(name)),
                    other => other,
                },
                content_type: content_type.map(change),
                shape,
                elsewhere: elsewhere.map(change),
            },
            Self::NoToken {
                at,
                missing,
                elsewhere,
                shape,
            } => Self::NoToken {
                at,
                elsewhere: elsewhere.map(change),
                shape,
                missing: match missing {
                    Missing::Member(nowhere) => Missing::Member(redacted_keys(nowhere, change)),
                    Missing::InStep(step, nowhere) => {
                        Missing::InStep(step, redacted_keys(nowhere, change))
                    }
                    other => other,
                },
            },
            Self::StepHasNo {
                step,
                path,
                instead,
            } => Self::StepHasNo {
                step,
                path,
                instead: instead.map(|instead| redacted_keys(instead, change)),
            },
            other => other,
        }
    }
}

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
                unmet.as_ref(),
            )),
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
            Self::BadToken { at, why } => {
                let at = match at {
                    Some(at) => format!("`{at}`"),
                    None => "the answer".to_owned(),
                };
                match why {
                    BadToken::Document(_) => write!(f, "no token: {at} {why}"),
                    BadToken::Kind(found) => write!(f, "no token at {at}: it is {found}"),
                    other => write!(f, "the token at {at} {other}"),
                }
            }
            Self::BadTokenType { at, found } => write!(f, "the token type at `{at}` is {found}"),
            Self::BadLifetime { at, why } => write!(f, "the lifetime at `{at}` {why}"),
            Self::Expired {
                by,
                ago_s,
                by_local_clock,
            } => {
                f.write_str("the token had already expired when it arrived: ")?;
                match by {
                    StatedBy::Location(at) => write!(f, "`{at}`")?,
                    StatedBy::Exp => f.write_str("its `exp`")?,
                }
                let clock = match by_local_clock {
                    true => "this machine's clock",
                    false => "the provider's clock",
                };
                write!(f, " was {ago_s} s ago by {clock}")
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
            Self::Unsendable => f.write_str(
                "contains a space, a control character or something else that a header cannot carry",
            ),
        }
    }
}

impl std::error::Error for BadTime {}

impl fmt::Display for BadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHms => f.write_str("is not a duration like 12:34:56"),
            Self::NotANumberBut(found) => write!(f, "is {found}, not a number"),
            Self::NotANumber => f.write_str("is not a number"),
            Self::NotATimeBut(found) => write!(f, "is {found}, not a time"),
            Self::NotRfc3339But(found) => write!(f, "is {found}, not a time (RFC 3339)"),
            Self::NotRfc3339 => f.write_str("is not a time (RFC 3339, as 2030-01-02T03:04:05Z)"),
            Self::NoZone => f.write_str(
                "is a time without a zone; set the one that the provider means with `response.expires_at_zone`",
            ),
            Self::NotLike(pattern) => write!(f, "is not a time like `{pattern}`"),
            Self::OutOfRange => f.write_str("is outside the calendar"),
        }
    }
}

/// What to do about a body that looks like `shape` and cannot be read as the profile's format.
fn for_shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Form => "the answer looks like a form: set `response = { format = \"form\" }`",
        Shape::Xml => "the answer looks like XML: set `response = { format = \"xml\" }`",
        Shape::Json => {
            "the answer looks like JSON that is cut off or damaged: try again; if it stays so, tell the provider"
        }
        Shape::Html => {
            "the answer is a web page: check `token_url`, and whether a login page or a proxy is in between"
        }
        Shape::Word => {
            "check `token_url`; if the body is the bare token, set `response = { format = \"text\" }`"
        }
        Shape::Empty | Shape::Text => "check `token_url`",
    }
}

/// `nowhere` with `change` made to the keys, which the provider chose.
fn redacted_keys(nowhere: Nowhere, change: &dyn Fn(String) -> String) -> Nowhere {
    match nowhere {
        Nowhere::Absent {
            at,
            token,
            there: There::Keys { keys, more },
        } => Nowhere::Absent {
            at,
            token,
            there: There::Keys {
                keys: keys.into_iter().map(change).collect(),
                more,
            },
        },
        other => other,
    }
}

/// What a provider said, with its status and the member that made it a refusal.
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

/// `HTTP 401 Unauthorized`.
fn http_status(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    match reason {
        Some(reason) => format!("HTTP {status} {reason}"),
        None => format!("HTTP {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::pointer::Pointer;
    use serde_json::json;

    #[test]
    fn the_stored_form_is_pinned_and_read_back() {
        let nowhere = Pointer::parse("/access_token")
            .unwrap()
            .find(&json!({"token": 1}))
            .unwrap_err();
        let cases = [
            (
                Problem::Refused {
                    status: 401,
                    words: Some(Refusal {
                        code: Some("invalid_client".to_owned()),
                        ..Refusal::default()
                    }),
                    unmet: None,
                    advice: Some(Advice::Credentials {
                        secret: None,
                        instead: Some(crate::oauth::advice::Instead::Post),
                    }),
                },
                json!({"refused": {
                    "status": 401,
                    "words": {"code": "invalid_client", "number": null, "description": null},
                    "unmet": null,
                    "advice": {"credentials": {"secret": null, "instead": "post"}},
                }}),
            ),
            (
                Problem::NoAnswer {
                    origin: "https://a.example".to_owned(),
                    why: NoAnswer::TimedOut { timeout_ms: 1500 },
                },
                json!({"no_answer": {"origin": "https://a.example", "why": {"timed_out": {"timeout_ms": 1500}}}}),
            ),
            (
                Problem::InTrouble {
                    status: 503,
                    words: None,
                    wait_s: Some(5),
                },
                json!({"in_trouble": {"status": 503, "words": null, "wait_s": 5}}),
            ),
            (
                Problem::NoToken {
                    at: "/access_token".to_owned(),
                    missing: Missing::Member(nowhere),
                    elsewhere: Some("/token".to_owned()),
                    shape: Some(Shape::Json),
                },
                json!({"no_token": {"at": "/access_token", "missing": {"member": {"absent": {
                    "at": "", "token": "access_token", "there": {"keys": {"keys": ["token"], "more": false}},
                }}}, "elsewhere": "/token", "shape": "json"}}),
            ),
            (
                Problem::BadLifetime {
                    at: "/expires_in".to_owned(),
                    why: BadTime::NotANumberBut(JsonKind::Object),
                },
                json!({"bad_lifetime": {"at": "/expires_in", "why": {"not_a_number_but": "object"}}}),
            ),
        ];
        for (problem, stored) in cases {
            assert_eq!(serde_json::to_value(&problem).unwrap(), stored);
            let again: Problem = serde_json::from_value(stored).unwrap();
            assert_eq!(again.to_string(), problem.to_string());
            assert_eq!(again, problem);
        }
    }

    #[test]
    fn redaction_reaches_every_text_from_elsewhere() {
        let problem = Problem::Refused {
            status: 400,
            words: Some(Refusal {
                code: Some("s3cret".to_owned()),
                number: Some("s3cret".to_owned()),
                description: Some("s3cret".to_owned()),
            }),
            unmet: Some(Unmet {
                at: "/code".to_owned(),
                expected: "0".to_owned(),
                found: Some(Found::Value("s3cret".to_owned())),
            }),
            advice: Some(Advice::Scope(Some("s3cret".to_owned()))),
        };
        let shown = problem.redacted(&|text| text.replace("s3cret", "***"));
        assert!(!format!("{shown:?}").contains("s3cret"), "{shown:?}");
    }
}
