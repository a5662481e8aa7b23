//! Which certificates are trusted, and what a bad one is called.

use local_provider::{Answer, Certificate, Provider};

use super::{home, tok, trusted};
use crate::home::{fails, stderr, stdout};

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
        fails(asked, 4, &["client_key", "me.key"]);
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
