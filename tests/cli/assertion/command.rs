//! `sign = { command = […] }`: a program signs, so that the key need not leave its store.

use std::path::Path;

use super::{fails, judge, keys, parameter, pem, stderr};
use crate::home::Home;
use local_provider::{Assertions, Provider};

/// A provider that knows `key`, and a home whose profile `p` signs with the `sh` script.
fn scene(key: &str, alg: &str, script: &str) -> (Provider, Home) {
    let provider = Provider::start();
    let known = Assertions::of_key(&pem(&format!("{key}.public.pem")));
    judge(&provider, "/t", "client_assertion", known);
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'my id'\nauth_method = 'private_key_jwt'\nassertion = {{ alg = '{alg}' }}\nsign = {{ command = ['sh', '-c', '''{script}'''] }}\n",
        provider.url("/t")
    ));
    (provider, home)
}

fn file(name: &str) -> String {
    Path::new(&keys()).join(name).display().to_string()
}

#[test]
fn openssl_signs_with_each_kind_of_key() {
    let dgst = |hash: &str, key: &str| format!("openssl dgst -{hash} -sign {}", file(key));
    let pss = format!(
        "{} -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest",
        dgst("sha384", "rsa.pem")
    );
    // openssl reads what Ed25519 signs from a file whose size it knows.
    let ed25519 = format!(
        "t=$(mktemp) && cat >$t && openssl pkeyutl -sign -rawin -inkey {} -in $t; s=$?; rm $t; exit $s",
        file("ed25519.pem")
    );
    for (key, alg, script) in [
        ("rsa", "RS256", dgst("sha256", "rsa.pem")),
        ("rsa", "RS512", dgst("sha512", "rsa.pem")),
        ("rsa", "PS384", pss),
        ("p256", "ES256", dgst("sha256", "p256.pem")),
        (
            "p384",
            "ES384",
            format!("{} | openssl base64", dgst("sha384", "p384.pem")),
        ),
        ("ed25519", "EdDSA", ed25519),
    ] {
        let (provider, home) = scene(key, alg, &script);
        // Twice: each request carries a new signature.
        for _ in 0..2 {
            home.tok("token p --refresh").assert().success().stderr("");
        }
        assert_eq!(provider.request_count("/t"), 2, "{alg}");
        home.tok("token p").assert().success();
        home.tok("doctor p").assert().success();
    }
}

#[test]
fn a_program_that_gives_no_signature_is_named_and_nothing_is_sent() {
    for (script, words) in [
        (
            "exit 3",
            ["p`: `sign`: command sh: failed with exit status: 3", ""],
        ),
        (
            "cat >/dev/null",
            [
                "`sign`: command sh: printed no signature",
                "raw or in base64",
            ],
        ),
        (
            "echo c2hvcnQ=",
            ["printed 5 bytes", "a signature with ES256 has 64"],
        ),
        (
            "head -c 96 /dev/zero",
            ["printed 96 bytes", "a signature with ES256 has 64"],
        ),
        ("exec sleep 60", ["did not end within", "--timeout"]),
        ("yes", ["printed more than 64 KiB", ""]),
    ] {
        let (provider, home) = scene("p256", "ES256", script);
        let asked = home.tok("token p --timeout 1s").assert();
        fails(asked, 4, &words);
        assert_eq!(provider.connections(), 0, "{script}");
    }
    let (_provider, home) = scene("p256", "ES256", "");
    let config = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&config.replace("'sh'", "'no-such-program-here'"));
    fails(
        home.tok("token p").assert(),
        4,
        &["`sign`", "program not found"],
    );
}

#[test]
fn what_is_signed_goes_to_stdin_and_is_shown_nowhere() {
    let script = format!(
        "cat >\"$HOME/input\"; env >\"$HOME/env\"; openssl dgst -sha256 -sign {} \"$HOME/input\"",
        file("p256.pem")
    );
    let (provider, home) = scene("p256", "ES256", &script);
    let run = home
        .tok("token p -v")
        .env("TOK_P_CLIENT_SECRET", "s3cret")
        .assert()
        .success();
    let jwt = parameter(&provider.only_request(), "client_assertion");
    let (input, signature) = jwt.rsplit_once('.').unwrap();
    let read = |name: &str| std::fs::read_to_string(home.path().join(name)).unwrap();
    assert_eq!(read("input"), input);
    assert!(!read("env").contains("s3cret"));
    let said = stderr(&run);
    assert!(said.contains("assertion {\"alg\":\"ES256\""), "{said}");
    for part in input.split('.').chain([signature]) {
        assert!(!said.contains(part), "{said}");
    }
}

#[test]
fn a_contradictory_sign_is_a_config_error() {
    let jwt = "auth_method = 'private_key_jwt'";
    for (keys, words) in [
        ("sign = { command = ['x'] }", ["`sign`", "nothing sends it"]),
        (
            &format!("{jwt}\nsign = {{ command = ['x'] }}"),
            ["`assertion.alg` is missing", "write `assertion = { alg = "],
        ),
        (
            &format!("{jwt}\nassertion = {{ alg = 'RS256' }}\nsign = {{}}"),
            ["`sign`", "write `sign = { command = "],
        ),
        (
            &format!("{jwt}\nassertion = {{ alg = 'RS256' }}\nsign = {{ command = [] }}"),
            ["`sign`", "`command` is empty"],
        ),
        (
            &format!(
                "{jwt}\nassertion = {{ alg = 'RS256', key = 'k' }}\nsecrets = {{ k = {{}} }}\nsign = {{ command = ['x'] }}"
            ),
            ["`sign`", "`assertion.key` has no effect"],
        ),
        (
            "auth_method = 'client_secret_jwt'\nsign = { command = ['x'] }",
            ["`sign`", "not with the client secret"],
        ),
        (
            &format!("{jwt}\nassertion = {{ alg = 'RS256', sign = {{ command = ['x'] }} }}"),
            [
                "sign",
                "write `sign = { command = […] }` beside `assertion`, not in it",
            ],
        ),
    ] {
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = 'http://127.0.0.1:9/t'\nclient_id = 'i'\n{keys}\n"
        ));
        fails(home.tok("token p").assert(), 3, &words);
    }
}
