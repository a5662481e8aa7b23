//! `tok list`, `show`, `providers`, `inspect`: what is configured and what a token says, for people and for programs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local_provider::{Answer, Provider};
use serde_json::Value;

use crate::home::{Home, fails, stderr, stdout};

const CONFIG: &str = "\
[profiles.cint]
provider = 'cint'
client_id = 'abc'
client_secret = { file = 'secret' }
audience = 'https://other.example.com'
[profiles.auth]
provider = 'auth0'
client_id = '${var.domain}-app'
vars = { domain = 'acme.example.com', audience = 'api' }
[profiles.lost]
token_url = 'https://${var.tenant}.example.com/token'
client_id = 'x'
";

fn json(home: &Home, arguments: &str) -> Value {
    serde_json::from_str(&stdout(&home.tok(arguments).assert().success())).unwrap()
}

#[test]
fn list_prints_a_line_for_each_profile_with_provider_and_host() {
    let home = Home::with(CONFIG);
    home.tok("list")
        .assert()
        .success()
        .stderr("")
        .stdout("PROFILE  PROVIDER  HOST\nauth     auth0     acme.example.com\ncint     cint      auth.cint.com\nlost     -         ?\n");
    let list = json(&home, "list --json");
    assert_eq!(list[1]["profile"], "cint");
    assert_eq!(list[1]["provider"], "cint");
    assert_eq!(list[0]["host"], "acme.example.com");
    assert_eq!(list[2]["host"], Value::Null);
    home.write_config("");
    let none = home.tok("list").assert().success().stdout("");
    assert!(stderr(&none).contains("no profile yet"));
    home.tok("list -q").assert().success().stdout("").stderr("");
}

/// The value and the source of `key` in what `tok show --json` says.
fn key(shown: &Value, key: &str) -> (String, String) {
    let found = shown["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["key"] == key)
        .unwrap_or_else(|| panic!("no {key} in {shown}"));
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    (text(&found["value"]), text(&found["from"]))
}

#[test]
fn show_prints_the_resolved_profile_with_the_source_of_every_key() {
    let home = Home::with(CONFIG);
    let shown: Value = serde_json::from_str(&stdout(
        &home
            .tok("show auth --json --scope read --param extra=1 --timeout 5s")
            .env("TOK_AUTH_VAR_AUDIENCE", "from-env")
            .assert()
            .success(),
    ))
    .unwrap();
    for (name, value, from) in [
        (
            "token_url",
            "https://acme.example.com/oauth/token",
            "provider auth0",
        ),
        ("auth_method", "client_secret_post", "provider auth0"),
        ("client_id", "acme.example.com-app", "profile"),
        ("audience", "from-env", "provider auth0"),
        (
            "vars.audience",
            "from-env",
            "environment TOK_AUTH_VAR_AUDIENCE",
        ),
        ("vars.domain", "acme.example.com", "profile"),
        ("scope", "read", "command line"),
        ("params.extra", "1", "command line"),
        ("timeout", "5s", "command line"),
        ("encoding", "form", "default"),
        ("grant_type", "client_credentials", "default"),
        ("response.access_token", "/access_token", "default"),
    ] {
        assert_eq!(
            key(&shown, name),
            (value.to_owned(), from.to_owned()),
            "{name}"
        );
    }
    let shown = json(&home, "show cint --json");
    assert_eq!(
        key(&shown, "audience"),
        ("https://other.example.com".to_owned(), "profile".to_owned())
    );
    assert_eq!(
        key(&shown, "encoding"),
        ("json".to_owned(), "provider cint".to_owned())
    );
}

#[test]
fn show_prints_a_parameter_of_the_command_line_where_it_is_sent() {
    let home = Home::with(
        "[profiles.p]\ntoken_url = 'https://example.com/'\nclient_id = 'i'\nquery = { app = 'a', v = '1' }\n",
    );
    let shown = json(&home, "show p --json --param app=b --param new=c");
    for (name, value, from) in [
        ("query.app", "b", "command line"),
        ("query.v", "1", "profile"),
        ("params.new", "c", "command line"),
    ] {
        let expected = (value.to_owned(), from.to_owned());
        assert_eq!(key(&shown, name), expected, "{name}");
    }
}

#[test]
fn show_names_the_source_of_a_secret_but_not_its_value() {
    let home = Home::with(CONFIG);
    let shown = stdout(&home.tok("show cint").assert().success().stderr(""));
    assert!(shown.contains("TOK_CINT_CLIENT_SECRET"), "{shown}");
    assert!(
        shown.contains("keyring entry `cint/client_secret@auth.cint.com`"),
        "{shown}"
    );
    assert!(shown.contains("asked when a token is fetched"), "{shown}");

    std::fs::write(home.config().with_file_name("secret"), "s3cret-file").unwrap();
    let asked = |home: &Home| {
        let shown = home
            .tok("show cint --json")
            .env("TOK_CINT_CLIENT_SECRET", "s3cret-env")
            .assert();
        stdout(&shown.success())
    };
    let by_file = json(&home, "show cint --json");
    assert_eq!(by_file["secrets"][0]["sources"][0]["used"], false);
    assert_eq!(by_file["secrets"][0]["sources"][1]["used"], true);
    assert_eq!(by_file["secrets"][0]["sources"][2]["set"], Value::Null);
    let by_environment = asked(&home);
    assert!(!by_environment.contains("s3cret"), "{by_environment}");
    let by_environment: Value = serde_json::from_str(&by_environment).unwrap();
    assert_eq!(by_environment["secrets"][0]["sources"][0]["used"], true);
    assert_eq!(by_environment["secrets"][0]["sources"][1]["used"], false);
}

#[test]
fn a_mistyped_profile_or_provider_gets_a_suggestion() {
    let home = Home::with(CONFIG);
    fails(
        home.tok("show cnit").assert(),
        3,
        &["no profile `cnit`", "`cint`"],
    );
    fails(
        home.tok("providers spotfy").assert(),
        2,
        &["unknown provider `spotfy`", "`spotify`"],
    );
}

#[test]
fn providers_lists_the_catalogue_and_what_each_entry_needs() {
    let home = Home::new();
    let all = stdout(&home.tok("providers").assert().success());
    assert!(
        all.lines()
            .any(|line| line.starts_with("cint ") && line.ends_with("Cint Exchange")),
        "{all}"
    );
    let names = json(&home, "providers --json");
    assert_eq!(names.as_array().unwrap().len(), all.lines().count());
    for entry in names.as_array().unwrap() {
        let name = entry["provider"].as_str().unwrap();
        let shown = stdout(&home.tok(&format!("providers {name}")).assert().success());
        assert!(shown.contains("token_url"), "{name}: {shown}");
        assert!(
            shown.contains(&format!("provider = \"{name}\"")),
            "{name}: {shown}"
        );
    }
    let zoom = json(&home, "providers zoom --json");
    assert!(zoom["needs"]["account_id"].is_string(), "{zoom}");
    assert_eq!(zoom["keys"]["grant_type"], "account_credentials");
}

/// A home with profile `p`, whose provider issues `token`.
fn issuing(token: &str) -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer("/t", Answer::token(token, 3600));
    let url = provider.url("/t");
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{url}'\nclient_id = 'i'\n"
    ));
    (provider, home)
}

