//! `tok add`: what a manual prints becomes the profile that makes the same request; secrets go to the keyring or are named, never into the file.

mod file;
mod google;

use std::fs;

use assert_cmd::assert::Assert;
use local_provider::{Answer, Assertions, Provider, Received};

use crate::home::{Home, fails, stderr, stdout};

/// The examples; the file says how they are written.
const EXAMPLES: &str = include_str!("add/examples.txt");

/// Secret values in the examples, as written there or decoded.
const SECRETS: [&str; 14] = [
    "s3cr3t-value",
    "bXktaG90ZWw6",
    "qWgdYAmab0YSkuL1qKv5bPX",
    "dskLLdkasdjlasdKK",
    "P4ssw0rd!",
    "01ABCDEFGHIJKLM",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "5f2b7e0c9a1d4e38",
    "a+b/c=12",
    "5ecret",
    "S3cr3tValue",
    "s3cr3t-9",
    "9f8e7d6c5b4a",
    "0123456789abcdef",
];

/// Title, flags, request and keys of each example.
fn examples() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    let parts = EXAMPLES.split("\n=== ").skip(1);
    let examples: Vec<_> = parts
        .map(|part| {
            let (head, rest) = part.split_once('\n').expect("a head line");
            let (title, flags) = head.split_once('|').expect("a title and flags");
            let (request, keys) = rest.split_once("\n---\n").expect("a request and keys");
            (title.trim(), flags.trim(), request, keys.trim_end())
        })
        .collect();
    assert!(examples.len() >= 40, "{}", examples.len());
    examples
}

fn add(home: &Home, flags: &str, request: &str) -> Assert {
    home.tok(&format!("add p {flags}"))
        .write_stdin(request)
        .assert()
}

fn config(home: &Home) -> String {
    fs::read_to_string(home.config()).unwrap_or_default()
}

#[test]
fn each_curl_example_becomes_its_shortest_profile() {
    let home = Home::new();
    for (title, flags, request, keys) in examples() {
        let added = add(&home, &format!("--from-curl --dry-run {flags}"), request);
        let said = stderr(&added);
        let printed = stdout(&added.success());
        assert_eq!(
            printed,
            format!("[profiles.p]\n{keys}\n"),
            "{title}: {said}"
        );
        for secret in SECRETS {
            assert!(
                !printed.contains(secret) && !said.contains(secret),
                "{title}: {said}"
            );
        }
    }
    assert!(!home.config().exists(), "--dry-run writes nothing");
}

#[test]
fn no_secret_of_an_imported_request_reaches_the_config_or_a_message() {
    for (title, flags, request, _) in examples() {
        let home = Home::new();
        let added = add(&home, &format!("--from-curl {flags}"), request);
        let said = stderr(&added) + &stdout(&added) + &config(&home);
        assert!(said.contains("[profiles.p]"), "{title}: {said}");
        for secret in SECRETS {
            assert!(!said.contains(secret), "{title}: {said}");
        }
    }
}

/// Returns the token request of the profile made from `request`, with `$URL` for the provider's address.
fn round_trip(flags: &str, request: &str, secrets: &[(&str, &str)]) -> Received {
    let provider = Provider::start();
    provider.answer("/token", Answer::token("the-token", 3600));
    let home = Home::new();
    let request = request.replace("$URL", &provider.url("/token"));
    let with_secrets = |arguments: &str| {
        let mut tok = home.tok(arguments);
        tok.envs(secrets.iter().copied());
        tok
    };
    with_secrets(&format!("add p --from-curl {flags}"))
        .write_stdin(request)
        .assert()
        .success();
    with_secrets("token p")
        .assert()
        .success()
        .stdout("the-token\n");
    provider.only_request()
}

const SECRET: (&str, &str) = ("TOK_P_CLIENT_SECRET", "+/=:%& é\"\\");

