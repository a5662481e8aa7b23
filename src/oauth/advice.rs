//! The next step after a refusal: where in the profile or at the provider to look, by RFC 6749's error codes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::oauth::refusal::Refusal;
use crate::profile::file::schema::{AuthMethod, BasicEncoding, Encoding};
use crate::profile::parameter::Parameter;
use crate::profile::plan::Plan;
use crate::profile::template::{CLIENT_SECRET, Template};
use crate::secret::suspicion::Suspicion;
use crate::wire::request::Method;

/// The next step after a refusal. The cache stores the names: add, never rename.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// The client's assertion was not accepted.
    Assertion,
    /// The platform's token for this job was not accepted.
    Identity,
    /// The clocks of this machine and the provider differ.
    Clock {
        /// Seconds that this machine's clock is ahead of the provider's.
        ahead_s: i64,
    },
    /// The client's certificate was not accepted.
    ClientCertificate,
    /// The client's credentials were not accepted.
    Credentials {
        /// The secret to check; `None` for the client secret.
        secret: Option<String>,
        /// The other way that the provider may expect.
        instead: Option<Instead>,
    },
    /// A secret or the client ID looks wrong.
    Suspicious {
        /// The secret's name, or `client_id`.
        name: String,
        /// Why it looks wrong.
        what: Suspicion,
    },
    /// The client sends no credentials.
    NoSecret,
    /// The client may not have the scope; `None` if none was requested.
    Scope(Option<String>),
    /// The provider does not know the audience or resource (RFC 8707 §2).
    Target,
    /// The client may not use the grant type.
    ClientGrant,
    /// The provider does not know the grant type.
    GrantType,
    /// The provider is in trouble.
    TryLater,
    /// The client lacks a permission.
    Permission,
    /// The URL is wrong.
    Url,
    /// The endpoint does not take this method.
    Method {
        /// Whether it was POST.
        was_post: bool,
    },
    /// The endpoint does not read this kind of body.
    Encoding {
        /// Whether it was JSON.
        was_json: bool,
    },
    /// Compare what -v shows with the manual.
    CompareTrace,
    /// Compare the curl command with the manual.
    CompareCurl,
}

/// Another way to send the client's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// `basic_encoding = "raw"`
    RawBasic,
    /// `basic_encoding = "rfc6749"`
    Rfc6749Basic,
    /// `auth_method = "client_secret_basic"`
    Basic,
    /// `auth_method = "client_secret_post"`
    Post,
}

impl Advice {
    #[must_use]
    pub(crate) fn text(&self, profile: &str) -> Cow<'static, str> {
        let text = match self {
            Self::Assertion => {
                return format!(
                    "-v shows what was signed: the provider has to know the key, `aud` is often not the token endpoint, and the times are this machine's (`tok doctor {profile}` checks its clock)"
                )
                .into();
            }
            Self::Identity => {
                return format!(
                    "the provider has to trust this identity: compare its `iss`, `sub` and `aud`, which `tok doctor {profile} --fetch` shows, with what is set up there"
                )
                .into();
            }
            Self::Clock { ahead_s } => {
                let side = if *ahead_s < 0 { "behind" } else { "ahead of" };
                return format!(
                    "this machine's clock is {} s {side} the provider's, and what was sent contains the time: set the clock (`timedatectl set-ntp true` on Linux)",
                    ahead_s.unsigned_abs()
                )
                .into();
            }
            Self::ClientCertificate => {
                "check `client_cert` and `client_key`: the provider has to know the certificate, and for which `client_id` it is"
            }
            Self::Credentials { secret, instead } => {
                return credentials(profile, secret.as_deref(), *instead).into();
            }
            Self::Suspicious { name, what } => {
                return format!("{name} {what}: check it (`tok secret check {profile}` shows where it comes from)").into();
            }
            Self::NoSecret => {
                "the request contains no secret: check `auth_method` and `client_id`, or set `client_cert` and `client_key` if the provider wants a certificate"
            }
            Self::Scope(Some(words)) => {
                return format!(
                    "`scope` asks for `{words}`; the provider's console shows what this client may have"
                )
                .into();
            }
            Self::Scope(None) => {
                "no `scope` was asked for; the provider's manual names those there are"
            }
            Self::Target => {
                "check `audience` and `resource`: the provider knows no API of that name, or this client may not use it"
            }
            Self::ClientGrant => {
                "allow this client the profile's `grant_type` at the provider, or create a client of the kind that may use it"
            }
            Self::GrantType => {
                "the provider's manual names its `grant_type`; some take it only with `encoding = \"json\"`"
            }
            Self::TryLater => "try again later",
            Self::Permission => {
                "ask the provider what this client may do, and whether it serves only certain network addresses"
            }
            Self::Url => "check `token_url` (for a step its `url`) against the provider's manual",
            Self::Method { was_post: true } => {
                "check `token_url`; if it is right, set `method = \"GET\"`"
            }
            Self::Method { was_post: false } => {
                "check `token_url`; if it is right, set `method = \"POST\"`"
            }
            Self::Encoding { was_json: true } => "set `encoding = \"form\"`",
            Self::Encoding { was_json: false } => "set `encoding = \"json\"`",
            Self::CompareTrace => {
                "compare what -v shows of the request and the assertion with the example in the provider's manual"
            }
            Self::CompareCurl => {
                return format!(
                    "compare what `tok show {profile} --curl` prints with the example in the provider's manual"
                )
                .into();
            }
        };
        text.into()
    }

    #[must_use]
    pub(crate) fn redacted(self, change: &dyn Fn(String) -> String) -> Self {
        match self {
            Self::Scope(Some(words)) => Self::Scope(Some(change(words))),
            other => other,
        }
    }
}

