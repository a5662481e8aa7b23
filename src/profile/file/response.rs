//! The keys of `response` as written, for a profile and for a step.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::profile::file::values::{Kept, OneOrMany, Params};

/// `response = { … }` of a step: how its answer is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StepResponseTable {
    /// The format of the answer.
    pub format: Option<Format>,
    /// The status of a success, if it is not 2xx.
    pub status: Option<u16>,
    /// Further members to keep, for `tok json`, `${kept.NAME}` and `${step.NAME.KEPT}`.
    pub keep: Option<Kept>,
    /// Members and their values that tell a success from a refusal.
    pub success: Params,
    /// Where a refusal's code is.
    pub error: Option<OneOrMany>,
    /// Where a refusal's description is.
    pub error_description: Option<OneOrMany>,
}

impl StepResponseTable {
    /// Returns a profile's table; locations of the error come from `profile` unless set here.
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResponseTable {
    /// A pointer that goes before each of the others.
    pub root: Option<String>,
    /// Where the token is: an RFC 6901 pointer, `header:NAME`, `cookie:NAME` or `step:NAME/POINTER`; of a list, the first that is there.
    pub access_token: Option<OneOrMany>,
    /// Where the token type is.
    pub token_type: Option<OneOrMany>,
    /// Where the lifetime is.
    pub expires_in: Option<OneOrMany>,
    /// The unit of `expires_in`.
    pub expires_in_unit: Option<Unit>,
    /// Where the time of the expiry is.
    pub expires_at: Option<OneOrMany>,
    /// How `expires_at` is written: `rfc3339`, `s`, `ms`, `us`, or a strftime pattern.
    pub expires_at_unit: Option<Moment>,
    /// The time zone of an `expires_at` that has none: an offset or UTC.
    pub expires_at_zone: Option<String>,
    /// Where the granted scope is.
    pub scope: Option<OneOrMany>,
    /// The format of the answer.
    pub format: Option<Format>,
    /// The status of a success, if it is not 2xx.
    pub status: Option<u16>,
    /// Further members to keep, for `tok json`, `${kept.NAME}` and `${step.NAME.KEPT}`.
    pub keep: Option<Kept>,
    /// A text to remove from the front of the token.
    pub strip_prefix: Option<String>,
    /// Members and their values that tell a success from a refusal.
    pub success: Params,
    /// Where a refusal's code is.
    pub error: Option<OneOrMany>,
    /// Where a refusal's description is.
    pub error_description: Option<OneOrMany>,
    /// The characters a token may contain.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How a time is written.",
            "anyOf": [
                { "enum": ["rfc3339", "s", "ms", "us"] },
                { "type": "string", "pattern": "%", "description": "A strftime pattern, as `%Y-%m-%d %H:%M:%S`." }
            ]
        })
    }
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// The token and nothing else.
    Text,
    /// `name=value&…`, read as a JSON object of strings.
    Form,
    /// XML, read as a JSON object; see [`crate::wire::xml`].
    Xml,
}

/// Which characters a token may contain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenCharacters {
    /// RFC 6750 §2.1's `b64token`.
    #[default]
    B64token,
    /// Any visible ASCII.
    Visible,
}
