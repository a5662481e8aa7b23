//! Answers that come compressed: asked for once, unpacked whole where the token is in them, and as far as they go where they only say why there is
//! none.

use local_provider::{Answer, Provider};

use crate::home::{Home, fails, stdout};

/// A home whose profile `p` asks `provider`, with these further keys.
fn home(provider: &Provider, keys: &str) -> Home {
    Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'id'\n{keys}\n",
        provider.url("/token")
    ))
}

fn ask(home: &Home) -> assert_cmd::assert::Assert {
    home.tok("token p --no-cache")
        .env("TOK_P_CLIENT_SECRET", "s3cret")
        .assert()
}

#[test]
fn gzip_is_requested_unless_the_profile_sets_accept_encoding() {
    let provider = Provider::start();
    provider.answer("/token", Answer::token("t0ken", 60));
    for (keys, expected) in [
        ("", "gzip"),
        ("headers = { Accept-Encoding = 'identity' }", "identity"),
    ] {
        ask(&home(&provider, keys)).success();
        let asked = provider.requests().pop().unwrap();
        let codings: Vec<&str> = asked.headers_named("accept-encoding").collect();
        assert_eq!(codings, [expected], "{keys}");
    }
}

#[test]
fn a_compressed_refusal_is_read_and_so_is_one_that_only_claims_to_be_compressed() {
    let provider = Provider::start();
    let refusal = || Answer::refusal(400, "invalid_scope", "no such scope: reports");
    for answer in [
        refusal().gzip(),
        refusal().header("content-encoding", "gzip"),
    ] {
        provider.answer("/token", answer);
        let words = ["invalid_scope", "no such scope: reports"];
        fails(ask(&home(&provider, "")), 5, &words);
    }
}

#[test]
fn a_success_with_an_error_status_is_requested_once() {
    let provider = Provider::start();
    for status in [408, 429, 503] {
        let token = Answer::json(status, r#"{"access_token":"t0ken"}"#);
        provider.answer("/token", token);
        let home = home(&provider, &format!("response = {{ status = {status} }}"));
        let before = provider.requests().len();
        ask(&home).success().stdout("t0ken\n");
        assert_eq!(provider.requests().len(), before + 1, "{status}");
    }
}

#[test]
fn a_success_with_an_unusual_status_gives_a_whole_token_or_an_error() {
    let provider = Provider::start();
    let keys = "response = { format = 'text', status = 401 }\nencoding = 'none'";
    let token = "0123456789abcdef".repeat(200);
    let whole = Answer::text(401, &token).gzip();
    provider.answer("/token", whole.clone());
    let printed = stdout(&ask(&home(&provider, keys)).success());
    assert_eq!(printed.trim_end(), token);

    let packed = whole.content().to_vec();
    let cut = packed[..packed.len() / 2].to_vec();
    let mut damaged = packed.clone();
    damaged[packed.len() - 8] ^= 0xff;
    for body in [cut, damaged] {
        provider.answer("/token", whole.clone().body(body));
        fails(ask(&home(&provider, keys)), 7, &["not compressed as"]);
    }
    let huge = Answer::text(401, token.repeat(1000));
    for answer in [huge.clone(), huge.gzip()] {
        provider.answer("/token", answer);
        fails(ask(&home(&provider, keys)), 7, &["larger than 1 MiB"]);
    }
}