#[test]
fn an_imported_form_is_sent_as_the_example_says() {
    let sent = round_trip(
        "--client-id me",
        "curl $URL -d 'client_id=ID&client_secret=SECRET&grant_type=client_credentials' -d 'scope=a%20b' -d 'x=1&x=2'",
        &[SECRET],
    );
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(sent.method, "POST");
    assert_eq!(
        sent.form(),
        [
            pair("grant_type", "client_credentials"),
            pair("client_id", "me"),
            pair("client_secret", SECRET.1),
            pair("scope", "a b"),
            pair("x", "1"),
            pair("x", "2"),
        ]
    );
    assert_eq!(sent.header("authorization"), None);
}

#[test]
fn an_imported_assertion_is_signed_again_with_the_key_of_the_user() {
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/ed25519");
    let private = fs::read_to_string(format!("{key}.pem")).unwrap();
    let sent = round_trip(
        "--client-id me",
        "curl $URL -d grant_type=client_credentials -d client_id=ID -d client_assertion=a.b.c \
         -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        &[("TOK_P_PRIVATE_KEY", &private)],
    );
    let form = sent.form();
    let (_, assertion) = form
        .iter()
        .find(|(name, _)| name == "client_assertion")
        .unwrap();
    let public = fs::read_to_string(format!("{key}.public.pem")).unwrap();
    let accepted = Assertions::of_key(&public).accept(assertion, None).unwrap();
    assert_eq!(accepted.claims["iss"], "me");
    assert_eq!(form.len(), 4, "{form:?}");

    let home = Home::new();
    let request = "curl https://a.example/t -d client_id=me -d assertion=a.b.c -d grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer";
    let said = stderr(&add(&home, "--from-curl", request).success());
    for words in [
        "`private_key` is its key",
        "tok secret set p private_key",
        "TOK_P_PRIVATE_KEY",
    ] {
        assert!(said.contains(words), "no {words} in {said}");
    }
}

#[test]
fn imported_json_is_sent_as_the_example_says() {
    let sent = round_trip(
        "",
        r#"curl --json '{"auth": {"user": "joe", "password": "<password>", "n": 1.5}, "list": [true, "a"], "apiKey": "{api key}", "org": "<org>"}' $URL"#,
        &[SECRET, ("TOK_P_API_KEY", "k"), ("TOK_P_VAR_ORG", "o")],
    );
    assert_eq!(
        sent.json(),
        serde_json::json!({"auth": {"user": "joe", "password": SECRET.1, "n": 1.5}, "list": [true, "a"], "apiKey": "k", "org": "o"})
    );
    assert_eq!(sent.header("content-type"), Some("application/json"));
}

#[test]
fn imported_basic_credentials_are_sent_as_curl_sends_them() {
    for request in [
        "curl $URL -u me:$SECRET -d grant_type=client_credentials",
        "curl $URL -H 'Authorization: Basic bWU6WFg=' -d grant_type=client_credentials",
    ] {
        let sent = round_trip("", request, &[SECRET]);
        assert_eq!(sent.basic(), Some(format!("me:{}", SECRET.1).into_bytes()));
        assert_eq!(sent.text(), "grant_type=client_credentials");
    }
}

#[test]
fn an_imported_query_is_sent_as_the_example_says() {
    let sent = round_trip(
        "--client-id me",
        "curl '$URL?appid=ID&secret=SECRET&v=a%26b'",
        &[SECRET],
    );
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!((sent.method.as_str(), sent.body.len()), ("GET", 0));
    assert_eq!(
        sent.query_form(),
        [
            pair("appid", "me"),
            pair("secret", SECRET.1),
            pair("v", "a&b")
        ]
    );
}

