//! `tok add --google-credentials`: each kind of file becomes a profile that gets a token.

use local_provider::{Answer, Assertions, Provider};
use serde_json::{Value, json};

use super::config;
use crate::home::{Home, fails, stdout};

fn pem(name: &str) -> String {
    let path = format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// A home with the credential file, and a provider that is Google and the source.
fn scene(file: impl Fn(&Provider) -> Value) -> (Provider, Home) {
    let provider = Provider::start();
    let issued = json!({
        "access_token": "federated",
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": 3600,
    });
    provider.answer("/v1/token", Answer::json(200, issued));
    let account = json!({ "accessToken": "account", "expireTime": "2199-01-01T00:00:00Z" });
    provider.answer("/v1/sa@p:generateAccessToken", Answer::json(200, account));
    let home = Home::new();
    std::fs::write(home.path().join("google.json"), file(&provider).to_string()).unwrap();
    (provider, home)
}

fn external(provider: &Provider, source: Value, impersonates: bool) -> Value {
    let mut file = json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/providers/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": provider.url("/v1/token"),
        "credential_source": source,
        "universe_domain": "googleapis.com",
    });
    if impersonates {
        file["service_account_impersonation_url"] =
            provider.url("/v1/sa@p:generateAccessToken").into();
    }
    file
}

fn add(home: &Home, more: &str) {
    home.tok(&format!("-q add p --google-credentials google.json {more}"))
        .assert()
        .success();
}

#[test]
fn a_file_in_text_or_json_is_exchanged_with_and_without_a_service_account() {
    for (format, content, impersonates) in [
        (json!({ "type": "text" }), "subject", false),
        (
            json!({ "type": "json", "subject_token_field_name": "a/b" }),
            r#"{"a/b":"subject"}"#,
            true,
        ),
    ] {
        let (provider, home) = scene(|provider| {
            external(
                provider,
                json!({ "file": "subject.token", "format": format }),
                impersonates,
            )
        });
        std::fs::write(home.path().join("subject.token"), content).unwrap();
        add(&home, "--scope https://scope.example");
        let expected = if impersonates {
            "account\n"
        } else {
            "federated\n"
        };
        assert_eq!(
            stdout(&home.tok("-q token p").assert().success()),
            expected,
            "{}",
            config(&home)
        );
        let requests = provider.requests();
        let form = requests[0].form();
        let sent = |name: &str| {
            form.iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        assert_eq!(
            sent("grant_type"),
            Some("urn:ietf:params:oauth:grant-type:token-exchange")
        );
        assert_eq!(sent("subject_token"), Some("subject"));
        assert_eq!(
            sent("subject_token_type"),
            Some("urn:ietf:params:oauth:token-type:jwt")
        );
        assert_eq!(
            sent("audience"),
            Some("//iam.googleapis.com/projects/1/providers/x")
        );
        if impersonates {
            assert_eq!(
                sent("scope"),
                Some("https://www.googleapis.com/auth/cloud-platform")
            );
            assert_eq!(
                requests[1].header("authorization"),
                Some("Bearer federated")
            );
            assert_eq!(
                requests[1].json(),
                json!({ "scope": ["https://scope.example"], "lifetime": "3600s" })
            );
        } else {
            assert_eq!(sent("scope"), Some("https://scope.example"));
            assert_eq!(requests.len(), 1);
        }
    }
}

#[cfg(unix)]
#[test]
fn an_executable_gets_the_documented_variables_and_its_json_is_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let (provider, home) = scene(|provider| {
        external(
            provider,
            json!({ "executable": { "command": "./source one two" } }),
            true,
        )
    });
    let script = "#!/bin/sh\nprintf '{\"version\":1,\"success\":true,\"id_token\":\"%s %s %s\"}' \"$GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE\" \"$GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL\" \"$2\"\n";
    let path = home.path().join("source");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    add(&home, "");
    assert_eq!(
        stdout(&home.tok("-q token p").assert().success()),
        "account\n"
    );
    let form = provider.requests()[0].form();
    let subject = form.iter().find(|(name, _)| name == "subject_token");
    let expected = "//iam.googleapis.com/projects/1/providers/x sa@p two";
    assert_eq!(subject.map(|(_, value)| value.as_str()), Some(expected));
}

