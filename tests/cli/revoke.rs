//! `tok revoke` and `tok introspect`: what the provider is told and asked about a token, and what each answer means.

use local_provider::{Answer, Provider};
use serde_json::json;

use crate::home::{Home, fails, stderr, stdout};

fn home(provider: &Provider, keys: &str) -> Home {
    let config = "[profiles.p]\ntoken_url = 'URL/token'\nclient_id = 'me'\nscope = 'read'\nparams = { a = 'b' }\n\
        revocation_url = 'URL/revoke'\nintrospection_url = 'URL/introspect'\n";
    Home::with(&format!("{config}{keys}\n").replace("URL", &provider.url("")))
}

fn run(home: &Home, arguments: &str) -> assert_cmd::assert::Assert {
    home.tok(arguments)
        .env("TOK_P_CLIENT_SECRET", "s3cr3t+/=")
        .env("TOK_Q_CLIENT_SECRET", "other")
        .assert()
}

fn provider() -> Provider {
    let provider = Provider::start();
    provider.answer("/token", Answer::token("t0ken-of-p", 3600));
    provider
}

#[test]
fn revoking_tells_the_provider_and_drops_the_token() {
    for answer in [
        Answer::new(200),
        Answer::json(200, json!({})),
        Answer::text(200, "OK"),
        Answer::new(204),
    ] {
        let provider = provider();
        provider.answer("/revoke", answer);
        let home = home(&provider, "");
        run(&home, "token p").success();
        let done = run(&home, "revoke p").success().stdout("");
        assert!(
            stderr(&done).contains("revoked and dropped"),
            "{}",
            stderr(&done)
        );
        let sent = provider.requests().pop().unwrap();
        assert_eq!(
            (sent.method.as_str(), sent.path.as_str()),
            ("POST", "/revoke")
        );
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [
            pair("token", "t0ken-of-p"),
            pair("token_type_hint", "access_token"),
        ];
        assert_eq!(sent.form(), expected);
        assert_eq!(sent.basic(), Some(b"me:s3cr3t%2B%2F%3D".to_vec()));
        run(&home, "token p").success();
        assert_eq!(provider.request_count("/token"), 2);
    }
}

#[test]
fn a_token_that_was_not_revoked_stays_in_the_cache() {
    let provider = provider();
    let home = home(&provider, "timeout = '2s'");
    run(&home, "token p").success();
    for (answer, code, words) in [
        (Answer::new(401), 5, "401"),
        (Answer::new(403), 5, "403"),
        (
            Answer::refusal(400, "unsupported_token_type", "no"),
            5,
            "unsupported_token_type",
        ),
        (
            Answer::json(200, json!({ "error": "invalid_client" })),
            5,
            "invalid_client",
        ),
        (Answer::new(503), 6, "503"),
        (
            Answer::redirect(307, "https://evil.example/"),
            7,
            "redirect",
        ),
    ] {
        provider.answer("/revoke", answer);
        fails(run(&home, "revoke p"), code, &["profile `p`", words]);
        run(&home, "token p --cached")
            .success()
            .stdout("t0ken-of-p\n");
    }
}

#[test]
fn without_a_cached_token_nothing_is_sent() {
    let provider = provider();
    let done = run(&home(&provider, ""), "revoke p").success().stdout("");
    assert!(
        stderr(&done).contains("nothing was revoked"),
        "{}",
        stderr(&done)
    );
    assert_eq!(provider.requests().len(), 0);
    fails(run(&home(&provider, ""), "revoke nope"), 3, &["nope"]);
}

