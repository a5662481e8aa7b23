//! The four token endpoints tok was asked for: what is sent, to the byte, what comes out, and every documented refusal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local_provider::dialects::{basic, cint, wrapped};
use local_provider::{Answer, Provider};

use crate::home::{Home, fails, stdout};
use crate::parallel;

/// A secret with every character that some encoding treats in its own way.
const AWKWARD: &str = "+/=:%& é";

/// The path of the token endpoint that speaks `dialect`, and what a profile for it has besides a URL and a client id.
fn dialect(name: &str) -> (&'static str, &'static str) {
    match name {
        "cint" => (
            "/oauth/token",
            "auth_method = 'client_secret_post'\nencoding = 'json'\naudience = 'https://api.luc.id'\nparams = { auth_scopes = 'app:api' }",
        ),
        "wrapped" => (
            "/v1/auth/token",
            "auth_method = 'client_secret_post'\ngrant_type = 'none'\nresponse = { root = '/data' }",
        ),
        "cardlytics" => (
            "/api/v1/idp/oauth2/token",
            "auth_method = 'client_secret_post'",
        ),
        "basic" => ("/oauth/v2/token", "basic_encoding = 'raw'"),
        "standard" => ("/oauth/v2/token", ""),
        other => panic!("no dialect {other}"),
    }
}

/// A token endpoint that speaks `name` and answers `answer`, and a home with profile `p` for it.
fn scene(name: &str, answer: Answer) -> (Provider, Home) {
    let (path, keys) = dialect(name);
    let provider = Provider::start();
    provider.answer(path, answer);
    let url = provider.url(path);
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{url}'\nclient_id = 'my id'\n{keys}\n"
    ));
    (provider, home)
}

fn ask(home: &Home, arguments: &str) -> assert_cmd::assert::Assert {
    home.tok(arguments)
        .env("TOK_P_CLIENT_SECRET", AWKWARD)
        .assert()
}

const PLAIN: &str =
    r#"{ "access_token": "abc.d-e_f~+/==", "expires_in": 3600, "token_type": "Bearer" }"#;
const WRAPPED: &str =
    r#"{ "data": { "access_token": "sk-418e", "token_type": "Bearer", "expires_in": 3600 } }"#;

#[test]
fn each_dialect_sends_exactly_its_documented_request() {
    let form_secret = "%2B%2F%3D%3A%25%26%20%C3%A9";
    let cases = [
        (
            "cint",
            PLAIN,
            "application/json",
            r#"{"grant_type":"client_credentials","client_id":"my id","client_secret":"+/=:%& é","audience":"https://api.luc.id","auth_scopes":"app:api"}"#.to_owned(),
            None,
        ),
        (
            "wrapped",
            WRAPPED,
            "application/x-www-form-urlencoded",
            format!("client_id=my%20id&client_secret={form_secret}"),
            None,
        ),
        (
            "cardlytics",
            PLAIN,
            "application/x-www-form-urlencoded",
            format!("grant_type=client_credentials&client_id=my%20id&client_secret={form_secret}"),
            None,
        ),
        (
            "basic",
            PLAIN,
            "application/x-www-form-urlencoded",
            "grant_type=client_credentials".to_owned(),
            Some(format!("my id:{AWKWARD}")),
        ),
        (
            "standard",
            PLAIN,
            "application/x-www-form-urlencoded",
            "grant_type=client_credentials".to_owned(),
            Some(format!("my%20id:{form_secret}")),
        ),
    ];
    for (dialect, answer, content_type, body, basic) in cases {
        let (provider, home) = scene(dialect, Answer::json(200, answer));
        ask(&home, "token p").success();
        let request = provider.only_request();
        assert_eq!(request.method, "POST", "{dialect}");
        assert_eq!(
            request.header("content-type"),
            Some(content_type),
            "{dialect}"
        );
        assert_eq!(
            request.header("accept"),
            Some("application/json"),
            "{dialect}"
        );
        assert_eq!(request.text(), body, "{dialect}");
        let authorization = basic.map(|pair| format!("Basic {}", STANDARD.encode(pair)));
        assert_eq!(
            request.header("authorization"),
            authorization.as_deref(),
            "{dialect}"
        );
    }
}

