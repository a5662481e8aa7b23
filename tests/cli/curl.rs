//! `tok show PROFILE --curl`: the request as a command in which every secret is a variable, encoded as the place needs it. That the command sends what tok sends
//! is tested with real shells and curl in `tests/real/show-curl.sh`.

use crate::home::{Home, fails, stdout};

/// Returns the output of `tok show p --curl` for these keys.
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
fn each_secret_is_a_variable_encoded_for_its_position() {
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
        ("auth_method = 'none'\nencoding = 'raw'\ncontent_type = 'text/xml'\nbody = '<a b=\"${xml(secret.k)}\">${client_id}</a>'", r#"data-raw = "<a b=\"$(printf %s "${TOK_P_K}" | xml | quoted)\">my id</a>""#.into()),
        ("encoding = 'multipart'\nparams = { k = '${secret.k}' }", "form-string = \"k=$(printf %s \"$TOK_P_K\" | quoted)\"\n".into()),
        ("query = { q = '${secret.k}' }", r#"t?v=1&q=$(printf %s "$TOK_P_K" | urlencode)""#.into()),
        ("encoding = 'json'\nmethod = 'PUT'", "request = \"PUT\"\n".into()),
        ("params = { u = '${upper(client_id)}' }", "&u=MY%20ID".into()),
        ("timeout = '1500ms'", "curl -sS --compressed --globoff --max-time 2 -K - <<EOF\nurl = \"https://a.example/t?v=1\"\n".into()),
        ("ca_file = 'ca.pem'", if cfg!(unix) { "config/tok/ca.pem\"\n" } else { r"\tok\\\ca.pem" }.into()),
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
fn the_command_contains_only_what_it_needs() {
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
fn the_command_runs_the_steps_first_and_reads_their_answers() {
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
fn a_kept_value_of_a_step_is_read_from_its_pointer() {
    let shown = command(
        "auth_method = 'none'\nparams = { t = '${step.login.session.id}' }\n[[profiles.p.steps]]\nname = 'login'\nurl = 'https://a.example/login'\nresponse = { keep = { session = '/data/0' } }",
    );
    assert!(
        shown.contains(r#"| jq -er '.["data"][0]["id"]') || exit"#),
        "{shown}"
    );
}

#[test]
fn a_profile_that_curl_cannot_express_is_refused() {
    let step = "[[profiles.p.steps]]\nname = 'l'\nurl = 'https://a.example/l'";
    let param = |text: &str| format!("encoding = 'json'\nparams = {{ s = \"{text}\" }}");
    let cases = [
        (
            param("${hmac_sha256(client_secret, client_id)}"),
            "hmac_sha256",
        ),
        (param("${hmac_sha512(client_id, secret.k)}"), "hmac_sha512"),
        (
            param("${hmac_sha1(from_hex(client_secret), 'x')}"),
            "from_hex",
        ),
        (param("${totp(client_secret)}"), "totp"),
        (param("${totp('GEZDGNBVGY3TQOJQ')}"), "totp"),
        (param("${upper(sha256(client_secret))}"), "upper"),
        (param("${md5(client_secret)}"), "md5"),
        (param("${sha256(client_secret, 'base64')}"), "sha256"),
        (param("${base64url(secret.k)}"), "base64url"),
        (param("${json(secret.k)}"), "json"),
        (param("${now('%s%3f')}"), "now"),
        (param("${now('%s', 300)}"), "now"),
        (param("${int(client_secret)}"), "int"),
        (param("${int(now('%s')) + 300}"), "int"),
        (param("${int('42')}"), "${int('42')}"),
        (
            param("${sha256(client_secret[:4])}"),
            "${sha256(client_secret[:4])}",
        ),
        (param("${'a' if client_secret == 'b' else 'c'}"), "${'a' if"),
        (param("${uuid()[:8]}"), "${uuid()[:8]}"),
        (
            "values = { t = \"${now('%s')}\" }\nparams = { t = '${value.t}', u = '${value.t}' }"
                .into(),
            "${value.t}",
        ),
        (
            "values = { t = \"${now('%s')}\" }\nheaders = { x = '${sha256(value.t)}' }".into(),
            "${value.t}",
        ),
        ("headers = { x = '${sha256(body)}' }".into(), "${body}"),
        ("query = { q = '${md5(client_secret)}' }".into(), "md5"),
        (
            "token_url = 'https://a.example/${md5(client_secret)}'".into(),
            "md5",
        ),
        (
            format!(
                "params = {{ t = '${{step.l.s}}' }}\n{step}\nresponse = {{ keep = {{ s = 'header:X-S' }} }}"
            ),
            "${step.l.s}",
        ),
        (
            format!("params = {{ t = '${{step.l.s}}' }}\n{step}\nresponse = {{ format = 'form' }}"),
            "${step.l.s}",
        ),
    ];
    for (keys, expected) in cases {
        let url = match keys.starts_with("token_url") {
            true => "",
            false => "token_url = 'https://a.example/t'\n",
        };
        let home = Home::with(&format!(
            "[profiles.p]\n{url}client_id = '7'\nsecrets = {{ k = {{}} }}\n{keys}\n"
        ));
        let refused = home.tok("show p --curl").assert().stdout("");
        fails(
            refused,
            2,
            &[
                "profile `p`: `",
                expected,
                "cannot be shown as a curl command: ",
            ],
        );
    }
}

#[test]
fn show_refuses_curl_together_with_json() {
    let home = Home::with("[profiles.p]\ntoken_url = 'https://a.example/t'\nclient_id = 'i'\n");
    fails(home.tok("show p --curl --json").assert(), 2, &["--json"]);
}
