//! Which keys sign, in which algorithm, and what is said of everything else that is handed over as a key.
//!
//! The keys in `tests/keys` were made with openssl, as people make theirs; each file says how. What is signed is judged by `local-provider`, which shares with
//! tok only ring and its arithmetic.

use std::path::{Path, PathBuf};

use local_provider::Assertions;
use serde_json::Value;
use tok::facade::Assertion;
use tok::facade::Config;
use tok::facade::Kind;
use tok::facade::Name;
use tok::facade::Secret;
use tok::facade::Signer;
use tok::facade::{Occasion, assertion};
use tok::facade::{Overrides, Profile};

const AUDIENCE: &str = "https://auth.example.com/token";

fn keys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys")
}

fn pem(name: &str) -> Secret {
    Secret::new(std::fs::read_to_string(keys().join(name)).unwrap())
}

/// The assertion of a profile whose `assertion` table is this.
fn planned(table: &str) -> Assertion {
    let config = Config::of_text(
        "config.toml",
        &format!(
            "[profiles.p]\ntoken_url = '{AUDIENCE}'\nclient_id = 'my id'\nauth_method = 'none'\nparams = {{ a = '${{assertion}}' }}\n{table}\n"
        ),
    );
    let profile = Profile::resolve(&config, "p", &Overrides::default(), &|_| None).unwrap();
    profile.token.assertion.unwrap()
}

fn now_ms() -> i64 {
    tok::facade::Now::read().unix_ms
}

fn sign(assertion: &Assertion, key: &Secret) -> Result<Secret, tok::facade::Error> {
    let occasion = Occasion {
        now_ms: now_ms(),
        unique: "unique",
    };
    let signer = Signer::new(key, assertion.algorithm)?;
    assertion::sign(assertion, &signer, occasion, &|name| {
        assert_eq!(*name, Name::ClientId);
        Ok(Secret::new("my id"))
    })
}

#[test]
fn each_key_signs_with_every_algorithm_that_fits_it() {
    let rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    let cases: [(&str, &str, &[&str]); 7] = [
        ("rsa.pem", "rsa", &rsa),
        ("rsa.pkcs1.pem", "rsa", &rsa),
        ("p256.pem", "p256", &["ES256"]),
        ("p256.sec1.pem", "p256.sec1", &["ES256"]),
        ("p384.pem", "p384", &["ES384"]),
        ("p384.sec1.pem", "p384", &["ES384"]),
        ("ed25519.pem", "ed25519", &["EdDSA", "Ed25519"]),
    ];
    for (key, public, algorithms) in cases {
        let server = pem(&format!("{public}.public.pem"));
        let unsaid = (String::new(), algorithms[0]);
        let said = algorithms
            .iter()
            .map(|alg| (format!("assertion = {{ alg = '{alg}' }}"), *alg));
        for (table, alg) in std::iter::once(unsaid).chain(said) {
            let signed = sign(&planned(&table), &pem(key)).unwrap();
            let accepted = Assertions::of_key(server.expose())
                .accept(signed.expose(), Some(AUDIENCE))
                .unwrap_or_else(|wrong| panic!("{key} {alg}: {wrong}"));
            assert_eq!(accepted.header["alg"], alg, "{key}");
            // Another client's key did not make it.
            let other = if public == "ed25519" {
                "p256"
            } else {
                "ed25519"
            };
            let other = pem(&format!("{other}.public.pem"));
            let refused =
                Assertions::of_key(other.expose()).accept(signed.expose(), Some(AUDIENCE));
            assert!(refused.is_err(), "{key} {alg}");
        }
    }
}

#[test]
fn a_shared_secret_signs_unchanged() {
    for alg in ["HS256", "HS384", "HS512"] {
        let secret = Secret::new("s+/= é");
        let assertion = planned(&format!("assertion = {{ alg = '{alg}' }}"));
        assert_eq!(assertion.key.secret(), Some("client_secret"));
        let signed = sign(&assertion, &secret).unwrap();
        let server = Assertions::of_secret(secret.expose());
        let accepted = server.accept(signed.expose(), Some(AUDIENCE)).unwrap();
        assert_eq!(accepted.header["alg"], alg);
    }
}

