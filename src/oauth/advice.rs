//! The next step after a refusal: where in the profile or at the provider to look, by the error codes of RFC 6749.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::oauth::refusal::Refusal;
use crate::profile::file::schema::{AuthMethod, BasicEncoding};
use crate::profile::parameter::Parameter;
use crate::profile::plan::Plan;
use crate::profile::template::{CLIENT_SECRET, Template};

/// The next step after a refusal. Part of the stored form of a failure: add, never rename.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// The client's assertion was not accepted.
    Assertion,
    /// What was signed or computed has a wrong time.
    Clock {
        /// How far this machine's clock is ahead of the provider's.
        ahead_s: i64,
    },
    /// The client's certificate was not accepted.
    ClientCertificate,
    /// The client's credentials were not accepted.
    Credentials {
        /// The secret to check; `None` for the client secret.
        secret: Option<String>,
        /// What else the provider may expect.
        instead: Option<Instead>,
    },
    /// The client sends no credentials.
    NoSecret,
    /// The client may not have the scope; `None` where none was asked for.
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
    /// The text for a user of `profile`.
    #[must_use]
    pub fn text(&self, profile: &str) -> Cow<'static, str> {
        let text = match self {
            Self::Assertion => {
                return format!(
                    "-v shows what was signed: the provider has to know the key, `aud` is often not the token endpoint, and the times are this machine's (`tok doctor {profile}` checks its clock)"
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

    /// The same with `change` made to each text from the profile.
    #[must_use]
    pub fn redacted(self, change: &dyn Fn(String) -> String) -> Self {
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

/// What was asked and answered, as far as advice depends on it.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The request that was refused.
    pub plan: &'a Plan,
    /// Whether a server that expects the other Basic encoding would have seen other credentials.
    pub encodings_differ: bool,
    /// Whether the client has a certificate (RFC 8705).
    pub has_client_cert: bool,
    /// How far this machine's clock is ahead of the provider's, where the provider said its time.
    pub clock_ahead_s: i64,
}

/// How far apart the clocks may be: signatures and a JWT's `iat` are commonly checked with a minute's grace.
const CLOCKS_APART_S: u64 = 60;

/// The next step after the refusal of a request, or `None` where the provider's own words have to do.
#[must_use]
pub fn advice(refusal: Option<&Refusal>, status: u16, asked: Asked<'_>) -> Option<Advice> {
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
        // RFC 6749 §5.2: the client failed to authenticate. An assertion that is only its grant has no part in that.
        (Some("invalid_client"), _) | (_, 401) if is_signed && !sends_secret(plan) => assertion(),
        (Some("invalid_client"), _) => for_credentials(asked),
        (Some("invalid_scope"), _) => Advice::Scope(scope(plan)),
        (Some("invalid_target"), _) => Advice::Target,
        (Some("unauthorized_client"), 400..=499) => Advice::ClientGrant,
        (Some("unsupported_grant_type"), _) => Advice::GrantType,
        (Some("server_error" | "temporarily_unavailable"), _) => Advice::TryLater,
        (_, 400..=403) if sends_time(plan) && matches!(assertion(), Advice::Clock { .. }) => {
            assertion()
        }
        (_, 401) => for_credentials(asked),
        // Some answer wrong credentials with 403 and nothing else.
        (_, 403) if refusal.is_none() => for_credentials(asked),
        (_, 403) => Advice::Permission,
        (None, 404) => Advice::Url,
        (_, 400..=499) if is_signed => Advice::CompareTrace,
        (_, 400..=499) => Advice::CompareCurl,
        _ => return None,
    })
}

/// Whether a request contains this machine's time.
fn sends_time(plan: &Plan) -> bool {
    let values = plan.values.iter().map(|(_, template)| template);
    let mut templates = values.chain(plan.templates());
    plan.assertion.is_some() || templates.any(|template| template.source().contains("now"))
}

/// Whether the client authenticates with its secret unsigned.
fn sends_secret(plan: &Plan) -> bool {
    plan.auth_method != AuthMethod::None && !plan.auth_method.is_signed()
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
        (AuthMethod::None | AuthMethod::ClientSecretJwt | AuthMethod::PrivateKeyJwt, _) => None,
    };
    Advice::Credentials {
        secret: (*secret != CLIENT_SECRET).then(|| (*secret).to_owned()),
        instead,
    }
}

