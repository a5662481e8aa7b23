//! `config.example.toml` cannot rot: it loads, every commented key in it works, and every key that exists is in it.

use crate::home::{Home, fails, stderr};

fn example() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.toml")).unwrap()
}

/// A run that gets as far as it can without a network: the profile is good when only the secret is missing.
fn resolves(home: &Home, profile: &str) {
    fails(
        home.tok(&format!("token {profile}")).assert(),
        4,
        &["client_secret", profile],
    );
}

#[test]
fn every_profile_of_the_example_loads() {
    let home = Home::with(&example());
    for profile in ["cint", "wrapped", "cardlytics", "hotel", "every"] {
        resolves(&home, profile);
    }
}

/// The example's commented keys, each one line but for the steps, which are one.
fn commented() -> Vec<String> {
    let example = example();
    let (keys, steps) = example.split_once("#[[").unwrap();
    let uncommented = |text: &str| {
        text.lines()
            .filter_map(|line| line.strip_prefix('#'))
            .filter(|line| !line.is_empty() && !line.starts_with(' '))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut all = uncommented(keys);
    all.push(uncommented(&format!("#[[{steps}")).join("\n"));
    all
}

#[test]
fn every_commented_key_of_the_example_works() {
    let pairs = [
        ("device_authorization_url", "grant_type = 'device_code'"),
        ("authorization_url", "grant_type = 'authorization_code'"),
        ("redirect_uri", "grant_type = 'authorization_code'"),
        ("client_cert", "client_key = 'k.pem'"),
        ("client_key", "client_cert = 'c.pem'"),
        (
            "names",
            "auth_method = 'client_secret_post'\nencoding = 'json'",
        ),
        (
            "body",
            "auth_method = 'none'\nencoding = 'raw'\ncontent_type = 'text/xml'",
        ),
        (
            "content_type",
            "auth_method = 'none'\nencoding = 'raw'\nbody = '${client_secret}'",
        ),
        (
            "subject_token = \"${identity}\"",
            "identity = { env = 'ID' }",
        ),
        ("subject_token_type", "subject_token = '${client_secret}'"),
        ("actor_token =", "subject_token = '${client_secret}'"),
        (
            "actor_token_type",
            "subject_token = '${client_secret}'\nactor_token = '${client_secret}'",
        ),
        ("requested_token_type", "subject_token = '${client_secret}'"),
        ("identity", "params = { i = '${identity}' }"),
        (
            "assertion = { alg = \"PS256\", headers",
            "auth_method = 'private_key_jwt'\nclient_cert = 'c.pem'",
        ),
        (
            "sign",
            "auth_method = 'private_key_jwt'\nassertion = { alg = 'RS256' }\nparams = { a = '${client_secret}' }",
        ),
        (
            "assertion",
            "auth_method = 'private_key_jwt'\nsecrets = { signing_key = {} }",
        ),
    ];
    for line in commented() {
        let beside = pairs
            .iter()
            .find(|(key, _)| line.starts_with(key))
            .map_or("", |(_, beside)| beside);
        let home = Home::with(&format!(
            "[profiles.every]\ntoken_url = 'https://auth.example.com/token'\nclient_id = 'i'\n{beside}\n{line}\n[profiles.cint]\n"
        ));
        for (file, text) in [
            ("every.secret", "s3cret"),
            ("every.json", "{\"client_secret\":\"s3cret\"}"),
        ] {
            std::fs::write(home.config().with_file_name(file), text).unwrap();
        }
        let run = home.tok("secret check every").assert();
        assert_ne!(
            run.get_output().status.code(),
            Some(3),
            "{line}: {}",
            stderr(&run)
        );
        assert_ne!(
            run.get_output().status.code(),
            Some(2),
            "{line}: {}",
            stderr(&run)
        );
    }
}

#[test]
fn every_key_is_in_the_example() {
    let example = example();
    for table in ["", "response", "client_secret", "identity", "assertion"] {
        let wrong = if table.is_empty() {
            "zzzzzz = 1".to_owned()
        } else {
            format!("{table} = {{ zzzzzz = 1 }}")
        };
        let home = Home::with(&format!("[profiles.p]\n{wrong}\n"));
        let run = home.tok("token p").assert().code(3);
        let said = stderr(&run);
        let (_, known) = said
            .split_once("known here are: ")
            .unwrap_or_else(|| panic!("{said}"));
        let known: Vec<&str> = known.trim().split(", ").collect();
        assert!(known.len() >= 4, "{said}");
        for key in known {
            let stands =
                example.contains(&format!("{key} ")) || example.contains(&format!("{key}]]"));
            assert!(stands, "`{key}` is not in config.example.toml");
        }
    }
}