#[test]
fn each_dialects_documented_answer_becomes_token_header_and_json() {
    for (dialect, answer, token) in [
        ("cint", PLAIN, "abc.d-e_f~+/=="),
        ("wrapped", WRAPPED, "sk-418e"),
        ("cardlytics", PLAIN, "abc.d-e_f~+/=="),
        ("basic", PLAIN, "abc.d-e_f~+/=="),
    ] {
        let (provider, home) = scene(dialect, Answer::json(200, answer));
        ask(&home, "token p")
            .success()
            .stdout(format!("{token}\n"))
            .stderr("");
        ask(&home, "header p")
            .success()
            .stdout(format!("Authorization: Bearer {token}\n"))
            .stderr("");
        let json: serde_json::Value =
            serde_json::from_str(&stdout(&ask(&home, "json p").success())).unwrap();
        assert_eq!(json["access_token"], token, "{dialect}");
        assert_eq!(json["token_type"], "Bearer", "{dialect}");
        assert_eq!(json["profile"], "p", "{dialect}");
        assert_eq!(json["source"], "cache", "{dialect}");
        assert!(
            (3590..=3600).contains(&json["expires_in"].as_i64().unwrap()),
            "{dialect}: {json}"
        );
        assert_eq!(provider.requests().len(), 1, "{dialect}");
    }
}

#[test]
fn every_documented_refusal_is_one_readable_line() {
    let cases = [
        (
            "cint",
            cint::access_denied(),
            5,
            "access_denied: Unauthorized (HTTP 401 Unauthorized)",
        ),
        (
            "wrapped",
            wrapped::invalid_request(),
            5,
            "invalid_request (400013): Missing or invalid parameters",
        ),
        (
            "wrapped",
            wrapped::invalid_client(),
            5,
            "invalid_client (401021): Invalid client_id, client_secret, or session_key",
        ),
        (
            "wrapped",
            wrapped::flat_invalid_client(),
            5,
            "invalid_client (401021): Invalid client_id, client_secret, or session_key",
        ),
        (
            "wrapped",
            wrapped::forbidden(),
            5,
            "Access forbidden for this resource. (HTTP 403 Forbidden)",
        ),
        (
            "wrapped",
            wrapped::not_found(),
            5,
            "Resource or endpoint not found. (HTTP 404 Not Found)",
        ),
        (
            "cardlytics",
            Answer::refusal(401, "invalid_client", "nope"),
            5,
            "invalid_client: nope",
        ),
        (
            "basic",
            basic::unauthorized(),
            5,
            "HTTP 401 Unauthorized (no reason given)",
        ),
    ];
    parallel::each(
        &cases,
        |(dialect, _, _, words)| format!("{dialect}: {words}"),
        |(dialect, answer, code, words)| {
            let (provider, home) = scene(dialect, answer.clone());
            fails(ask(&home, "header p"), *code, &["profile `p`", words]);
            assert_eq!(provider.requests().len(), 1, "a refusal is not tried again");
        },
    );
}

#[test]
fn a_failing_provider_is_tried_three_times_and_exits_6() {
    let cases = [
        (
            "wrapped",
            wrapped::api_error(),
            "API_ERROR (500999): Api Error, please contact customer service",
        ),
        (
            "wrapped",
            wrapped::flat_api_error(),
            "API_ERROR (500999): Api Error, please contact customer service",
        ),
        ("cint", Answer::new(502), "HTTP 502 Bad Gateway"),
        (
            "cardlytics",
            Answer::text(503, "<html><title>Down</title></html>"),
            "Down (HTTP 503 Service Unavailable)",
        ),
        ("basic", Answer::new(504), "HTTP 504 Gateway Timeout"),
    ];
    parallel::each(
        &cases,
        |(dialect, _, words)| format!("{dialect}: {words}"),
        |(dialect, answer, words)| {
            let (provider, home) = scene(dialect, answer.clone());
            fails(ask(&home, "token p"), 6, &["profile `p`", words]);
            assert_eq!(provider.requests().len(), 3);
        },
    );
}

#[test]
fn a_refused_basic_login_names_the_other_encoding_where_the_two_differ() {
    for (dialect, other) in [
        ("basic", "basic_encoding = \"rfc6749\""),
        ("standard", "basic_encoding = \"raw\""),
    ] {
        for answer in [
            Answer::new(401),
            Answer::refusal(400, "invalid_client", "x"),
        ] {
            let (_provider, home) = scene(dialect, answer);
            fails(ask(&home, "token p"), 5, &["hint: ", other]);
        }
    }
    let (_provider, home) = scene("standard", Answer::new(401));
    home.write_config(
        &std::fs::read_to_string(home.config())
            .unwrap()
            .replace("my id", "id"),
    );
    let refused = home
        .tok("token p")
        .env("TOK_P_CLIENT_SECRET", "plain-s3cret")
        .assert()
        .code(5);
    assert!(!crate::home::stderr(&refused).contains("basic_encoding"));
}

#[test]
fn a_secret_that_the_provider_repeats_is_not_shown() {
    let body = format!(
        r#"{{"error":"invalid_client","error_description":"bad secret {AWKWARD} or %2B%2F%3D%3A%25%26%20%C3%A9"}}"#
    );
    let (_provider, home) = scene("cardlytics", Answer::json(401, body));
    let refused = ask(&home, "token p").code(5).stdout("");
    let said = crate::home::stderr(&refused);
    assert!(said.contains("bad secret *** or ***"), "{said}");
}
