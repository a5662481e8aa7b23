//! The shared cache without an engine: mistakes in `[shared_cache]` and its variables, and the command that makes a key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local_provider::{Answer, Provider};

use crate::home::{Home, fails, stderr, stdout};

/// Nothing listens there.
const NOWHERE: &str = "redis://127.0.0.1:1";

fn config(provider: &Provider, shared_cache: &str) -> String {
    let url = provider.url("/token");
    format!(
        "[profiles.p]\ntoken_url = '{url}'\nclient_id = 'i'\ncache = 'shared'\n[shared_cache]\n{shared_cache}\n"
    )
}

fn provider() -> Provider {
    let provider = Provider::start();
    provider.answer("/token", Answer::token("t0ken", 3600));
    provider
}

#[test]
fn wrong_shared_cache_ends_before_anything_is_sent_and_names_its_key() {
    let provider = provider();
    let home = Home::new();
    let key = STANDARD.encode([7; 32]);
    let short = STANDARD.encode([7; 31]);
    let good = format!("url = '{NOWHERE}'\nkey = {{ env = 'KEY' }}");
    let cases = [
        (3, String::new(), "`shared_cache.url`: missing"),
        (
            3,
            format!("url = '{NOWHERE}'"),
            "`shared_cache.key`: missing",
        ),
        (
            3,
            format!("{good}\nuser = 'x'"),
            "`shared_cache`: unknown key `user`",
        ),
        (
            3,
            good.replace("redis:", "http:"),
            "`shared_cache.url`: must begin with `redis://`",
        ),
        (
            3,
            good.replace("127", "me:s3cret@127"),
            "`shared_cache.url`: a user name or password must not be in the URL",
        ),
        (
            3,
            good.replace("{ env = 'KEY' }", "'s3cret'"),
            "`shared_cache.key`: a secret must not be in the config",
        ),
        (
            3,
            format!("{good}\npassword = 's3cret'"),
            "`shared_cache.password`: a secret must not be in the config",
        ),
        (
            3,
            format!("{good}\nca_file = 'none.pem'"),
            "none.pem could not be read",
        ),
        (
            3,
            format!("{good}\nca_file = 'config.toml'"),
            "`shared_cache.ca_file`: ",
        ),
        (
            4,
            good.replace("KEY", "NONE"),
            "`shared_cache.key`: environment variable NONE is not there",
        ),
        (
            4,
            good.replace("KEY", "SHORT"),
            "`shared_cache.key`: must be 32 bytes in base64",
        ),
        (
            4,
            format!("{good}\npassword = {{ file = 'none' }}"),
            "`shared_cache.password`: file ",
        ),
    ];
    for (code, table, words) in cases {
        home.write_config(&config(&provider, &table));
        let assert = home
            .tok("token p")
            .env("TOK_P_CLIENT_SECRET", "x")
            .env("KEY", &key)
            .env("SHORT", &short)
            .assert();
        assert!(!stderr(&assert).contains("s3cret"), "{table}");
        fails(assert, code, &[words, "config.toml:"]);
    }
    assert_eq!(provider.connections(), 0);
}

#[test]
fn variables_win_over_the_config_and_are_named() {
    let provider = provider();
    let home = Home::with(&config(&provider, "url = 'nonsense'"));
    let key = STANDARD.encode([7; 32]);
    let run = |url: &str, key: &str| {
        home.tok("token p")
            .env("TOK_P_CLIENT_SECRET", "x")
            .env("TOK_SHARED_CACHE_URL", url)
            .env("TOK_SHARED_CACHE_KEY", key)
            .assert()
    };
    fails(
        run("rediss://u:s3cret@c.example", &key),
        3,
        &["`TOK_SHARED_CACHE_URL`: "],
    );
    fails(
        run(NOWHERE, "s3cret"),
        4,
        &["`TOK_SHARED_CACHE_KEY`: must be 32 bytes in base64"],
    );
    let assert = run(NOWHERE, &key).code(0).stdout("t0ken\n");
    assert!(
        stderr(&assert).contains("note: shared cache: going on without it"),
        "{}",
        stderr(&assert)
    );
}

#[test]
fn other_profiles_do_not_mind_a_wrong_shared_cache() {
    let provider = provider();
    let wrong = config(&provider, "url = 7");
    let home = Home::with(&wrong.replace("cache = 'shared'", "cache = 'file'"));
    home.tok("token p")
        .env("TOK_P_CLIENT_SECRET", "x")
        .assert()
        .code(0)
        .stdout("t0ken\n")
        .stderr("");
    let listed = home.tok("list").assert();
    assert!(stderr(&listed).contains("`shared_cache.url`: expected a string"));
}

#[test]
fn each_key_is_new_and_has_32_bytes() {
    let home = Home::new();
    let key = || stdout(&home.tok("shared-cache key").assert().success().stderr(""));
    let (one, other) = (key(), key());
    assert_ne!(one, other);
    assert_eq!(STANDARD.decode(one.trim_end()).unwrap().len(), 32);
}
