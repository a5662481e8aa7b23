//! The next step after each problem.

use std::borrow::Cow;

use super::{BadToken, Problem};
use crate::oauth::seen::Missing;
use crate::oauth::shape::Shape;
use crate::profile::pointer::{JsonKind, Nowhere};
use crate::wire::document::Unreadable;

const WHERE_THE_TOKEN_IS: &str = "set `response = { access_token = \"/…\" }` to where the token is; -v shows the answer, without secrets";

const WHERE_IN_A_STEP: &str =
    "set what follows `step.NAME.` to where it is in the answer; -v shows that, without secrets";

impl Problem {
    #[must_use]
    pub(crate) fn hint(&self, profile: &str) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::NoAnswer { why, .. } => why.hint(),
            Self::Refused { advice, .. } => {
                return advice.as_ref().map(|advice| advice.text(profile));
            }
            Self::LoginOver { way, .. } => return Some(way.clone().into()),
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
            Self::BadToken {
                why: BadToken::Scheme(scheme),
                ..
            } => {
                return Some(format!("set `response = {{ strip_prefix = \"{scheme} \" }}`").into());
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
                age_s: 0,
                ..
            } => "check this machine's clock (`date`); if it is right, tell the provider",
            Self::Expired { .. } => {
                "try again later; if it stays so, tell the provider: it, or an HTTP cache before it, hands out an old token"
            }
            Self::IssuedType {
                requested: None, ..
            } => {
                "ask for an access token: `requested_token_type = \"urn:ietf:params:oauth:token-type:access_token\"`; if you want what was issued, name its type there"
            }
            Self::IssuedType { .. } => {
                "the provider's manual names the types it can issue: set `requested_token_type` to one of them"
            }
            Self::StepHasNo { .. } | Self::StepHasOther { .. } => WHERE_IN_A_STEP,
            Self::TooShort { .. } => "ask for less with --min-ttl",
        };
        Some(hint.into())
    }
}

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
