//! A fault in a key or in a profile's assertion is reported before anything is sent.

use local_provider::{Answer, Assertions, Provider};

use super::{pem, scene, tok};
use crate::home::{Home, fails, stdout};

#[test]
fn a_key_that_cannot_sign_ends_with_4_before_anything_is_sent() {
    let steps = "[[profiles.p.steps]]\nname = 's'\nurl = 'http://127.0.0.1:9/s'";
    for (key, expected) in [
        ("unfit/certificate", "is a certificate, not the private key"),
        ("unfit/encrypted", "is encrypted"),
        ("unfit/encrypted.pkcs1", "is encrypted"),
        ("unfit/openssh", "OpenSSH's own format"),
        ("unfit/p521", "an EC key on P-521"),
        ("unfit/rsa1024", "an RSA key that tok cannot sign with"),
        ("rsa.public", "is a public key"),
    ] {
        let (provider, home) = scene("rsa", steps);
        for arguments in ["token p", "header p -v"] {
            let failed = tok(&home, arguments, key).assert();
            fails(
                failed,
                4,
                &[
                    "profile `p`: private_key: environment variable TOK_P_PRIVATE_KEY: this ",
                    expected,
                ],
            );
        }
        let said = tok(&home, "doctor p", key).assert().code(4);
        assert!(stdout(&said).contains(expected), "{}", stdout(&said));
        assert_eq!(provider.request_count("/t"), 0);
    }
}

#[test]
fn a_missing_key_is_reported_by_name() {
    let (provider, home) = scene("rsa", "");
    let words = [
        "private_key",
        "TOK_P_PRIVATE_KEY",
        "tok secret set p private_key",
    ];
    fails(home.tok("token p").assert(), 4, &words);
    assert_eq!(provider.requests().len(), 0);
}

#[test]
fn a_contradictory_assertion_is_a_config_error() {
    let jwt = "auth_method = 'private_key_jwt'";
    for (keys, words) in [
        ("assertion = { alg = 'ES512' }", ["assertion", "ES512"]),
        ("assertion = { alg = 'none' }", ["assertion", "none"]),
        (
            "auth_method = 'private_key_jwt'\nassertion = { alg = 'HS256' }",
            ["assertion.alg", "client_secret_jwt"],
        ),
        (
            "auth_method = 'client_secret_jwt'\nassertion = { alg = 'RS256' }",
            ["assertion.alg", "private_key_jwt"],
        ),
        (
            "assertion = { kid = 'k' }",
            ["assertion", "nothing sends it"],
        ),
        (
            &format!("{jwt}\nassertion = {{ kidd = 'k' }}"),
            ["kidd", "write `assertion = { kid = 'k' }`"],
        ),
        (
            &format!("{jwt}\nassertion = {{ lifetime = '0s' }}"),
            ["assertion.lifetime", "at least 10 seconds"],
        ),
        (
            &format!("{jwt}\nassertion = {{ lifetime = '9999ms' }}"),
            ["assertion.lifetime", "at least 10 seconds"],
        ),
        (
            &format!("{jwt}\nassertion = {{ lifetime = 'soon' }}"),
            ["assertion", "not a duration"],
        ),
        (
            &format!("{jwt}\nassertion = {{ headers = {{ alg = 'RS256' }} }}"),
            ["assertion.headers", "assertion.alg"],
        ),
        (
            &format!("{jwt}\nassertion = {{ key = 'mine' }}"),
            ["assertion.key", "there is no secret `mine`"],
        ),
        (
            &format!("{jwt}\nassertion = {{ claims = {{ a = '${{assertion}}' }} }}"),
            ["assertion.claims", "only in the request itself"],
        ),
        (
            &format!("{jwt}\nassertion = {{ claims = {{ a = '${{body}}' }} }}"),
            ["assertion.claims", "only in `headers`"],
        ),
        (
            &format!("{jwt}\nassertion = {{ claims = {{ a = '${{nope}}' }} }}"),
            ["assertion.claims", "`${nope}` is not a known name"],
        ),
        (
            &format!("{jwt}\nassertion = {{ claims = {{ a = \"${{sha255('x')}}\" }} }}"),
            ["sha255", "unknown function"],
        ),
        (
            "values = { a = '${assertion}' }\nparams = { b = '${value.a}' }",
            ["values.a", "only in the request itself"],
        ),
        (
            "header = 'X: ${assertion}'",
            ["header", "only while fetching"],
        ),
        (
            "secrets = { private_key = { pointer = '/a' } }",
            ["secrets.private_key", "`file`, `env`"],
        ),
        (
            "secrets = { private_key = { file = 'x', pointer = 'a' } }",
            ["secrets.private_key", "`a`"],
        ),
        (
            "client_secret = { file = 'x', env = 'y', pointer = '/a' }",
            ["client_secret", "one source"],
        ),
    ] {
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = 'http://127.0.0.1:9/t'\nclient_id = 'i'\n{keys}\n"
        ));
        fails(tok(&home, "token p", "rsa").assert(), 3, &words);
    }
    let home = Home::with(
        "[profiles.p]\ntoken_url = 'http://127.0.0.1:9/t'\nauth_method = 'none'\nparams = { a = '${assertion}' }\n",
    );
    fails(
        tok(&home, "token p", "rsa").assert(),
        3,
        &["assertion.claims", "it has no issuer"],
    );
    let (_provider, home) = scene("rsa", "assertion = { alg = 'ES256' }");
    fails(
        tok(&home, "token p", "rsa").assert(),
        3,
        &[
            "`assertion.alg` is ES256, but the key is an RSA key",
            "leave `alg` out",
        ],
    );
}

