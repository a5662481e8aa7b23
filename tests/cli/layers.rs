//! Many profiles in one config: defaults, profiles that extend others, logins, and mistakes that concern only their own profile.

use local_provider::{Answer, Provider};
use serde_json::Value;

use crate::home::{Home, fails, stderr, stdout};

/// A provider that answers every request with a token, and its address.
fn provider() -> (Provider, String) {
    let provider = Provider::start();
    provider.answer("/*", Answer::token("t", 3600));
    let url = provider.url("/token");
    (provider, url)
}

fn json(home: &Home, arguments: &str) -> Value {
    serde_json::from_str(&stdout(&home.tok(arguments).assert().success())).unwrap()
}

#[test]
fn a_mistake_in_another_profile_does_not_matter() {
    let (provider, url) = provider();
    let good = format!("[profiles.p]\ntoken_url = '{url}'\nclient_id = 'i'\n");
    for mistake in [
        "[profiles.q]\ntoken_ur = 'x'\n",
        "[profiles.q]\nclient_id = 7\n",
        "[profiles.q]\nmethod = 'DELETE'\n",
        "[profiles.q]\nclient_secret = 'hunter2'\n",
        "[profiles.q]\nresponse = { zzz = 1 }\n",
        "[profiles.q]\ntimeout = 'soon'\n",
        "[profiles.q]\nextends = 'q'\n",
        "[profiles.q]\nextends = 'nowhere'\n",
        "[profiles.q]\nprovider = 'nowhere'\n",
        "[profiles.q]\nscope = read\n",
        "[profiles.q]\nscope = \"read\n",
        "[profiles.q]\nscope = [\n",
        "[profiles.q]\nscope = 'a'\nscope = 'b'\n",
        "[profiles.q]\n[profiles.q]\n",
        "[profiles.q\nscope = 'a'\n",
        "[profiles.'a b']\nscope = 'a'\n",
        "[[profiles.q]]\n",
        "[q]\ntoken_url = 'x'\n",
        "[profile.q]\ntoken_url = 'x'\n",
        "[profiles.q]\nvars = { a = '${a' }\n[[profiles.q.steps]]\nnam = 'x'\n",
    ] {
        for config in [format!("{mistake}{good}"), format!("{good}{mistake}")] {
            let home = Home::with(&config);
            let run = home
                .tok("token p")
                .env("TOK_P_CLIENT_SECRET", "s3cret")
                .assert();
            assert_eq!(stderr(&run), "", "{config}");
            run.success().stdout("t\n");
            let listed = home.tok("list").assert().success();
            assert!(stdout(&listed).contains("p  "), "{config}");
            let said = stderr(&listed);
            assert!(said.starts_with("tok: note: "), "{config}: {said}");
            assert!(said.contains("config.toml"), "{config}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
            let report = home.tok("doctor").assert();
            let lines = stdout(&report);
            let failed = lines
                .lines()
                .any(|line| line.starts_with("FAIL  profile") || line.starts_with("FAIL  config"));
            assert!(failed, "{config}: {lines}");
            fails(home.tok("token q").assert(), 3, &["q"]);
        }
    }
    drop(provider);
}

#[test]
fn a_mistake_in_the_defaults_concerns_every_profile_and_is_named() {
    let good = "[profiles.p]\ntoken_url = 'https://a.example'\nclient_id = 'i'\n";
    for (defaults, said) in [
        (
            "[defaults]\ntimeout = 'soon'\n",
            "config.toml:2: `defaults.timeout`",
        ),
        (
            "[defaults]\nzzz = 1\n",
            "config.toml:2: `defaults`: unknown key `zzz`",
        ),
        (
            "[defaults]\nextends = 'p'\n",
            "`defaults.extends`: only a profile can extend another",
        ),
        ("[default]\ntimeout = '1s'\n", "unknown key `default`"),
        ("timeout = '1s'\n", "config.toml:1: unknown key `timeout`"),
    ] {
        let home = Home::with(&format!("{defaults}{good}"));
        fails(home.tok("token p").assert(), 3, &[said]);
    }
}

#[test]
fn keys_come_from_the_profile_then_its_base_then_its_provider_then_the_defaults() {
    let (provider, url) = provider();
    let home = Home::with(&format!(
        "[defaults]\ntimeout = '9s'\nparams = {{ d = '1', x = '1' }}\n\
         [profiles.base]\ntoken_url = '{url}'\nclient_id = 'base'\nauth_method = 'client_secret_post'\nparams = {{ b = '2', x = '2' }}\n\
         [profiles.p]\nextends = 'base'\nclient_id = 'p'\nparams = {{ x = '3' }}\n"
    ));
    home.tok("token p")
        .env("TOK_P_CLIENT_SECRET", "s3cret")
        .env("TOK_BASE_CLIENT_SECRET", "wrong")
        .assert()
        .success();
    let request = provider.requests().pop().unwrap();
    assert_eq!(
        request.text(),
        "grant_type=client_credentials&client_id=p&client_secret=s3cret&d=1&x=3&b=2"
    );
    let shown = json(&home, "show p --json --audience a");
    let from = |key: &str| {
        let keys = shown["keys"].as_array().unwrap();
        let found = keys.iter().find(|entry| entry["key"] == key).unwrap();
        found["from"].as_str().unwrap().to_owned()
    };
    for (key, expected) in [
        ("client_id", "profile"),
        ("extends", "profile"),
        ("params.x", "profile"),
        ("token_url", "extends base"),
        ("params.b", "extends base"),
        ("params.d", "defaults"),
        ("timeout", "defaults"),
        ("audience", "command line"),
        ("encoding", "default"),
    ] {
        assert_eq!(from(key), expected, "{key}");
    }
}

#[test]
fn secrets_and_tokens_of_a_profile_that_extends_another_are_its_own() {
    let (_provider, url) = provider();
    let home = Home::with(&format!(
        "[profiles.base]\ntoken_url = '{url}'\nclient_id = 'i'\n[profiles.p]\nextends = 'base'\n"
    ));
    home.tok("token base")
        .env("TOK_BASE_CLIENT_SECRET", "s3cret")
        .assert()
        .success();
    fails(
        home.tok("token p")
            .env("TOK_BASE_CLIENT_SECRET", "s3cret")
            .assert(),
        4,
        &["TOK_P_CLIENT_SECRET"],
    );
}

#[test]
fn a_change_of_the_base_or_the_defaults_is_noticed() {
    let (provider, url) = provider();
    let config = |audience: &str, scope: &str| {
        format!(
            "[defaults]\nscope = '{scope}'\n[profiles.base]\ntoken_url = '{url}'\nclient_id = 'i'\naudience = '{audience}'\n[profiles.p]\nextends = 'base'\n"
        )
    };
    let home = Home::with(&config("a", "s"));
    for (audience, scope) in [("a", "s"), ("b", "s"), ("b", "r")] {
        home.write_config(&config(audience, scope));
        for _ in 0..2 {
            home.tok("token p")
                .env("TOK_P_CLIENT_SECRET", "s3cret")
                .assert()
                .success();
        }
    }
    assert_eq!(provider.requests().len(), 3);
}

#[test]
fn a_profile_without_client_credentials_is_a_login() {
    let (provider, url) = provider();
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{url}'\nsecrets = {{ password = {{}} }}\nparams = {{ username = 'u', password = '${{secret.password}}' }}\n"
    ));
    home.tok("token p")
        .env("TOK_P_PASSWORD", "s3cret")
        .assert()
        .success();
    let request = provider.requests().pop().unwrap();
    assert_eq!(request.text(), "username=u&password=s3cret");
    assert_eq!(request.header("authorization"), None);
    home.write_config(&format!(
        "[profiles.p]\ntoken_url = '{url}'\ngrant_type = 'password'\nparams = {{ username = 'u' }}\n"
    ));
    home.tok("token p").assert().success();
    let request = provider.requests().pop().unwrap();
    assert_eq!(request.text(), "grant_type=password&username=u");
    for uses in [
        "params = { k = '${client_secret}' }",
        "client_secret = { env = 'X' }\nparams = { k = 'v' }",
        "auth_method = 'client_secret_post'\nparams = { k = 'v' }",
        "audience = 'a'",
    ] {
        home.write_config(&format!("[profiles.p]\ntoken_url = '{url}'\n{uses}\n"));
        fails(
            home.tok("token p").assert(),
            3,
            &["`client_id`: missing", "client_id = \"…\""],
        );
    }
}

