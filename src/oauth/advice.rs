//! What to do about a refusal: the step that RFC 6749's error codes point to, for whoever meets the message and does not know the profile.
//!
//! The provider's words say what it thinks is wrong, and seldom where in the profile that stands. Only what tok can know is said: which command
//! shows the secret's source, which key holds the scope, what else servers of this kind want.

use crate::oauth::refusal::Refusal;
use crate::profile::file::schema::{AuthMethod, BasicEncoding};
use crate::profile::plan::{Parameter, Plan};
use crate::profile::template::{CLIENT_SECRET, Template};

/// What was asked, as far as advice depends on it.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The profile's name.
    pub profile: &'a str,
    /// The request that was refused.
    pub plan: &'a Plan,
    /// Whether a server that expects the other Basic encoding would have seen other credentials.
    pub encodings_differ: bool,
}

/// The next step after `refusal`, which came with `status`; none where the provider's own words have to do.
#[must_use]
pub fn advice(refusal: Option<&Refusal>, status: u16, asked: Asked<'_>) -> Option<String> {
    let code = refusal.and_then(|refusal| refusal.code.as_deref());
    let is_signed = asked.plan.assertion.is_some();
    Some(match (code, status) {
        (Some("invalid_grant"), _) if is_signed => signed(asked),
        // RFC 6749 §5.2: it is the client that is not believed, and an assertion that is no more than its grant says nothing about that.
        (Some("invalid_client"), _) | (_, 401) if is_signed && !sends_secret(asked.plan) => {
            signed(asked)
        }
        (Some("invalid_client"), _) => credentials(asked),
        (Some("invalid_scope"), _) => scope(asked),
        // RFC 8707 §2.
        (Some("invalid_target"), _) => {
            "check `audience` and `resource`: the provider knows no API of that name, or this client may not use it".to_owned()
        }
        (Some("unauthorized_client"), 400..=499) => {
            "allow this client the profile's `grant_type` at the provider, or create a client of the kind that may use it".to_owned()
        }
        (Some("unsupported_grant_type"), _) => {
            "the provider's manual names its `grant_type`; some take it only with `encoding = \"json\"`".to_owned()
        }
        (Some("server_error" | "temporarily_unavailable"), _) => "try again later".to_owned(),
        (_, 401) => credentials(asked),
        (_, 403) => {
            "ask the provider what this client may do, and whether it serves only certain network addresses".to_owned()
        }
        (None, 404) => {
            "check `token_url` (for a step its `url`) against the provider's manual".to_owned()
        }
        (_, 400..=499) if is_signed => {
            "compare what -v shows of the request and the assertion with the example in the provider's manual".to_owned()
        }
        (_, 400..=499) => format!(
            "compare what `tok show {} --curl` prints with the example in the provider's manual",
            asked.profile
        ),
        _ => return None,
    })
}

/// Whether the client authenticates by its secret as it stands.
fn sends_secret(plan: &Plan) -> bool {
    plan.auth_method != AuthMethod::None && !plan.auth_method.is_signed()
}

/// Advice where the provider does not know the client, or does not believe it.
fn credentials(asked: Asked<'_>) -> String {
    let plan = asked.plan;
    let secrets = plan.secrets();
    // It is the client's own, whatever else the request is made of.
    let own = secrets.iter().find(|secret| **secret == CLIENT_SECRET);
    let Some(secret) = own.or(secrets.first()) else {
        return "the request holds no secret: check `auth_method` and `client_id`".to_owned();
    };
    let argument = match *secret {
        CLIENT_SECRET => String::new(),
        other => format!(" {other}"),
    };
    let check = format!(
        "check id and secret (`tok secret check {}{argument}`)",
        asked.profile
    );
    match plan.auth_method {
        AuthMethod::ClientSecretBasic if asked.encodings_differ => {
            let other = match plan.basic_encoding {
                BasicEncoding::Rfc6749 => "raw",
                BasicEncoding::Raw => "rfc6749",
            };
            format!(
                "{check}, or try `basic_encoding = \"{other}\"`: the secret has characters that make a difference there"
            )
        }
        AuthMethod::ClientSecretBasic => {
            format!("{check}, or try `auth_method = \"client_secret_post\"`")
        }
        AuthMethod::ClientSecretPost => {
            format!("{check}, or try `auth_method = \"client_secret_basic\"`")
        }
        AuthMethod::None | AuthMethod::ClientSecretJwt | AuthMethod::PrivateKeyJwt => check,
    }
}

/// Advice where what the client signed is not believed: the key, a claim, or the time.
fn signed(asked: Asked<'_>) -> String {
    format!(
        "-v shows what was signed: the provider has to know the key, `aud` is often not the token endpoint, and the times are this machine's (`tok doctor {}` checks its clock)",
        asked.profile
    )
}

/// Advice where the scope is not one that the client may have.
fn scope(asked: Asked<'_>) -> String {
    let words = asked
        .plan
        .parameters
        .iter()
        .find_map(|(_, parameter)| match parameter {
            Parameter::Words { words, .. } => Some(words),
            _ => None,
        });
    match words {
        Some(words) => {
            let words: Vec<&str> = words.iter().map(Template::source).collect();
            format!(
                "`scope` asks for `{}`; the provider's console shows what this client may have",
                words.join(" ")
            )
        }
        None => "no `scope` was asked for; the provider's manual names those there are".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::file::schema::{Encoding, Method};

    fn plan(auth_method: AuthMethod) -> Plan {
        Plan {
            url: Template::literal("https://example.com/"),
            method: Method::Post,
            encoding: Encoding::Form,
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
            profile: "p",
            plan,
            encodings_differ,
        };
        advice(Some(&refusal), status, asked).unwrap_or_default()
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
        assert!(said(None, 401, &none, false).contains("holds no secret"));
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
}
