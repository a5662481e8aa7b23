//! `issuer`: endpoints from published metadata, looked up once a day, and used only if they are the issuer's own.

use local_provider::{Answer, Provider};
use serde_json::{Value, json};

use crate::home::{Home, fails, stderr, stdout};

const OPENID: &str = "/.well-known/openid-configuration";

const OAUTH: &str = "/.well-known/oauth-authorization-server";

const SECRET: (&str, &str) = ("TOK_P_CLIENT_SECRET", "s3cr3t+/=");

fn home(issuer: &str, keys: &str) -> Home {
    Home::with(&format!(
        "[profiles.p]\nissuer = '{issuer}'\nclient_id = 'me'\n{keys}\n"
    ))
}

fn run(home: &Home, arguments: &str) -> assert_cmd::assert::Assert {
    home.tok(arguments).env(SECRET.0, SECRET.1).assert()
}

/// Publishes metadata of `path` below the provider, at `at`.
fn publish(provider: &Provider, path: &str, at: &str, more: Value) {
    let mut document = json!({
        "issuer": provider.url(path),
        "token_endpoint": provider.url("/oauth/token"),
    });
    for (name, value) in more.as_object().unwrap() {
        document[name] = value.clone();
    }
    provider.answer(at, Answer::json(200, document));
    provider.answer("/oauth/token", Answer::token("t0ken", 3600));
}

fn paths(provider: &Provider) -> Vec<String> {
    let requests = provider.requests();
    requests.iter().map(|one| one.path.clone()).collect()
}

#[test]
fn metadata_is_found_at_each_address_of_both_standards() {
    let cases = [
        ("", OPENID.to_owned(), 1),
        ("/", OPENID.to_owned(), 1),
        ("", OAUTH.to_owned(), 2),
        ("/t/v2", format!("/t/v2{OPENID}"), 1),
        ("/t/v2/", format!("{OAUTH}/t/v2"), 2),
        ("/t", format!("{OPENID}/t"), 3),
    ];
    for (path, at, requests) in cases {
        let provider = Provider::start();
        publish(&provider, path, &at, json!({}));
        let home = home(&provider.url(path), "");
        run(&home, "token p").success().stdout("t0ken\n");
        let asked = paths(&provider);
        assert_eq!(asked.len(), requests + 1, "{path} {asked:?}");
        assert_eq!(asked[requests - 1], at);
        let lookup = &provider.requests()[0];
        assert_eq!(lookup.header("authorization"), None);
    }
}

#[test]
fn a_cached_token_needs_no_lookup_and_a_cold_fetch_with_cached_metadata_one_request() {
    let provider = Provider::start();
    publish(&provider, "", OPENID, json!({}));
    let home = home(&provider.url(""), "");
    run(&home, "token p").success();
    run(&home, "token p").success();
    assert_eq!(paths(&provider), [OPENID, "/oauth/token"]);
    run(&home, "token p --refresh").success();
    run(&home, "token p --scope other").success();
    assert_eq!(paths(&provider)[2..], ["/oauth/token", "/oauth/token"]);
    run(&home, "forget p").success();
    run(&home, "token p").success();
    assert_eq!(paths(&provider)[4..], [OPENID, "/oauth/token"]);
}

#[test]
fn damaged_and_old_metadata_is_looked_up_again() {
    let provider = Provider::start();
    publish(&provider, "", OPENID, json!({}));
    let home = home(&provider.url(""), "cache = 'none'");
    run(&home, "token p").success();
    let name = home
        .cached()
        .into_iter()
        .find(|name| name.ends_with(".issuer"));
    let file = home.cache().join(name.unwrap());
    let kept = std::fs::read_to_string(&file).unwrap();
    let mut old: Value = serde_json::from_str(&kept).unwrap();
    let age = 24 * 60 * 60 * 1000;
    for pointer in ["/sent/unix_ms", "/sent/boot/ms"] {
        if let Some(at) = old.pointer_mut(pointer) {
            *at = (at.as_i64().unwrap() - age).into();
        }
    }
    let cases = [
        (kept.clone(), 1, false),
        (old.to_string(), 2, false),
        (kept.replace("\"version\":1", "\"version\":0"), 2, false),
        (kept[..kept.len() / 2].to_owned(), 2, true),
        (String::new(), 2, true),
    ];
    for (content, requests, noted) in cases {
        std::fs::write(&file, &content).unwrap();
        let before = provider.requests().len();
        let done = run(&home, "token p").success().stdout("t0ken\n");
        assert_eq!(provider.requests().len() - before, requests, "{content}");
        assert_eq!(stderr(&done).contains("damaged"), noted, "{content}");
    }
}

