//! Each dialect takes its documented request and no other, and answers as documented: the tables that say so.
//!
//! A dialect that is lenient by accident would let a wrong profile pass for a right one.

use super::*;
use crate::incoming::read_bytes;

const JSON: &str = "application/json";
const FORM: &str = demand::FORM;
/// `basic`'s credentials for the account below, made with `printf %s 'id:s+/=: %é' | base64`.
const BASIC_LINE: &str = "authorization: Basic aWQ6cysvPTogJcOp";

fn account() -> Account {
    Account::new("id", "s+/=: %é")
}

fn request(method: &str, target: &str, headers: &[&str], body: &str) -> Received {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let length = body.len();
    let request =
        format!("{method} {target} HTTP/1.1\r\n{headers}content-length: {length}\r\n\r\n{body}");
    read_bytes(request.as_bytes())
        .expect("should be HTTP")
        .expect("should be there")
}

fn judge(dialect: &Dialect, content_type: &str, body: &str, more: &[&str]) -> Result<(), Refusal> {
    let content_type = format!("content-type: {content_type}");
    let headers = [&[content_type.as_str()], more].concat();
    (dialect.judge)(&request("POST", dialect.path, &headers, body), &account())
}

/// A request that each dialect accepts: its content type, body, and further headers.
fn good(dialect: &Dialect) -> (&'static str, &'static str, &'static [&'static str]) {
    match dialect.name {
        "cint" => (
            JSON,
            r#"{"client_id":"id","client_secret":"s+/=: %é","grant_type":"client_credentials",
                "audience":"https://api.luc.id","auth_scopes":"app:api"}"#,
            &[],
        ),
        "wrapped" => (
            FORM,
            "client_id=id&client_secret=s%2B%2F%3D%3A%20%25%C3%A9",
            &[],
        ),
        "cardlytics" => (
            FORM,
            "grant_type=client_credentials&client_id=id&client_secret=s%2B%2F%3D%3A+%25%C3%A9",
            &[],
        ),
        "basic" => (FORM, "grant_type=client_credentials", &[BASIC_LINE]),
        other => panic!("no request for {other}"),
    }
}

#[test]
fn the_documented_request_is_granted() {
    for dialect in ALL {
        let (content_type, body, headers) = good(dialect);
        assert_eq!(
            judge(dialect, content_type, body, headers),
            Ok(()),
            "{}",
            dialect.name
        );
    }
}

