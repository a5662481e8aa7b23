//! Requests before the token request: their content, the values later ones use, the time limit, and the hosts that get secrets.

use std::time::Duration;

use local_provider::{Answer, Gate, Provider};
use serde_json::json;

use crate::home::{Home, fails};

const SECRET: (&str, &str) = ("TOK_P_CLIENT_SECRET", "s3cr3t+/=");

/// A home whose profile `p` has these keys, `URL` standing for the provider's address.
fn scene(provider: &Provider, keys: &str) -> Home {
    let keys = keys.replace("URL", &provider.url(""));
    Home::with(&format!("[profiles.p]\nclient_id = 'me'\n{keys}\n"))
}

fn token(home: &Home) -> assert_cmd::assert::Assert {
    home.tok("token p").env(SECRET.0, SECRET.1).assert()
}

/// The paths asked for, in order.
fn paths(provider: &Provider) -> Vec<String> {
    provider
        .requests()
        .iter()
        .map(|request| request.path.clone())
        .collect()
}

const DISCOVERY: &str = "token_url = '${step.discovery.token_endpoint}'
origins = ['URL']
[[profiles.p.steps]]
name = 'discovery'
method = 'GET'
url = 'URL/.well-known/openid-configuration'
";

#[test]
fn the_token_endpoint_is_discovered_and_only_it_gets_the_secret() {
    let provider = Provider::start();
    provider.answer(
        "/.well-known/openid-configuration",
        Answer::json(
            200,
            json!({"issuer": provider.url(""), "token_endpoint": provider.url("/real/token")}),
        ),
    );
    provider.answer("/real/token", Answer::token("found", 3600));
    let home = scene(&provider, DISCOVERY);
    token(&home).success().stdout("found\n");
    let requests = provider.requests();
    assert_eq!(
        paths(&provider),
        ["/.well-known/openid-configuration", "/real/token"]
    );
    assert_eq!(
        (
            requests[0].method.as_str(),
            requests[0].header("authorization")
        ),
        ("GET", None)
    );
    assert_eq!(requests[0].query, "");
    assert_eq!(requests[1].basic(), Some(b"me:s3cr3t%2B%2F%3D".to_vec()));
    token(&home).success().stdout("found\n");
    assert_eq!(
        provider.requests().len(),
        2,
        "a cached token needs no discovery"
    );
}

#[test]
fn one_token_is_exchanged_for_another() {
    let provider = Provider::start();
    provider.answer(
        "/login",
        Answer::json(201, json!({"data": [{"token": "first/+ token"}], "n": 7})),
    );
    provider.answer("/token", Answer::token("second", 3600));
    let home = scene(
        &provider,
        "token_url = 'URL/token'
auth_method = 'none'
grant_type = 'urn:ietf:params:oauth:grant-type:token-exchange'
params = { subject_token = '${step.login.data.0.token}', n = '${step.login.n}' }
[[profiles.p.steps]]
name = 'login'
url = 'URL/login'
encoding = 'json'
auth_method = 'client_secret_post'
params = { realm = 'x' }",
    );
    token(&home).success().stdout("second\n");
    let requests = provider.requests();
    assert_eq!(
        requests[0].json(),
        json!({"client_id": "me", "client_secret": SECRET.1, "realm": "x"}),
        "a step sends no grant type of itself"
    );
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        requests[1].form(),
        [
            pair(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange"
            ),
            pair("subject_token", "first/+ token"),
            pair("n", "7"),
        ]
    );
    assert!(!requests[1].text().contains("client_secret"));
}

#[test]
fn a_token_becomes_a_session_through_two_steps() {
    let provider = Provider::start();
    provider.answer(
        "/challenge",
        Answer::json(200, json!({"result": {"nonce": "abc"}})),
    );
    provider.answer(
        "/token",
        Answer::json(200, json!({"access_token": "step-token"})),
    );
    provider.answer(
        "/session",
        Answer::json(200, json!({"session": {"id": "the-session", "ttl": 60}})),
    );
    let home = scene(
        &provider,
        "token_url = 'URL/session'
auth_method = 'none'
encoding = 'none'
headers = { Authorization = 'Bearer ${step.token.access_token}' }
response = { root = '/session', access_token = '/id', expires_in = '/ttl' }
[[profiles.p.steps]]
name = 'challenge'
method = 'GET'
url = 'URL/challenge'
params = { user = '${client_id}' }
[[profiles.p.steps]]
name = 'token'
url = 'URL/token'
grant_type = 'client_credentials'
auth_method = 'client_secret_basic'
params = { proof = '${sha256(step.challenge.result.nonce ~ client_secret)}' }",
    );
    token(&home).success().stdout("the-session\n");
    let requests = provider.requests();
    assert_eq!(paths(&provider), ["/challenge", "/token", "/session"]);
    assert_eq!(requests[0].query, "user=me");
    let proof = "035797150d08ee9bede0d028f2927467db1f621a52fbbc6f445f9949728f9c8f";
    assert_eq!(
        requests[1].text(),
        format!("grant_type=client_credentials&proof={proof}"),
        "the SHA-256 of `abcs3cr3t+/=`"
    );
    assert_eq!(requests[2].bearer(), Some("step-token"));
}