#[test]
fn an_extra_header_line_follows_the_usual_ones() {
    let (_provider, url) = provider();
    let header = |keys: &str| {
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = '{url}'\nclient_id = 'i'\n{keys}\n"
        ));
        let mut run = home.tok("header p");
        stdout(&run.env("TOK_P_CLIENT_SECRET", "s3cret").assert().success())
    };
    assert_eq!(
        header("extra_header = 'x-client: ${client_id}'"),
        "Authorization: Bearer t\nx-client: i\n"
    );
    assert_eq!(
        header("header = 'A: ${access_token}'\nextra_header = ['B: 1', 'C: 2']"),
        "A: t\nB: 1\nC: 2\n"
    );
}

#[test]
#[cfg(unix)]
fn paths_may_begin_with_the_home_folder() {
    use std::os::unix::fs::PermissionsExt as _;

    let (_provider, url) = provider();
    let home = Home::with(&format!(
        "[profiles.file]\ntoken_url = '{url}'\nclient_id = 'i'\nclient_secret = {{ file = '~/secret' }}\n\
         [profiles.command]\ntoken_url = '{url}'\nclient_id = 'i'\nclient_secret = {{ command = ['~/give'] }}\n\
         [profiles.ca]\ntoken_url = '{url}'\nclient_id = 'i'\nca_file = '~/nowhere.pem'\n"
    ));
    std::fs::write(home.path().join("secret"), "s3cret").unwrap();
    let program = home.path().join("give");
    std::fs::write(&program, "#!/bin/sh\necho s3cret\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    home.tok("token file").assert().success();
    home.tok("token command").assert().success();
    let expected = home.path().join("nowhere.pem").display().to_string();
    fails(
        home.tok("token ca")
            .env("TOK_CA_CLIENT_SECRET", "s3cret")
            .assert(),
        3,
        &[&expected],
    );
    let text = std::fs::read_to_string(home.config()).unwrap();
    let moved = home.path().join("moved.toml");
    std::fs::write(&moved, text).unwrap();
    home.tok("token file")
        .env("TOK_CONFIG", "~/moved.toml")
        .assert()
        .success();
}
