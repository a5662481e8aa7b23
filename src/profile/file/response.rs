//! The keys of `response` as written, for a profile and for a step.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::profile::file::values::{Kept, OneOrMany, Params};

/// `response = { … }` of a step: how its answer is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config.example.toml")]
pub struct StepResponseTable {
    pub format: Option<Format>,
    pub status: Option<u16>,
    pub keep: Option<Kept>,
    pub success: Params,
    pub error: Option<OneOrMany>,
    pub error_description: Option<OneOrMany>,
}

impl StepResponseTable {
    /// The same as a profile's table; where a refusal is described comes from `profile` unless it is set here.
    #[must_use]
    pub fn within(self, profile: &ResponseTable) -> ResponseTable {
        ResponseTable {
            format: self.format,
            status: self.status,
            keep: self.keep,
            success: self.success,
            error: self.error.or_else(|| profile.error.clone()),
            error_description: self
                .error_description
                .or_else(|| profile.error_description.clone()),
            ..ResponseTable::default()
        }
    }
}

/// `response = { … }`: how the answer is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config.example.toml")]
pub struct ResponseTable {
    pub root: Option<String>,
    pub access_token: Option<OneOrMany>,
    pub token_type: Option<OneOrMany>,
    pub expires_in: Option<OneOrMany>,
    pub expires_in_unit: Option<Unit>,
    pub expires_at: Option<OneOrMany>,
    pub expires_at_unit: Option<Moment>,
    pub expires_at_zone: Option<String>,
    pub scope: Option<OneOrMany>,
    pub format: Option<Format>,
    pub status: Option<u16>,
    pub keep: Option<Kept>,
    pub strip_prefix: Option<String>,
    pub success: Params,
    pub error: Option<OneOrMany>,
    pub error_description: Option<OneOrMany>,
    pub token_chars: Option<TokenCharacters>,
}

impl ResponseTable {
    pub(super) fn over(self, base: Self) -> Self {
        Self {
            root: self.root.or(base.root),
            access_token: self.access_token.or(base.access_token),
            token_type: self.token_type.or(base.token_type),
            expires_in: self.expires_in.or(base.expires_in),
            expires_in_unit: self.expires_in_unit.or(base.expires_in_unit),
            expires_at: self.expires_at.or(base.expires_at),
            expires_at_unit: self.expires_at_unit.or(base.expires_at_unit),
            expires_at_zone: self.expires_at_zone.or(base.expires_at_zone),
            scope: self.scope.or(base.scope),
            format: self.format.or(base.format),
            status: self.status.or(base.status),
            keep: self.keep.or(base.keep),
            strip_prefix: self.strip_prefix.or(base.strip_prefix),
            success: self.success.over(base.success),
            error: self.error.or(base.error),
            error_description: self.error_description.or(base.error_description),
            token_chars: self.token_chars.or(base.token_chars),
        }
    }
}

/// The unit of `response.expires_in`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Seconds (RFC 6749 §5.1).
    #[default]
    S,
    /// Milliseconds.
    Ms,
    /// Minutes.
    Min,
    /// Hours.
    H,
    /// Hours, minutes and seconds with colons between: `477:21:15`.
    Hms,
}

/// How `response.expires_at` is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    /// RFC 3339; the offset may be without a colon, as in ISO 8601's basic form.
    #[default]
    Rfc3339,
    /// Unix time in seconds.
    S,
    /// Unix time in milliseconds.
    Ms,
    /// Unix time in microseconds.
    Us,
    /// A strftime pattern, as `%Y%m%d%H%M%S`.
    Pattern(String),
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(match self {
            Self::Rfc3339 => "rfc3339",
            Self::S => "s",
            Self::Ms => "ms",
            Self::Us => "us",
            Self::Pattern(pattern) => pattern,
        })
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Ok(match text.as_str() {
            "rfc3339" => Self::Rfc3339,
            "s" => Self::S,
            "ms" => Self::Ms,
            "us" => Self::Us,
            _ if text.contains('%') => Self::Pattern(text),
            other => {
                return Err(de::Error::custom(format!(
                    "must be one of `rfc3339`, `s`, `ms`, `us`, or a pattern like `%Y-%m-%d %H:%M:%S`, not `{other}`"
                )));
            }
        })
    }
}

/// The format of the answer's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// The token and nothing else.
    Text,
    /// `name=value&…`, read as a JSON object of strings.
    Form,
}

/// Which characters a token may contain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenCharacters {
    /// RFC 6750 §2.1's `b64token`.
    #[default]
    B64token,
    /// Any visible ASCII.
    Visible,
}
