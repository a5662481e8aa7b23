//! Every way in which a provider gives no usable token, as data that can be stored, shown and advised on.
//!
//! The cache stores a `Problem` for the processes that share a failure. Names of variants and fields are its stored form: add, never rename.

mod hint;
mod text;

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
        /// How long an HTTP cache had kept the answer.
        #[serde(default)]
        age_s: i64,
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

impl Problem {
    /// The kind of error it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoAnswer { why, .. } => why.kind(),
            Self::Refused { .. } => Kind::Refused,
            Self::InTrouble { .. } => Kind::Unreachable,
            // The command asks for more than there is.
            Self::TooShort { .. } => Kind::Usage,
            _ => Kind::Unusable,
        }
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

#[cfg(test)]
mod tests;
