//! The client's certificate as its authentication (RFC 8705), and where its key comes from.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use local_provider::{Answer, Provider};

use crate::home::{Home, fails, stdout};

/// A provider that demands a certificate, and a home with that certificate as `me.pem` and its key as `me.key`.
fn scene(keys: &str) -> (Provider, Home) {
    let provider = Provider::start_mutual_tls();
    provider.answer("/t", Answer::token("t0ken", 3600));
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'my id'\nca_file = 'ca.pem'\n{keys}\n",
        provider.url("/t")
    ));
    let identity = provider.client_identity();
    put(&home, "ca.pem", provider.ca_pem());
    put(&home, "me.pem", &identity.certificate_pem);
    put(&home, "me.key", &identity.key_pem);
    (provider, home)
}

fn put(home: &Home, name: &str, text: &str) {
    std::fs::write(home.config().with_file_name(name), text).unwrap();
}

#[test]
fn the_methods_of_rfc_8705_send_the_client_id_and_no_secret() {
    for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
        let (provider, home) = scene(&format!(
            "auth_method = '{method}'\nclient_cert = 'me.pem'\nclient_key = 'me.key'"
        ));
        let got = home.tok("token p").assert().success().stderr("");
        assert_eq!(stdout(&got), "t0ken\n");
        let request = provider.only_request();
        let expected = [("grant_type", "client_credentials"), ("client_id", "my id")];
        assert_eq!(
            request.form(),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(request.header("authorization"), None);
    }
}

#[test]
fn a_certificate_that_is_missing_is_a_config_error_that_says_what_to_write() {
    for (keys, words) in [
        (
            "",
            [
                "`client_cert`",
                "write `client_cert = \"client.pem\"` and `client_key = \"client-key.pem\"`",
            ],
        ),
        (
            "client_cert = 'me.pem'",
            ["`client_key`", "write `client_key = \"client-key.pem\"`"],
        ),
        (
            "client_key = 'me.key'",
            ["`client_cert`", "write `client_cert = \"client.pem\"`"],
        ),
        (
            "client_cert = 'me.pem'\nclient_key = 'me.key'\nsecrets = { client_key = {} }",
            ["`client_key`", "also in `secrets`"],
        ),
    ] {
        let (provider, home) = scene(&format!("auth_method = 'tls_client_auth'\n{keys}"));
        fails(home.tok("token p").assert(), 3, &words);
        assert_eq!(provider.connections(), 0);
    }
    let home = Home::with(
        "[profiles.p]\ntoken_url = 'http://127.0.0.1:9/t'\nclient_id = 'i'\nauth_method = 'tls_client_auth'\nclient_cert = 'c'\nclient_key = 'k'\n",
    );
    fails(
        home.tok("token p").assert(),
        3,
        &["`auth_method`", "needs an https URL"],
    );
}

/// The JWK of a P-256 key in PKCS #8: the private number follows its tag, the public point is at the end.
fn jwk(pem: &str) -> String {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(body).unwrap();
    let at = der.windows(2).position(|tag| tag == [0x04, 0x20]).unwrap() + 2;
    let (x, y) = der[der.len() - 64..].split_at(32);
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!(
        r#"{{"kty":"EC","crv":"P-256","d":"{}","x":"{}","y":"{}"}}"#,
        number(&der[at..at + 32]),
        number(x),
        number(y)
    )
}

#[test]
fn the_key_comes_in_every_form() {
    let (_provider, home) =
        scene("auth_method = 'tls_client_auth'\nclient_cert = 'me.pem'\nclient_key = {}");
    let pem = std::fs::read_to_string(home.config().with_file_name("me.key")).unwrap();
    let jwk = jwk(&pem);
    for form in [
        pem.clone(),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', "\\n"),
        format!("\"{pem}\""),
        STANDARD.encode(&pem),
        jwk.clone(),
        format!("{{\"keys\":[{jwk}]}}"),
        STANDARD.encode(&jwk),
    ] {
        let mut tok = home.tok("token p --refresh");
        let got = tok.env("TOK_P_CLIENT_KEY", &form).assert();
        assert_eq!(got.get_output().status.code(), Some(0), "{form}");
    }
    // A cached token needs no key.
    home.tok("token p").assert().success().stdout("t0ken\n");
}