#[test]
fn processes_that_start_at_once_cause_one_lookup() {
    let provider = Provider::start();
    publish(&provider, "", OPENID, json!({}));
    let home = home(&provider.url(""), "");
    // Each asks for another scope, so no token is shared.
    let children: Vec<_> = (0..6)
        .map(|n| {
            home.process(&format!("token p --scope s{n}"))
                .env(SECRET.0, SECRET.1)
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(provider.request_count(OPENID), 1);
    assert_eq!(provider.request_count("/oauth/token"), 6);
}

#[test]
fn an_endpoint_on_another_host_is_used_only_if_origins_allows_it() {
    let (provider, other) = (Provider::start(), Provider::start());
    let elsewhere = json!({ "token_endpoint": other.url("/t") });
    publish(&provider, "", OPENID, elsewhere);
    other.answer("/t", Answer::token("other", 3600));
    let refused = home(&provider.url(""), "");
    let line = format!("origins = [\"{}\"]", other.url(""));
    fails(
        run(&refused, "token p"),
        3,
        &["`issuer`", "another host", &other.url(""), &line],
    );
    assert_eq!(other.requests().len(), 0);
    let allowed = home(&provider.url(""), &line);
    run(&allowed, "token p").success().stdout("other\n");
}

#[test]
fn what_is_not_the_metadata_of_the_issuer_is_refused() {
    let provider = Provider::start();
    let home = home(&provider.url("/x"), "");
    fails(
        run(&home, "token p"),
        3,
        &["`issuer`", "no metadata", OPENID, OAUTH, "404", "token_url"],
    );
    assert_eq!(provider.requests().len(), 3);
    let named = json!({ "issuer": "https://other.example" });
    publish(&provider, "/x", &format!("/x{OPENID}"), named);
    fails(
        run(&home, "token p"),
        3,
        &[&provider.url("/x"), "issuer = \"https://other.example\""],
    );
    assert_eq!(provider.request_count("/oauth/token"), 0);
    for (answer, code, words) in [
        (
            Answer::json(200, json!({ "issuer": provider.url("/x") })),
            3,
            "token_endpoint",
        ),
        (Answer::new(503), 6, "in trouble"),
        (Answer::new(200).body("<html>"), 3, "not JSON"),
    ] {
        provider.answer(&format!("/x{OPENID}"), answer);
        fails(
            run(&home, "token p --timeout 2s"),
            code,
            &["`issuer`", words],
        );
    }
}

#[test]
fn an_issuer_is_a_url_like_any_that_gets_secrets() {
    for (issuer, words) in [
        ("http://idp.example", "in the clear"),
        ("idp.example", "https://"),
        ("https://idp.example/?a=b", "query"),
        ("https://idp.example/{tenant}", "not filled in"),
        ("https://${client_id}.example", "not allowed"),
    ] {
        fails(run(&home(issuer, ""), "token p"), 3, &["`issuer`", words]);
    }
    let provider = Provider::start();
    let address = provider.url("");
    drop(provider);
    fails(
        run(&home(&address, ""), "token p --timeout 1s"),
        6,
        &["`issuer`", &address],
    );
}

#[test]
fn the_profiles_own_keys_win_over_the_metadata() {
    let provider = Provider::start();
    let listed = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
    publish(&provider, "", OPENID, listed);
    let cases = [
        ("", 1, "post"),
        ("auth_method = 'client_secret_basic'", 1, "basic"),
        ("token_url = 'URL/oauth/token'", 0, "basic"),
    ];
    for (keys, lookups, method) in cases {
        let before = provider.request_count(OPENID);
        let home = home(&provider.url(""), &keys.replace("URL", &provider.url("")));
        run(&home, "token p").success();
        assert_eq!(provider.request_count(OPENID) - before, lookups, "{keys}");
        let last = provider.requests().pop().unwrap();
        assert_eq!(last.basic().is_some(), method == "basic", "{keys}");
    }
    publish(
        &provider,
        "",
        OPENID,
        json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
    );
    fails(
        run(&home(&provider.url(""), ""), "token p"),
        3,
        &["accepts only private_key_jwt", "no credentials"],
    );
}

#[test]
fn the_algorithm_is_one_that_the_issuer_accepts() {
    let provider = Provider::start();
    let methods = json!(["client_secret_basic", "private_key_jwt"]);
    publish(
        &provider,
        "",
        OPENID,
        json!({
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": ["ES256", "PS384"],
        }),
    );
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/rsa.pem");
    let home = home(
        &provider.url(""),
        &format!("secrets = {{ private_key = {{ file = '{key}' }} }}"),
    );
    home.tok("token p").assert().success();
    let shown = stdout(&home.tok("show p").assert().success());
    for words in ["private_key_jwt", "PS384", &provider.url("/oauth/token")] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let sent = provider.requests().pop().unwrap();
    let body = String::from_utf8(sent.body.clone()).unwrap();
    let assertion = body.split("client_assertion=").nth(1).unwrap();
    let header = assertion.split('.').next().unwrap();
    assert!(header.starts_with("eyJhbGciOiJQUzM4NCI"), "{header}");
}

#[test]
fn show_and_doctor_say_what_comes_from_the_issuer() {
    let provider = Provider::start();
    publish(&provider, "", OPENID, json!({}));
    let home = home(&provider.url(""), "");
    let shown = stdout(&run(&home, "show p").success());
    assert!(shown.contains("(not looked up yet)"), "{shown}");
    assert_eq!(provider.requests().len(), 0);
    let said = stdout(&run(&home, "doctor p --fetch"));
    assert!(
        said.contains("metadata looked up: `token_url` http"),
        "{said}"
    );
    let shown = stdout(&run(&home, "show p --json").success());
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let key = |name: &str| {
        let keys = shown["keys"].as_array().unwrap();
        keys.iter().find(|key| key["key"] == name).cloned().unwrap()
    };
    assert_eq!(key("token_url")["value"], provider.url("/oauth/token"));
    assert_eq!(key("token_url")["from"], "issuer");
    assert_eq!(key("auth_method")["from"], "issuer");
    assert_eq!(key("issuer")["from"], "profile");
    let curl = stdout(&run(&home, "show p --curl").success());
    assert!(curl.contains("/oauth/token"), "{curl}");
}

#[test]
fn an_endpoint_that_is_gone_is_looked_up_again_by_the_next_run() {
    let provider = Provider::start();
    publish(&provider, "", OPENID, json!({}));
    let home = home(&provider.url(""), "cache = 'none'");
    run(&home, "token p").success();
    provider.answer("/oauth/token", Answer::new(404));
    fails(run(&home, "token p"), 5, &["404"]);
    publish(
        &provider,
        "",
        OPENID,
        json!({ "token_endpoint": provider.url("/new") }),
    );
    provider.answer("/new", Answer::token("new", 3600));
    run(&home, "token p").success().stdout("new\n");
}

#[test]
fn add_looks_the_issuer_up_before_it_writes() {
    let (provider, other) = (Provider::start(), Provider::start());
    publish(&provider, "/t", &format!("/t{OPENID}"), json!({}));
    let home = Home::new();
    let add = |issuer: &str, more: &str| {
        home.tok(&format!(
            "add p --force --issuer {issuer} --client-id me {more}"
        ))
        .env(SECRET.0, SECRET.1)
        .assert()
    };
    let issuer = provider.url("/t");
    add(&issuer, "--try").success().stdout("");
    let written = std::fs::read_to_string(home.config()).unwrap();
    assert!(
        written.contains(&format!("issuer = \"{issuer}\"")),
        "{written}"
    );
    assert!(!written.contains("token_url"), "{written}");

    let elsewhere = json!({ "token_endpoint": other.url("/t") });
    publish(&provider, "/u", &format!("/u{OPENID}"), elsewhere);
    other.answer("/t", Answer::token("other", 3600));
    let option = format!("--origin {}", other.url(""));
    fails(add(&provider.url("/u"), ""), 3, &["another host", &option]);
    assert_eq!(std::fs::read_to_string(home.config()).unwrap(), written);
    add(&provider.url("/u"), &format!("{option} --try")).success();
    let written = std::fs::read_to_string(home.config()).unwrap();
    assert!(
        written.contains(&format!("origins = [\"{}\"]", other.url(""))),
        "{written}"
    );
    fails(add(&provider.url("/none"), ""), 3, &["no metadata"]);
}

#[test]
fn an_endpoint_is_asked_for_exactly_as_published() {
    let provider = Provider::start();
    let published = json!({ "token_endpoint": provider.url("/api//token/?v=1&w") });
    publish(&provider, "", OPENID, published);
    provider.answer("/api//token/", Answer::token("t0ken", 3600));
    run(&home(&provider.url(""), ""), "token p").success();
    let sent = provider.requests().pop().unwrap();
    assert_eq!(
        (sent.path.as_str(), sent.query.as_str()),
        ("/api//token/", "v=1&w")
    );
}