const LOGIN: &str = "token_url = 'URL/token'
auth_method = 'none'
params = { t = '${step.login.data.token}' }
[[profiles.p.steps]]
name = 'login'
url = 'URL/login'
auth_method = 'client_secret_post'
";

#[test]
fn an_error_names_the_step_and_nothing_more_is_sent() {
    let cases = [
        (
            Answer::refusal(401, "invalid_client", "no such user"),
            5,
            "invalid_client: no such user",
        ),
        (Answer::json(200, json!({"error": "locked"})), 5, "locked"),
        (
            Answer::new(204),
            7,
            "the answer of step `login` has no `data.token`",
        ),
        (
            Answer::json(200, json!({"data": {}})),
            7,
            "the answer of step `login` has no `data.token`",
        ),
        (
            Answer::json(200, json!({"data": {"token": ["x"]}})),
            7,
            "`data.token` in the answer of step `login` is a list",
        ),
        (
            Answer::text(200, "<html>"),
            7,
            "the answer of step `login` has no `data.token`",
        ),
        (
            Answer::redirect(307, "https://evil.example/"),
            7,
            "step `login`",
        ),
    ];
    for (answer, code, words) in cases {
        let provider = Provider::start();
        provider.answer("/login", answer);
        provider.answer("/token", Answer::token("t", 60));
        let home = scene(&provider, LOGIN);
        fails(
            token(&home),
            code,
            &["profile `p`: ", "step `login`", words],
        );
        assert_eq!(paths(&provider), ["/login"], "{words}");
    }
}

#[test]
fn a_step_whose_server_is_down_is_retried_and_named() {
    let provider = Provider::start();
    provider.answer("/login", Answer::new(503));
    let home = scene(&provider, LOGIN);
    fails(token(&home), 6, &["step `login`", "HTTP 503"]);
    assert!(paths(&provider).iter().all(|path| path == "/login"));
}

#[test]
fn a_secret_that_a_step_repeats_is_not_shown() {
    let provider = Provider::start();
    provider.answer(
        "/login",
        Answer::refusal(400, "bad", &format!("you said {}", SECRET.1)),
    );
    let home = scene(&provider, LOGIN);
    let refused = token(&home);
    assert!(!crate::home::stderr(&refused).contains(SECRET.1));
    fails(refused, 5, &["you said ***"]);
}

#[test]
fn one_deadline_covers_all_requests() {
    let provider = Provider::start();
    let gate = Gate::new();
    provider.answer(
        "/login",
        Answer::json(200, json!({"data": {"token": "x"}})).after(Duration::from_millis(700)),
    );
    provider.answer("/token", Answer::token("t", 60).held_by(&gate));
    let home = scene(&provider, &format!("timeout = '1s'\n{LOGIN}"));
    let began = std::time::Instant::now();
    fails(token(&home), 6, &["profile `p`: "]);
    let took = began.elapsed();
    gate.open();
    // A deadline for each request would have been 1.7 s.
    assert!(took < Duration::from_millis(1600), "{took:?}");
    assert_eq!(paths(&provider), ["/login", "/token"]);
}

#[test]
fn a_url_from_an_answer_follows_the_same_rules() {
    for (endpoint, code, words) in [
        ("http://192.0.2.1/token", 3, "in the clear"),
        ("ftp://127.0.0.1/token", 3, "`ftp` URLs cannot be fetched"),
        (
            "https://user:pw@127.0.0.1/token",
            3,
            "user name before its host",
        ),
        ("/token", 3, "is not a URL"),
    ] {
        let provider = Provider::start();
        provider.answer(
            "/.well-known/openid-configuration",
            Answer::json(200, json!({"token_endpoint": endpoint})),
        );
        let home = scene(&provider, DISCOVERY);
        fails(token(&home), code, &["profile `p`: ", words]);
        assert_eq!(provider.requests().len(), 1, "{endpoint}");
    }
}

#[test]
fn a_secret_of_a_step_goes_only_to_origins_that_the_profile_names() {
    let (home_of_it, other) = (Provider::start(), Provider::start());
    other.answer("/token", Answer::token("t", 60));
    home_of_it.answer(
        "/.well-known/openid-configuration",
        Answer::json(200, json!({"token_endpoint": other.url("/token")})),
    );
    let home = scene(&home_of_it, DISCOVERY);
    let hint = format!("add `origins = [\"{}\"]`", other.url(""));
    fails(
        token(&home),
        3,
        &["would receive secrets", &other.url(""), &hint],
    );
    assert_eq!(other.connections(), 0);
    home.write_config(&std::fs::read_to_string(home.config()).unwrap().replace(
        &format!("origins = ['{}']", home_of_it.url("")),
        &format!("origins = ['{}', '{}']", home_of_it.url(""), other.url("")),
    ));
    token(&home).success().stdout("t\n");
}

