//! The parts of a request: values in URLs, raw and multipart bodies, variables, and the hosts that a step may be sent to.

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
        ("content_type = 'application/json'".into(), "write `encoding = \"json\"`"),
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

#[test]
fn an_unknown_variable_on_the_command_line_is_a_usage_error() {
    let keys = "vars = { tenant = 'a', unused = 'b' }\nparams = { t = '${var.tenant}' }";
    let (provider, home) = scene(keys);
    let asked = ask(&home, "token p --var tenent=x");
    fails(
        asked,
        2,
        &["`--var tenent`", "did you mean `--var tenant=…`?"],
    );
    let asked = ask(&home, "token p --var other=x");
    fails(asked, 2, &["`--var other`", "`tok show p`"]);
    assert_eq!(provider.requests().len(), 0);
    ask(&home, "token p --var unused=x --var tenant=y").success();

    let (_provider, home) = scene("params = { t = '${var.tenant}' }");
    let asked = ask(&home, "token p --var tenent=x");
    fails(asked, 2, &["did you mean `--var tenant=…`?"]);
}

#[test]
fn an_unknown_variable_in_the_environment_is_a_note_also_for_a_cached_token() {
    let (provider, home) = scene("");
    let url = provider.url("/token");
    home.write_config(&format!("[profiles.p]\ntoken_url = '{url}'\nclient_id = 'i'\nvars = {{ tenant = 'a' }}\nparams = {{ t = '${{var.tenant}}' }}\n[profiles.p-var-x]\ntoken_url = '{url}'\nclient_id = 'i'\n"));
    ask(&home, "token p").success().stderr("");
    ask(&home, "token p").success().stderr("");
    let with = |name: &str| {
        let mut tok = home.tok("token p");
        tok.env("TOK_P_CLIENT_SECRET", SECRET).env(name, "x");
        let asked = tok.assert().success();
        assert_eq!(stdout(&asked), "t\n");
        stderr(&asked)
    };
    assert_eq!(
        with("TOK_P_VAR_TENENT"),
        "tok: note: TOK_P_VAR_TENENT has no effect: profile `p` has no such variable; did you mean TOK_P_VAR_TENANT?\n"
    );
    assert_eq!(with("TOK_P_VAR_TENANT"), "");
    assert_eq!(with("TOK_P_VAR_X_CLIENT_SECRET"), "", "another profile's");
}

#[test]
fn a_value_in_the_header_is_computed_at_each_print() {
    let keys = "values = { nonce = '${uuid()}', sign = \"${hmac_sha256(client_secret, value.nonce ~ access_token)}\" }\n\
        header = ['Authorization: Bearer ${access_token}', 'x-nonce: ${value.nonce}', 'x-sign: ${value.sign}']";
    let (provider, home) = scene(keys);
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let printed = stdout(&ask(&home, "header p").success());
        let field = |name: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().to_owned()
        };
        let nonce = field("x-nonce: ");
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
        let signature = ring::hmac::sign(&key, format!("{nonce}t").as_bytes());
        let hex: String = signature
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(field("x-sign: "), hex);
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
    assert_eq!(provider.requests().len(), 1);

    let (_provider, home) = scene("values = { a = '${assertion}' }\nheader = 'x: ${value.a}'");
    fails(ask(&home, "header p"), 3, &["`values.a`", "`${assertion}`"]);
}

#[test]
fn a_step_may_send_secrets_to_the_host_that_its_own_url_names() {
    let (provider, other) = (Provider::start(), Provider::start());
    provider.answer("/*", Answer::token("t", 3600));
    other.answer("/*", Answer::json(200, r#"{"ticket":"k"}"#));
    let config = |url: &str| {
        format!(
            "[profiles.p]\ntoken_url = '{}'\nclient_id = 'id'\nvars = {{ other = '{}' }}\nauth_method = 'none'\nparams = {{ k = '${{step.s.ticket}}' }}\n[[profiles.p.steps]]\nname = 's'\nurl = '{url}'\nparams = {{ secret = '${{client_secret}}' }}\n",
            provider.url("/token"),
            other.url(""),
        )
    };
    let home = Home::with(&config(&other.url("/login")));
    ask(&home, "token p").success();
    assert_eq!(other.only_request().form()[0].1, SECRET);

    home.write_config(&config("${var.other}/login"));
    fails(
        ask(&home, "token p --refresh"),
        3,
        &["would receive secrets", "origins"],
    );
    assert_eq!(other.requests().len(), 1);
}

#[test]
fn a_header_line_without_its_optional_member_is_left_out() {
    let keys = "response = { keep = { org = { from = '/org', optional = true }, host = '/host' } }\n\
        header = ['Authorization: Bearer ${access_token}', 'x-org: ${kept.org}']";
    let (provider, home) = scene(keys);
    let answer = |more: &str| Answer::json(200, format!(r#"{{"access_token":"t"{more}}}"#));
    let cases = [
        (r#","org":"o1""#, "Authorization: Bearer t\nx-org: o1\n"),
        ("", "Authorization: Bearer t\n"),
        (r#","org":null"#, "Authorization: Bearer t\n"),
        (r#","org":"""#, "Authorization: Bearer t\n"),
    ];
    for (more, printed) in cases {
        provider.answer("/token", answer(more));
        ask(&home, "header p --refresh").success().stdout(printed);
        ask(&home, "header p").success().stdout(printed);
    }
    home.write_config(
        &std::fs::read_to_string(home.config())
            .unwrap()
            .replace("'Authorization: Bearer ${access_token}', ", ""),
    );
    fails(ask(&home, "header p"), 7, &["`header`", "optional"]);
    home.write_config(
        &std::fs::read_to_string(home.config())
            .unwrap()
            .replace("${kept.org}", "${kept.host}"),
    );
    fails(ask(&home, "header p"), 7, &["no `host`"]);
}

#[test]
fn an_optional_member_that_a_step_lacks_is_empty_in_later_requests() {
    let keys = "auth_method = 'none'\nparams = { org = '${step.s.org}', id = '${step.s.id}' }\n[[profiles.p.steps]]\nname = 's'\nurl = 'URL/s'\nresponse = { keep = [{ from = '/org', optional = true }, '/id'] }";
    let (provider, home) = scene(keys);
    provider.answer("/s", Answer::json(200, r#"{"id":7}"#));
    ask(&home, "token p").success();
    let form = provider.requests()[1].text().to_owned();
    assert!(form.ends_with("&org=&id=7"), "{form}");
    provider.answer("/s", Answer::json(200, r#"{"org":"o"}"#));
    fails(ask(&home, "token p --refresh"), 7, &["step `s`", "`id`"]);
}
