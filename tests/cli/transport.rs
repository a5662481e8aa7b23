//! The servers tok connects to, and how: redirects, plain http, certificates, proxies.

use std::net::TcpListener;

use assert_cmd::Command;
use local_provider::{Answer, Certificate, Provider, Proxy, Tunnel, Unwilling};

use crate::home::{Home, fails, stderr, stdout};
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

#[test]
fn a_bad_certificate_is_named_and_nothing_is_sent() {
    for (certificate, words) in [
        (Certificate::Expired, "its certificate has expired"),
        (
            Certificate::WrongHost,
            "its certificate is for another host",
        ),
        (
            Certificate::SelfSigned,
            "its certificate is self-signed and not trusted here",
        ),
        (
            Certificate::UnknownCa,
            "signed by a CA that is not trusted here",
        ),
        (Certificate::NoHost, "names no host in its subjectAltName"),
        (Certificate::OwnExpired, "its certificate has expired"),
        (
            Certificate::OwnWrongHost,
            "its certificate is for another host",
        ),
    ] {
        let provider = Provider::start_tls_with(certificate);
        let home = trusted(&provider, &provider.url("/token"));
        let asked = tok(&home, "header p").assert();
        fails(asked, 8, &["profile `p`", "no trusted connection", words]);
        assert_eq!(provider.requests().len(), 0, "{certificate:?}");
    }
    // And without the CA a good one is as unknown.
    let provider = Provider::start_tls();
    let home = home(&provider.url("/token"), "");
    let asked = tok(&home, "header p").assert();
    fails(asked, 8, &["signed by a CA that is not trusted here"]);
    assert_eq!(provider.requests().len(), 0);
}

#[test]
fn a_certificate_that_is_itself_in_ca_file_is_trusted() {
    for (certificate, words) in [
        (Certificate::Own, "self-signed and not trusted"),
        (Certificate::OwnLeaf, "signed by a CA that is not trusted"),
    ] {
        let provider = Provider::start_tls_with(certificate);
        let home = trusted(&provider, &provider.url("/token"));
        tok(&home, "token p").assert().success().stdout("t0ken\n");
        // Another one is not.
        let other = Provider::start_tls_with(certificate);
        let url = other.url("/token");
        home.write_config(&format!(
            "[profiles.p]\ntoken_url = '{url}'\nclient_id = 'id'\nca_file = 'roots/ca.pem'\n"
        ));
        let asked = tok(&home, "token p").assert();
        fails(asked, 8, &["profile `p`", words]);
        assert_eq!(other.requests().len(), 0);
    }
}

#[test]
fn https_to_a_port_that_speaks_plain_http_is_named() {
    let provider = Provider::start();
    let url = provider.url("/token").replace("http:", "https:");
    let home = home(&url, "");
    let asked = tok(&home, "token p").assert();
    fails(
        asked,
        8,
        &["does not speak TLS on this port", "check the port"],
    );
}

#[test]
fn nothing_on_the_command_line_or_in_a_profile_turns_certificates_off() {
    let home = home("https://127.0.0.1:1/token", "");
    let help = stdout(&home.tok("token --help").assert().success());
    for word in ["insecure", "no-verify", "skip", "--cacert"] {
        assert!(!help.contains(word), "{help}");
    }
    for key in ["insecure", "verify", "danger_accept_invalid_certs"] {
        home.write_config(&format!(
            "[profiles.p]\ntoken_url = 'https://127.0.0.1:1/'\nclient_id = 'id'\n{key} = true\n"
        ));
        fails(tok(&home, "token p").assert(), 3, &["unknown key", key]);
    }
}

#[test]
fn a_ca_file_adds_a_root_and_a_bad_one_is_named() {
    let provider = Provider::start_tls();
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{}/token", provider.address().port());
        let home = trusted(&provider, &url);
        tok(&home, "token p").assert().success().stdout("t0ken\n");
    }
    let home = trusted(&provider, &provider.url("/token"));
    let ca = home.config().parent().unwrap().join("roots/ca.pem");
    for (content, words) in [
        (Some("no certificate"), "holds no PEM certificate"),
        (Some(""), "holds no PEM certificate"),
        (
            Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "ca_file",
        ),
        (None, "could not be read"),
    ] {
        match content {
            Some(content) => std::fs::write(&ca, content).unwrap(),
            None => std::fs::remove_file(&ca).unwrap(),
        }
        let asked = tok(&home, "token p --refresh").assert();
        fails(asked, 3, &["`ca_file`", "ca.pem", words]);
    }
}

