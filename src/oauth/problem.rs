//! Every reason for having no usable token, as data that can be stored, shown and advised on.
//! The cache stores a `Problem`: add names of variants and fields, never rename them.

mod hint;
mod text;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::oauth::advice::Advice;
use crate::oauth::refusal::Refusal;
use crate::oauth::seen::Missing;
use crate::oauth::shape::Shape;
use crate::oauth::time::{BadTime, StatedBy};
use crate::profile::pointer::{JsonKind, Nowhere, There};
use crate::wire::document::Unreadable;
use crate::wire::no_answer::NoAnswer;

/// Why a provider gave no usable token. It never contains a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// `origin` did not answer.
    NoAnswer {
        /// The scheme, host and port of the request.
        origin: String,
        /// The reason.
        why: NoAnswer,
    },
    /// The provider refused (RFC 6749 §5.2).
    Refused {
        /// The HTTP status.
        status: u16,
        /// The provider's words.
        words: Option<Refusal>,
        /// The `success` member that makes it a refusal.
        #[serde(default)]
        unmet: Option<Box<Unmet>>,
        /// The next step.
        advice: Option<Advice>,
    },
    /// The provider does not accept the refresh token (RFC 6749 §5.2, `invalid_grant`).
    LoginOver {
        /// The HTTP status.
        status: u16,
        /// The provider's words.
        words: Option<Refusal>,
        /// How to get a new one.
        way: String,
        /// When an earlier refresh with this token was sent whose answer was lost, in Unix milliseconds.
        #[serde(default)]
        lost_unix_ms: Option<i64>,
    },
    /// The provider is overloaded or broken (408, 429, 5xx).
    InTrouble {
        /// The HTTP status.
        status: u16,
        /// The provider's words.
        words: Option<Refusal>,
        /// Seconds from its `Retry-After`.
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
        /// The reason.
        why: Unreadable,
        /// The `Content-Type` of the answer.
        content_type: Option<String>,
        /// The apparent kind of the body.
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
        /// The reason.
        missing: Missing,
        /// Where else a token seems to be.
        #[serde(default)]
        elsewhere: Option<String>,
        /// The apparent kind of the body.
        #[serde(default)]
        shape: Option<Shape>,
    },
    /// The value at the token's location is not a usable token.
    BadToken {
        /// Its location; `None` for the whole body.
        at: Option<String>,
        /// The reason.
        why: BadToken,
    },
    /// The token type is not text.
    BadTokenType {
        /// Its location.
        at: String,
        /// Its JSON type.
        found: JsonKind,
    },
    /// The lifetime cannot be read.
    BadLifetime {
        /// Its location.
        at: String,
        /// The reason.
        why: BadTime,
    },
    /// The token had expired when it arrived.
    Expired {
        /// The source of the expiry time.
        by: StatedBy,
        /// Seconds since it expired.
        ago_s: i64,
        /// Whether that is by this machine's clock, as the answer has no `Date`.
        by_local_clock: bool,
        /// Seconds that an HTTP cache had kept the answer.
        #[serde(default)]
        age_s: i64,
    },
    /// A token exchange issued a token of another type (RFC 8693 §2.2.1).
    IssuedType {
        /// The type of the token.
        issued: String,
        /// The type that was asked for, if any.
        requested: Option<String>,
    },
    /// A step's answer lacks what a later request needs.
    StepHasNo {
        /// The step.
        step: String,
        /// The path below the step, as a template writes it.
        path: String,
        /// The reason; `None` if the answer is not a document.
        instead: Option<Nowhere>,
    },
    /// A step's answer has a value that is not text where a later request needs text.
    StepHasOther {
        /// The step.
        step: String,
        /// The path below the step, as a template writes it.
        path: String,
        /// Its JSON type.
        found: JsonKind,
    },
    /// The token lives shorter than `--min-ttl` asks for.
    TooShort {
        /// The lifetime of the provider's tokens.
        lifetime_s: i64,
        /// The requested minimum.
        min_ttl_s: i64,
    },
}

/// A member that is not what the profile's `success` expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmet {
    pub(crate) at: String,
    pub(crate) expected: String,
    pub(crate) found: Option<Found>,
}

/// A member as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Its value.
    Value(String),
    /// Only its JSON type.
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
    /// It begins with this authentication scheme and a space.
    Scheme(String),
    /// It has a character that a header cannot carry.
    Unsendable,
}

impl Problem {
    /// Returns the kind of error.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoAnswer { why, .. } => why.kind(),
            Self::Refused { .. } => Kind::Refused,
            Self::LoginOver { .. } => Kind::Secret,
            Self::InTrouble { .. } => Kind::Unreachable,
            Self::TooShort { .. } => Kind::Usage,
            _ => Kind::Unusable,
        }
    }

    #[must_use]
    pub(crate) fn into_error(self, profile: &str) -> Error {
        let hint = self.hint(profile);
        let error = Error::of(self.kind(), self);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    #[must_use]
    pub(crate) fn redacted(self, change: &dyn Fn(String) -> String) -> Self {
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
                unmet: unmet.map(|unmet| {
                    Box::new(Unmet {
                        found: unmet.found.map(|found| match found {
                            Found::Value(value) => Found::Value(change(value)),
                            other => other,
                        }),
                        ..*unmet
                    })
                }),
                advice: advice.map(|advice| advice.redacted(change)),
            },
            Self::LoginOver {
                status,
                words,
                way,
                lost_unix_ms,
            } => Self::LoginOver {
                status,
                words: words.map(|words| words.redacted(change)),
                way,
                lost_unix_ms,
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
                        Missing::InStep(step, Box::new(redacted_keys(*nowhere, change)))
                    }
                    other => other,
                },
            },
            Self::IssuedType { issued, requested } => Self::IssuedType {
                issued: change(issued),
                requested,
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

fn redacted_keys(nowhere: Nowhere, change: &dyn Fn(String) -> String) -> Nowhere {
    match nowhere {
        Nowhere::Absent { at, token, there } => Nowhere::Absent {
            at,
            token,
            there: Box::new(match *there {
                There::Keys { keys, more } => There::Keys {
                    keys: keys.into_iter().map(change).collect(),
                    more,
                },
                other => other,
            }),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests;