#[test]
fn inspect_shows_the_claims_with_readable_times_and_says_unverified() {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let token = format!(
        "{}.{}.c2ln",
        part(r#"{"alg":"RS256"}"#),
        part(r#"{"sub":"me\u001b[2J","exp":4102444800,"aud":["a","b"]}"#)
    );
    let (_provider, home) = issuing(&token);
    let ask = |arguments: &str| {
        home.tok(arguments)
            .env("TOK_P_CLIENT_SECRET", "s")
            .assert()
            .success()
    };
    let shown = ask("inspect p");
    assert!(
        stderr(&shown).contains("not verified"),
        "{}",
        stderr(&shown)
    );
    let text = stdout(&shown);
    assert!(text.contains("2100-01-01T00:00:00Z, in "), "{text}");
    assert!(
        text.contains("header.alg") && text.contains(r#"["a","b"]"#),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'), "{text:?}");
    let json: Value = serde_json::from_str(&stdout(&ask("inspect p --json"))).unwrap();
    assert_eq!(json["claims"]["exp"], 4_102_444_800_u64);
    assert_eq!(json["times"]["exp"], "2100-01-01T00:00:00Z");
    assert_eq!(json["verified"], false);
}

#[test]
fn an_opaque_token_cannot_be_inspected() {
    let (_provider, home) = issuing("opaque-token");
    let ask = home
        .tok("inspect p")
        .env("TOK_P_CLIENT_SECRET", "s")
        .assert();
    fails(ask, 7, &["profile `p`", "opaque", "tok json p"]);
}

#[test]
fn colour_is_used_only_where_requested() {
    let home = Home::with(CONFIG);
    let colored = |arguments: &str, variable: Option<&str>| {
        let mut tok = home.tok(arguments);
        if let Some(variable) = variable {
            tok.env(variable, "1");
        }
        stdout(&tok.assert()).contains('\u{1b}')
    };
    assert!(!colored("list", None));
    assert!(colored("list --color always", None));
    assert!(colored("list", Some("CLICOLOR_FORCE")));
    assert!(!colored("list --color never", Some("CLICOLOR_FORCE")));
    assert!(colored("list --color always", Some("NO_COLOR")));
    assert!(colored("--help", Some("CLICOLOR_FORCE")));
    assert!(colored("--help --color=always", None));
    assert!(!colored("--help", None));
    let wrong = home.tok("show nobody --color always").assert().code(3);
    assert!(stderr(&wrong).contains('\u{1b}'));
}
