//! `x5t`, `x5t#S256` and `x5c` in the header of an assertion, made from `client_cert`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{fails, keys, parameter, pem, scene, stderr, tok};
use crate::home::Home;

const ALL: &str = "client_cert = 'c.pem'\nassertion = { headers = { x5t = true, 'x5t#S256' = true, x5c = true } }";

fn put(home: &Home, certificate: &str) {
    std::fs::write(home.config().with_file_name("c.pem"), certificate).unwrap();
}

fn header(jwt: &str) -> Value {
    let header = URL_SAFE_NO_PAD.decode(jwt.split('.').next().unwrap());
    serde_json::from_slice(&header.unwrap()).unwrap()
}

#[test]
fn the_header_names_the_certificate_of_the_key() {
    let (provider, home) = scene("p256", ALL);
    let chain = pem("p256.certificate.pem") + &pem("rsa.certificate.pem");
    put(&home, &chain);
    tok(&home, "token p", "p256").assert().success().stderr("");
    let header = header(&parameter(&provider.only_request(), "client_assertion"));
    // As `openssl x509 -outform DER | openssl dgst` has them.
    assert_eq!(header["x5t"], "cLdvosExIgRWZ1kmslZPKKzTmQs");
    assert_eq!(
        header["x5t#S256"],
        "6RZzZpmx8NRgMykebaesNstkaHELKNAn16Su6ktl_1w"
    );
    let listed: Vec<Vec<u8>> = header["x5c"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| STANDARD.decode(one.as_str().unwrap()).unwrap())
        .collect();
    let body = |name: &str| {
        let text = std::fs::read_to_string(keys().join(name)).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('-'));
        STANDARD.decode(lines.collect::<String>()).unwrap()
    };
    assert_eq!(
        listed,
        [body("p256.certificate.pem"), body("rsa.certificate.pem")]
    );
    let shown = stderr(
        &tok(&home, "token p --refresh -v", "p256")
            .assert()
            .success(),
    );
    assert!(
        shown.contains("\"x5t\":\"cLdvosExIgRWZ1kmslZPKKzTmQs\""),
        "{shown}"
    );
}

#[test]
fn a_certificate_that_is_not_the_keys_is_named_before_anything_is_sent() {
    let (provider, home) = scene("p256", ALL);
    let other = "`client_cert` is the certificate of another key";
    for (certificate, words) in [
        (pem("rsa.certificate.pem"), other),
        (pem("p256.public.pem"), "c.pem contains no PEM certificate"),
        (String::new(), "c.pem contains no PEM certificate"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n".to_owned(),
            "c.pem contains no PEM certificate",
        ),
    ] {
        put(&home, &certificate);
        for command in ["token p", "doctor p"] {
            let asked = tok(&home, command, "p256").assert();
            let said = [stderr(&asked), super::stdout(&asked)].concat();
            assert!(said.contains(words), "{command}: {said}");
            if command == "token p" {
                fails(asked, 3, &[words]);
            }
        }
    }
    std::fs::remove_file(home.config().with_file_name("c.pem")).unwrap();
    let asked = tok(&home, "token p", "p256").assert();
    fails(asked, 3, &["`client_cert`", "could not be read"]);
    assert_eq!(provider.request_count("/t"), 0);
}

#[test]
fn a_header_of_the_certificate_needs_a_certificate_and_a_private_key() {
    for (method, keys, words) in [
        (
            "private_key_jwt",
            "assertion = { headers = { x5c = true } }",
            [
                "`x5c` is made from `client_cert`",
                "write `client_cert = \"client.pem\"`",
            ],
        ),
        (
            "client_secret_jwt",
            "client_cert = 'c.pem'\nassertion = { headers = { x5t = true } }",
            [
                "`x5t` names the certificate of a private key",
                "`assertion.headers`",
            ],
        ),
        (
            "private_key_jwt",
            "client_cert = 'c.pem'",
            ["`client_cert`", "go together"],
        ),
    ] {
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = 'http://127.0.0.1:9/t'\nclient_id = 'i'\nauth_method = '{method}'\n{keys}\n"
        ));
        fails(tok(&home, "token p", "p256").assert(), 3, &words);
    }
}

#[test]
fn ed25519_is_the_name_of_the_algorithm_where_the_profile_says_so() {
    for (alg, expected) in [
        ("", "EdDSA"),
        ("assertion = { alg = 'Ed25519' }", "Ed25519"),
    ] {
        let (provider, home) = scene("ed25519", alg);
        tok(&home, "token p", "ed25519").assert().success();
        let jwt = parameter(&provider.only_request(), "client_assertion");
        assert_eq!(header(&jwt)["alg"], expected);
    }
}