#[test]
fn the_endpoints_come_from_the_profile_or_its_issuer() {
    let provider = provider();
    provider.answer("/revoke", Answer::new(200));
    let document = |more: serde_json::Value| {
        let mut all = json!({
            "issuer": provider.url(""),
            "token_endpoint": provider.url("/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        });
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        Answer::json(200, all)
    };
    let config = format!(
        "[profiles.p]\nissuer = '{}'\nclient_id = 'me'\n",
        provider.url("")
    );
    let wellknown = "/.well-known/openid-configuration";
    provider.answer(
        wellknown,
        document(json!({ "revocation_endpoint": provider.url("/revoke") })),
    );
    let found = Home::with(&config);
    run(&found, "token p").success();
    run(&found, "revoke p").success();
    let sent = provider.requests().pop().unwrap().form();
    assert!(
        sent.contains(&("client_secret".to_owned(), "s3cr3t+/=".to_owned())),
        "{sent:?}"
    );
    fails(
        run(&found, "introspect p"),
        3,
        &["introspection_endpoint", "introspection_url = "],
    );

    let other = Provider::start();
    provider.answer(
        wellknown,
        document(json!({ "revocation_endpoint": other.url("/revoke") })),
    );
    let elsewhere = Home::with(&config);
    run(&elsewhere, "token p").success();
    fails(
        run(&elsewhere, "revoke p"),
        3,
        &["another host", "origins = "],
    );
    assert_eq!(other.requests().len(), 0);

    let login = format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'me'\n",
        provider.url("/token")
    );
    let neither = Home::with(&login);
    run(&neither, "token p").success();
    fails(
        run(&neither, "revoke p"),
        3,
        &["`revocation_url`", "issuer = "],
    );
    let written = Home::with(&format!(
        "{login}revocation_url = '{}'\n",
        other.url("/revoke")
    ));
    run(&written, "token p").success();
    fails(run(&written, "revoke p"), 3, &["would receive secrets"]);
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn introspection_prints_the_answer_and_its_exit_code_says_whether_the_token_is_active() {
    let provider = provider();
    let home = home(&provider, "");
    let active = json!({ "active": true, "scope": "read\u{1b}[2J", "exp": 4_102_444_800_u64 });
    provider.answer("/introspect", Answer::json(200, &active));
    let text = stdout(&run(&home, "introspect p").success());
    assert!(
        text.contains("2100-01-01T00:00:00Z") && !text.contains('\u{1b}'),
        "{text:?}"
    );
    let shown = stdout(&run(&home, "introspect p --json").success());
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
        active
    );
    let sent = provider.requests().pop().unwrap();
    assert_eq!(
        sent.form()[0],
        ("token".to_owned(), "t0ken-of-p".to_owned())
    );
    assert!(sent.basic().is_some());
    provider.answer("/introspect", Answer::json(200, json!({ "active": false })));
    let inactive = run(&home, "introspect p --json")
        .code(5)
        .stdout("{\"active\":false}\n");
    assert!(
        stderr(&inactive).contains("not active"),
        "{}",
        stderr(&inactive)
    );
    for (answer, code, words) in [
        (Answer::new(200), 7, "empty"),
        (Answer::json(200, json!({})), 7, "active"),
        (Answer::text(200, "OK"), 7, "JSON"),
        (Answer::json(200, json!({ "active": "true" })), 7, "active"),
        (Answer::new(401), 5, "401"),
        (Answer::new(403), 5, "403"),
    ] {
        provider.answer("/introspect", answer);
        fails(run(&home, "introspect p"), code, &["profile `p`", words]);
    }
}

#[test]
fn another_profile_can_authorize_introspection() {
    let provider = provider();
    provider.answer("/q", Answer::token("t0ken-of-q", 3600));
    provider.answer("/introspect", Answer::json(200, json!({ "active": true })));
    let other = "[profiles.q]\ntoken_url = 'URL/q'\nclient_id = 'q'";
    let home = home(&provider, other);
    run(&home, "introspect p --as q").success();
    let sent = provider.requests().pop().unwrap();
    assert_eq!(sent.bearer(), Some("t0ken-of-q"));
    assert!(
        sent.form()
            .iter()
            .all(|(name, _)| name.starts_with("token")),
        "{:?}",
        sent.form()
    );
    fails(run(&home, "introspect p --as nope"), 3, &["nope"]);
}

#[test]
fn neither_token_nor_secret_is_shown_in_errors_and_traces() {
    let provider = provider();
    let home = home(&provider, "auth_method = 'client_secret_post'");
    run(&home, "token p").success();
    let echo = Answer::refusal(
        400,
        "invalid_request",
        "what is t0ken-of-p with s3cr3t+/= here",
    );
    provider.answer("/revoke", echo);
    let said = stderr(&run(&home, "revoke p -v").code(5));
    assert!(
        said.contains("> POST") && said.contains("<access_token>"),
        "{said}"
    );
    assert!(
        !said.contains("t0ken-of-p") && !said.contains("s3cr3t+/="),
        "{said}"
    );
}
