//! `tok show PROFILE --curl`: the request as a command in which every secret is a variable, encoded as the place needs it. That the command sends what tok sends
//! is tested with real shells and curl in `tests/real/show-curl.sh`.

use crate::home::{Home, fails, stdout};

/// What `tok show p --curl` prints for these keys.
fn command(keys: &str) -> String {
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = 'https://a.example/t?v=1'\nclient_id = 'my id'\nsecrets = {{ k = {{}} }}\n{keys}\n"
    ));
    let shown = home
        .tok("show p --curl")
        .env("TOK_P_CLIENT_SECRET", "hunter2-hunter2")
        .env("THE_ENV", "hunter3-hunter3")
        .assert()
        .success()
        .stderr("");
    let shown = stdout(&shown);
    assert!(!shown.contains("hunter"), "no secret is read: {shown}");
    shown
}

#[test]
fn each_secret_is_a_variable_in_the_encoding_of_its_place() {
    let secret = r#"$(printf %s "$TOK_P_CLIENT_SECRET" | "#;
    let cases = [
        ("auth_method = 'client_secret_post'", format!("client_id=my%20id&client_secret={secret}urlencode)\"")),
        ("auth_method = 'client_secret_post'\nmethod = 'GET'", format!("t?v=1&grant_type=client_credentials&client_id=my%20id&client_secret={secret}urlencode)\"")),
        ("auth_method = 'client_secret_post'\nencoding = 'json'", format!(r#"\"client_id\":\"my id\",\"client_secret\":\"{secret}json)\"}}""#)),
        ("", r#"header = "Authorization: Basic $(printf %s "my%20id:$(printf %s "${TOK_P_CLIENT_SECRET}" | urlencode)" | base64 | tr -d '\n')""#.into()),
        ("basic_encoding = 'raw'", r#"header = "Authorization: Basic $(printf %s "my id:${TOK_P_CLIENT_SECRET}" | base64 | tr -d '\n')""#.into()),
        ("auth_method = 'none'\nheaders = { x-key = 'a ${secret.k}' }", r#"header = "x-key: a $(printf %s "$TOK_P_K" | quoted)""#.into()),
        ("params = { e = '${env.THE_ENV}' }", r#"&e=$(printf %s "$THE_ENV" | urlencode)"#.into()),
        ("params = { h = '${sha256(client_secret)}' }", r#"&h=$(printf %s "${TOK_P_CLIENT_SECRET}" | sha256 | urlencode)"#.into()),
        ("params = { t = \"${now('%s')}\" }", "&t=$(date -u +'%s' | tr -d '\\n' | urlencode)".into()),
        ("encoding = 'json'\nparams = { l = '$HOME `x` \\ \"' }", r#"\"l\":\"\$HOME \`x\` \\\\\\\ "#.into()),
        ("timeout = '1500ms'", "curl -sS --globoff --max-time 2 -K - <<EOF\nurl = \"https://a.example/t?v=1\"\n".into()),
        ("ca_file = 'ca.pem'", "config/tok/ca.pem\"\n".into()),
    ];
    for (keys, expected) in cases {
        let shown = command(keys);
        assert!(
            shown.contains(&expected),
            "{keys}\nno {expected}\nin {shown}"
        );
        assert!(
            shown.starts_with("# The token request of profile `p`"),
            "{shown}"
        );
    }
}

#[test]
fn only_what_the_command_needs_is_in_it() {
    let shown = command("basic_encoding = 'raw'");
    for function in [
        "json()",
        "urlencode()",
        "quoted()",
        "sha256()",
        "uuid()",
        "jq ",
    ] {
        assert!(!shown.contains(function), "{shown}");
    }
    assert!(
        shown.contains("# Set first: TOK_P_CLIENT_SECRET."),
        "{shown}"
    );
}

#[test]
fn steps_are_made_first_and_their_answers_read() {
    let shown = command(
        "auth_method = 'none'\nparams = { t = '${step.login.data.0.tok}' }\n[[profiles.p.steps]]\nname = 'login'\nurl = 'https://a.example/login'",
    );
    assert!(
        shown.contains(
            r#"answered_1=$(printf %s "$answer" | jq -er '.["data"][0]["tok"]') || exit"#
        ),
        "{shown}"
    );
    assert!(
        shown.contains(r#"t=$(printf %s "$answered_1" | urlencode)"#),
        "{shown}"
    );
}

#[test]
fn a_signature_that_would_show_its_key_is_refused() {
    let home = Home::with(
        "[profiles.p]\ntoken_url = 'https://a.example/t'\nclient_id = 'i'\nparams = { s = '${hmac_sha256(client_secret, client_id)}' }\n",
    );
    fails(
        home.tok("show p --curl").assert(),
        2,
        &["profile `p`: ", "hmac_sha256"],
    );
    fails(home.tok("show p --curl --json").assert(), 2, &["--json"]);
}
