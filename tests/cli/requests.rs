//! What a request is made of: values in URLs, raw and multipart bodies, variables, and the hosts that a step may be sent to.

use local_provider::{Answer, Provider};

use crate::home::{Home, fails, stderr, stdout};

const SECRET: &str = "ab#cd&e f/g";

/// A provider that answers with a token, and a home with profile `p`, in whose keys `URL` is the provider.
fn scene(keys: &str) -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer("/*", Answer::token("t", 3600));
    let url = provider.url("");
    let token_url = match keys.contains("token_url") {
        true => String::new(),
        false => format!("token_url = '{url}/token'\n"),
    };
    let keys = keys.replace("URL", url.trim_end_matches('/'));
    let home = Home::with(&format!(
        "[profiles.p]\nclient_id = 'id'\n{token_url}{keys}\n"
    ));
    (provider, home)
}

fn ask(home: &Home, arguments: &str) -> assert_cmd::assert::Assert {
    home.tok(arguments)
        .env("TOK_P_CLIENT_SECRET", SECRET)
        .assert()
}

#[test]
fn a_value_in_a_url_is_encoded_for_its_position() {
    let cases = [
        (
            "token_url = 'URL/t?secret=${client_secret}'",
            "/t?secret=ab%23cd%26e%20f%2Fg",
        ),
        (
            "token_url = 'URL/${var.p}/t'\nvars = { p = 'a b?c' }",
            "/a%20b%3Fc/t",
        ),
        (
            "token_url = 'URL/${raw(var.p)}/t'\nvars = { p = 'a/b?c=' }",
            "/a/b?c=/t",
        ),
        (
            "token_url = 'URL/${urlencode(client_secret)}'",
            "/ab%23cd%26e%20f%2Fg",
        ),
        (
            "token_url = '${var.base}/t/${var.p}'\nvars = { base = 'URL/x', p = 'é' }",
            "/x/t/%C3%A9",
        ),
    ];
    for (keys, target) in cases {
        let (provider, home) = scene(&format!("auth_method = 'none'\n{keys}"));
        ask(&home, "token p").success();
        assert_eq!(provider.only_request().target, target, "{keys}");
    }
}

#[test]
fn a_steps_answer_in_a_url_is_encoded_and_cannot_end_the_host() {
    let keys = "auth_method = 'none'\ntoken_url = 'URL/t?c=${step.s.code}'\norigins = ['URL']\n[[profiles.p.steps]]\nname = 's'\nurl = 'URL/s'";
    let (provider, home) = scene(keys);
    provider.answer("/s", Answer::json(200, r#"{"code":"a&b=c#d"}"#));
    ask(&home, "token p").success();
    assert_eq!(provider.requests()[1].target, "/t?c=a%26b%3Dc%23d");

    let keys = keys.replace(
        "URL/t?c=${step.s.code}",
        "https://${step.s.code}.example.com/",
    );
    let (provider, home) = scene(&keys);
    provider.answer("/s", Answer::json(200, r#"{"code":"evil.example/"}"#));
    let asked = ask(&home, "token p");
    fails(asked, 3, &["`${step.s.code}`", "host"]);
}

#[test]
fn variables_that_double_and_double_end_in_an_error_and_not_in_an_abort() {
    let doublings = |table: &str| {
        let mut keys = String::new();
        for index in 0..40 {
            let next = index + 1;
            keys += &format!("{table}.v{index} = '${{KIND.v{next}}}${{KIND.v{next}}}'\n");
        }
        keys + &format!("{table}.v40 = 'x'\n")
    };
    let vars = doublings("vars").replace("KIND", "var") + "params = { p = '${var.v0}' }";
    let (provider, home) = scene(&vars);
    fails(ask(&home, "token p"), 3, &["vars.", "longer than 64 KiB"]);
    assert_eq!(provider.requests().len(), 0);
    let values = doublings("values").replace("KIND", "value") + "params = { p = '${value.v0}' }";
    let (_provider, home) = scene(&values);
    fails(ask(&home, "token p"), 3, &["longer than 1 MiB"]);
}

#[test]
fn a_variable_that_only_the_header_uses_does_not_fetch_again() {
    let keys = "header = 'X-${var.kind}: ${access_token}'\nvars = { kind = 'a', tenant = 'x' }\nparams = { t = '${var.tenant}' }";
    let (provider, home) = scene(keys);
    assert_eq!(stdout(&ask(&home, "header p").success()), "X-a: t\n");
    let other = ask(&home, "header p --var kind=b").success();
    assert_eq!(stdout(&other), "X-b: t\n");
    assert_eq!(provider.requests().len(), 1);
    ask(&home, "header p --var tenant=y").success();
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn a_raw_body_is_sent_as_written() {
    let keys = "auth_method = 'none'\nencoding = 'raw'\ncontent_type = 'text/xml'\nbody = '''<r k=\"${xml(client_secret)}\">\n${client_id}</r>'''\nheaders = { x-sum = '${sha256(body)}' }";
    let (provider, home) = scene(keys);
    ask(&home, "token p").success();
    let received = provider.only_request();
    assert_eq!(received.text(), "<r k=\"ab#cd&amp;e f/g\">\nid</r>");
    assert_eq!(received.header("content-type"), Some("text/xml"));
    assert!(received.header("x-sum").is_some());
    let shown = ask(&home, "token p --refresh -v").success();
    assert!(!stderr(&shown).contains("cd&amp;e"), "{}", stderr(&shown));
}

#[test]
fn a_multipart_form_has_a_part_for_each_parameter() {
    let keys = "auth_method = 'client_secret_post'\nencoding = 'multipart'\nparams = { list = ['1', '2'] }";
    let (provider, home) = scene(keys);
    ask(&home, "token p").success();
    let received = provider.only_request();
    let content_type = received.header("content-type").unwrap();
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    let parts: String = [
        ("grant_type", "client_credentials"),
        ("client_id", "id"),
        ("client_secret", SECRET),
        ("list", "1"),
        ("list", "2"),
    ]
    .iter()
    .map(|(name, value)| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    })
    .collect();
    assert_eq!(received.text(), format!("{parts}--{boundary}--\r\n"));
}

#[test]
fn a_body_that_would_not_be_sent_and_a_raw_request_without_one_are_config_errors() {
    let raw = "auth_method = 'none'\nencoding = 'raw'\n";
    let cases = [
        ("body = 'x'".to_owned(), "`body`: is sent only with"),
        ("content_type = 'a/b'".into(), "`content_type`: is sent only with"),
        (raw.to_owned() + "content_type = 'a/b'", "`body`: missing"),
        (raw.to_owned() + "body = 'x'", "`content_type`: missing"),
        (raw.to_owned() + "body = 'x'\ncontent_type = \"a\\nb: c\"", "`content_type`: contains"),
        (raw.to_owned() + "body = 'x'\ncontent_type = 'a/b'\nparams = { a = '1' }", "`raw` sends no parameters"),
        ("encoding = 'raw'\nbody = 'x'\ncontent_type = 'a/b'\nauth_method = 'client_secret_post'".into(), "client_secret"),
        ("encoding = 'multipart'\nheaders = { Content-Type = 'a/b' }".into(), "`headers`: `multipart` writes its own"),
        ("encoding = 'multipart'\nparams = { a = { b = 1 } }".into(), "nested"),
    ];
    for (keys, expected) in cases {
        let (provider, home) = scene(&keys);
        fails(ask(&home, "token p"), 3, &[expected]);
        assert_eq!(provider.requests().len(), 0, "{keys}");
    }
}
