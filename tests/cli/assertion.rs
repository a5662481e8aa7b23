//! A JWT signed with the client's key: as client authentication, as a grant, as a bearer token of one's own.
//!
//! The provider here verifies each for real, and takes none twice.

mod certificate;
#[cfg(unix)]
mod command;
mod wrong;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use local_provider::{Answer, Assertions, Provider, Received};

use crate::home::{Home, fails, stderr, stdout};

fn keys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys")
}

fn pem(name: &str) -> String {
    std::fs::read_to_string(keys().join(name)).unwrap()
}

/// The JWT in parameter `name` of a form.
fn parameter(received: &Received, name: &str) -> String {
    let form = received.form();
    let found = form.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

/// Answers a valid assertion in parameter `name`, for this `audience`, with a token.
fn judge(provider: &Provider, path: &str, name: &'static str, assertions: Assertions) {
    let audience = provider.url(path);
    provider.answer_with(path, move |received| {
        match assertions.accept(&parameter(received, name), Some(&audience)) {
            Ok(accepted) => Answer::token(accepted.claims["jti"].as_str().unwrap_or("none"), 3600),
            Err(wrong) => Answer::refusal(401, "invalid_client", &wrong),
        }
    });
}

/// A provider that knows `key`, and a home with profile `p` for it, with these keys besides.
fn scene(key: &str, keys: &str) -> (Provider, Home) {
    let provider = Provider::start();
    let known = Assertions::of_key(&pem(&format!("{key}.public.pem")));
    judge(&provider, "/t", "client_assertion", known);
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'my id'\nauth_method = 'private_key_jwt'\n{keys}\n",
        provider.url("/t")
    ));
    (provider, home)
}

fn tok(home: &Home, arguments: &str, key: &str) -> Command {
    let mut tok = home.tok(arguments);
    tok.env("TOK_P_PRIVATE_KEY", pem(&format!("{key}.pem")));
    tok
}

#[test]
fn each_fetch_signs_a_new_assertion_and_a_cached_token_needs_no_key() {
    for (key, public) in [
        ("rsa", "rsa"),
        ("rsa.pkcs1", "rsa"),
        ("p256", "p256"),
        ("p384.sec1", "p384"),
        ("ed25519", "ed25519"),
    ] {
        let (provider, home) = scene(public, "");
        let first = stdout(&tok(&home, "token p", key).assert().success().stderr(""));
        let second = stdout(&tok(&home, "token p --refresh", key).assert().success());
        assert_ne!(first, second, "the tokens are the assertions' `jti`");
        let cached = stdout(&home.tok("token p").assert().success().stderr(""));
        assert_eq!(cached, second);
        let requests = provider.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(parameter(&requests[0], "client_id"), "my id");
        assert_eq!(
            parameter(&requests[0], "client_assertion_type"),
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        );
        assert_eq!(requests[0].header("authorization"), None);
    }
}

#[test]
fn the_client_secret_signs_where_the_profile_says_so() {
    let (provider, home) = scene("rsa", "");
    judge(
        &provider,
        "/t",
        "client_assertion",
        Assertions::of_secret("s+/= é"),
    );
    let config = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&config.replace("private_key_jwt", "client_secret_jwt"));
    home.tok("token p")
        .env("TOK_P_CLIENT_SECRET", "s+/= é")
        .assert()
        .success();
    let wrong = home
        .tok("token p --no-cache")
        .env("TOK_P_CLIENT_SECRET", "another")
        .assert();
    fails(
        wrong,
        5,
        &[
            "the HS256 signature is not this client's",
            "-v shows what was signed",
            "`tok doctor p`",
        ],
    );
}

#[test]
fn a_retry_carries_a_new_assertion() {
    let (provider, home) = scene("p256", "");
    let known = Assertions::of_key(&pem("p256.public.pem"));
    let audience = provider.url("/t");
    let tries = std::sync::atomic::AtomicUsize::new(0);
    provider.answer_with("/t", move |received| {
        let assertion = parameter(received, "client_assertion");
        // It was seen, and is spent.
        if let Err(wrong) = known.accept(&assertion, Some(&audience)) {
            return Answer::refusal(401, "invalid_client", &wrong);
        }
        match tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Answer::new(503),
            _ => Answer::token("t0k", 3600),
        }
    });
    tok(&home, "token p", "p256")
        .assert()
        .success()
        .stdout("t0k\n");
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn a_retry_carries_a_new_assertion_in_its_url() {
    for (query, keys) in [
        ("", "auth_method = 'private_key_jwt'\nmethod = 'GET'"),
        ("", "auth_method = 'private_key_jwt'\nencoding = 'query'"),
        (
            "",
            "auth_method = 'none'\nquery = { client_assertion = '${assertion}' }",
        ),
        ("?client_assertion=${assertion}", "auth_method = 'none'"),
    ] {
        let provider = Provider::start();
        let known = Assertions::of_key(&pem("p256.public.pem"));
        let tries = std::sync::atomic::AtomicUsize::new(0);
        provider.answer_with("/t", move |received| {
            let form = received.query_form();
            let assertion = form.iter().find(|(name, _)| name == "client_assertion");
            let assertion = assertion.map(|(_, value)| value.as_str());
            if let Err(wrong) = known.accept(assertion.unwrap_or_default(), Some("https://a")) {
                return Answer::refusal(401, "invalid_client", &wrong);
            }
            match tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 | 1 => Answer::new(503),
                _ => Answer::token("t0k", 3600),
            }
        });
        let url = provider.url("/t");
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = '{url}{query}'\nclient_id = 'i'\nassertion = {{ audience = 'https://a' }}\n{keys}\n"
        ));
        tok(&home, "token p", "p256")
            .assert()
            .success()
            .stdout("t0k\n");
        assert_eq!(provider.request_count("/t"), 3, "{query} {keys}");
    }
}

