//! Tables of answers with the token or the failure of each.

use crate::clock::Now;
use crate::error::Kind;
use crate::oauth::response::*;
use crate::profile::file::schema::{Moment, Unit};
use zeroize::Zeroizing;

const SENT_MS: i64 = 1_893_553_445_000; // 2030-01-02T03:04:05Z

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        headers: Vec::new(),
        body: Zeroizing::new(body.as_bytes().to_vec()),
        sent: Now {
            unix_ms: SENT_MS,
            boot: None,
        },
    }
}

fn rules(toml: &str) -> Response {
    Response::from_toml(toml).unwrap()
}

fn read(status: u16, body: &str, toml: &str) -> Result<Token, Problem> {
    token(
        &answer(status, body),
        &Steps::default(),
        &rules(toml),
        &Redactor::default(),
    )
    .map(|(token, _)| token)
}

#[test]
fn the_four_documented_answers_become_tokens() {
    let cases = [
        (
            r#"{ "access_token": "eyJhbG.x.S4Mrzg", "expires_in": 86400, "token_type": "Bearer" }"#,
            "",
            "eyJhbG.x.S4Mrzg",
            86_400_000,
        ),
        (
            r#"{ "data": { "access_token": "sk-418e41a74ca2e7d941fa4456d73dbed7", "token_type": "Bearer", "expires_in": 3600 } }"#,
            "root = '/data'",
            "sk-418e41a74ca2e7d941fa4456d73dbed7",
            3_600_000,
        ),
        (
            r#"{ "access_token": "abcdef123456", "expires_in": 3600, "token_type": "Bearer" }"#,
            "",
            "abcdef123456",
            3_600_000,
        ),
        (
            r#"{ "token_type": "Bearer", "expires_in": 3600, "access_token": "NgXCXRKcMz0Yjw=" }"#,
            "",
            "NgXCXRKcMz0Yjw=",
            3_600_000,
        ),
    ];
    for (body, toml, expected, lifetime_ms) in cases {
        let token = read(200, body, toml).unwrap();
        assert_eq!(token.access_token.expose(), expected);
        assert_eq!(
            (token.token_type.as_str(), token.lifetime_ms),
            ("Bearer", lifetime_ms)
        );
    }
}