/// The scope that `plan` asks for.
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
mod tests {
    use super::*;
    use crate::profile::file::schema::Encoding;
    use crate::wire::request::Method;

    fn plan(auth_method: AuthMethod) -> Plan {
        Plan {
            url: Template::literal("https://example.com/"),
            method: Method::Post,
            encoding: Encoding::Form,
            body: None,
            content_type: None,
            auth_method,
            basic_encoding: BasicEncoding::Rfc6749,
            parameters: Vec::new(),
            query: Vec::new(),
            values: Vec::new(),
            headers: Vec::new(),
            assertion: None,
        }
    }

    fn said(code: Option<&str>, status: u16, plan: &Plan, encodings_differ: bool) -> String {
        let refusal = Refusal {
            code: code.map(str::to_owned),
            ..Refusal::default()
        };
        let asked = Asked {
            plan,
            encodings_differ,
            has_client_cert: false,
            clock_ahead_s: 0,
        };
        advice(Some(&refusal), status, asked)
            .map(|advice| advice.text("p").into_owned())
            .unwrap_or_default()
    }

    #[test]
    fn each_code_and_status_points_to_what_holds_the_mistake() {
        let basic = plan(AuthMethod::ClientSecretBasic);
        let cases = [
            (Some("invalid_client"), 400, "`tok secret check p`"),
            (Some("invalid_client"), 200, "client_secret_post"),
            (Some("access_denied"), 401, "client_secret_post"),
            (None, 401, "`tok secret check p`"),
            (Some("invalid_scope"), 400, "no `scope` was asked for"),
            (Some("invalid_target"), 400, "`audience`"),
            (Some("unauthorized_client"), 400, "`grant_type`"),
            (Some("unsupported_grant_type"), 400, "`encoding = \"json\"`"),
            (Some("temporarily_unavailable"), 400, "try again later"),
            (Some("access_denied"), 403, "what this client may do"),
            (None, 404, "`token_url`"),
            (Some("invalid_request"), 400, "`tok show p --curl`"),
            (None, 415, "`tok show p --curl`"),
        ];
        for (code, status, expected) in cases {
            let said = said(code, status, &basic, false);
            assert!(said.contains(expected), "{code:?} {status}: {said}");
        }
        // Words of the provider's own, in an answer that is a success: there is nothing to add to them.
        assert_eq!(said(Some("40013"), 200, &basic, false), "");
    }

    #[test]
    fn advice_on_credentials_names_the_other_way_to_send_them() {
        let mut basic = plan(AuthMethod::ClientSecretBasic);
        assert!(said(None, 401, &basic, true).contains("basic_encoding = \"raw\""));
        basic.basic_encoding = BasicEncoding::Raw;
        assert!(said(None, 401, &basic, true).contains("basic_encoding = \"rfc6749\""));
        let mut post = plan(AuthMethod::ClientSecretPost);
        post.headers = vec![(
            "k".to_owned(),
            Template::parse("${secret.api_key}").unwrap(),
        )];
        let text = said(None, 401, &post, true);
        assert!(text.contains("client_secret_basic"), "{text}");
        assert!(text.contains("`tok secret check p api_key`"), "{text}");
        let none = plan(AuthMethod::None);
        assert!(said(None, 401, &none, false).contains("contains no secret"));
    }

    #[test]
    fn advice_on_an_assertion_names_what_servers_check() {
        let mut signs = plan(AuthMethod::PrivateKeyJwt);
        signs.assertion = Some(crate::profile::assertion::Assertion {
            algorithm: None,
            key: "private_key".to_owned(),
            headers: Vec::new(),
            claims: Vec::new(),
            lifetime_ms: 60_000,
        });
        for (code, status) in [
            (Some("invalid_client"), 400),
            (Some("invalid_grant"), 400),
            (Some("invalid_grant"), 401),
            (None, 401),
        ] {
            for auth_method in [
                AuthMethod::PrivateKeyJwt,
                AuthMethod::ClientSecretJwt,
                AuthMethod::None,
            ] {
                signs.auth_method = auth_method;
                let said = said(code, status, &signs, true);
                assert!(said.contains("-v shows what was signed"), "{said}");
                assert!(said.contains("`tok doctor p`"), "{said}");
            }
        }
        // A client that is known by its secret sends the assertion as a grant: what is wrong with the one is not wrong with the other.
        let secret_and_grant = [
            (Some("invalid_client"), 401, "`tok secret check p`"),
            (Some("access_denied"), 401, "`tok secret check p`"),
            (None, 401, "`tok secret check p`"),
            (Some("invalid_grant"), 400, "-v shows what was signed"),
        ];
        for auth_method in [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost] {
            signs.auth_method = auth_method;
            signs.parameters = match auth_method {
                AuthMethod::ClientSecretPost => vec![(
                    "client_secret".to_owned(),
                    Parameter::Text(Template::parse("${client_secret}").unwrap()),
                )],
                _ => Vec::new(),
            };
            for (code, status, expected) in secret_and_grant {
                let said = said(code, status, &signs, false);
                assert!(said.contains(expected), "{auth_method:?} {code:?}: {said}");
            }
        }
        // No curl command shows it.
        assert!(!said(None, 400, &signs, false).contains("--curl"));
        assert!(said(Some("invalid_scope"), 400, &signs, false).contains("`scope`"));
    }

