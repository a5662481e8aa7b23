//! Each platform is asked in the way it documents, and every way to get no identity from it is explained.
//!
//! The fixed addresses of metadata servers are tested in `tests/real/keyless.sh`.

use assert_cmd::Command;
use local_provider::{Answer, Provider, Unwilling};

use super::{jwt, parameter};
use crate::home::{Home, fails, stderr, stdout};

const GITHUB: &str = "{ from = 'github', audience = 'api://x' }";

const AZURE: &str = "{ from = 'azure', audience = 'api://x', client_id = 'mine' }";

const PIPELINES: &str = "{ from = 'azure_pipelines', service_connection = 'c-1' }";

/// A provider that is also the platform's service, and a home with profile `p` that names it in `origins`.
fn scene(identity: &str) -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer("/t", Answer::token("t", 3600));
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nauth_method = 'identity'\norigins = ['{}']\nidentity = {identity}\n",
        provider.url("/t"),
        provider.url(""),
    ));
    (provider, home)
}

fn github(home: &Home, url: &str) -> Command {
    let mut tok = home.tok("token p");
    tok.env("GITHUB_ACTIONS", "true")
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", url)
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "gh-request-token");
    tok
}

fn app_service(home: &Home, url: &str) -> Command {
    let mut tok = home.tok("token p");
    tok.env("IDENTITY_ENDPOINT", url)
        .env("IDENTITY_HEADER", "app-request-header");
    tok
}

fn pipelines(home: &Home, url: &str) -> Command {
    let mut tok = home.tok("token p");
    tok.env("SYSTEM_OIDCREQUESTURI", url)
        .env("SYSTEM_ACCESSTOKEN", "pipeline-access-token");
    tok
}

type Run = fn(&Home, &str) -> Command;