#[test]
fn a_key_is_read_in_every_transport_form() {
    let server = pem("p256.public.pem");
    let written = pem("p256.pem").expose().to_owned();
    let (_, bare) = written.split_once("-----BEGIN").unwrap();
    let bare = format!("-----BEGIN{bare}");
    let certificate = pem("unfit/certificate.pem").expose().to_owned();
    for carried in [
        written.clone(),
        bare.clone(),
        bare.trim_end().to_owned(),
        bare.replace('\n', "\r\n"),
        bare.replace('\n', "\\n"),
        bare.replace('\n', " "),
        format!("  {}", bare.replace('\n', "\n  ")),
        format!("{certificate}\n{bare}"),
        format!("{bare}\n{certificate}"),
    ] {
        let signed = sign(&planned(""), &Secret::new(carried.clone())).unwrap();
        let accepted = Assertions::of_key(server.expose()).accept(signed.expose(), Some(AUDIENCE));
        assert!(accepted.is_ok(), "{carried}: {accepted:?}");
    }
}

#[test]
fn header_and_claims_of_the_profile_override_the_defaults() {
    let json = |table: &str| {
        let occasion = Occasion {
            now_ms: 1_000_000_999,
            unique: "unique",
        };
        let value = |name: &Name| match name {
            Name::Var(_) => Ok(Secret::new("me")),
            _ => Ok(Secret::new("my id")),
        };
        let key = Secret::new(include_str!("../keys/rsa.pem"));
        let signer = Signer::new(&key, None).unwrap();
        let parts = assertion::parts(&planned(table), &signer, occasion, &value);
        let (header, claims) = parts.unwrap();
        format!("{} {}", header.expose(), claims.expose())
    };
    let header = r#"{"alg":"RS256","typ":"JWT"}"#;
    let cases = [
        ("", format!(r#"{header} {{"iss":"my id","sub":"my id","aud":"{AUDIENCE}","iat":999995,"nbf":999995,"exp":1000055,"jti":"unique"}}"#)),
        (
            "assertion = { kid = 'k-1', audience = 'https://a', lifetime = '5m' }",
            r#"{"alg":"RS256","typ":"JWT","kid":"k-1"} {"iss":"my id","sub":"my id","aud":"https://a","iat":999995,"nbf":999995,"exp":1000295,"jti":"unique"}"#.into(),
        ),
        (
            "assertion = { audience = ['https://a', 'https://b'], headers = { typ = 'client-authentication+jwt', 'x5t#S256' = \"${base64url(from_hex('FBFF'))}\", crit = ['a'] }, claims = { iss = '${var.i}', sub = false, nbf = false, jti = false, admin = false, n = 7, scope = 'a b', nested = { at = \"${int('42')}\" } } }\nvars = { i = 'me' }",
            r#"{"alg":"RS256","typ":"client-authentication+jwt","x5t#S256":"-_8","crit":["a"]} {"iss":"me","aud":["https://a","https://b"],"iat":999995,"exp":1000055,"admin":false,"n":7,"scope":"a b","nested":{"at":42}}"#.into(),
        ),
        (
            "assertion = { headers = { typ = false, kid = 'k' }, claims = { iat = false, nbf = false, jti = 'mine', aud = ['x'], exp = 5 } }",
            r#"{"alg":"RS256","kid":"k"} {"iss":"my id","sub":"my id","aud":["x"],"exp":5,"jti":"mine"}"#.into(),
        ),
    ];
    for (table, expected) in cases {
        assert_eq!(json(table), expected, "{table}");
    }
}

#[test]
fn an_unusable_key_is_named_and_not_shown() {
    let cases = [
        (
            "unfit/certificate.pem",
            "is a certificate, not the private key",
        ),
        ("unfit/request.pem", "is a certificate, not the private key"),
        ("unfit/encrypted.pem", "is encrypted"),
        ("unfit/encrypted.pkcs1.pem", "is encrypted"),
        ("unfit/openssh.pem", "OpenSSH's own format"),
        ("unfit/rsa1024.pem", "2048, 3072 or 4096 bits"),
        ("unfit/rsa2560.pem", "2048, 3072 or 4096 bits"),
        ("unfit/rsa-e3.pem", "the public exponent 65537"),
        ("unfit/rsa-pss.pem", "for PSS alone"),
        ("unfit/p521.pem", "an EC key on P-521"),
        ("unfit/p521.sec1.pem", "an EC key on P-521"),
        ("unfit/secp256k1.pem", "a curve that tok does not know"),
        ("unfit/x25519.pem", "of a kind that tok cannot sign with"),
        ("unfit/no-public.pem", "without its public half"),
        ("p256.public.pem", "is a public key, not the private one"),
    ];
    let mut all: Vec<(Secret, &str)> = cases.map(|(name, expected)| (pem(name), expected)).into();
    let good = pem("rsa.pem").expose().to_owned();
    let half = &good[..good.len() / 2];
    for (text, expected) in [
        ("", "is not a private key in PEM"),
        ("hunter2hunter2", "is not a private key in PEM"),
        (
            "{\"private_key\": \"hunter2\"}",
            "is JSON, not a private key",
        ),
        (
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n-----END PGP PRIVATE KEY BLOCK-----",
            "is PEM, but no private key",
        ),
        ("-----BEGIN PRIVATE KEY-----", "is cut short"),
        (
            "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
            "of a kind that tok cannot sign with",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nhunter2!\n-----END PRIVATE KEY-----",
            "no base64 between its PEM lines",
        ),
        (
            "-----BEGIN RSA PRIVATE KEY-----\naHVudGVyMg==\n-----END RSA PRIVATE KEY-----",
            "is a damaged RSA key",
        ),
        (
            "-----BEGIN EC PRIVATE KEY-----\naHVudGVyMg==\n-----END EC PRIVATE KEY-----",
            "a curve that tok does not know",
        ),
        (half, "is cut short"),
    ] {
        all.push((Secret::new(text), expected));
    }
    for (key, expected) in all {
        let failure = sign(&planned(""), &key).unwrap_err();
        let said = format!("{} {}", failure, failure.next_step().unwrap_or_default());
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(said.starts_with("this is "), "{said}");
        assert_eq!(failure.kind(), Kind::Secret, "{said}");
        for line in key
            .expose()
            .lines()
            .filter(|line| line.len() > 5 && !line.starts_with("-----BEGIN"))
        {
            assert!(!said.contains(line), "{said}");
        }
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_cut_or_altered_key_is_refused_or_signs_but_never_panics() {
    for name in ["rsa.pkcs1.pem", "p256.pem", "p384.sec1.pem", "ed25519.pem"] {
        let whole = pem(name).expose().to_owned();
        for at in (0..whole.len()).step_by(3) {
            let cut = Secret::new(&whole[..at]);
            assert!(
                sign(&planned(""), &cut).is_err() || at > whole.len() - 40,
                "{name} {at}"
            );
            let mut altered = whole.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = Secret::new(String::from_utf8(altered).unwrap());
            let _ = sign(&planned(""), &altered);
        }
    }
}

#[test]
fn an_algorithm_for_another_kind_of_key_is_a_config_error() {
    for (key, alg, expected) in [
        ("rsa.pem", "ES256", "the key is an RSA key (RS256"),
        ("p256.pem", "RS256", "the key is an EC key on P-256 (ES256)"),
        ("p256.pem", "ES384", "the key is an EC key on P-256 (ES256)"),
        (
            "p384.sec1.pem",
            "ES256",
            "the key is an EC key on P-384 (ES384)",
        ),
        (
            "ed25519.pem",
            "PS512",
            "the key is an Ed25519 key (EdDSA or Ed25519)",
        ),
    ] {
        let table = format!("assertion = {{ alg = '{alg}' }}");
        let failure = sign(&planned(&table), &pem(key)).unwrap_err();
        assert_eq!(failure.kind(), Kind::Config);
        assert!(failure.to_string().contains(expected), "{failure}");
        assert!(failure.to_string().contains(alg), "{failure}");
    }
}

#[test]
fn every_generated_claim_is_text_or_an_integer() {
    let signed = sign(&planned(""), &pem("ed25519.pem")).unwrap();
    let server = Assertions::of_key(pem("ed25519.public.pem").expose());
    let claims = server
        .accept(signed.expose(), Some(AUDIENCE))
        .unwrap()
        .claims;
    for (name, value) in claims.as_object().unwrap() {
        assert!(
            value.is_string() || value.as_i64().is_some(),
            "{name}: {value}"
        );
    }
    assert_eq!(claims["jti"], Value::from("unique"));
}
