//! The end of a token as an answer states it, and why it cannot be read. The cache stores both: add names, never rename them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::profile::pointer::JsonKind;

/// Where the end of a token is stated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatedBy {
    /// A location in the answer.
    Location(String),
    /// The `exp` of the token, a JWT (RFC 7519 §4.1.4).
    Exp,
}

/// Why a lifetime or a moment cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadTime {
    /// It is not text like `12:34:56`.
    NotHms,
    /// It has this JSON type, not a number.
    NotANumberBut(JsonKind),
    /// It is text that is not a number.
    NotANumber,
    /// It has this JSON type, not a time.
    NotATimeBut(JsonKind),
    /// It has this JSON type, not RFC 3339 text.
    NotRfc3339But(JsonKind),
    /// It is text but not RFC 3339.
    NotRfc3339,
    /// It is a time without a zone.
    NoZone,
    /// It does not match the profile's pattern.
    NotLike(String),
    /// It is outside the calendar.
    OutOfRange,
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
