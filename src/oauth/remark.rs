//! The notes of a fetch about a token that can be used.

use std::fmt;

use crate::oauth::time::StatedBy;

/// A note about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// The stated lifetime was cut to the longest that is accepted.
    LifetimeCut(StatedBy),
    /// The stated lifetime is zero, negative or empty.
    NoLifetime {
        /// Its location.
        at: String,
        /// The profile's `default_ttl`, which is used instead.
        default_s: Option<i64>,
    },
    /// The answer has a refresh token that the profile neither sends nor keeps.
    RefreshToken,
    /// The request sent a refresh token that is not the secret `refresh_token`, and the answer has a new one.
    OtherRefreshToken,
    /// The provider replaced the refresh token, which comes from a source that tok cannot write.
    Replaced {
        /// The source.
        source: String,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LifetimeCut(by) => {
                match by {
                    StatedBy::Location(at) => write!(f, "the lifetime at `{at}`")?,
                    StatedBy::Exp => f.write_str("the lifetime in the token's `exp`")?,
                }
                f.write_str(
                    " is longer than 10 years, so 10 years count: check the unit, or set `max_ttl`",
                )
            }
            Self::NoLifetime {
                at,
                default_s: Some(seconds),
            } => write!(
                f,
                "the lifetime at `{at}` is not a time in the future, so `default_ttl` ({seconds} s) counts"
            ),
            Self::NoLifetime {
                at,
                default_s: None,
            } => write!(
                f,
                "the lifetime at `{at}` is not a time in the future, so the token is not cached: if it lives longer, set `default_ttl`"
            ),
            Self::RefreshToken => f.write_str(
                "the answer has a refresh token, which tok does not store: `response = { keep = [\"/refresh_token\"] }` keeps it beside the token",
            ),
            Self::OtherRefreshToken => f.write_str(
                "the answer has a new refresh token, which is lost: name the secret that the request sends `refresh_token`, so that tok stores the new one",
            ),
            Self::Replaced { source } => write!(
                f,
                "the provider replaced the refresh token, and the new one is lost, because tok cannot write to {source}: use the keyring, `{{ file = \"…\" }}`, or `{{ command = […], store = […] }}`"
            ),
        }
    }
}
