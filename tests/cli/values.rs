//! Computed values and where they may go: one value per run, signatures that a server can check, names that are asked for only where
//! they are used, and words for everything that is written wrongly.

use local_provider::{Answer, Provider};
use ring::digest::{SHA256, digest};
use ring::hmac;

use crate::home::{Home, fails, stderr};

const SECRET: &str = "s3cret";

fn ask(home: &Home, arguments: &str) -> assert_cmd::assert::Assert {
    home.tok(arguments)
        .env("TOK_P_CLIENT_SECRET", SECRET)
        .assert()
}

fn profile(provider: &Provider, keys: &str) -> String {
    format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'id'\n{keys}\n",
        provider.url("/token")
    )
}

/// A provider that answers with a token, and a home with a profile for it.
fn scene(keys: &str) -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer("/*", Answer::token("t", 3600));
    let home = Home::with(&profile(&provider, keys));
    (provider, home)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_random_value_is_the_same_within_a_run_and_new_in_the_next() {
    let keys = "auth_method = 'none'\nparams = { nonce = '${value.nonce}' }\n\
        values = { nonce = '${uuid()}', signed = '${client_id}.${value.nonce}' }\n\
        headers = { x-nonce = '${value.nonce}', x-sign = '${upper(hmac_sha256(client_secret, value.signed))}', x-body = '${sha256(body)}' }\n\
        [[profiles.p.steps]]\nname = 'before'\nurl = '{url}'\nparams = { nonce = '${value.nonce}' }";
    let (provider, home) = scene("");
    home.write_config(&profile(
        &provider,
        &keys.replace("{url}", &provider.url("/before")),
    ));
    let mut nonces = Vec::new();
    for _ in 0..2 {
        ask(&home, "token p --refresh").success();
        let requests = provider.requests();
        let [.., before, token] = requests.as_slice() else {
            panic!("two requests a run");
        };
        let nonce = token.header("x-nonce").unwrap().to_owned();
        assert_eq!(before.text(), format!("nonce={nonce}"));
        assert!(token.text().ends_with(&format!("&nonce={nonce}")));
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let signature = hmac::sign(&key, format!("id.{nonce}").as_bytes());
        assert_eq!(
            token.header("x-sign"),
            Some(hex(signature.as_ref()).to_uppercase().as_str())
        );
        assert_eq!(
            token.header("x-body"),
            Some(hex(digest(&SHA256, &token.body).as_ref()).as_str())
        );
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[test]
fn the_cache_key_contains_the_text_of_a_value_but_not_its_result() {
    let keys =
        |value: &str| format!("values = {{ n = '{value}' }}\nheaders = {{ x-n = '${{value.n}}' }}");
    let (provider, home) = scene(&keys("${uuid()}"));
    ask(&home, "token p").success();
    ask(&home, "token p").success();
    assert_eq!(provider.requests().len(), 1);
    home.write_config(&profile(&provider, &keys("${uuid()}x")));
    ask(&home, "token p").success();
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn a_value_with_a_secret_is_sent_only_to_origins_that_the_profile_names() {
    let stranger = Provider::start();
    stranger.answer("/*", Answer::json(200, "{}"));
    let (provider, home) = scene("");
    home.write_config(&profile(
        &provider,
        &format!(
            "values = {{ a = '${{value.b}}', b = '${{sha256(client_secret)}}' }}\nvars = {{ base = '{}' }}\n[[profiles.p.steps]]\nname = 's'\nurl = '${{var.base}}/x'\nheaders = {{ x = '${{value.a}}' }}",
            stranger.url("")
        ),
    ));
    fails(
        ask(&home, "token p"),
        3,
        &["step `s`", "would receive secrets", "origins"],
    );
    assert_eq!(stranger.requests().len(), 0);
}

#[test]
fn verbose_hides_values_computed_from_a_secret() {
    let (_provider, home) = scene(
        "values = { n = '${sha256(client_secret)}' }\nheaders = { x-n = '${value.n}' }\nquery = { q = '${value.n}' }",
    );
    let shown = stderr(&ask(&home, "token p -v").success());
    assert!(shown.contains("x-n"), "{shown}");
    let hash = hex(digest(&SHA256, SECRET.as_bytes()).as_ref());
    assert!(!shown.contains(&hash), "{shown}");
}

#[test]
fn a_time_based_password_is_six_digits_of_now() {
    let (provider, home) = scene(
        "auth_method = 'none'\nsecrets = { seed = {} }\nparams = { otp = '${totp(secret.seed)}' }\nencoding = 'json'",
    );
    home.tok("token p")
        .env("TOK_P_SEED", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
        .assert()
        .success();
    let sent = provider.only_request().json();
    let otp = sent["otp"].as_str().unwrap();
    assert!(
        otp.len() == 6 && otp.bytes().all(|byte| byte.is_ascii_digit()),
        "{otp}"
    );
}

#[test]
fn url_parameters_are_encoded_work_with_every_body_and_can_be_overridden() {
    let (provider, home) =
        scene("query = { v = 'a b&c', n = [1, 2] }\nauth_method = 'client_secret_post'");
    ask(&home, "token p --param v=w").success();
    ask(&home, "token p").success();
    let requests = provider.requests();
    assert_eq!(requests[0].query, "v=w&n=1&n=2");
    assert_eq!(requests[1].query, "v=a%20b%26c&n=1&n=2");
    for request in requests {
        assert_eq!(
            request.text(),
            "grant_type=client_credentials&client_id=id&client_secret=s3cret"
        );
    }
}

#[test]
fn a_catalogue_variable_is_required_only_while_the_profile_uses_it() {
    let (provider, home) = scene("");
    let entry =
        |keys: &str| format!("[profiles.p]\nprovider = 'auth0'\nclient_id = 'id'\n{keys}\n");
    home.write_config(&entry("vars = { audience = 'a' }"));
    fails(
        ask(&home, "token p"),
        3,
        &["var.domain", "the tenant's domain", "--var domain="],
    );
    home.write_config(&entry(&format!("token_url = '{}'", provider.url("/token"))));
    fails(
        ask(&home, "token p"),
        3,
        &["var.audience", "the API's Identifier"],
    );
    home.write_config(&entry(&format!(
        "token_url = '{}'\naudience = 'https://own.example'",
        provider.url("/token")
    )));
    ask(&home, "token p").success();
    assert!(
        provider
            .only_request()
            .text()
            .ends_with("&audience=https%3A%2F%2Fown.example")
    );
}

#[test]
fn a_mistake_in_a_value_is_reported_before_anything_is_sent() {
    let cases = [
        (
            "response = { access_token = 'token' }",
            vec![
                "response.access_token",
                "`token` is not a JSON pointer",
                "`/token`",
            ],
        ),
        (
            "response = { access_token = [] }",
            vec!["response.access_token", "empty list"],
        ),
        (
            "response = { keep = { x = 'header:' } }",
            vec!["response.keep", "names nothing after the colon"],
        ),
        (
            "response = { keep = { x = 'step:login/x' } }",
            vec!["response.keep", "no step `login`"],
        ),
        (
            "response = { expires_at_unit = 'soon' }",
            vec!["soon", "a pattern like"],
        ),
        (
            "response = { expires_at = '/e', expires_at_unit = '%Y%m%d' }",
            vec!["response.expires_at_zone", "no time zone"],
        ),
        (
            "response = { expires_at_zone = 'Europe/Berlin' }",
            vec!["response.expires_at_zone", "is not an offset from UTC"],
        ),
        (
            "response = { format = 'text', expires_in = '/x' }",
            vec!["response.format", "nothing to point into"],
        ),
        (
            "params = { x = '${value.n}' }",
            vec!["params", "there is no value `n`", "values = { n ="],
        ),
        (
            "values = { none = 'x' }\nparams = { x = '${value.none2}' }",
            vec!["did you mean `none`?"],
        ),
        (
            "values = { a = '${value.b}', b = '${value.a}' }\nparams = { x = '${value.a}' }",
            vec!["values.a", "a → b → a"],
        ),
        (
            "values = { a = '${access_token}' }\nparams = { x = '${value.a}' }",
            vec!["values.a", "only in `header`"],
        ),
        (
            "values = { a = '${step.s.x}' }\nheader = 'X: ${value.a}'\nsteps = [{ name = 's', url = 'http://127.0.0.1:9/' }]",
            vec!["values.a", "known only while fetching"],
        ),
        (
            "params = { x = '${body}' }",
            vec!["params", "only in `headers`"],
        ),
        (
            "params = { x = '${sha3(client_id)}' }",
            vec!["unknown function `sha3`", "sha256"],
        ),
        ("query = { x = { y = 1 } }", vec!["query", "nested"]),
        (
            "encoding = 'none'\nparams = { x = 1 }",
            vec!["encoding", "go into `query`"],
        ),
        (
            "params = { x = '${int(client_id)}' }",
            vec!["int: its argument is not a whole number"],
        ),
        (
            "vars = { a = '${var.b}', b = '${var.a}' }\nparams = { x = '${var.a}' }",
            vec!["a → b → a"],
        ),
    ];
    for (keys, words) in cases {
        let (provider, home) = scene(keys);
        fails(ask(&home, "token p"), 3, &words);
        assert_eq!(provider.requests().len(), 0, "{keys}");
    }
}

#[test]
fn an_unexpected_answer_is_described_by_its_keys_and_never_by_its_values() {
    let cases = [
        (
            "response = { root = '/data' }",
            r#"{"data":"hunter2"}"#,
            vec!["`/data` is a string"],
        ),
        (
            "response = { access_token = ['/a', '/b/c'] }",
            r#"{"b":{"d":"hunter2"}}"#,
            vec!["`/a or /b/c`", "it has: b"],
        ),
        (
            "response = { access_token = 'cookie:SID' }",
            r#"{"SID":"hunter2"}"#,
            vec!["sets no cookie `SID`"],
        ),
        (
            "response = { expires_at = '/e', expires_at_unit = '%Y%m%d%H%M%S', expires_at_zone = 'UTC' }",
            r#"{"access_token":"hunter2","e":"hunter2"}"#,
            vec!["`/e`", "not a time like `%Y%m%d%H%M%S`"],
        ),
        (
            "response = { expires_at = '/e' }",
            r#"{"access_token":"hunter2","e":"2030-01-02T03:04:05"}"#,
            vec!["`/e`", "without a zone", "expires_at_zone"],
        ),
        (
            "response = { expires_in_unit = 'hms' }",
            r#"{"access_token":"hunter2","expires_in":3600}"#,
            vec!["`/expires_in`", "12:34:56"],
        ),
        (
            "response = { format = 'form' }",
            "access_token=hunter2&access_token=hunter3",
            vec!["duplicate member", "`access_token`"],
        ),
        (
            "response = { format = 'form' }",
            "",
            vec!["the answer is empty"],
        ),
    ];
    for (keys, body, words) in cases {
        let (provider, home) = scene(keys);
        provider.answer("/token", Answer::new(200).body(body));
        let run = ask(&home, "token p").code(7).stdout("");
        let said = stderr(&run);
        for word in words {
            assert!(said.contains(word), "no `{word}` in: {said}");
        }
        assert!(!said.contains("hunter"), "{said}");
    }
}

#[test]
fn an_incomplete_answer_of_a_step_is_described_by_its_keys() {
    let (provider, home) = scene("");
    provider.answer(
        "/before",
        Answer::json(200, r#"{"data":{"secret":"hunter2"}}"#),
    );
    home.write_config(&profile(
        &provider,
        &format!(
            "params = {{ x = '${{step.s.data.token}}' }}\n[[profiles.p.steps]]\nname = 's'\nurl = '{}'\nresponse = {{ keep = {{ y = '/z' }} }}",
            provider.url("/before")
        ),
    ));
    let said = stderr(&ask(&home, "token p").code(7).stdout(""));
    assert!(said.contains("step `s` has no `data.token`"), "{said}");
    assert!(said.contains("(it has: secret)"), "{said}");
    assert!(!said.contains("hunter"), "{said}");

    provider.answer(
        "/before",
        Answer::redirect(302, "https://elsewhere.example/?code=hunter2"),
    );
    let said = stderr(&ask(&home, "token p").code(7).stdout(""));
    assert!(
        said.contains("step `s`") && said.contains("redirects"),
        "{said}"
    );
    assert!(!said.contains("hunter"), "{said}");
}