#[test]
fn imported_headers_and_a_query_beside_a_body_are_sent_as_the_example_says() {
    let sent = round_trip(
        "--client-id me/you",
        "curl -X POST '$URL?app_id=<APP ID>&v=1' -H 'X-Api-Key: YOUR_KEY' -H 'Version: 2' -d a=b",
        &[("TOK_P_CLIENT_SECRET", "k e y")],
    );
    assert_eq!(sent.query, "app_id=me%2Fyou&v=1");
    assert_eq!(sent.header("x-api-key"), Some("k e y"));
    assert_eq!(sent.header("version"), Some("2"));
    assert_eq!(sent.text(), "a=b");
}

#[test]
fn an_unreadable_request_is_a_usage_error_that_names_the_word() {
    let cases = [
        ("", "it contains no command"),
        ("wget https://a.example", "word 1 (line 1) should be `curl`"),
        (
            "curl https://a.example/t -d 'hunter2",
            "word 4 (line 1) has a `'` that is not closed",
        ),
        (
            "curl https://a.example/t \\\n  --hunt hunter2",
            "word 3 (line 2), `--hunt` is not a curl option",
        ),
        (
            "curl https://a.example/t -k",
            "`-k`: tok always checks the server's certificate",
        ),
        (
            "curl https://a.example/t -F a=@hunter2",
            "its value is not a part of the form",
        ),
        (
            "curl https://a.example/t -d @hunter2",
            "`-d`: takes its data from a file",
        ),
        (
            "curl https://a.example/t -X PATCH -d a=hunter2",
            "neither POST nor GET",
        ),
        (
            "curl https://a.example/t -H 'Content-Type: text/xml' -d '<hunter2/>'",
            "Content-Type: tok sends forms",
        ),
        (
            "curl https://a.example/t --json '{hunter2'",
            "the body is no JSON text (line 1, column 2",
        ),
        (
            "curl https://a.example/t --json '[\"hunter2\"]'",
            "the body is JSON, but no object",
        ),
        (
            "curl https://a.example/t -d hunter2",
            "a parameter has no name",
        ),
        (
            "curl https://a.example/t https://hunter2.example",
            "word 3 (line 1) is neither",
        ),
    ];
    let home = Home::new();
    for (request, words) in cases {
        let added = add(&home, "--from-curl", request);
        assert!(!stderr(&added).contains("hunter2"), "{}", stderr(&added));
        fails(added, 2, &["the request cannot be read: ", words]);
    }
    assert!(!home.config().exists());
}

#[test]
fn without_a_terminal_add_names_everything_missing_and_writes_nothing() {
    let home = Home::new();
    let request =
        "curl https://{tenant}.example.com/token -d 'client_id={id}&client_secret={s}&org={org}'";
    fails(
        add(&home, "--from-curl", request),
        2,
        &[
            "missing: ",
            "the client id (--client-id ID)",
            "--var tenant=…",
            "--var org=…",
        ],
    );
    fails(
        add(&home, "", ""),
        2,
        &["the token endpoint (--token-url URL, --issuer URL, --provider NAME or --from-curl)"],
    );
    fails(
        add(&home, "--provider okta", ""),
        2,
        &[
            "--client-id",
            "--var domain=…): the Okta domain",
            "--var scope=…",
        ],
    );
    fails(
        add(&home, "--provider spotfy", ""),
        2,
        &["did you mean `spotify`?"],
    );
    fails(
        home.tok("add a/b --provider cint").assert(),
        2,
        &["is not a valid name"],
    );
    assert!(!home.config().exists());
}

#[test]
fn a_wrong_key_is_a_config_error_and_nothing_is_written() {
    let home = Home::new();
    for (flags, words) in [
        (
            "--token-url http://a.example/t --client-id i",
            "in the clear",
        ),
        (
            "--token-url https://a.example/t --client-id i --auth-method basic",
            "must be one of `client_secret_basic`",
        ),
        (
            "--token-url https://a.example/t --client-id i --param a=${secret.x}",
            "there is no secret `x`",
        ),
        (
            "--token-url https://a.example/t --client-id i --response acces_token=/x",
            "access_token",
        ),
        (
            "--token-url https://a.example/t --client-id i --response root=data",
            "response.root",
        ),
    ] {
        fails(add(&home, flags, ""), 3, &[words]);
    }
    assert!(!home.config().exists());
}