#[cfg(unix)]
#[test]
fn the_key_comes_from_every_source() {
    for (keys, variable) in [
        ("client_key = { env = 'MY_KEY' }", "MY_KEY"),
        ("client_key = { file = 'me.key' }", "X"),
        ("client_key = { command = ['cat', 'KEY'] }", "X"),
        ("client_key = { file = 'me.json', pointer = '/key' }", "X"),
        ("client_key = 'nowhere.key'", "TOK_P_CLIENT_KEY"),
    ] {
        let (provider, home) = scene("");
        let key = home.config().with_file_name("me.key");
        let pem = std::fs::read_to_string(&key).unwrap();
        put(&home, "me.json", &format!("{{\"key\": {pem:?}}}"));
        let config = std::fs::read_to_string(home.config()).unwrap();
        let keys = keys.replace("KEY'] ", &format!("{}'] ", key.display()));
        home.write_config(&format!(
            "{config}auth_method = 'tls_client_auth'\nclient_cert = 'me.pem'\n{keys}\n"
        ));
        for command in ["token p", "secret check p", "doctor p"] {
            home.tok(command).env(variable, &pem).assert().success();
        }
        assert_eq!(provider.request_count("/t"), 1, "{keys}");
    }
}

#[test]
fn a_key_that_cannot_be_used_is_named_and_nothing_is_sent() {
    let (provider, home) =
        scene("auth_method = 'tls_client_auth'\nclient_cert = 'me.pem'\nclient_key = 'me.key'");
    let another = Provider::start_mutual_tls()
        .client_identity()
        .key_pem
        .clone();
    for (key, code, words) in [
        (
            include_str!("../keys/unfit/encrypted.pem"),
            4,
            ["client_key", "this is encrypted"],
        ),
        (
            include_str!("../keys/unfit/p521.pem"),
            4,
            ["client_key", "an EC key on P-521"],
        ),
        ("no key", 4, ["client_key", "me.key"]),
        (
            &another,
            3,
            ["`client_cert`", "not a certificate and its key"],
        ),
    ] {
        put(&home, "me.key", key);
        fails(home.tok("token p").assert(), code, &words);
    }
    std::fs::remove_file(home.config().with_file_name("me.key")).unwrap();
    let missing = home.tok("token p").env("TOK_KEYRING", "off").assert();
    fails(
        missing,
        4,
        &["client_key", "TOK_P_CLIENT_KEY", "me.key does not exist"],
    );
    assert_eq!(provider.connections(), 0);
    home.write_config("[profiles.p]\ntoken_url = 'https://a.example'\nclient_id = 'i'\nclient_cert = 'c'\nclient_key = '-----BEGIN PRIVATE KEY----- c2VjcmV0'\n");
    let inline = home.tok("token p").assert();
    assert!(!crate::home::stderr(&inline).contains("c2VjcmV0"));
    fails(inline, 3, &["client_key", "must not be in this file"]);
}

#[test]
fn a_curl_command_takes_the_key_only_from_a_file() {
    let method = "auth_method = 'tls_client_auth'\nclient_cert = 'me.pem'\n";
    let (_provider, home) = scene(&format!("{method}client_key = 'me.key'"));
    let shown = stdout(&home.tok("show p --curl").assert().success());
    for words in ["cert = \"", "key = \"", "/me.key\"", "client_id=my"] {
        assert!(shown.contains(words), "no {words} in {shown}");
    }
    let (_provider, home) = scene(&format!("{method}client_key = {{}}"));
    fails(
        home.tok("show p --curl").assert(),
        2,
        &["`client_key` cannot be shown"],
    );
}
