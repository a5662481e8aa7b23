//! While a token is good the provider is not asked again: the second call makes no request and needs no secret.

use local_provider::{Answer, Provider};

use crate::home::{Home, fails, stderr, stdout};

/// A provider that answers with token `t1`, then `t2`, and a home with profile `p` for it.
fn scene(expires_in: u64, more: &str) -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer_in_turn(
        "/token",
        ["t1", "t2", "t3"].map(|token| Answer::token(token, expires_in)),
    );
    let home = Home::with(&config(&provider, more));
    (provider, home)
}

fn config(provider: &Provider, more: &str) -> String {
    format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'i'\n{more}\n",
        provider.url("/token")
    )
}

fn token(home: &Home, arguments: &str) -> String {
    let run = home
        .tok(&format!("token p {arguments}"))
        .env("TOK_P_CLIENT_SECRET", "s")
        .assert()
        .success()
        .stderr("");
    stdout(&run).trim_end().to_owned()
}

#[test]
fn the_second_call_makes_no_request_and_needs_no_secret() {
    let (provider, home) = scene(3600, "");
    assert_eq!(token(&home, ""), "t1");
    home.tok("token p")
        .assert()
        .success()
        .stdout("t1\n")
        .stderr("");
    home.tok("token p --cached")
        .assert()
        .success()
        .stdout("t1\n");
    assert_eq!(provider.requests().len(), 1);
}

#[test]
fn json_names_the_source_and_the_remaining_time() {
    let (_provider, home) = scene(3600, "");
    let json = |source: &str| {
        let run = home
            .tok("json p")
            .env("TOK_P_CLIENT_SECRET", "s")
            .assert()
            .success();
        let json: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap();
        assert_eq!(json["source"], source);
        assert!(
            (3580..=3600).contains(&json["expires_in"].as_i64().unwrap()),
            "{json}"
        );
        json["expires_at"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    let (first, second) = (json("provider"), json("cache"));
    let apart = first.duration_until(second).as_secs().abs();
    assert!(apart <= 1, "{first} and {second} are of one token");
}

#[test]
fn a_changed_request_gets_a_new_token_and_a_changed_secret_does_not() {
    let (provider, home) = scene(3600, "scope = 'a b'");
    assert_eq!(token(&home, ""), "t1");
    assert_eq!(token(&home, "--scope b --scope a"), "t1");
    assert_eq!(token(&home, "--scope c"), "t2");
    assert_eq!(token(&home, "--scope c"), "t2");
    home.tok("token p")
        .env("TOK_P_CLIENT_SECRET", "other")
        .assert()
        .success()
        .stdout("t1\n");
    home.write_config(&format!(
        "# a comment\n{}",
        config(&provider, "scope = ['b', 'a'] # and another")
    ));
    assert_eq!(token(&home, ""), "t1");
    home.write_config(&config(&provider, "scope = 'a b'\naudience = 'x'"));
    assert_eq!(token(&home, ""), "t3");
}

#[test]
fn refresh_min_ttl_and_no_cache_work_as_documented() {
    let (provider, home) = scene(600, "");
    assert_eq!(token(&home, ""), "t1");
    assert_eq!(token(&home, "--refresh"), "t2");
    assert_eq!(token(&home, "--min-ttl 5m"), "t2");
    assert_eq!(token(&home, "--no-cache"), "t3");
    assert_eq!(token(&home, ""), "t2");
    let run = home
        .tok("token p --min-ttl 20m")
        .env("TOK_P_CLIENT_SECRET", "s")
        .assert();
    fails(run, 2, &["live 600 s", "--min-ttl", "1200 s"]);
    assert_eq!(provider.requests().len(), 4);
}

#[test]
fn a_token_that_is_about_to_expire_is_printed_once_and_not_cached() {
    for expires_in in [5, 9] {
        let (provider, home) = scene(expires_in, "");
        assert_eq!(token(&home, ""), "t1");
        assert_eq!(token(&home, ""), "t2");
        assert_eq!(provider.requests().len(), 2, "{expires_in}");
    }
}

#[test]
fn a_token_without_a_lifetime_is_printed_once_with_a_note_and_not_cached() {
    let (provider, home) = scene(0, "");
    for expected in ["t1\n", "t2\n"] {
        let run = home
            .tok("token p")
            .env("TOK_P_CLIENT_SECRET", "s")
            .assert()
            .success()
            .stdout(expected);
        let note = stderr(&run);
        assert!(note.contains("so the token is not cached"), "{note}");
        assert!(note.contains("set `default_ttl`"), "{note}");
        assert_eq!(note.lines().count(), 1, "{note}");
    }
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn cached_without_a_cached_token_is_an_error() {
    let (provider, home) = scene(3600, "");
    fails(
        home.tok("token p --cached").assert(),
        2,
        &["profile `p`", "no usable token in the cache", "--cached"],
    );
    assert_eq!(provider.connections(), 0);
}

#[test]
fn a_profile_without_a_cache_leaves_no_file() {
    let (provider, home) = scene(3600, "cache = 'none'");
    assert_eq!(token(&home, ""), "t1");
    assert_eq!(token(&home, ""), "t2");
    assert_eq!(home.cached(), Vec::<String>::new());
    assert!(!home.cache().exists());
    assert_eq!(provider.requests().len(), 2);
}
