//! Tests the hints for a newcomer's first mistakes.

use crate::profile::file::Config;
use crate::profile::{Overrides, Profile};

fn hint(text: &str) -> String {
    let config = Config::of_text("c.toml", text);
    let resolved = Profile::resolve(&config, "p", &Overrides::default(), &|_| None);
    let error = match resolved.and_then(|profile| profile.check(&config)) {
        Ok(()) => return "nothing is wrong".to_owned(),
        Err(error) => error,
    };
    error
        .next_step()
        .map_or_else(|| format!("no hint: {error}"), str::to_owned)
}

/// A line of an otherwise complete profile, and its hint.
const LINES: &[(&str, &str)] = &[
    (
        "client_secret = \"${env.X}\"",
        "write `client_secret = { env = \"X\" }`",
    ),
    (
        "secrets = { b = { command = \"pass show b\" }, a = \"hunter2\" }",
        "write `secrets = { b = { command = [\"pass\", \"show\", \"b\"] }, a = \"…\" }`",
    ),
    (
        "token_ur = 'https://a.example'",
        "write `token_url = 'https://a.example'`",
    ),
    (
        "url = \"https://a.example/token\"",
        "write `token_url = \"https://a.example/token\"`",
    ),
    (
        "tokenUrl = \"https://a.example/token\"",
        "write `token_url = \"https://a.example/token\"`",
    ),
    (
        "token-endpoint = \"https://a.example/token\"",
        "write `token_url = \"https://a.example/token\"`",
    ),
    ("clientId = \"i\"", "write `client_id = \"i\"`"),
    ("scopes = [\"a\", \"b\"]", "write `scope = [\"a\", \"b\"]`"),
    (
        "auth = \"client_secret_post\"",
        "write `auth_method = \"client_secret_post\"`",
    ),
    (
        "body = { account_id = \"42\" }",
        "write `params = { account_id = \"…\" }`",
    ),
    (
        "query_params = { v = \"1\" }",
        "write `query = { v = \"…\" }`",
    ),
    (
        "http_headers = { x = \"1\" }",
        "write `headers = { x = \"…\" }`",
    ),
    ("ttl = \"1h\"", "write `default_ttl = \"1h\"`"),
    ("cacert = \"ca.pem\"", "write `ca_file = \"ca.pem\"`"),
    ("inherit = \"base\"", "write `extends = \"base\"`"),
    (
        "response = { token = \"/t\" }",
        "write `response = { access_token = \"/t\" }`",
    ),
    (
        "response.rot = \"/data\"",
        "write `response.root = \"/data\"`",
    ),
    (
        "secret = \"hunter2\"",
        "delete the line and run `tok secret set p`, or write `client_secret = { file = \"…\" }`",
    ),
    (
        "password = \"$MY_PASSWORD\"",
        "write `client_secret = { env = \"MY_PASSWORD\" }`",
    ),
    ("username = \"me\"", "write `params = { username = \"…\" }`"),
    (
        "api_key = \"hunter2\"",
        "write `secrets = { api_key = {} }`, and `${secret.api_key}` where the request has it",
    ),
    (
        "insecure = true",
        "tok always checks certificates; to trust a private CA, write `ca_file = \"ca.pem\"`",
    ),
    (
        "proxy = \"http://proxy\"",
        "tok takes the proxy from the environment: `HTTPS_PROXY=http://proxy:3128 tok …`",
    ),
    (
        "auth_method = \"basic\"",
        "write `auth_method = \"client_secret_basic\"`",
    ),
    (
        "auth_method = \"client-secret-post\"",
        "write `auth_method = \"client_secret_post\"`",
    ),
    (
        "encoding = \"application/json\"",
        "write `encoding = \"json\"`",
    ),
    (
        "encoding = \"x-www-form-urlencoded\"",
        "write `encoding = \"form\"`",
    ),
    ("method = \"post\"", "write `method = \"POST\"`"),
    ("cache = \"off\"", "write `cache = \"none\"`"),
    (
        "response = { expires_in_unit = \"seconds\" }",
        "write `response = { expires_in_unit = \"s\" }`",
    ),
    (
        "response = { expires_at = \"/e\", expires_at_unit = \"yyyy-MM-dd HH:mm:ss\" }",
        "write `response = { expires_at = \"/e\", expires_at_unit = \"%Y-%m-%d %H:%M:%S\" }`",
    ),
    (
        "response = { expires_at = \"/e\", expires_at_unit = \"seconds\" }",
        "write `response = { expires_at = \"/e\", expires_at_unit = \"s\" }`",
    ),
    ("timeout = \"soon\"", "write `timeout = \"30s\"`"),
    ("audience = 12345", "write `audience = \"12345\"`"),
    ("timeout = 1.5", "write `timeout = \"1.5s\"`"),
    (
        "origins = \"https://b.example\"",
        "write `origins = [\"https://b.example\"]`",
    ),
    (
        "response = \"data.token\"",
        "write `response = { access_token = \"/data/token\" }`",
    ),
    (
        "response = { keep = \"instance_url\" }",
        "write `response = { keep = [\"/instance_url\"] }`",
    ),
    (
        "response = { status = \"302\" }",
        "write `response = { status = 302 }`",
    ),
    (
        "headers = [\"x-api: 1\"]",
        "write `headers = { x-api = \"…\" }`",
    ),
    (
        "params = \"account_id=42\"",
        "write `params = { account_id = \"…\" }`",
    ),
    (
        "secrets = [\"api_key\"]",
        "write `secrets = { api_key = {} }`",
    ),
    (
        "params = { d = 2020-01-01 }",
        "write `params = { d = \"…\" }`",
    ),
    (
        "header = { x = \"1\" }",
        "write `extra_header = \"NAME: VALUE\"` for a line that `tok header` prints, or `headers = { … }` for the token request",
    ),
    (
        "client_secret = \"hunter2\"",
        "delete the line and run `tok secret set p`, or write `client_secret = { file = \"…\" }`",
    ),
    (
        "client_secret = \"${env.MY_SECRET}\"",
        "write `client_secret = { env = \"MY_SECRET\" }`",
    ),
    (
        "client_secret = \"$MY_SECRET\"",
        "write `client_secret = { env = \"MY_SECRET\" }`",
    ),
    (
        "client_secret = \"~/.secrets/p\"",
        "write `client_secret = { file = \"~/.secrets/p\" }`",
    ),
    (
        "client_secret = \"$(pass show p)\"",
        "write `client_secret = { command = [\"pass\", \"show\", \"p\"] }`",
    ),
    (
        "client_secret = [\"pass\", \"show\"]",
        "write `client_secret = { command = [\"pass\", \"show\"] }`",
    ),
    (
        "client_secret = { command = \"pass show p\" }",
        "write `client_secret = { command = [\"pass\", \"show\", \"p\"] }`",
    ),
    (
        "secrets = { api_key = \"hunter2\" }",
        "delete the line and run `tok secret set p api_key`, or write `api_key = { file = \"…\" }`",
    ),
    (
        "client_secret = { evn = \"MY_SECRET\" }",
        "write `client_secret = { env = \"…\" }`",
    ),
    (
        "response.access_token = \"data.token\"",
        "write `response.access_token = \"/data/token\"`",
    ),
    (
        "response = { access_token = \"$.data[0].token\" }",
        "write `response = { access_token = \"/data/0/token\" }`",
    ),
    (
        "response = { root = \"data\" }",
        "write `response = { root = \"/data\" }`",
    ),
    (
        "response = { keep = [\"instance_url\"] }",
        "write `response = { keep = [\"/instance_url\"] }`",
    ),
    ("audience = \"${credentials.key}\"", "write `${secret.key}`"),
    ("audience = \"${secrets.key}\"", "write `${secret.key}`"),
    ("audience = \"${vars.tenant}\"", "write `${var.tenant}`"),
    (
        "audience = \"${MY_AUDIENCE}\"",
        "write `${env.MY_AUDIENCE}`",
    ),
    ("params = { t = \"${now}\" }", "write `${now('%s')}`"),
    (
        "params = { t = \"${now('YYYY-MM-DD')}\" }",
        "write `${now('%Y-%m-%d')}`",
    ),
    ("params = { n = \"${uuid}\" }", "write `${uuid()}`"),
    ("header = \"X: ${token}\"", "write `${access_token}`"),
    (
        "params = { p = \"${password}\" }",
        "write `${secret.password}`",
    ),
    (
        "client_cert = \"c.pem\"",
        "write `client_key = \"client-key.pem\"` too",
    ),
    (
        "auth_method = \"private_key_jwt\"\nassertion = { key = \"-----BEGIN PRIVATE KEY-----\" }",
        "delete the line and run `tok secret set p private_key < key.pem`",
    ),
    ("provider = \"spotfy\"", "did you mean `spotify`?"),
    ("scope = read write", "write `scope = \"read write\"`"),
    ("scope = “read”", "write `scope = \"read\"`"),
    ("scope = \"read", "write `scope = \"read\"`"),
    ("scope = \"read',", "write `scope = \"read\"`"),
    ("scope = \"read\",", "write `scope = \"read\"`"),
    ("scope = \"read\";", "write `scope = \"read\"`"),
    ("scope: read", "write `scope = \"read\"`"),
    ("\"scope\": \"read\",", "write `scope = \"read\"`"),
    ("scope := \"read\"", "write `scope = \"read\"`"),
    ("scope \"read\"", "write `scope = \"read\"`"),
    ("export scope=read", "write `scope = \"read\"`"),
    (
        "scope = [read, write]",
        "write `scope = [\"read\", \"write\"]`",
    ),
    (
        "ca_file = \"C:\\certs\\ca.pem\"",
        "write `ca_file = 'C:\\certs\\ca.pem'`",
    ),
    (
        "params = { \"a\": \"b\" }",
        "write `params = { \"…\" = \"…\" }`",
    ),
    ("client_secret = hunter2", "write `client_secret = \"…\"`"),
    (
        "client_secret = $MY_SECRET",
        "write `client_secret = { env = \"MY_SECRET\" }`",
    ),
    ("// a comment", "write `# a comment`"),
    (
        "client_id = \"j\"",
        "`client_id` is in line 3 too: delete one of the two lines",
    ),
    (
        "[profiles.p]",
        "`[profiles.p]` is in line 1 too: move these keys there, or write another name",
    ),
    (
        "[profiles.p.steps]\nname = \"s\"\nurl = \"https://a.example\"",
        "write `[[profiles.p.steps]]`",
    ),
];