#[test]
fn a_token_is_found_wherever_the_profile_says() {
    let cases = [
        (201, r#"{"token":"t"}"#, "access_token = '/token'"),
        (200, r#""t""#, "access_token = ''"),
        (200, " t\n", "format = 'text'"),
        (200, r#"{"a":[{"b":"t"}]}"#, "access_token = '/a/0/b'"),
        (
            200,
            r#"{"access_token":"Bearer t"}"#,
            "strip_prefix = 'Bearer '",
        ),
        (200, r#"{"access_token":"t","error":null}"#, ""),
        (200, r#"{"access_token":"t","error":"odd"}"#, ""),
        (
            200,
            r#"{"access_token":"t","code":0}"#,
            "success = { '/code' = 0 }",
        ),
        (
            200,
            r#"{"access_token":"t","code":"0"}"#,
            "success = { '/code' = 0 }",
        ),
    ];
    for (status, body, toml) in cases {
        let token = read(status, body, toml).unwrap_or_else(|failure| panic!("{body}: {failure}"));
        assert_eq!(token.access_token.expose(), "t", "{body}");
    }
    let mut headers_only = answer(204, "");
    headers_only.headers = vec![
        ("x-subject-token".into(), "t".into()),
        ("set-cookie".into(), "SID=c; Path=/".into()),
    ];
    let (token, _) = crate::oauth::response::token(
        &headers_only,
        &Steps::default(),
        &rules(
            "access_token = 'header:X-Subject-Token'
keep = ['cookie:SID']",
        ),
        &Redactor::default(),
    )
    .unwrap();
    assert_eq!(
        (token.access_token.expose(), &token.kept["SID"]),
        ("t", &Value::from("c"))
    );
}

#[test]
fn a_lifetime_is_read_as_the_profile_says_or_found_elsewhere() {
    let jwt = "e30.eyJleHAiOjE4OTM1NTM1MDV9.s"; // exp: one minute after SENT_MS
    let cases = [
        (
            r#"{"access_token":"t","expires_in":"60"}"#.to_owned(),
            "",
            60_000,
        ),
        (
            r#"{"access_token":"t","expires_in":60000}"#.to_owned(),
            "expires_in_unit = 'ms'",
            60_000,
        ),
        (
            r#"{"access_token":"t","expires_at":"2030-01-02T03:05:05+0000"}"#.to_owned(),
            "expires_at = '/expires_at'",
            60_000,
        ),
        (
            r#"{"access_token":"t","exp":1893553505}"#.to_owned(),
            "expires_at = '/exp'\nexpires_at_unit = 's'",
            60_000,
        ),
        (
            r#"{"access_token":"t","expires_in":null}"#.to_owned(),
            "",
            crate::oauth::lifetime::UNKNOWN_MS,
        ),
        (
            r#"{"access_token":"t"}"#.to_owned(),
            "",
            crate::oauth::lifetime::UNKNOWN_MS,
        ),
        (format!(r#"{{"access_token":"{jwt}"}}"#), "", 60_000),
        (
            format!(r#"{{"access_token":"{jwt}","expires_in":5}}"#),
            "",
            5_000,
        ),
        (r#"{"access_token":"t","expires_in":0}"#.to_owned(), "", 0),
        (r#"{"access_token":"t","expires_in":-1}"#.to_owned(), "", 0),
    ];
    for (body, toml, expected) in cases {
        assert_eq!(
            read(200, &body, toml).unwrap().lifetime_ms,
            expected,
            "{body} {toml}"
        );
    }
}

#[test]
fn a_moment_counts_from_the_servers_clock_and_a_lifetime_is_capped() {
    let body = r#"{"access_token":"t","exp":1893553505}"#;
    let mut skewed = answer(200, body);
    skewed.headers = vec![("date".into(), "Wed, 02 Jan 2030 03:04:35 GMT".into())];
    let mut rules = rules("expires_at = '/exp'\nexpires_at_unit = 's'");
    assert_eq!(
        token(&skewed, &Steps::default(), &rules, &Redactor::default())
            .unwrap()
            .0
            .lifetime_ms,
        30_000
    );
    rules.max_ttl_ms = Some(20_000);
    assert_eq!(
        token(&skewed, &Steps::default(), &rules, &Redactor::default())
            .unwrap()
            .0
            .lifetime_ms,
        20_000
    );
    assert_eq!(
        (rules.expires_at_unit, rules.expires_in_unit),
        (Moment::S, Unit::S)
    );
}

#[test]
fn unusable_token_is_described_without_showing_it() {
    let cases = [
        (200, "", "", "the answer is empty"),
        (200, "<html>", "", "the answer is not JSON"),
        (200, r#"{"access_token":"t""#, "", "the answer is not JSON"),
        (
            200,
            r#"{"token":"t"}"#,
            "",
            "there is no `access_token` in the answer (it has: token)",
        ),
        (
            200,
            r#"{"data":"text"}"#,
            "root = '/data'",
            "`/data` is a string",
        ),
        (200, "[]", "", "it is a list of 0"),
        (200, "7", "", "the answer is a number"),
        (200, r#"{"access_token":""}"#, "", "is empty"),
        (200, r#"{"access_token":null}"#, "", "is null"),
        (200, r#"{"access_token":true}"#, "", "it is a boolean"),
        (200, r#"{"access_token":["t"]}"#, "", "it is a list"),
        (
            200,
            r#"{"access_token":"hunter2\r\nX: y"}"#,
            "",
            "a header cannot carry",
        ),
        (
            200,
            r#"{"access_token":"hunter2 x"}"#,
            "",
            "a header cannot carry",
        ),
        (
            200,
            r#"{"access_token":"hunter2é"}"#,
            "",
            "a header cannot carry",
        ),
        (
            200,
            r#"{"access_token":"hunter2 x"}"#,
            "token_chars = 'visible'",
            "a header cannot carry",
        ),
        (200, r#"{"access_token":"hunter2!"}"#, "", "contains a `!`"),
        (200, r#"{"access_token":"hunter=2"}"#, "", "contains a `=`"),
        (200, r#"{"access_token":"=="}"#, "", "only `=`"),
        (
            200,
            r#"{"access_token":"t","token_type":7}"#,
            "",
            "token type",
        ),
        (
            200,
            r#"{"access_token":"t","expires_in":"soon"}"#,
            "",
            "`/expires_in` is not a number",
        ),
        (
            200,
            r#"{"access_token":"t","expires_in":{}}"#,
            "",
            "`/expires_in` is an object",
        ),
        (
            200,
            r#"{"access_token":"t","at":"x"}"#,
            "expires_at = '/at'",
            "`/at` is not a time",
        ),
        (302, "", "", "redirects"),
        (204, "", "", "the answer is empty"),
    ];
    for (status, body, toml, expected) in cases {
        let failure = read(status, body, toml).unwrap_err();
        assert_eq!(failure.kind(), Kind::Unusable, "{body}: {failure}");
        assert!(failure.to_string().contains(expected), "{body}: {failure}");
        assert!(!failure.to_string().contains("hunter"), "{failure}");
    }
    assert_eq!(
        read(200, r#"{"access_token":"a!b"}"#, "token_chars = 'visible'")
            .unwrap()
            .access_token
            .expose(),
        "a!b"
    );
}

#[test]
fn failures_have_the_providers_words_and_the_right_kind() {
    let cases = [
        (
            401,
            r#"{"error":"access_denied","error_description":"Unauthorized"}"#,
            "",
            Kind::Refused,
            "the provider refused: access_denied: Unauthorized (HTTP 401 Unauthorized)",
        ),
        (
            401,
            "",
            "",
            Kind::Refused,
            "the provider refused: HTTP 401 Unauthorized (no reason given)",
        ),
        (
            404,
            r#"{"error":"Resource or endpoint not found."}"#,
            "",
            Kind::Refused,
            "Resource or endpoint not found. (HTTP 404",
        ),
        (
            200,
            r#"{"error":"invalid_code"}"#,
            "",
            Kind::Refused,
            "invalid_code (HTTP 200 OK)",
        ),
        (
            200,
            r#"{"ok":false,"error":"no"}"#,
            "",
            Kind::Refused,
            "refused: no",
        ),
        (200, r#"{"ok":false}"#, "", Kind::Refused, "no reason given"),
        (
            200,
            r#"{"access_token":"t","code":12,"msg":"bad sign"}"#,
            "success = { '/code' = 0 }",
            Kind::Refused,
            "12: bad sign",
        ),
        (
            200,
            r#"{"x":{"why":"bad","what":"E1"}}"#,
            "success = { '/ok' = true }\nerror = '/x/what'\nerror_description = '/x/why'",
            Kind::Refused,
            "E1: bad",
        ),
        (
            500,
            r#"{"error":{"code":"500999","code_reason":"API_ERROR","message":"m"}}"#,
            "",
            Kind::Unreachable,
            "in trouble: API_ERROR (500999): m (HTTP 500",
        ),
        (
            502,
            "<html><title>502 Bad Gateway</title>",
            "",
            Kind::Unreachable,
            "502 Bad Gateway",
        ),
        (503, "", "", Kind::Unreachable, "HTTP 503"),
        (504, "", "", Kind::Unreachable, "HTTP 504"),
        (429, "", "", Kind::Unreachable, "slow down"),
        (408, "", "", Kind::Unreachable, "HTTP 408"),
        (600, "", "", Kind::Unusable, "HTTP 600"),
    ];
    for (status, body, toml, kind, expected) in cases {
        let failure = read(status, body, toml).unwrap_err();
        assert_eq!(failure.kind(), kind, "{status} {body}: {failure}");
        assert!(
            failure.to_string().contains(expected),
            "{status} {body}: {failure}"
        );
    }
}

#[test]
fn a_redirects_target_is_shown_without_its_query() {
    let mut redirect = answer(307, "");
    redirect.headers = vec![(
        "location".into(),
        "https://evil.example/x?client_secret=hunter2#y".into(),
    )];
    let failure = token(
        &redirect,
        &Steps::default(),
        &rules(""),
        &Redactor::default(),
    )
    .unwrap_err();
    assert!(
        failure.to_string().contains("https://evil.example/x"),
        "{failure}"
    );
    assert!(!failure.to_string().contains("hunter2"), "{failure}");
}