#[test]
fn values_derived_from_the_assertion_of_a_retry_are_redacted() {
    let (provider, home) = scene("p256", "headers = { x-sum = '${sha256(assertion)}' }");
    let tries = std::sync::atomic::AtomicUsize::new(0);
    provider.answer_with("/t", move |received| {
        match tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Answer::new(503),
            _ => {
                let sum = received.header("x-sum").unwrap_or_default();
                Answer::refusal(400, "invalid_request", &format!("the sum is {sum} here"))
            }
        }
    });
    let failed = tok(&home, "token p -v", "p256").assert().code(5);
    let said = stderr(&failed);
    let requests = provider.requests();
    assert_eq!(requests.len(), 2);
    assert!(said.contains("the sum is"), "{said}");
    let sum = requests[1].header("x-sum").unwrap();
    assert!(!said.contains(sum), "{sum} in {said}");
}

#[test]
fn an_assertion_can_be_sent_in_any_position_and_names_its_receiver() {
    let provider = Provider::start();
    let known = Assertions::of_key(&pem("p256.public.pem"));
    let (judged, audience) = (known.clone(), provider.url("/login"));
    provider.answer_with("/login", move |received| {
        let bearer = received.bearer().unwrap_or_default();
        match judged.accept(bearer, Some(&audience)) {
            Ok(accepted) => {
                Answer::json(200, format!("{{\"session\":{}}}", accepted.claims["nonce"]))
            }
            Err(wrong) => Answer::refusal(401, "invalid_client", &wrong),
        }
    });
    let audience = provider.url("/t");
    provider.answer_with("/t", move |received| {
        let form = received.form();
        match known.accept(&parameter(received, "a"), Some(&audience)) {
            Ok(accepted) if parameter(received, "a") == parameter(received, "b") => {
                let session = accepted.claims["session"].as_str().unwrap_or_default();
                Answer::token(session, 3600)
            }
            other => Answer::refusal(401, "invalid_grant", &format!("{other:?} in {form:?}")),
        }
    });
    let url = provider.url("");
    let home = Home::with(&format!(
        "[profiles.p]
token_url = '{url}/t'
client_id = 'i'
auth_method = 'none'
grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
values = {{ nonce = 'n-${{client_id}}' }}
params = {{ a = '${{assertion}}', b = '${{assertion}}' }}
assertion = {{ claims = {{ nonce = '${{value.nonce}}' }} }}
[[profiles.p.steps]]
name = 'login'
url = '{url}/login'
headers = {{ Authorization = 'Bearer ${{assertion}}' }}
"
    ));
    // A claim that names a step can be in no assertion that the step itself carries.
    let config = std::fs::read_to_string(home.config()).unwrap();
    let circle = config.replace(
        "nonce = '${value.nonce}'",
        "session = '${step.login.session}'",
    );
    home.write_config(&circle);
    fails(
        tok(&home, "token p", "p256").assert(),
        3,
        &["there is no earlier step `login`"],
    );
    let both = config.replace(
        "nonce = '${value.nonce}'",
        "nonce = '${value.nonce}', session = '${value.nonce}'",
    );
    home.write_config(&both);
    tok(&home, "token p", "p256")
        .assert()
        .success()
        .stdout("n-i\n");
}

#[test]
fn doctor_names_the_source_of_a_good_key() {
    let (_provider, home) = scene("rsa", "");
    let said = stdout(&tok(&home, "doctor p", "rsa").assert().success());
    assert!(
        said.contains("environment variable TOK_P_PRIVATE_KEY"),
        "{said}"
    );
    let (_provider, home) = scene("rsa", "assertion = { alg = 'ES256' }");
    let said = stdout(&tok(&home, "doctor p", "rsa").assert().code(3));
    assert!(said.contains("`assertion.alg` is ES256"), "{said}");
}