/// The profile's `identity`, the run, the variable's path, the request, its fields, and the member of the answer.
type Service = (
    &'static str,
    Run,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

#[test]
fn each_service_is_asked_as_documented_and_its_identity_is_sent() {
    let identity = jwt(r#"{"aud":"api://x"}"#);
    let services: [Service; 3] = [
        (
            GITHUB,
            github,
            "/id?api-version=2.0",
            "GET /id?api-version=2.0&audience=api%3A%2F%2Fx",
            &[("authorization", "Bearer gh-request-token")],
            "value",
        ),
        (
            AZURE,
            app_service,
            "/id",
            "GET /id?api-version=2019-08-01&resource=api%3A%2F%2Fx&client_id=mine",
            &[("x-identity-header", "app-request-header")],
            "access_token",
        ),
        (
            PIPELINES,
            pipelines,
            "/id",
            "POST /id?api-version=7.1&serviceConnectionId=c-1",
            &[
                ("authorization", "Bearer pipeline-access-token"),
                ("x-tfs-fedauthredirect", "Suppress"),
            ],
            "oidcToken",
        ),
    ];
    for (source, run, path, sent, fields, member) in services {
        let (provider, home) = scene(source);
        provider.answer(
            "/id",
            Answer::json(200, serde_json::json!({ member: identity })),
        );
        let mut tok = run(&home, &provider.url(path));
        assert_eq!(stdout(&tok.assert().success().stderr("")), "t\n");
        let requests = provider.requests();
        assert_eq!(requests.len(), 2, "{source}");
        assert_eq!(
            format!("{} {}", requests[0].method, requests[0].target),
            sent
        );
        for (name, value) in fields {
            assert_eq!(requests[0].header(name), Some(*value), "{source}");
        }
        let assertion = parameter(&requests[1], "client_assertion");
        assert_eq!(assertion.as_deref(), Some(&*identity), "{source}");
        let cached = home.tok("token p").assert().success().stderr("");
        assert_eq!(stdout(&cached), "t\n", "a cached token needs no identity");
    }
}

#[test]
fn a_service_that_gives_no_identity_is_explained_and_nothing_is_sent_to_the_provider() {
    let answers = [
        (
            Answer::json(403, serde_json::json!({ "message": "no gh-request-token" })),
            4,
            "(HTTP 403): no ***",
        ),
        (Answer::new(404), 4, "(HTTP 404)"),
        (
            Answer::redirect(302, "https://evil.example/"),
            4,
            "(HTTP 302)",
        ),
        (
            Answer::new(200).body("<html>sign in</html>"),
            7,
            "is not JSON",
        ),
        (
            Answer::json(200, serde_json::json!({ "value": "" })),
            7,
            "has no token",
        ),
        (
            Answer::json(
                200,
                serde_json::json!({ "value": jwt(r#"{"aud":"other"}"#) }),
            ),
            4,
            "is for `other`",
        ),
    ];
    for (answer, code, words) in answers {
        let (provider, home) = scene(GITHUB);
        provider.answer("/id", answer);
        let run = github(&home, &provider.url("/id")).assert();
        fails(
            run,
            code,
            &["profile `p`: `identity`", "GitHub Actions", words],
        );
        assert_eq!(provider.requests().len(), 1, "{words}");
    }
}

#[test]
fn a_service_in_trouble_is_tried_again_and_then_exit_6() {
    let (provider, home) = scene(GITHUB);
    provider.answer("/id", Answer::new(503));
    let mut tok = github(&home, &provider.url("/id"));
    fails(
        tok.arg("--timeout=3s").assert(),
        6,
        &["GitHub Actions refuses (HTTP 503)", "try again later"],
    );
    assert!(provider.requests().len() > 1);
}

#[test]
fn a_service_that_does_not_answer_is_left_at_the_deadline() {
    let silent = Provider::start_unwilling(Unwilling::Silent);
    for (identity, run, code) in [(GITHUB, github as Run, 6), (AZURE, app_service, 4)] {
        let (provider, home) = scene(identity);
        let config = std::fs::read_to_string(home.config()).unwrap();
        let origin = format!("origins = ['{}', '{}']", provider.url(""), silent.url(""));
        home.write_config(&config.replace(&format!("origins = ['{}']", provider.url("")), &origin));
        let mut tok = run(&home, &silent.url("/id"));
        let started = std::time::Instant::now();
        fails(
            tok.arg("--timeout=300ms").assert(),
            code,
            &["no answer from", "within 0."],
        );
        assert!(started.elapsed().as_secs() < 10);
        assert_eq!(provider.connections(), 0);
    }
}

#[test]
fn a_variable_cannot_send_the_jobs_credentials_to_another_domain() {
    let elsewhere = Provider::start();
    let port = elsewhere.address().port();
    for url in [
        elsewhere.url("/id"),
        format!("https://127.0.0.1:{port}/id"),
        "https://actions.githubusercontent.com.evil.example/id".to_owned(),
        "https://evilactions.githubusercontent.com/id".to_owned(),
        "https://dev.azure.com.evil.example/id".to_owned(),
        "http://pipelines.actions.githubusercontent.com/id".to_owned(),
        "https://a@pipelines.actions.githubusercontent.com/id".to_owned(),
        "nonsense".to_owned(),
    ] {
        for (identity, run) in [
            (GITHUB, github as Run),
            (PIPELINES, pipelines),
            (AZURE, app_service),
        ] {
            let is_loopback = url.starts_with("http://127");
            if is_loopback && identity == AZURE {
                continue;
            }
            let home = Home::with(&format!(
                "[profiles.p]\ntoken_url = 'https://auth.example.com/t'\nauth_method = 'identity'\nidentity = {identity}\n"
            ));
            let run = run(&home, &url).assert().code(3).stdout("");
            let said = stderr(&run);
            assert!(!said.contains("request-"), "{said}");
        }
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn a_projected_volume_is_read_each_time() {
    let (provider, home) = scene("{ from = 'kubernetes', file = 'token', audience = 'api://x' }");
    let file = home.config().with_file_name("token");
    let missing = home.tok("token p").assert();
    fails(
        missing,
        4,
        &[
            "token does not exist, and this is not a Kubernetes pod",
            "serviceAccountToken: { audience: api://x",
        ],
    );
    for (claims, words) in [
        (
            r#"{"aud":["https://kubernetes.default.svc"]}"#,
            "is for `https://kubernetes.default.svc`, not for the audience `api://x`",
        ),
        (r#"{"aud":["api://x"],"exp":1500000000}"#, "expired at 2017"),
    ] {
        std::fs::write(&file, jwt(claims)).unwrap();
        fails(
            home.tok("token p").assert(),
            4,
            &["Kubernetes, file", words],
        );
    }
    std::fs::write(&file, "").unwrap();
    fails(home.tok("token p").assert(), 4, &["the secret is empty"]);
    assert_eq!(provider.connections(), 0);
    for sub in ["a", "b"] {
        let identity = jwt(&format!(r#"{{"aud":["api://x"],"sub":"{sub}"}}"#));
        std::fs::write(&file, &identity).unwrap();
        home.tok("token p --refresh").assert().success();
        let sent = provider.requests().pop().unwrap();
        assert_eq!(parameter(&sent, "client_assertion"), Some(identity));
    }
}