#[test]
fn auth_scopes_may_be_left_out() {
    let body = good(&cint::CINT)
        .1
        .replace(r#","auth_scopes":"app:api""#, "");
    assert!(!body.contains("auth_scopes"));
    assert_eq!(judge(&cint::CINT, JSON, &body, &[]), Ok(()), "{body}");
}

#[test]
fn wrong_credentials_and_wrong_requests_get_different_answers() {
    for dialect in ALL {
        let (content_type, body, headers) = good(dialect);
        let body = body.replace("s+", "t+").replace("s%2B", "t%2B");
        let headers: Vec<String> = headers
            .iter()
            .map(|line| line.replace("cys", "dCs"))
            .collect();
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        assert_eq!(
            judge(dialect, content_type, &body, &headers),
            Err(Refusal::Credentials),
            "{}",
            dialect.name
        );
    }
}

#[test]
fn every_dialect_refuses_what_none_accepts() {
    for dialect in ALL {
        let (content_type, body, headers) = good(dialect);
        let more = if content_type == JSON {
            body.replacen('{', r#"{"scope":"a","#, 1)
        } else {
            format!("{body}&scope=a")
        };
        let typed = format!("content-type: {content_type}");
        let typed = [&[typed.as_str()], headers].concat();
        let untyped = request("POST", dialect.path, headers, body);
        let with_query = request("POST", &format!("{}?a=b", dialect.path), &typed, body);
        let cases = [
            (
                "a parameter too many",
                judge(dialect, content_type, &more, headers),
            ),
            ("no body", judge(dialect, content_type, "", headers)),
            ("another type", judge(dialect, "text/plain", body, headers)),
            (
                "a charset",
                judge(
                    dialect,
                    &format!("{content_type}; charset=utf-8"),
                    body,
                    headers,
                ),
            ),
            ("no type", (dialect.judge)(&untyped, &account())),
            (
                "GET",
                (dialect.judge)(&request("GET", dialect.path, &typed, body), &account()),
            ),
            ("a query", (dialect.judge)(&with_query, &account())),
        ];
        for (case, judged) in cases {
            assert!(
                matches!(judged, Err(Refusal::Request(_))),
                "{}: {case}: {judged:?}",
                dialect.name
            );
        }
    }
}

#[test]
fn each_dialect_refuses_what_only_others_accept() {
    let (_, cint, _) = good(&cint::CINT);
    let (_, wrapped, _) = good(&wrapped::WRAPPED);
    let (_, cardlytics, _) = good(&cardlytics::CARDLYTICS);
    let cases = [
        (
            &cint::CINT,
            JSON,
            cint.replace("https://api.luc.id", "https://other"),
            vec![],
        ),
        (
            &cint::CINT,
            JSON,
            cint.replace(r#""app:api""#, r#"["app:api"]"#),
            vec![],
        ),
        (
            &cint::CINT,
            JSON,
            cint.replacen('{', r#"{"audience":"https://api.luc.id","#, 1),
            vec![],
        ),
        (&cint::CINT, JSON, format!("{cint}{cint}"), vec![]),
        (&cint::CINT, JSON, format!("[{cint}]"), vec![]),
        (&cint::CINT, JSON, cint.to_owned(), vec![BASIC_LINE]),
        (
            &wrapped::WRAPPED,
            FORM,
            format!("{wrapped}&grant_type=client_credentials"),
            vec![],
        ),
        (
            &wrapped::WRAPPED,
            FORM,
            format!("{wrapped}&client_id=id"),
            vec![],
        ),
        (
            &wrapped::WRAPPED,
            FORM,
            wrapped.to_owned(),
            vec![BASIC_LINE],
        ),
        (&cardlytics::CARDLYTICS, FORM, wrapped.to_owned(), vec![]),
        (
            &cardlytics::CARDLYTICS,
            FORM,
            format!("{cardlytics}&audience=a"),
            vec![],
        ),
        (
            &cardlytics::CARDLYTICS,
            FORM,
            cardlytics.replace("%25", "%"),
            vec![],
        ),
        (
            &cardlytics::CARDLYTICS,
            FORM,
            cardlytics.to_owned(),
            vec![BASIC_LINE],
        ),
        (&basic::BASIC, FORM, cardlytics.to_owned(), vec![BASIC_LINE]),
    ];
    for (dialect, content_type, body, headers) in cases {
        let judged = judge(dialect, content_type, &body, &headers);
        assert!(
            matches!(judged, Err(Refusal::Request(_))),
            "{} took {body}: {judged:?}",
            dialect.name
        );
    }
}

#[test]
fn another_grant_type_is_its_own_refusal() {
    for dialect in [&cint::CINT, &cardlytics::CARDLYTICS, &basic::BASIC] {
        let (content_type, body, headers) = good(dialect);
        let body = body.replace("client_credentials", "password");
        let judged = judge(dialect, content_type, &body, headers);
        assert_eq!(
            judged,
            Err(Refusal::GrantType("password".to_owned())),
            "{}",
            dialect.name
        );
    }
}

#[test]
fn basic_requires_the_credentials_raw_and_once() {
    let body = "grant_type=client_credentials";
    // id:s%2B%2F%3D%3A%20%25%C3%A9, the encoding of RFC 6749 §2.3.1.
    let encoded = "authorization: Basic aWQ6cyUyQiUyRiUzRCUzQSUyMCUyNSVDMyVBOQ==";
    let cases: [&[&str]; 4] = [
        &[],
        &[encoded],
        &[BASIC_LINE, BASIC_LINE],
        &["authorization: Bearer aWQ6cysvPTogJcOp"],
    ];
    for headers in cases {
        assert_eq!(
            judge(&basic::BASIC, FORM, body, headers),
            Err(Refusal::Credentials),
            "{headers:?}"
        );
    }
}

#[test]
fn documented_answers_are_sent_byte_for_byte() {
    let text = |answer: Answer| {
        (
            answer.status(),
            String::from_utf8(answer.content().to_vec()).unwrap(),
        )
    };
    let cases = [
        (
            (cint::CINT.granted)("T"),
            200,
            r#"{"access_token":"T","expires_in":86400,"token_type":"Bearer"}"#,
        ),
        (
            (wrapped::WRAPPED.granted)("T"),
            200,
            r#"{"data":{"access_token":"T","token_type":"Bearer","expires_in":3600}}"#,
        ),
        (
            (cardlytics::CARDLYTICS.granted)("T"),
            200,
            r#"{"access_token":"T","expires_in":3600,"token_type":"Bearer"}"#,
        ),
        (
            (basic::BASIC.granted)("T"),
            200,
            r#"{"token_type":"Bearer","expires_in":3600,"access_token":"T"}"#,
        ),
        (
            (cint::CINT.refused)(&Refusal::Credentials),
            401,
            r#"{"error":"access_denied","error_description":"Unauthorized"}"#,
        ),
        (
            (wrapped::WRAPPED.refused)(&Refusal::Credentials),
            401,
            r#"{"error":{"code":"401021","code_reason":"invalid_client","message":"Invalid client_id, client_secret, or session_key"}}"#,
        ),
        (
            (wrapped::WRAPPED.refused)(&Refusal::Request("any".to_owned())),
            400,
            r#"{"error":{"code":"400013","code_reason":"invalid_request","message":"Missing or invalid parameters"}}"#,
        ),
        (
            wrapped::flat_api_error(),
            500,
            r#"{"code":"500999","code_reason":"API_ERROR","message":"Api Error, please contact customer service"}"#,
        ),
        (
            wrapped::forbidden(),
            403,
            r#"{"error":"Access forbidden for this resource."}"#,
        ),
        (
            wrapped::not_found(),
            404,
            r#"{"error":"Resource or endpoint not found."}"#,
        ),
        ((basic::BASIC.refused)(&Refusal::Credentials), 401, ""),
    ];
    for (answer, status, body) in cases {
        assert_eq!(text(answer), (status, body.to_owned()));
    }
}