#[test]
fn a_key_comes_from_every_source_and_from_within_json() {
    let (_provider, home) = scene("rsa", "");
    let config = std::fs::read_to_string(home.config()).unwrap();
    let beside = |name: &str| home.config().with_file_name(name);
    let key = pem("rsa.pem");
    std::fs::write(beside("key.pem"), &key).unwrap();
    let json = serde_json::json!({ "a": [{ "private_key": key }], "n": 7 }).to_string();
    std::fs::write(beside("key.json"), &json).unwrap();
    let sources = [
        "{ file = 'key.pem' }",
        "{ env = 'THE_KEY' }",
        "{ file = 'key.json', pointer = '/a/0/private_key' }",
        "{ env = 'THE_JSON', pointer = '/a/0/private_key' }",
        "{ command = ['cat', 'config/tok/key.json'], pointer = '/a/0/private_key' }",
        "{ credential = 'key.json', pointer = '/a/0/private_key' }",
    ];
    for source in sources {
        home.write_config(&format!("{config}secrets = {{ private_key = {source} }}\n"));
        let run = |arguments: &str| {
            let mut tok = home.tok(arguments);
            tok.env("THE_KEY", key.replace('\n', "\\n"))
                .env("THE_JSON", &json)
                .env("CREDENTIALS_DIRECTORY", beside(""));
            tok.assert()
        };
        run("token p --no-cache").success();
        let check = stdout(&run("secret check p private_key").success());
        assert!(check.contains(": set\n"), "{check}");
        let shown = stdout(&run("show p").success());
        assert!(shown.contains("private_key"), "{shown}");
        assert!(!shown.contains("BEGIN"), "{shown}");
    }
    for (pointer, words) in [
        ("/b", ["/b in file", "there is no `b`"]),
        ("/n", ["/n in file", "found a number, not a string"]),
    ] {
        home.write_config(&format!(
            "{config}secrets = {{ private_key = {{ file = 'key.json', pointer = '{pointer}' }} }}\n"
        ));
        fails(home.tok("token p").assert(), 4, &words);
    }
    home.write_config(&format!(
        "{config}secrets = {{ private_key = {{ file = 'key.pem', pointer = '/a' }} }}\n"
    ));
    fails(
        home.tok("token p").assert(),
        4,
        &["is no JSON (line 1, column 1)"],
    );
    home.write_config(&format!(
        "{config}secrets = {{ private_key = {{ file = 'nowhere.json', pointer = '/a' }} }}\n"
    ));
    fails(
        home.tok("token p").assert(),
        4,
        &["nowhere.json does not exist"],
    );
}

#[test]
fn verbose_works_although_values_need_missing_secrets() {
    let provider = Provider::start();
    provider.answer("/t", Answer::token("t0k", 3600));
    let home = Home::with(&format!(
        "[profiles.p]
token_url = '{}'
client_id = 'i'
auth_method = 'private_key_jwt'
encoding = 'json'
secrets = {{ k = {{ env = 'K' }}, n = {{ env = 'N' }} }}
params = {{ mac = \"${{hmac_sha256(from_base64(secret.k), 'a')}}\", n = '${{int(secret.n)}}', id = '${{upper(client_id)}}' }}
headers = {{ x-hex = '${{sha256(from_hex(secret.n))}}', x-basic = \"a ${{base64(secret.k)}}\" }}
assertion = {{ claims = {{ n = '${{int(secret.n)}}' }} }}
",
        provider.url("/t")
    ));
    let run = |arguments: &str| {
        let mut tok = tok(&home, arguments, "p256");
        tok.env("K", "aHVudGVyMg==").env("N", "424242");
        tok.assert().success().stdout("t0k\n")
    };
    run("token p --refresh");
    let said = stderr(&run("token p --refresh -v"));
    for words in [
        r#""mac":"<computed>","n":"<computed>","id":"I""#,
        "> x-hex: <computed>",
        "> x-basic: a PHNlY3JldC5rPg==",
        r#""n":"<computed>"}"#,
    ] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    for secret in ["aHVudGVyMg", "hunter2", "424242"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn verbose_shows_the_claims_but_neither_key_nor_signature() {
    let (provider, home) = scene("p256", "assertion = { kid = 'k-1' }");
    let said = stderr(&tok(&home, "token p -v", "p256").assert().success());
    for words in [
        r#"{"alg":"ES256","typ":"JWT","kid":"k-1"}"#,
        r#""iss":"my id""#,
        "client_assertion=<assertion>",
        "private_key from environment variable TOK_P_PRIVATE_KEY",
    ] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    let sent = parameter(&provider.requests()[0], "client_assertion");
    for part in sent.split('.') {
        assert!(!said.contains(part), "{said}");
    }
}

#[test]
fn show_lists_the_assertion_and_refuses_a_curl_command() {
    let home = Home::with(
        "[profiles.p]\ntoken_url = 'https://a.example/t'\nclient_id = 'i'\nauth_method = 'private_key_jwt'\nassertion = { alg = 'PS256', kid = 'k', claims = { x = 1 } }\n",
    );
    let shown = stdout(&home.tok("show p").assert().success());
    for words in [
        "assertion.alg",
        "PS256",
        "assertion.kid",
        "{ x = 1 }",
        "private_key",
    ] {
        assert!(shown.contains(words), "no {words} in {shown}");
    }
    assert!(!shown.contains("client_secret"), "{shown}");
    fails(
        home.tok("show p --curl").assert(),
        2,
        &["`${assertion}` cannot be shown as a curl command: "],
    );
}
