//! Which requests go through a proxy, and what happens if it refuses.

use std::net::TcpListener;

use local_provider::{Answer, Certificate, Provider, Proxy, Tunnel, Unwilling};

use super::{SECRET, home, tok, trusted};
use crate::home::{fails, stderr};
use crate::parallel;

#[test]
fn https_goes_through_the_proxy_of_the_environment() {
    // The certificate is for `provider.example`, a name that only the proxy can resolve.
    let provider = Provider::start_tls_with(Certificate::WrongHost);
    let home = trusted(&provider, "https://provider.example/token");
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let proxy = Proxy::start(Tunnel::To(provider.address()));
        tok(&home, "token p --refresh")
            .env(variable, format!("http://{}", proxy.address()))
            .assert()
            .success()
            .stdout("t0ken\n");
        let heads = proxy.heads();
        assert_eq!(heads.len(), 1, "{variable}");
        assert!(
            heads[0].starts_with("CONNECT provider.example:443 HTTP/1.1\n"),
            "{heads:?}"
        );
        assert!(!heads[0].contains(SECRET), "{heads:?}");
    }
}

#[test]
fn hosts_in_no_proxy_are_reached_directly() {
    let provider = Provider::start_tls();
    let home = trusted(&provider, &provider.url("/token"));
    for (exempt, proxied) in [
        ("127.0.0.1", false),
        ("example.com,127.0.0.0/8", false),
        ("*", false),
        ("example.com", true),
        ("", true),
    ] {
        let proxy = Proxy::start(Tunnel::To(provider.address()));
        tok(&home, "token p --refresh")
            .env("HTTPS_PROXY", format!("http://{}", proxy.address()))
            .env("NO_PROXY", exempt)
            .assert()
            .success();
        assert_eq!(proxy.heads().len(), usize::from(proxied), "{exempt}");
    }
}

#[test]
fn a_proxys_credentials_go_to_the_proxy_and_are_never_shown() {
    let provider = Provider::start_tls();
    let home = trusted(&provider, &provider.url("/token"));
    let basic = "cHJveHk6cHItczNjcmV0"; // proxy:pr-s3cret
    let unseen = |said: &str| {
        for form in ["pr-s3cret", "cHItczNjcmV0", basic] {
            assert!(!said.contains(form), "{said}");
        }
    };
    let proxy = Proxy::start(Tunnel::To(provider.address()));
    let good = tok(&home, "token p -v")
        .env(
            "HTTPS_PROXY",
            format!("http://proxy:pr-s3cret@{}", proxy.address()),
        )
        .assert()
        .success();
    unseen(&stderr(&good));
    let heads = proxy.heads();
    assert!(heads[0].contains(&format!("Basic {basic}\n")), "{heads:?}");

    let closed = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap();
    let refusing = Proxy::start(Tunnel::Refused(403));
    let demanding = Proxy::start(Tunnel::Refused(407));
    let closing = Provider::start_unwilling(Unwilling::Closes);
    for (place, code, words) in [
        (
            closed.to_string(),
            6,
            format!("could not connect to the proxy {closed}"),
        ),
        (refusing.address().to_string(), 8, "status 403".to_owned()),
        (
            demanding.address().to_string(),
            8,
            "HTTPS_PROXY refused to connect".to_owned(),
        ),
        (
            closing.address().to_string(),
            6,
            format!("from the proxy {} broke off", closing.address()),
        ),
        (
            "proxy.invalid:3128".to_owned(),
            6,
            "could not connect to the proxy proxy.invalid:3128: the name".to_owned(),
        ),
    ] {
        let asked = tok(&home, "token p --refresh -v --timeout 30s")
            .env("HTTPS_PROXY", format!("http://proxy:pr-s3cret@{place}"))
            .assert();
        unseen(&stderr(&asked));
        fails(asked, code, &[&words]);
    }
    for proxy in [refusing, demanding] {
        assert_eq!(proxy.heads().len(), 1);
    }
}