#[test]
fn a_wrong_line_is_answered_with_the_line_to_write() {
    let mut wrong = Vec::new();
    for (line, expected) in LINES {
        let text = format!(
            "[profiles.p]\ntoken_url = \"https://a.example/token\"\nclient_id = \"i\"\n{line}\n"
        );
        let hint = hint(&text);
        if hint != *expected {
            wrong.push(format!("{line}\n  expected {expected}\n  got      {hint}"));
        }
        assert!(!hint.contains("hunter2"), "{line}: {hint}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_file_is_answered_with_the_line_to_write() {
    let rest = "token_url = \"https://a.example/token\"\nclient_id = \"i\"\n";
    let cases = [
        (format!("[p]\n{rest}"), "in line 1, write `[profiles.p]`"),
        (
            format!("[profile.p]\n{rest}"),
            "in line 1, write `[profiles.p]`",
        ),
        (
            format!("[Profiles.p]\n{rest}"),
            "in line 1, write `[profiles.p]`",
        ),
        (format!("[[profiles.p]]\n{rest}"), "write `[profiles.p]`"),
        (format!("[profiles.p\n{rest}"), "write `[profiles.p]`"),
        (format!("[profiles:p]\n{rest}"), "write `[profiles.p]`"),
        (
            format!("[default]\ntimeout = '1s'\n[profiles.p]\n{rest}"),
            "write `[defaults]`",
        ),
        (
            rest.to_owned(),
            "write `[profiles.NAME]` on the line above the keys of a profile, or `[defaults]` above those of every profile",
        ),
        (
            "[profiles.p]\nclient_id = 'i'\n".to_owned(),
            "write `token_url = \"https://…\"`",
        ),
        (
            "[profiles.p]\ntoken_url = 'https://a.example'\n".to_owned(),
            "write `client_id = \"…\"`",
        ),
        (
            "[profiles.p]\nclient_id = 'i'\ntoken_url = \"a.example/token\"\n".to_owned(),
            "write `token_url = \"https://a.example/token\"`",
        ),
        (
            "[profiles.p]\nclient_id = 'i'\ntoken_url = \"http://a.example/token\"\n".to_owned(),
            "write `token_url = \"https://a.example/token\"`",
        ),
        (
            "[profiles.p]\nclient_id = 'i'\ntoken_url = \"https://{tenant}.a.example/token\"\n"
                .to_owned(),
            "write `token_url = \"https://${var.tenant}.a.example/token\"`",
        ),
        ("[profiles.pp]\n".to_owned(), "did you mean `pp`?"),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let hint = hint(&text);
        if hint != expected {
            wrong.push(format!("{text}\n  expected {expected}\n  got      {hint}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