#[test]
fn a_step_at_another_origin_gets_no_secret_unless_it_is_named() {
    let (login, provider) = (Provider::start(), Provider::start());
    login.answer("/login", Answer::json(200, json!({"data": {"token": "x"}})));
    provider.answer("/token", Answer::token("t", 60));
    let host = login.url("").replace("http://", "");
    let keys = LOGIN.replace("URL/login", "http://${var.host}/login");
    let keys = format!("vars = {{ host = '{host}' }}\n{keys}");
    let home = scene(&provider, &keys);
    fails(token(&home), 3, &["step `login`", "would receive secrets"]);
    assert_eq!((login.connections(), provider.connections()), (0, 0));
    let home = scene(
        &provider,
        &format!("origins = ['{}']\n{keys}", login.url("")),
    );
    token(&home).success().stdout("t\n");
}

#[test]
fn a_token_from_a_step_goes_only_where_a_secret_may_go() {
    let (provider, other) = (Provider::start(), Provider::start());
    provider.answer(
        "/login",
        Answer::json(200, json!({"token": "step-token", "host": other.url("")})),
    );
    other.answer("/whoami", Answer::json(200, json!({"id": "x"})));
    provider.answer("/token", Answer::token("t", 60));
    let keys = "token_url = 'URL/token'
params = { id = '${step.whoami.id}' }
[[profiles.p.steps]]
name = 'login'
url = 'URL/login'
auth_method = 'client_secret_post'
[[profiles.p.steps]]
name = 'whoami'
method = 'GET'
url = '${step.login.host}/whoami'
headers = { Authorization = 'Bearer ${step.login.token}' }
";
    let home = scene(&provider, keys);
    fails(
        token(&home),
        3,
        &["step `whoami`", &other.url(""), "would receive secrets"],
    );
    assert_eq!(other.connections(), 0);
    let home = scene(
        &provider,
        &format!("origins = ['{}']\n{keys}", other.url("")),
    );
    token(&home).success().stdout("t\n");
    assert_eq!(other.only_request().bearer(), Some("step-token"));
}

#[test]
fn without_origins_a_host_from_an_answer_is_refused_before_anything_is_sent() {
    let provider = Provider::start();
    let keys = DISCOVERY.replace("origins = ['URL']\n", "");
    let home = scene(&provider, &keys);
    fails(token(&home), 3, &["known only at run time", "`origins`"]);
    assert_eq!(provider.connections(), 0);
}

#[test]
fn a_secret_in_the_path_cannot_change_the_host() {
    let provider = Provider::start();
    provider.answer("/s3cr3t%2B%2F%3D/token", Answer::token("t", 60));
    let home = scene(
        &provider,
        "token_url = 'URL/${urlencode(client_secret)}/token'\nauth_method = 'none'",
    );
    token(&home).success().stdout("t\n");
}

#[test]
fn a_contradictory_step_is_reported_before_anything_is_sent() {
    let provider = Provider::start();
    let cases = [
        (
            "[[profiles.p.steps]]\nurl = 'URL/a'",
            "step 1 has no `name`",
        ),
        ("[[profiles.p.steps]]\nname = 'a'", "step `a` has no `url`"),
        (
            "[[profiles.p.steps]]\nname = 'a'\nurl = 'URL'\n[[profiles.p.steps]]\nname = 'a'\nurl = 'URL'",
            "two steps are called `a`",
        ),
        (
            "[[profiles.p.steps]]\nname = 'a'\nurl = '${step.b.x}'\n[[profiles.p.steps]]\nname = 'b'\nurl = 'URL'",
            "there is no earlier step `b`",
        ),
        (
            "[[profiles.p.steps]]\nname = 'a'\nurl = '${step.a.x}'",
            "there is no earlier step `a`",
        ),
        (
            "[[profiles.p.steps]]\nname = 'a'\nurl = 'http://192.0.2.1/'",
            "in the clear",
        ),
        (
            "header = 'X: ${step.a.x}'\n[[profiles.p.steps]]\nname = 'a'\nurl = 'URL'",
            "known only while fetching",
        ),
        (
            "[[profiles.p.steps]]\nname = 'a'\nurl = 'URL'\ntoken_url = 'URL'",
            "unknown key `token_url`",
        ),
    ];
    for (steps, words) in cases {
        let home = scene(&provider, &format!("token_url = 'URL/token'\n{steps}"));
        fails(token(&home), 3, &[words]);
    }
    assert_eq!(provider.connections(), 0);
}