#[test]
fn a_proxys_refusal_is_shown_and_tried_again_only_if_temporary() {
    let provider = Provider::start_tls();
    let credentials = "u:pr-s3cret@";
    let wants = "it requires a user name and password";
    let cases = [
        // answer, credentials, code, tries, words
        (Tunnel::Refused(302), "", 8, 1, "status 302"),
        (Tunnel::Refused(400), "", 8, 1, "status 400"),
        (Tunnel::Refused(403), credentials, 8, 1, "status 403"),
        (Tunnel::Refused(405), "", 8, 1, "status 405"),
        (Tunnel::Refused(407), "", 8, 1, wants),
        (Tunnel::Authenticates("Basic realm=\"x\""), "", 8, 1, wants),
        (
            Tunnel::Refused(407),
            credentials,
            8,
            1,
            "it does not accept this user name and password",
        ),
        (
            Tunnel::Authenticates("Negotiate"),
            credentials,
            8,
            1,
            "it authenticates with Negotiate",
        ),
        (Tunnel::Refused(502), credentials, 6, 3, "status 502"),
        (Tunnel::Refused(503), "", 6, 3, "status 503"),
    ];
    parallel::each(
        &cases,
        |(tunnel, ..)| format!("{tunnel:?}"),
        |(tunnel, credentials, code, tries, words)| {
            let proxy = Proxy::start(*tunnel);
            // Each has its own home: processes share a failure.
            let home = trusted(&provider, &provider.url("/token"));
            let asked = tok(&home, "token p --refresh")
                .env(
                    "HTTPS_PROXY",
                    format!("http://{credentials}{}", proxy.address()),
                )
                .assert();
            assert!(!stderr(&asked).contains("pr-s3cret"));
            fails(asked, *code, &["the proxy in HTTPS_PROXY", words, "hint: "]);
            assert_eq!(proxy.heads().len(), *tries);
        },
    );
    assert_eq!(provider.connections(), 0);
}

#[test]
fn a_request_through_a_proxy_is_the_direct_one() {
    let provider = Provider::start_tls();
    provider.answer("/token", Answer::token("t0ken", 3600));
    let home = trusted(&provider, &provider.url("/token?tenant=a"));
    let proxy = Proxy::start(Tunnel::To(provider.address()));
    tok(&home, "token p --refresh").assert().success();
    tok(&home, "token p --refresh")
        .env("HTTPS_PROXY", format!("http://{}", proxy.address()))
        .assert()
        .success();
    let [direct, proxied] = provider.requests().try_into().unwrap();
    let seen = |request: &local_provider::Received| {
        let mut headers = request.headers.clone();
        headers.sort();
        (request.method.clone(), request.target.clone(), headers)
    };
    assert_eq!(seen(&direct), seen(&proxied));
    assert_eq!(direct.body, proxied.body);
}

#[test]
fn only_a_proxy_that_would_be_used_is_complained_about() {
    let provider = Provider::start_tls();
    let home = trusted(&provider, &provider.url("/token"));
    tok(&home, "token p")
        .env("ALL_PROXY", "socks5h://127.0.0.1:1")
        .env("NO_PROXY", "a 127.0.0.1")
        .assert()
        .success()
        .stdout("t0ken\n");
}

#[test]
fn an_unusable_proxy_is_not_bypassed() {
    let provider = Provider::start_tls();
    let home = trusted(&provider, &provider.url("/token"));
    for value in [
        "socks5://proxy:pr-s3cret@127.0.0.1:1",
        "http://proxy:pr-s3cret /@127.0.0.1:1",
    ] {
        let asked = tok(&home, "token p").env("ALL_PROXY", value).assert();
        assert!(!stderr(&asked).contains("pr-s3cret"));
        fails(asked, 3, &["ALL_PROXY", "not a proxy that tok can use"]);
    }
    assert_eq!(provider.connections(), 0);
}

#[test]
fn plain_http_to_loopback_never_uses_a_proxy() {
    let provider = Provider::start();
    provider.answer("/token", Answer::token("t0ken", 3600));
    let port = provider.address().port();
    let proxy = Proxy::start(Tunnel::To(provider.address()));
    for url in [
        provider.url("/token"),
        format!("http://localhost:{port}/token"),
        format!("http://LOCALHOST:{port}/token"),
        format!("http://127.1:{port}/token"),
    ] {
        let home = home(&url, "");
        let mut asked = tok(&home, "token p");
        for variable in [
            "HTTP_PROXY",
            "http_proxy",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "all_proxy",
        ] {
            asked.env(variable, format!("http://{}", proxy.address()));
        }
        asked.assert().success().stdout("t0ken\n");
    }
    // Also where only a step's answer says where the token request goes.
    provider.answer(
        "/login",
        Answer::json(200, format!(r#"{{"url":"{}"}}"#, provider.url("/token"))),
    );
    let home = home(
        "${step.login.url}",
        &format!(
            "origins = ['{}']\n[[profiles.p.steps]]\nname = 'login'\nurl = '{}'",
            provider.url(""),
            provider.url("/login")
        ),
    );
    tok(&home, "token p")
        .env("http_proxy", format!("http://{}", proxy.address()))
        .assert()
        .success()
        .stdout("t0ken\n");
    assert_eq!(proxy.heads(), [""; 0]);
}
