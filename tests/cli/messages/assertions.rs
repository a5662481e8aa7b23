//! A JWT that cannot be signed, or is not believed: what the profile says of it, and what there is in a key's place.

use local_provider::Answer;

use super::case::{Case, GOOD, Prepare, Scene};

/// Faults of a key, and how each is put beside the config as `key`.
const UNFIT: [(&str, Prepare); 13] = [
    ("the key is one word", |scene| put(scene, "s3cret")),
    ("the key is JSON", |scene| {
        put(scene, "{\"private_key\": \"s3cret\"}");
    }),
    ("the key is its first line", |scene| {
        put(scene, "-----BEGIN PRIVATE KEY-----");
    }),
    ("the key is a certificate", |scene| {
        put(scene, include_str!("../../keys/unfit/certificate.pem"));
    }),
    ("the key is encrypted", |scene| {
        put(scene, include_str!("../../keys/unfit/encrypted.pem"));
    }),
    ("the key is OpenSSH's", |scene| {
        put(scene, include_str!("../../keys/unfit/openssh.pem"));
    }),
    ("the key is on P-521", |scene| {
        put(scene, include_str!("../../keys/unfit/p521.pem"));
    }),
    ("the key is on secp256k1", |scene| {
        put(scene, include_str!("../../keys/unfit/secp256k1.pem"));
    }),
    ("the key is RSA with 1024 bits", |scene| {
        put(scene, include_str!("../../keys/unfit/rsa1024.pem"));
    }),
    ("the key is RSA for PSS alone", |scene| {
        put(scene, include_str!("../../keys/unfit/rsa-pss.pem"));
    }),
    ("the key is X25519's", |scene| {
        put(scene, include_str!("../../keys/unfit/x25519.pem"));
    }),
    ("the key lacks its public half", |scene| {
        put(scene, include_str!("../../keys/unfit/no-public.pem"));
    }),
    ("the key is the public one", |scene| {
        put(scene, include_str!("../../keys/p256.public.pem"));
    }),
];

fn put(scene: &Scene, key: &str) {
    scene.beside_config("key", key);
}

fn good_key(scene: &mut Scene) {
    put(scene, include_str!("../../keys/p256.pem"));
}

/// A profile that signs with the key beside the config.
fn signing(keys: &str) -> String {
    format!(
        "{GOOD}auth_method = 'private_key_jwt'\nsecrets = {{ private_key = {{ file = 'key' }} }}\n{keys}"
    )
}

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "assertion = { kid = 'k' }",
        "assertion = { alg = 'ES512' }",
        "assertion = { kidd = 'k' }",
        "auth_method = 'private_key_jwt'\nassertion = { alg = 'HS256' }",
        "auth_method = 'client_secret_jwt'\nassertion = { alg = 'RS256' }",
        "auth_method = 'private_key_jwt'\nassertion = { key = 'k' }",
        "auth_method = 'private_key_jwt'\nassertion = { lifetime = '0s' }",
        "auth_method = 'private_key_jwt'\nassertion = { headers = { alg = 'RS256' } }",
        "auth_method = 'private_key_jwt'\nassertion = { claims = { a = '${assertion}' } }",
        "values = { a = '${assertion}' }\naudience = '${value.a}'",
        "header = 'X: ${assertion}'",
        "[[profiles.p.steps]]\nname = 's'\nurl = 'https://auth.example.com/s/${assertion}'",
        "client_secret = { pointer = '/a' }",
        "auth_method = 'client_secret_post'\nnames = { client_id = '/auth/id' }",
        "auth_method = 'client_secret_post'\nencoding = 'json'\nnames = { client_id = '/auth/id' }\nparams = { auth = 1 }",
    ]
    .map(Case::keys)
    .into();
    cases.push(Case::config(
        "[profiles.p]\ntoken_url = 'http://PROVIDER/t'\nauth_method = 'none'\nparams = { a = '${assertion}' }\n",
    ));
    let member = |pointer: &str| {
        Case::config(&format!(
            "{GOOD}client_secret = {{ env = 'KEY', pointer = '{pointer}' }}\n"
        ))
    };
    cases.extend([
        member("/a/b").with("KEY", "{\"a\": []}"),
        member("/a").with("KEY", "{\"a\": 7}"),
        member("/a").with("KEY", "{\"a\": \"\"}"),
        member("/a").with("KEY", "{a"),
        Case::config(&signing("")),
    ]);
    cases.extend(
        UNFIT.map(|(situation, prepare)| Case::config(&signing("")).when(situation, prepare)),
    );
    cases.extend([
        Case::config(&signing("assertion = { alg = 'RS256' }\n"))
            .when("the key is on P-256", good_key),
        Case::config(&signing("")).run("show p --curl"),
        Case::answered(Answer::refusal(401, "invalid_client", "bad signature"))
            .without_secret()
            .configured(&signing(""))
            .when("the key is on P-256", good_key),
        Case::answered(Answer::refusal(400, "invalid_request", ""))
            .without_secret()
            .configured(&signing(""))
            .when("the key is on P-256", good_key),
    ]);
    cases
}