#[test]
fn a_client_certificate_is_sent_to_a_server_that_requests_one() {
    let provider = Provider::start_mutual_tls();
    let home = trusted(&provider, &provider.url("/token"));
    let without = tok(&home, "token p").assert();
    fails(without, 8, &["profile `p`"]);
    assert_eq!(provider.requests().len(), 0);

    let folder = home.config().parent().unwrap().to_owned();
    let identity = provider.client_identity();
    std::fs::write(folder.join("me.pem"), &identity.certificate_pem).unwrap();
    std::fs::write(folder.join("me.key"), &identity.key_pem).unwrap();
    let config = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&format!(
        "{config}client_cert = 'me.pem'\nclient_key = 'me.key'\n"
    ));
    tok(&home, "token p").assert().success().stdout("t0ken\n");
    assert_eq!(provider.requests().len(), 1);

    let said = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0LWtleS1ieXRlcw==\n-----END PRIVATE KEY-----\n";
    for content in ["", "no key", said] {
        std::fs::write(folder.join("me.key"), content).unwrap();
        let asked = tok(&home, "token p --refresh").assert();
        assert!(!stderr(&asked).contains("c2VjcmV0"));
        fails(asked, 3, &["`client_key`", "me.key"]);
    }
    home.write_config(&format!("{config}client_cert = 'me.pem'\n"));
    fails(tok(&home, "token p").assert(), 3, &["go together"]);
}

#[cfg(all(unix, not(target_vendor = "apple")))] // Elsewhere the system checks, and its trust is not in files.
#[test]
fn ssl_cert_file_and_ssl_cert_dir_name_the_trusted_roots() {
    let provider = Provider::start_tls();
    provider.answer("/token", Answer::token("t0ken", 3600));
    let home = home(&provider.url("/token"), "");
    let file = home.path().join("roots.pem");
    std::fs::write(&file, provider.ca_pem()).unwrap();
    let folder = home.path().join("roots");
    std::fs::create_dir(&folder).unwrap();
    let with = |variable: &str, value: &std::path::Path| {
        tok(&home, "token p --refresh")
            .env(variable, value)
            .assert()
    };
    with("SSL_CERT_FILE", &file).success().stdout("t0ken\n");
    let none = "No CA certificates were loaded from the system";
    fails(with("SSL_CERT_DIR", &folder), 3, &[none, "`ca_file`"]);
    // A folder of roots is named by subject hash, as OpenSSL's c_rehash does; the file that is linked there may be called anything.
    std::fs::write(folder.join("0a1b2c3d.0"), provider.ca_pem()).unwrap();
    with("SSL_CERT_DIR", &folder).success().stdout("t0ken\n");
    // A trust store that is named but not there is not replaced by another.
    let nowhere = home.path().join("nowhere.pem");
    fails(with("SSL_CERT_FILE", &nowhere), 3, &[none]);
}

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
    // One that closes the connection looks like a refusal or like a broken connection, by what reaches the client first.
    for (place, codes, words) in [
        (closed.to_string(), [6, 6], "could not connect"),
        (refusing.address().to_string(), [8, 8], "the proxy refused"),
        (
            demanding.address().to_string(),
            [8, 8],
            "user name and password",
        ),
        (closing.address().to_string(), [6, 8], ""),
        ("proxy.invalid:3128".to_owned(), [6, 6], "could not connect"),
    ] {
        let asked = tok(&home, "token p --refresh -v --timeout 30s")
            .env("HTTPS_PROXY", format!("http://proxy:pr-s3cret@{place}"))
            .assert();
        let said = stderr(&asked);
        unseen(&said);
        let code = asked.get_output().status.code();
        assert!(codes.map(Some).contains(&code), "{place}: {code:?}");
        asked.stdout("");
        assert!(said.contains(words), "{said}");
    }
    for proxy in [refusing, demanding] {
        assert_eq!(proxy.heads().len(), 1);
    }
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
