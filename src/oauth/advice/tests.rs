//! Tables of refusals and the next step after each.

use super::*;
use crate::profile::assertion::SigningKey;

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
        exchange: None,
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
        (None, 405, "`method = \"GET\"`"),
        (None, 415, "`encoding = \"json\"`"),
        (None, 413, "`tok show p --curl`"),
    ];
    for (code, status, expected) in cases {
        let said = said(code, status, &basic, false);
        assert!(said.contains(expected), "{code:?} {status}: {said}");
    }
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
        offered: Vec::new(),
        algorithm: None,
        key: SigningKey::Secret("private_key".to_owned()),
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
    // A client that authenticates with its secret sends the assertion only as a grant.
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
        offered: Vec::new(),
        algorithm: None,
        key: SigningKey::Secret("private_key".to_owned()),
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
