//! The servers tok connects to, and how: redirects and plain http; certificates and proxies are in files of their own.

mod certificates;
mod proxies;

use assert_cmd::Command;
use local_provider::{Answer, Provider, Proxy, Tunnel};

use crate::home::{Home, fails};
use crate::parallel;

const SECRET: &str = "transport-s3cret";

/// A home whose profile `p` has this token URL, and these further keys.
fn home(url: &str, keys: &str) -> Home {
    Home::with(&format!(
        "[profiles.p]\ntoken_url = '{url}'\nclient_id = 'id'\n{keys}\n"
    ))
}

fn tok(home: &Home, arguments: &str) -> Command {
    let mut tok = home.tok(arguments);
    tok.env("TOK_P_CLIENT_SECRET", SECRET)
        .env("TOK_P_SESSION", SECRET);
    tok
}

/// A TLS provider that answers with a token, and a home that trusts its CA through `ca_file`, a path relative to the config.
fn trusted(provider: &Provider, url: &str) -> Home {
    provider.answer("/token", Answer::token("t0ken", 3600));
    let home = home(url, "ca_file = 'roots/ca.pem'");
    let roots = home.config().parent().unwrap().join("roots");
    std::fs::create_dir(&roots).unwrap();
    std::fs::write(roots.join("ca.pem"), provider.ca_pem()).unwrap();
    home
}

#[test]
fn a_redirect_is_never_followed() {
    let other = Provider::start();
    let encrypted = Provider::start_tls();
    let targets = [
        (false, "/elsewhere".to_owned()),
        (false, "//127.0.0.1:1/elsewhere".to_owned()),
        (false, other.url("/token")),
        (false, encrypted.url("/token")),
        // A downgrade.
        (true, other.url("/token")),
    ];
    let cases: Vec<(u16, &(bool, String))> = [301, 302, 303, 307, 308]
        .into_iter()
        .flat_map(|status| targets.iter().map(move |target| (status, target)))
        .collect();
    parallel::each(
        &cases,
        |(status, (_, target))| format!("{status} to {target}"),
        |(status, (from_tls, target))| {
            let provider = if *from_tls {
                Provider::start_tls()
            } else {
                Provider::start()
            };
            let (home, url) = (Home::new(), provider.url("/token"));
            let ca = home.path().join("ca.pem");
            let keys = if *from_tls {
                std::fs::write(&ca, provider.ca_pem()).unwrap();
                format!("ca_file = '{}'", ca.display())
            } else {
                String::new()
            };
            home.write_config(&format!(
                "[profiles.p]\ntoken_url = '{url}'\nclient_id = 'id'\nauth_method = 'client_secret_post'\n{keys}\n"
            ));
            let location = format!("{target}?echo={SECRET}");
            provider.answer("/token", Answer::redirect(*status, &location));
            fails(
                tok(&home, "token p").assert(),
                7,
                &["profile `p`", "redirects to", &status.to_string()],
            );
            assert_eq!(provider.requests().len(), 1);
            assert_eq!(provider.connections(), 1);
        },
    );
    assert_eq!(cases.len(), 25);
    assert_eq!(other.connections(), 0);
    assert_eq!(encrypted.connections(), 0);
}

#[test]
fn a_step_that_redirects_ends_the_run_before_the_token_request() {
    let provider = Provider::start();
    let other = Provider::start();
    provider.answer("/login", Answer::redirect(307, &other.url("/login")));
    let home = home(
        &provider.url("/token"),
        &format!(
            "secrets = {{ session = {{}} }}\n[[profiles.p.steps]]\nname = 'login'\nurl = '{}'\nparams = {{ key = '${{secret.session}}' }}",
            provider.url("/login")
        ),
    );
    fails(
        tok(&home, "token p").assert(),
        7,
        &["step `login`", "redirects"],
    );
    assert_eq!(provider.request_count("/token"), 0);
    assert_eq!(other.connections(), 0);
}

#[test]
fn plain_http_is_refused_except_to_loopback_before_any_lookup() {
    for (url, words) in [
        ("http://provider.example/token", "in the clear"),
        ("http://127.0.0.1.example.com/token", "in the clear"),
        ("http://127.0.0.1@evil.example/token", "user name"),
        ("http://127.0.0.1:80@evil.example/token", "user name"),
        ("https://id:pw@provider.example/token", "user name"),
        ("http://localhost.example.com/token", "in the clear"),
        ("http://localhost.:80/token", "in the clear"),
        ("http://0.0.0.0/token", "in the clear"),
        ("http://[::ffff:127.0.0.1]/token", "in the clear"),
        ("http://10.0.0.1/token", "in the clear"),
        ("http:\\\\\\\\evil.example\\\\@127.0.0.1/", "in the clear"),
        ("ftp://127.0.0.1/token", "only https"),
        ("file:///etc/passwd", "no host"),
    ] {
        // A proxy would be asked instead of a name server, and sees nothing either.
        let proxy = Proxy::start(Tunnel::Refused(503));
        let home = home("x", "");
        home.write_config(&format!(
            "[profiles.p]\ntoken_url = \"{url}\"\nclient_id = 'id'\n"
        ));
        let asked = tok(&home, "token p")
            .env("ALL_PROXY", format!("http://{}", proxy.address()))
            .assert();
        fails(asked, 3, &["profile `p`", "token_url", words]);
        assert_eq!(proxy.heads(), [""; 0], "{url}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_refused_url_opens_no_socket() {
    use std::process::Command;
    let Ok(version) = Command::new("strace").arg("-V").output() else {
        return; // Without strace the test above must suffice.
    };
    assert!(version.status.success());
    let home = home("http://127.0.0.1.example.com/token", "");
    let trace = home.path().join("trace");
    let ran = Command::new("strace")
        .args(["-f", "-e", "trace=socket,connect,sendto", "-o"])
        .arg(&trace)
        .arg(assert_cmd::cargo::cargo_bin!("tok"))
        .args(["token", "p", "--config"])
        .arg(home.config())
        .env_clear()
        .env("HOME", home.path())
        .env("TOK_P_CLIENT_SECRET", SECRET)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(3));
    let trace = std::fs::read_to_string(trace).unwrap();
    assert!(trace.contains("exited with 3"), "{trace}");
    assert!(!trace.contains("socket("), "{trace}");
}