#[test]
fn a_url_in_text_or_json_is_asked_first_and_its_header_is_a_secret() {
    for (format, answer) in [
        (json!({}), Answer::text(200, "subject")),
        (
            json!({ "type": "json", "subject_token_field_name": "t" }),
            Answer::json(200, json!({ "t": "subject" })),
        ),
    ] {
        let (provider, home) = scene(|provider| {
            let headers = json!({ "Metadata": "true", "X-Api-Key": "s3cret" });
            let source =
                json!({ "url": provider.url("/source"), "headers": headers, "format": format });
            external(provider, source, false)
        });
        provider.answer("/source", answer);
        let mut tok = home.tok("add p --google-credentials google.json");
        tok.env("TOK_P_SOURCE_X_API_KEY", "s3cret")
            .assert()
            .success();
        assert!(!config(&home).contains("s3cret"), "{}", config(&home));
        let mut tok = home.tok("-q token p");
        let run = tok
            .env("TOK_P_SOURCE_X_API_KEY", "s3cret")
            .assert()
            .success();
        assert_eq!(stdout(&run), "federated\n");
        let requests = provider.requests();
        assert_eq!(requests[0].header("metadata"), Some("true"));
        assert_eq!(requests[0].header("x-api-key"), Some("s3cret"));
        assert!(requests[1].text().contains("subject_token=subject&"));
    }
}

#[test]
fn azures_metadata_server_becomes_an_identity() {
    let (_provider, home) = scene(|provider| {
        let url = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=api%3A%2F%2Fx";
        external(
            provider,
            json!({ "url": url, "headers": { "Metadata": "True" } }),
            false,
        )
    });
    let run = home
        .tok("add p --google-credentials google.json --dry-run")
        .assert()
        .success();
    let shown = stdout(&run);
    assert!(
        shown.contains(r#"identity = { from = "azure", audience = "api://x" }"#),
        "{shown}"
    );
}

#[test]
fn a_service_account_key_signs_and_stays_out_of_the_config() {
    let key = pem("rsa.pem");
    let (provider, home) = scene(|provider| {
        json!({
            "type": "service_account",
            "client_email": "robot@p.iam.gserviceaccount.com",
            "private_key_id": "k-1",
            "private_key": key,
            "token_uri": provider.url("/v1/token"),
        })
    });
    let known = Assertions::of_key(&pem("rsa.public.pem"));
    let audience = provider.url("/v1/token");
    provider.answer_with("/v1/token", move |received| {
        let form = received.form();
        let jwt = form.iter().find(|(name, _)| name == "assertion").unwrap();
        let accepted = known.accept(&jwt.1, Some(&audience)).unwrap();
        assert_eq!(accepted.header["kid"], "k-1");
        assert_eq!(accepted.claims["iss"], "robot@p.iam.gserviceaccount.com");
        assert_eq!(accepted.claims["scope"], "a b");
        Answer::token("t", 3600)
    });
    let mut tok = home.tok("add p --google-credentials google.json --scope a --scope b");
    tok.env("TOK_P_PRIVATE_KEY", &key).assert().success();
    assert!(!config(&home).contains("PRIVATE KEY"));
    let mut tok = home.tok("-q token p");
    assert_eq!(
        stdout(&tok.env("TOK_P_PRIVATE_KEY", &key).assert().success()),
        "t\n"
    );
}

#[test]
fn a_file_of_another_kind_writes_nothing() {
    let (_provider, home) =
        scene(|_| json!({ "type": "gdch_service_account", "refresh_token": "s3cret" }));
    let run = home.tok("add p --google-credentials google.json").assert();
    fails(
        run,
        2,
        &["google.json: its `type` is not", "docs/keyless.md"],
    );
    let run = home.tok("add p --google-credentials no-such-file").assert();
    fails(run, 2, &["no-such-file: "]);
    assert!(!home.config().exists());
}

#[test]
fn a_login_that_gcloud_stored_becomes_a_refresh_profile() {
    let home = Home::new();
    let login = json!({
        "type": "authorized_user",
        "client_id": "gcloud",
        "client_secret": "s3cret-of-gcloud",
        "refresh_token": "1//r3fresh",
        "quota_project_id": "p",
    });
    std::fs::write(home.path().join("google.json"), login.to_string()).unwrap();
    // There is no keyring: the profile is written, and the message says how to give the secrets.
    home.tok("-q add p --google-credentials google.json")
        .assert()
        .code(4);
    let written = config(&home);
    assert!(
        written.contains("grant_type = \"refresh_token\""),
        "{written}"
    );
    assert!(
        !written.contains("s3cret") && !written.contains("r3fresh"),
        "{written}"
    );
    let shown = stdout(&home.tok("show p --curl").assert().success());
    assert!(
        shown.contains("refresh_token") && shown.contains("https://oauth2.googleapis.com/token"),
        "{shown}"
    );
}