    #[test]
    fn advice_on_the_scope_names_the_one_that_was_asked_for() {
        let mut asked = plan(AuthMethod::ClientSecretBasic);
        asked.parameters = vec![(
            "scopes".to_owned(),
            Parameter::Words {
                words: vec![Template::literal("a"), Template::literal("b:c")],
                separator: ",".to_owned(),
            },
        )];
        assert!(said(Some("invalid_scope"), 400, &asked, false).contains("`a b:c`"));
    }

    #[test]
    fn a_wrong_clock_a_certificate_and_an_empty_403_get_their_own_advice() {
        let plain = plan(AuthMethod::ClientSecretBasic);
        let none = plan(AuthMethod::None);
        let mut signs = plan(AuthMethod::PrivateKeyJwt);
        signs.assertion = Some(crate::profile::assertion::Assertion {
            algorithm: None,
            key: "private_key".to_owned(),
            headers: Vec::new(),
            claims: Vec::new(),
            lifetime_ms: 60_000,
        });
        let mut computes = plan(AuthMethod::None);
        computes.headers = vec![(
            "x-time".to_owned(),
            Template::parse("${now('%s')}").unwrap(),
        )];
        let code = |code: &str| Refusal {
            code: Some(code.to_owned()),
            ..Refusal::default()
        };
        let clock = |ahead_s| Some(Advice::Clock { ahead_s });
        let post = Some(Advice::Credentials {
            secret: None,
            instead: Some(Instead::Post),
        });
        let cases = [
            (
                &signs,
                Some(code("invalid_client")),
                401,
                false,
                -600,
                clock(-600),
            ),
            (
                &signs,
                Some(code("invalid_grant")),
                400,
                false,
                61,
                clock(61),
            ),
            (
                &signs,
                Some(code("invalid_grant")),
                400,
                false,
                60,
                Some(Advice::Assertion),
            ),
            (
                &signs,
                Some(code("invalid_scope")),
                400,
                false,
                600,
                Some(Advice::Scope(None)),
            ),
            (
                &signs,
                Some(code("invalid_request")),
                400,
                false,
                600,
                clock(600),
            ),
            (
                &computes,
                Some(code("bad_sign")),
                403,
                false,
                600,
                clock(600),
            ),
            (
                &plain,
                Some(code("invalid_client")),
                401,
                false,
                600,
                post.clone(),
            ),
            (&plain, None, 403, false, 0, post),
            (
                &plain,
                Some(code("forbidden")),
                403,
                false,
                0,
                Some(Advice::Permission),
            ),
            (&none, None, 401, true, 0, Some(Advice::ClientCertificate)),
            (
                &none,
                Some(code("invalid_client")),
                400,
                true,
                0,
                Some(Advice::ClientCertificate),
            ),
            (
                &none,
                Some(code("invalid_client")),
                400,
                false,
                0,
                Some(Advice::NoSecret),
            ),
        ];
        for (plan, refusal, status, has_client_cert, clock_ahead_s, expected) in cases {
            let asked = Asked {
                plan,
                encodings_differ: false,
                has_client_cert,
                clock_ahead_s,
            };
            let advice = advice(refusal.as_ref(), status, asked);
            assert_eq!(advice, expected, "{refusal:?} {status} {clock_ahead_s}");
        }
        assert_eq!(
            Advice::Clock { ahead_s: -600 }.text("p").split(',').next(),
            Some("this machine's clock is 600 s behind the provider's")
        );
    }
}