#[test]
fn a_key_signs_only_for_the_host_of_the_token_endpoint() {
    let (provider, other) = (Provider::start(), Provider::start());
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'i'\nauth_method = 'none'\nvars = {{ base = '{}' }}\n[[profiles.p.steps]]\nname = 's'\nurl = '${{var.base}}/s'\nauth_method = 'private_key_jwt'\n",
        provider.url("/t"),
        other.url("")
    ));
    fails(
        tok(&home, "token p", "rsa").assert(),
        3,
        &["step `s`", "would receive secrets"],
    );
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn two_profiles_cannot_share_the_variable_of_a_key() {
    for signs in [
        "client_id = 'i'\nauth_method = 'private_key_jwt'",
        "client_id = 'i'\nauth_method = 'none'\nparams = { a = '${assertion}' }",
        "client_id = 'i'\nauth_method = 'none'\n[[profiles.a.steps]]\nname = 's'\nurl = 'https://a.example/s'\nauth_method = 'private_key_jwt'",
    ] {
        let home = Home::with(&format!(
            "[profiles.a]\ntoken_url = 'https://a.example/t'\n{signs}\n[profiles.a_private]\ntoken_url = 'https://a.example/t'\nclient_id = 'i'\nsecrets = {{ key = {{}} }}\n"
        ));
        for profile in ["a", "a_private"] {
            let words = ["TOK_A_PRIVATE_KEY", "rename one of them"];
            fails(home.tok(&format!("token {profile}")).assert(), 3, &words);
        }
    }
}

#[test]
fn an_assertion_in_the_url_names_its_audience() {
    for urls in [
        "token_url = 'http://127.0.0.1:9/t/${assertion}'",
        "token_url = 'http://127.0.0.1:9/t'\n[[profiles.p.steps]]\nname = 's'\nurl = 'http://127.0.0.1:9/s?a=${urlencode(assertion)}'",
    ] {
        let home = Home::with(&format!(
            "[profiles.p]\nclient_id = 'i'\nauth_method = 'none'\n{urls}\n"
        ));
        let words = [
            "assertion.audience",
            "missing: by default it is the URL",
            "that URL contains `${assertion}`",
        ];
        fails(tok(&home, "token p", "p256").assert(), 3, &words);
    }
    let provider = Provider::start();
    let known = Assertions::of_key(&pem("p256.public.pem"));
    provider.answer_with("/t", move |received| {
        let form = received.query_form();
        match known.accept(&form[0].1, Some("https://a")) {
            Ok(_) => Answer::token("t0k", 3600),
            Err(wrong) => Answer::refusal(401, "invalid_client", &wrong),
        }
    });
    for said in ["audience = 'https://a'", "claims = { aud = 'https://a' }"] {
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = '{}?a=${{assertion}}'\nclient_id = 'i'\nauth_method = 'none'\nassertion = {{ {said} }}\n",
            provider.url("/t")
        ));
        tok(&home, "token p", "p256")
            .assert()
            .success()
            .stdout("t0k\n");
    }
}