#[test]
fn flags_and_providers_make_profiles_too() {
    let cases = [
        (
            "--provider cint --client-id i",
            "provider = \"cint\"\nclient_id = \"i\"\n",
        ),
        (
            "--provider okta --client-id i --var domain=acme.okta.com --scope s",
            "provider = \"okta\"\nclient_id = \"i\"\nscope = \"s\"\nvars = { domain = \"acme.okta.com\" }\n",
        ),
        (
            "--token-url https://a.example/t --client-id i --client-secret-env S --auth-method client_secret_post --encoding json --grant-type none \
             --scope a --scope b --audience u --resource https://r.example --param p=1 --rename client_id=id --request-header v=2 \
             --secret k --var x=y --response root=/data --default-ttl 5m --header X-T:${access_token}",
            "token_url = \"https://a.example/t\"\nclient_id = \"i\"\nclient_secret = { env = \"S\" }\nauth_method = \"client_secret_post\"\n\
             encoding = \"json\"\ngrant_type = \"none\"\nscope = [\"a\", \"b\"]\naudience = \"u\"\nresource = \"https://r.example\"\n\
             params = { p = \"1\" }\nnames = { client_id = \"id\" }\nheaders = { v = \"2\" }\nsecrets = { k = {} }\nvars = { x = \"y\" }\n\
             response = { root = \"/data\" }\ndefault_ttl = \"5m\"\nheader = \"X-T:${access_token}\"\n",
        ),
    ];
    for (flags, keys) in cases {
        let home = Home::new();
        add(&home, flags, "").success();
        assert_eq!(config(&home), format!("[profiles.p]\n{keys}"), "{flags}");
    }
}

#[test]
fn without_a_keyring_add_writes_the_profile_and_names_the_variable_to_set() {
    let home = Home::new();
    let request = "curl https://a.example/token -u my-app:hunter2-hunter2 -d grant_type=client_credentials -H 'x-api-key: k3y-k3y-k3y'";
    fails(
        add(&home, "--from-curl --quiet", request),
        4,
        &[
            "profile `p` is written, but client_secret and api_key could not be stored",
            "set TOK_P_CLIENT_SECRET and TOK_P_API_KEY",
        ],
    );
    assert!(config(&home).contains("client_id = \"my-app\""));
}

#[test]
fn add_succeeds_although_the_secret_is_not_set_yet() {
    let home = Home::new();
    let added = add(&home, "--token-url https://a.example/t --client-id i", "").success();
    let said = stderr(&added);
    assert!(
        said.contains("`tok secret set p`, or set TOK_P_CLIENT_SECRET"),
        "{said}"
    );
    assert!(
        said.contains("[profiles.p]\ntoken_url = "),
        "shown before it is written: {said}"
    );
    home.tok("add q --token-url https://a.example/t --client-id i -q")
        .assert()
        .success()
        .stderr("");
}

#[test]
fn add_try_fetches_once_and_fails_with_the_exit_code_of_the_fetch() {
    for (answer, code, words) in [
        (Answer::token("t", 3600), 0, "got a token that lives 3"),
        (
            Answer::refusal(401, "invalid_client", "no"),
            5,
            "the profile is written, but trying it failed: profile `p`: the provider refused: invalid_client: no",
        ),
    ] {
        let provider = Provider::start();
        provider.answer("/token", answer);
        let home = Home::new();
        let tried = home
            .tok(&format!(
                "add p --token-url {} --client-id i --try",
                provider.url("/token")
            ))
            .env("TOK_P_CLIENT_SECRET", "s3cr3t")
            .assert()
            .code(code)
            .stdout("");
        assert!(stderr(&tried).contains(words), "{}", stderr(&tried));
        assert_eq!(provider.requests().len(), 1);
        assert!(config(&home).contains("[profiles.p]"));
    }
}
