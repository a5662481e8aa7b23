//! `tok inspect --verify`: which tokens pass, which do not, and how often the issuer is asked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local_provider::{Answer, Provider};
use serde_json::{Value, json};
use tok::facade::{Secret, Signer};

use crate::home::{Home, fails, stderr, stdout};

const OPENID: &str = "/.well-known/openid-configuration";

const KEYS: [&str; 4] = ["rsa", "p256", "p384", "ed25519"];

fn file(name: &str) -> String {
    let path = format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// The public parts of the keys, with their names as ids.
fn jwks() -> Value {
    let keys: Vec<Value> = KEYS
        .iter()
        .map(|name| {
            let private: Value = serde_json::from_str(&file(&format!("{name}.jwk.json"))).unwrap();
            let mut public = json!({ "kid": name, "use": "sig" });
            for member in ["kty", "crv", "n", "e", "x", "y"] {
                if let Some(value) = private.get(member) {
                    public[member] = value.clone();
                }
            }
            public
        })
        .collect();
    json!({ "keys": keys })
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed(alg: &str, key: &str, mut header: Value, claims: &Value) -> String {
    header["alg"] = alg.into();
    let text = format!("{}.{}", part(&header), part(claims));
    let algorithm = serde_json::from_value(json!(alg)).unwrap();
    let signer = Signer::new(&Secret::new(file(&format!("{key}.pem"))), Some(algorithm)).unwrap();
    format!("{text}.{}", signer.sign(&text).unwrap())
}

struct Scene {
    provider: Provider,
    home: Home,
}

impl Scene {
    fn new() -> Self {
        let provider = Provider::start();
        let document = json!({
            "issuer": provider.url(""),
            "token_endpoint": provider.url("/token"),
            "jwks_uri": provider.url("/jwks"),
        });
        provider.answer(OPENID, Answer::json(200, document));
        provider.answer("/jwks", Answer::json(200, jwks()));
        let home = Home::with(&format!(
            "[profiles.p]\nissuer = '{}'\nclient_id = 'i'\naudience = 'api'\ncache = 'none'\n",
            provider.url("")
        ));
        Self { provider, home }
    }

    fn claims(&self) -> Value {
        json!({ "iss": self.provider.url(""), "aud": ["x", "api"], "exp": 4_102_444_800_u64 })
    }

    fn verify(&self, token: &str, options: &str) -> assert_cmd::assert::Assert {
        self.provider.answer("/token", Answer::token(token, 3600));
        self.home
            .tok(&format!("inspect p --verify {options}"))
            .env("TOK_P_CLIENT_SECRET", "s")
            .assert()
    }

    fn refuses(&self, token: &str, words: &str) {
        let refused = self.verify(token, "");
        fails(refused, 7, &["profile `p`: the token is not valid", words]);
    }
}

#[test]
fn every_algorithm_of_public_keys_is_verified() {
    let scene = Scene::new();
    let claims = scene.claims();
    for (alg, key) in [
        ("RS256", "rsa"),
        ("RS384", "rsa"),
        ("RS512", "rsa"),
        ("PS256", "rsa"),
        ("PS384", "rsa"),
        ("PS512", "rsa"),
        ("ES256", "p256"),
        ("ES384", "p384"),
        ("EdDSA", "ed25519"),
        ("Ed25519", "ed25519"),
    ] {
        let header = json!({ "typ": "JWT", "kid": key });
        let token = signed(alg, key, header, &claims);
        let done = scene.verify(&token, "--json").success();
        let shown: Value = serde_json::from_str(&stdout(&done)).unwrap();
        assert_eq!(
            (&shown["verified"], &shown["checked"]["alg"]),
            (&json!(true), &json!(alg))
        );
        assert!(!stderr(&done).contains("note"), "{}", stderr(&done));
    }
    let token = signed("ES256", "p256", json!({}), &claims);
    let text = stdout(&scene.verify(&token, "").success());
    assert!(
        text.starts_with("verified") && text.contains("ES256 by a key of http"),
        "{text}"
    );
}

#[test]
fn a_changed_token_and_a_header_that_asks_for_less_are_refused() {
    let scene = Scene::new();
    let claims = scene.claims();
    let header = || json!({ "typ": "JWT", "kid": "rsa" });
    let good = signed("RS256", "rsa", header(), &claims);
    let mut more = claims.clone();
    more["admin"] = true.into();
    let parts: Vec<&str> = good.split('.').collect();
    let changed = format!("{}.{}.{}", parts[0], part(&more), parts[2]);
    scene.refuses(&changed, "signature");
    scene.refuses(&format!("{}.{}.", parts[0], parts[1]), "signature");
    let with = |header: Value| format!("{}.{}.{}", part(&header), parts[1], parts[2]);
    scene.refuses(&with(json!({ "alg": "none" })), "not signed");
    scene.refuses(&with(json!({ "alg": "ES512" })), "cannot verify");
    let other = signed("ES256", "p256", header(), &claims);
    scene.refuses(&other, "no key `rsa`");
    for (member, value, words) in [
        ("crit", json!(["exp"]), "crit"),
        ("typ", json!("logout+jwt"), "logout+jwt"),
    ] {
        let mut header = header();
        header[member] = value;
        scene.refuses(&signed("RS256", "rsa", header, &claims), words);
    }
    // The public key as the key of an HMAC, as in the attack of RFC 8725 §2.1.
    let text = format!("{}.{}", part(&json!({ "alg": "HS256" })), parts[1]);
    let public = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, file("rsa.public.pem").as_bytes());
    let tag = ring::hmac::sign(&public, text.as_bytes());
    let forged = format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
    scene.refuses(&forged, "shared key");
}

#[test]
fn issuer_audience_and_times_are_checked() {
    let scene = Scene::new();
    for (member, value, words) in [
        ("iss", json!("https://other.example"), "`iss`"),
        ("aud", json!("other"), "`aud`"),
        ("nbf", json!(4_000_000_000_u64), "valid only in"),
    ] {
        let mut claims = scene.claims();
        claims[member] = value;
        let token = signed("RS256", "rsa", json!({}), &claims);
        scene.refuses(&token, words);
    }
    let token = signed("RS256", "rsa", json!({ "typ": "at+jwt" }), &scene.claims());
    scene.refuses(&token, "RFC 9068");
}

#[test]
fn an_unknown_key_causes_one_more_lookup() {
    let scene = Scene::new();
    let token = signed("RS256", "rsa", json!({ "kid": "rsa" }), &scene.claims());
    let empty = || Answer::json(200, json!({ "keys": [] }));
    scene.provider.answer("/jwks", empty());
    scene.refuses(&token, "no key `rsa`");
    assert_eq!(scene.provider.request_count("/jwks"), 2);
    let turns = vec![empty(), Answer::json(200, jwks())];
    scene.provider.answer_in_turn("/jwks", turns);
    scene.verify(&token, "").success();
    assert_eq!(scene.provider.request_count("/jwks"), 4);
}

#[test]
fn keys_that_cannot_be_had_are_another_exit_code_than_a_bad_token() {
    let scene = Scene::new();
    let token = signed("RS256", "rsa", json!({}), &scene.claims());
    for (answer, code, words) in [
        (Answer::new(404), 7, "no JWK set"),
        (Answer::json(200, json!({ "keys": {} })), 7, "no JWK set"),
        (
            Answer::new(503).header("Retry-After", "3000"),
            6,
            "in trouble",
        ),
    ] {
        scene.provider.answer("/jwks", answer);
        fails(
            scene.verify(&token, ""),
            code,
            &["the issuer's keys", words],
        );
    }
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'i'\n",
        scene.provider.url("/token")
    ));
    let ask = home
        .tok("inspect p --verify")
        .env("TOK_P_CLIENT_SECRET", "s")
        .assert();
    fails(ask, 3, &["`issuer`", "missing"]);
}
