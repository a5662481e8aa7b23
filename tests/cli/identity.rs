//! The token that a platform issues to the running job: sent as the client's assertion or inside the request, new for each request.

mod platforms;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local_provider::{Answer, Provider, Received};

use crate::home::{Home, fails, stderr, stdout};

/// A JWT that nothing here verifies, with these claims.
pub fn jwt(claims: &str) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

/// A provider, and a home with profile `p` for it that has `keys`.
fn scene(keys: &str) -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer("/t", Answer::token("t", 3600));
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\n{keys}\n",
        provider.url("/t")
    ));
    (provider, home)
}

/// Parameter `name` of a form.
fn parameter(received: &Received, name: &str) -> Option<String> {
    let mut form = received.form().into_iter();
    form.find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

#[test]
fn the_identity_is_the_clients_assertion_whatever_it_comes_from() {
    for (source, client_id) in [
        ("{ env = 'ID' }", "client_id = 'my id'"),
        ("{ file = 'id' }", ""),
        ("{ file = 'id.json', pointer = '/0/svid' }", ""),
        (
            "{ command = ['cat', 'config/tok/id'], audience = 'api://${var.name}' }",
            "vars = { name = 'x' }",
        ),
    ] {
        let (provider, home) = scene(&format!(
            "auth_method = 'identity'\nidentity = {source}\n{client_id}"
        ));
        let identity = jwt(r#"{"aud":"api://x","exp":99999999999}"#);
        let beside = |name| home.config().with_file_name(name);
        std::fs::write(beside("id"), format!("{identity}\n")).unwrap();
        std::fs::write(beside("id.json"), format!("[{{\"svid\":\"{identity}\"}}]")).unwrap();
        let mut tok = home.tok("token p");
        tok.env("ID", &identity).assert().success().stderr("");
        let request = provider.only_request();
        assert_eq!(
            parameter(&request, "client_assertion"),
            Some(identity),
            "{source}"
        );
        assert_eq!(
            parameter(&request, "client_assertion_type").as_deref(),
            Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        );
        assert_eq!(
            parameter(&request, "grant_type").as_deref(),
            Some("client_credentials")
        );
        assert_eq!(
            parameter(&request, "client_id").is_some(),
            client_id.starts_with("client_id")
        );
        assert_eq!(request.header("authorization"), None);
    }
}

#[test]
fn the_identity_is_read_for_each_request_and_a_cached_token_needs_none() {
    let (provider, home) = scene(
        "grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'\nparams = { assertion = '${identity}' }\nidentity = { file = 'id' }",
    );
    let file = home.config().with_file_name("id");
    provider.answer_in_turn("/t", vec![Answer::new(503), Answer::token("t", 3600)]);
    // A program that replaces the file each time it is read is beyond a test; a command counts.
    let config = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&config.replace(
        "{ file = 'id' }",
        "{ command = ['sh', '-c', 'echo x >>count; echo id-$(wc -l <count | tr -d \" \")'] }",
    ));
    home.tok("token p").assert().success();
    let sent: Vec<_> = provider
        .requests()
        .iter()
        .map(|request| parameter(request, "assertion").unwrap())
        .collect();
    assert_eq!(sent, ["id-1", "id-2"], "a retry has an identity of its own");
    std::fs::remove_file(home.path().join("count")).unwrap();
    assert_eq!(
        stdout(&home.tok("token p").assert().success().stderr("")),
        "t\n"
    );
    assert!(!home.path().join("count").exists());

    home.write_config(&config);
    for identity in ["first", "second"] {
        std::fs::write(&file, identity).unwrap();
        home.tok("token p --refresh").assert().success();
        let requests = provider.requests();
        let last = requests.last().unwrap();
        assert_eq!(parameter(last, "assertion").as_deref(), Some(identity));
        assert_eq!(parameter(last, "client_id"), None);
    }
}

#[test]
fn other_identity_settings_are_another_token_and_another_value_is_not() {
    let (provider, home) = scene("auth_method = 'identity'\nidentity = { env = 'ID' }");
    let config = std::fs::read_to_string(home.config()).unwrap();
    let fetch = |config: &str, identity: &str| {
        home.write_config(config);
        home.tok("token p")
            .env("ID", identity)
            .env("ID2", identity)
            .assert()
            .success();
        provider.requests().len()
    };
    assert_eq!(fetch(&config, "a"), 1);
    assert_eq!(fetch(&config, "b"), 1);
    assert_eq!(fetch(&config.replace("'ID'", "'ID2'"), "a"), 2);
    let identity = jwt(r#"{"aud":"x"}"#);
    assert_eq!(
        fetch(&config.replace("'ID'", "'ID', audience = 'x'"), &identity),
        3
    );
}

#[test]
fn an_identity_is_sent_only_to_the_token_endpoint_and_origins() {
    let elsewhere = Provider::start();
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = 'https://auth.example.com/t'\nauth_method = 'none'\ngrant_type = 'none'\nidentity = {{ env = 'ID' }}\nvars = {{ host = '{}' }}\n[[profiles.p.steps]]\nname = 's'\nurl = 'http://${{var.host}}/s'\nparams = {{ jwt = '${{identity}}' }}\n",
        elsewhere.address()
    ));
    let run = home.tok("token p").env("ID", "identity").assert();
    fails(run, 3, &["would receive secrets", "`origins"]);
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn a_missing_empty_or_expired_identity_is_exit_4_and_nothing_is_sent() {
    for (source, variable, words) in [
        (
            "{ env = 'ID' }",
            None,
            vec!["`identity`: ID is not set", "docs/keyless.md"],
        ),
        (
            "{ env = 'ID' }",
            Some(String::new()),
            vec!["environment variable ID", "empty"],
        ),
        (
            "{ env = 'ID' }",
            Some(jwt(r#"{"exp":1500000000}"#)),
            vec!["expired at 2017-07-14T02:40:00Z"],
        ),
        (
            "{ env = 'ID', audience = 'a' }",
            Some(jwt(r#"{"aud":"b"}"#)),
            vec![
                "is for `b`, not for the audience `a`",
                "with the audience `a`",
            ],
        ),
        ("{ file = 'none' }", None, vec!["none does not exist"]),
        (
            "{ file = 'empty' }",
            None,
            vec!["empty: the secret is empty"],
        ),
        (
            "{ command = ['false'] }",
            None,
            vec!["command false", "exit status: 1"],
        ),
    ] {
        let (provider, home) = scene(&format!("auth_method = 'identity'\nidentity = {source}"));
        std::fs::write(home.config().with_file_name("empty"), "\n").unwrap();
        let mut tok = home.tok("token p");
        if let Some(value) = variable {
            tok.env("ID", value);
        }
        fails(tok.assert(), 4, &words);
        assert_eq!(provider.connections(), 0, "{source}");
    }
}

#[test]
fn a_job_that_lacks_its_identity_is_told_what_its_platform_wants() {
    for (variable, words) in [
        ("GITLAB_CI", "`id_tokens`"),
        ("BITBUCKET_BUILD_NUMBER", "`oidc: true`"),
        ("TFC_RUN_ID", "TFC_WORKLOAD_IDENTITY_AUDIENCE"),
    ] {
        let (_provider, home) = scene("auth_method = 'identity'\nidentity = { env = 'ID' }");
        fails(home.tok("token p").env(variable, "1").assert(), 4, &[words]);
    }
}

#[test]
fn a_refusal_leads_to_the_claims_that_doctor_shows() {
    let (provider, home) = scene("auth_method = 'identity'\nidentity = { env = 'ID' }");
    provider.answer("/t", Answer::refusal(401, "invalid_client", "no match"));
    let identity = jwt(r#"{"iss":"https://ci.example","sub":"repo:a/b","aud":["x","y"]}"#);
    let run = home.tok("token p").env("ID", &identity).assert();
    fails(run, 5, &["no match", "`tok doctor p --fetch`"]);
    let doctor = home.tok("doctor p").env("ID", &identity).assert();
    let shown = stdout(&doctor);
    let claims = "environment variable ID: iss `https://ci.example`, sub `repo:a/b`, aud `x`, `y`";
    assert!(shown.contains(claims), "{shown}{}", stderr(&doctor));
    assert!(!shown.contains(&identity));
}