fn credentials(profile: &str, secret: Option<&str>, instead: Option<Instead>) -> String {
    let argument = secret.map(|name| format!(" {name}")).unwrap_or_default();
    let check = format!("check id and secret (`tok secret check {profile}{argument}`)");
    let or = match instead {
        None => return check,
        Some(Instead::Basic) => "`auth_method = \"client_secret_basic\"`",
        Some(Instead::Post) => "`auth_method = \"client_secret_post\"`",
        Some(Instead::RawBasic) => {
            "`basic_encoding = \"raw\"`: the secret has characters that make a difference there"
        }
        Some(Instead::Rfc6749Basic) => {
            "`basic_encoding = \"rfc6749\"`: the secret has characters that make a difference there"
        }
    };
    format!("{check}, or try {or}")
}

#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) encodings_differ: bool,
    pub(crate) has_client_cert: bool,
    /// Seconds that this machine's clock is ahead of the provider's.
    pub(crate) clock_ahead_s: i64,
}

/// Servers commonly allow a minute's difference when they check signatures and a JWT's `iat`.
const CLOCKS_APART_S: u64 = 60;

#[must_use]
pub(crate) fn advice(refusal: Option<&Refusal>, status: u16, asked: Asked<'_>) -> Option<Advice> {
    let plan = asked.plan;
    let code = refusal.and_then(|refusal| refusal.code.as_deref());
    let is_signed = plan.assertion.is_some();
    let assertion = || match asked.clock_ahead_s.unsigned_abs() > CLOCKS_APART_S {
        true => Advice::Clock {
            ahead_s: asked.clock_ahead_s,
        },
        false => Advice::Assertion,
    };
    Some(match (code, status) {
        (Some("invalid_grant"), _) if is_signed => assertion(),
        // RFC 6749 §5.2: the client failed to authenticate, so an assertion that is only its grant does not matter.
        (Some("invalid_client"), _) | (_, 401) if is_signed && !sends_secret(plan) => assertion(),
        (Some("invalid_client" | "invalid_grant" | "invalid_request"), _)
            if plan.uses_identity() =>
        {
            Advice::Identity
        }
        (Some("invalid_client"), _) => for_credentials(asked),
        (Some("invalid_scope"), _) => Advice::Scope(scope(plan)),
        (Some("invalid_target"), _) => Advice::Target,
        (Some("unauthorized_client"), 400..=499) => Advice::ClientGrant,
        (Some("unsupported_grant_type"), _) => Advice::GrantType,
        (Some("server_error" | "temporarily_unavailable"), _) => Advice::TryLater,
        (_, 400..=403) if sends_time(plan) && matches!(assertion(), Advice::Clock { .. }) => {
            assertion()
        }
        (_, 401) | (None, 400 | 403) if plan.uses_identity() => Advice::Identity,
        (_, 401) => for_credentials(asked),
        // Some providers answer wrong credentials with 403 and an empty body.
        (_, 403) if refusal.is_none() => for_credentials(asked),
        (_, 403) => Advice::Permission,
        (None, 404) => Advice::Url,
        (_, 405) => Advice::Method {
            was_post: plan.method == Method::Post,
        },
        (None, 415) if matches!(plan.encoding, Encoding::Form | Encoding::Json) => {
            Advice::Encoding {
                was_json: plan.encoding == Encoding::Json,
            }
        }
        (_, 400..=499) if is_signed => Advice::CompareTrace,
        (_, 400..=499) => Advice::CompareCurl,
        _ => return None,
    })
}

fn sends_time(plan: &Plan) -> bool {
    let values = plan.values.iter().map(|(_, template)| template);
    let mut templates = values.chain(plan.templates());
    plan.assertion.is_some() || templates.any(|template| template.source().contains("now"))
}

fn sends_secret(plan: &Plan) -> bool {
    !matches!(plan.auth_method, AuthMethod::None | AuthMethod::Identity)
        && !plan.auth_method.is_signed()
}

fn for_credentials(asked: Asked<'_>) -> Advice {
    let Asked {
        plan,
        encodings_differ,
        ..
    } = asked;
    let secrets = plan.secrets();
    let own = secrets.iter().find(|secret| **secret == CLIENT_SECRET);
    let Some(secret) = own.or(secrets.first()) else {
        return match asked.has_client_cert {
            true => Advice::ClientCertificate,
            false => Advice::NoSecret,
        };
    };
    let instead = match (plan.auth_method, plan.basic_encoding) {
        (AuthMethod::ClientSecretBasic, BasicEncoding::Rfc6749) if encodings_differ => {
            Some(Instead::RawBasic)
        }
        (AuthMethod::ClientSecretBasic, BasicEncoding::Raw) if encodings_differ => {
            Some(Instead::Rfc6749Basic)
        }
        (AuthMethod::ClientSecretBasic, _) => Some(Instead::Post),
        (AuthMethod::ClientSecretPost, _) => Some(Instead::Basic),
        (
            AuthMethod::None
            | AuthMethod::ClientSecretJwt
            | AuthMethod::PrivateKeyJwt
            | AuthMethod::TlsClientAuth
            | AuthMethod::SelfSignedTlsClientAuth
            | AuthMethod::Identity,
            _,
        ) => None,
    };
    Advice::Credentials {
        secret: (*secret != CLIENT_SECRET).then(|| (*secret).to_owned()),
        instead,
    }
}

fn scope(plan: &Plan) -> Option<String> {
    plan.parameters
        .iter()
        .find_map(|(_, parameter)| match parameter {
            Parameter::Words { words, .. } => {
                let words: Vec<&str> = words.iter().map(Template::source).collect();
                Some(words.join(" "))
            }
            _ => None,
        })
}

#[cfg(test)]
mod tests;
