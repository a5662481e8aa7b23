//! Token endpoints as their manuals describe them, one file each under `endpoints/`: from the profile to the request, byte for byte, and
//! from the documented answer to token, lifetime and header lines; from the documented refusal to exit code and words.
//!
//! They are data because the promise is that a profile is enough. A file holds:
//!
//! - `about`: whose endpoint it is, what is unusual about it, and the page its facts come from
//! - `profile`: as a user would write it. The host in its URLs is replaced by the local provider's, and a `client_id` is added unless the
//!   file says `anonymous`
//! - `secrets`: values for its further secrets; the client secret is always [`SECRET`]
//! - `exchange`: in order, each request as `sent` (method and target), `headers` and `body`, and the `answer` with `status` and
//!   `answer_headers`. Every header field that is not [`ALWAYS_SENT`] must be named. `Basic id:secret` stands for its Base64, and `<any>`
//!   for any text. `{provider}` is the local provider's origin. `assertion` is what a JWT in it must say: `header`, `claims` (all of them),
//!   `audience` (the token endpoint where it does not say, any where it is empty), and `lifetime` in seconds. Its signature is verified
//! - `key`: the file in `tests/keys` that is the private key, for `TOK_P_PRIVATE_KEY`, or for `<key>` in `files`, which lie beside the config
//! - `gives`: `token`, `expires_in`, `header` lines, and what is `kept`
//! - `refusal`: the same for a refusal, and the `words` expected with exit code `code` (5 where it does not say)

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local_provider::{Answer, Assertions, Provider, Received};
use serde::Deserialize;

use crate::home::{Home, fails, stdout};

/// The client secret: every character that form and Basic treat in their own ways.
const SECRET: &str = "s+/=";

/// How many endpoints are tried at once: each is mostly a process that starts.
const AT_ONCE: usize = 4;

/// What tok sends with every request, of which nothing is promised here but `Accept`.
const ALWAYS_SENT: [&str; 5] = [
    "host",
    "user-agent",
    "accept",
    "accept-encoding",
    "content-length",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Endpoint {
    about: String,
    #[serde(default)]
    anonymous: bool,
    profile: toml::Table,
    #[serde(default)]
    secrets: BTreeMap<String, String>,
    key: Option<String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    exchange: Vec<Exchange>,
    gives: Gives,
    refusal: Option<Refusal>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    sent: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    assertion: Option<Assertion>,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    answer_headers: Vec<(String, String)>,
    #[serde(default)]
    answer: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Assertion {
    audience: Option<String>,
    lifetime: i64,
    header: toml::Table,
    claims: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gives {
    token: String,
    expires_in: i64,
    header: Option<Vec<String>>,
    #[serde(default)]
    kept: toml::Table,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    status: u16,
    #[serde(default)]
    answer: String,
    #[serde(default = "refused")]
    code: i32,
    words: Vec<String>,
}

fn ok() -> u16 {
    200
}

fn refused() -> i32 {
    5
}

/// Every endpoint, by name, sorted.
fn endpoints() -> Vec<(String, Endpoint)> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "cli", "endpoints"]
        .iter()
        .collect();
    let mut all: Vec<(String, Endpoint)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let endpoint = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, endpoint)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// Calls `check` for every endpoint, several at once, and fails with all that failed.
fn each(check: impl Fn(&Endpoint) + Sync) {
    let queue = Mutex::new(endpoints().into_iter());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some((name, endpoint)) = next else { break };
                    let checked =
                        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&endpoint)));
                    if checked.is_err() {
                        failed.lock().unwrap().push(name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "see above: {failed:?}");
}

/// A provider that answers as the endpoint is documented to, and a home with profile `p` for it. `last` replaces the last answer.
fn scene(endpoint: &Endpoint, last: Option<Answer>) -> (Provider, Home) {
    let provider = Provider::start();
    let here = provider.url("");
    let mut answers: Vec<Answer> = endpoint
        .exchange
        .iter()
        .map(|exchange| {
            let answer = exchange
                .answer_headers
                .iter()
                .fold(Answer::new(exchange.status), |answer, (name, value)| {
                    answer.header(name, &value.replace("{provider}", &here))
                });
            answer.body(exchange.answer.replace("{provider}", &here))
        })
        .collect();
    if let Some(last) = last {
        answers.pop();
        answers.push(last);
    }
    provider.answer_in_turn("/*", answers);
    let home = Home::with(&config(endpoint, &here));
    for (name, text) in &endpoint.files {
        let key = serde_json::Value::from(endpoint.private_key().unwrap_or_default()).to_string();
        let text = text.replace("<key>", key.trim_matches('"'));
        std::fs::write(home.config().with_file_name(name), text).unwrap();
    }
    (provider, home)
}

impl Endpoint {
    /// The PEM text of its private key, if it has one.
    fn private_key(&self) -> Option<String> {
        self.key.as_deref().map(|name| pem(&format!("{name}.pem")))
    }

    /// Who judges its assertions.
    fn assertions(&self) -> Assertions {
        match self.key.as_deref().and_then(|name| name.split('.').next()) {
            Some(key) => Assertions::of_key(&pem(&format!("{key}.public.pem"))),
            None => Assertions::of_secret(SECRET),
        }
    }
}

fn pem(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "keys", name]
        .iter()
        .collect();
    std::fs::read_to_string(path).unwrap()
}

/// A config with the endpoint's profile as `p`, its hosts replaced.
fn config(endpoint: &Endpoint, here: &str) -> String {
    let mut profile = endpoint.profile.clone();
    if !endpoint.anonymous && !profile.contains_key("client_id") {
        profile.insert("client_id".into(), "my-id".into());
    }
    if let Some(provider) = profile.get("provider").and_then(toml::Value::as_str) {
        // The catalogue's own URL, with another host.
        let entry = format!(
            "{}/src/providers/{provider}.toml",
            env!("CARGO_MANIFEST_DIR")
        );
        let entry: toml::Table = toml::from_str(&std::fs::read_to_string(entry).unwrap()).unwrap();
        profile.insert("token_url".into(), entry["token_url"].clone());
    }
    move_here(&mut profile, "token_url", here);
    if let Some(toml::Value::Array(steps)) = profile.get_mut("steps") {
        for step in steps {
            move_here(step.as_table_mut().unwrap(), "url", here);
        }
    }
    let mut profiles = toml::Table::new();
    profiles.insert("p".into(), toml::Value::Table(profile));
    let mut config = toml::Table::new();
    config.insert("profiles".into(), toml::Value::Table(profiles));
    toml::to_string(&config)
        .unwrap()
        .replace("{provider}", here)
}

/// Replaces scheme and host of the URL under `key`, if it has them.
fn move_here(table: &mut toml::Table, key: &str, here: &str) {
    if let Some(toml::Value::String(url)) = table.get_mut(key)
        && let Some(rest) = url.strip_prefix("https://")
    {
        let path = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
        *url = format!("{here}{path}");
    }
}

fn run(home: &Home, endpoint: &Endpoint, arguments: &str) -> assert_cmd::assert::Assert {
    let mut tok = home.tok(arguments);
    tok.env("TOK_P_CLIENT_SECRET", SECRET);
    for (name, value) in &endpoint.secrets {
        tok.env(format!("TOK_P_{}", name.to_uppercase()), value);
    }
    if let Some(key) = endpoint.private_key().filter(|_| endpoint.files.is_empty()) {
        tok.env("TOK_P_PRIVATE_KEY", key);
    }
    tok.assert()
}

/// Whether `text` is `pattern`, where `<any>` stands for any text.
fn fits(text: &str, pattern: &str) -> bool {
    let mut pieces = pattern.split("<any>");
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or("")) else {
        return false;
    };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else {
        return rest.is_empty();
    };
    for piece in between {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// Compares one request with what the manual says, to the byte.
fn compare(received: &Received, expected: &Exchange, here: &str) {
    let sent = format!("{} {}", received.method, received.target);
    assert!(
        fits(&sent, &expected.sent),
        "{sent}\nshould be\n{}",
        expected.sent
    );
    assert!(
        fits(received.text(), &expected.body),
        "{}\nshould be\n{}",
        received.text(),
        expected.body
    );
    for (name, value) in &received.headers {
        let name = name.to_ascii_lowercase();
        let wanted = expected
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(&name));
        let Some((_, wanted)) = wanted else {
            assert!(
                ALWAYS_SENT.contains(&name.as_str()),
                "{name}: {value} is sent, and the manual knows nothing of it"
            );
            if name == "accept" {
                assert!(value.starts_with("application/json"), "{value}");
            }
            continue;
        };
        let wanted = match wanted.strip_prefix("Basic ") {
            Some(pair) if pair.contains(':') => format!("Basic {}", STANDARD.encode(pair)),
            _ => wanted.replace("{provider}", here),
        };
        assert!(fits(value, &wanted), "{name}: {value}\nshould be\n{wanted}");
    }
    for name in expected.headers.keys() {
        assert_eq!(received.headers_named(name).count(), 1, "{name}");
    }
}

/// Verifies the JWT in `received`, and compares it with what the manual wants it to say.
fn compare_assertion(received: &Received, expected: &Assertion, judge: &Assertions, here: &str) {
    let sent = [
        received.header("authorization").unwrap_or_default(),
        received.text(),
    ]
    .join(" ");
    let is_of_jwt = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let jwt = sent
        .split(|c| !is_of_jwt(c))
        .find(|word| word.starts_with("eyJ") && word.matches('.').count() == 2)
        .unwrap_or_else(|| panic!("no JWT in {sent}"));
    let audience = match expected.audience.as_deref() {
        Some("") => None,
        Some(audience) => Some(audience.to_owned()),
        None => Some(format!("{here}{}", received.target)),
    };
    let accepted = judge
        .accept(jwt, audience.as_deref())
        .unwrap_or_else(|wrong| panic!("{jwt}: {wrong}"));
    for (found, wanted) in [
        (&accepted.header, &expected.header),
        (&accepted.claims, &expected.claims),
    ] {
        let found = found.as_object().unwrap();
        for (name, wanted) in wanted {
            let text = match &found[name] {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let wanted = match wanted.as_str() {
                Some(wanted) => wanted.replace("{provider}", here),
                None => serde_json::to_string(wanted).unwrap(),
            };
            assert!(fits(&text, &wanted), "{name}: {text}\nshould be\n{wanted}");
        }
        assert_eq!(found.len(), wanted.len(), "{found:?}");
    }
    let issued = accepted.claims["iat"].as_i64();
    let ends = accepted.claims["exp"].as_i64().unwrap();
    let lived = ends - issued.unwrap_or_else(|| tok::clock::Now::read().unix_ms / 1000);
    assert!(
        (expected.lifetime - 15..=expected.lifetime).contains(&lived),
        "{lived}"
    );
}

#[test]
fn each_endpoint_gets_the_request_its_manual_documents_and_its_answer_becomes_what_apis_want() {
    each(|endpoint| {
        assert!(endpoint.about.len() > 20, "say what it is");
        let (provider, home) = scene(endpoint, None);
        let here = provider.url("");
        let json = run(&home, endpoint, "json p").success().stderr("");
        let requests = provider.requests();
        let judge = endpoint.assertions();
        for (received, expected) in requests.iter().zip(&endpoint.exchange) {
            compare(received, expected, &here);
            if let Some(assertion) = &expected.assertion {
                compare_assertion(received, assertion, &judge, &here);
            }
        }
        assert_eq!(requests.len(), endpoint.exchange.len());

        let gives = &endpoint.gives;
        let json: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
        assert_eq!(json["access_token"], gives.token.as_str());
        let left = json["expires_in"].as_i64().unwrap();
        assert!(
            (gives.expires_in - 15..=gives.expires_in).contains(&left),
            "{left} s are left of {}",
            gives.expires_in
        );
        for (name, value) in &gives.kept {
            let value = serde_json::to_value(value).unwrap();
            let value: serde_json::Value =
                serde_json::from_str(&value.to_string().replace("{provider}", &here)).unwrap();
            assert_eq!(json[name.as_str()], value, "{name}: {json}");
        }

        let header = stdout(&run(&home, endpoint, "header p").success());
        let wanted = match &gives.header {
            Some(lines) => lines.clone(),
            None => vec![format!("Authorization: Bearer {}", gives.token)],
        };
        let lines: Vec<&str> = header.lines().collect();
        assert_eq!(lines.len(), wanted.len(), "{header}");
        for (line, wanted) in lines.iter().zip(&wanted) {
            let wanted = wanted.replace("{provider}", &here);
            assert!(fits(line, &wanted), "{line}\nshould be\n{wanted}");
        }
        assert_eq!(
            provider.requests().len(),
            endpoint.exchange.len(),
            "the second print is the cache's"
        );
    });
}

#[test]
fn each_documented_refusal_ends_in_its_exit_code_and_the_providers_words() {
    each(|endpoint| {
        let Some(refusal) = &endpoint.refusal else {
            return;
        };
        let answer = Answer::new(refusal.status).body(refusal.answer.clone());
        let (provider, home) = scene(endpoint, Some(answer));
        let mut words: Vec<&str> = refusal.words.iter().map(String::as_str).collect();
        words.push("profile `p`");
        fails(run(&home, endpoint, "header p"), refusal.code, &words);
        assert_eq!(
            provider.requests().len(),
            endpoint.exchange.len(),
            "a refusal is not tried again"
        );
        assert_eq!(
            home.cached()
                .iter()
                .filter(|name| name.ends_with(".json"))
                .count(),
            0
        );
    });
}

#[test]
fn each_endpoint_is_shown_as_a_curl_command_or_it_is_said_why_not() {
    let shown = AtomicUsize::new(0);
    each(|endpoint| {
        let (provider, home) = scene(endpoint, None);
        let told = run(&home, endpoint, "show p --curl");
        if told.get_output().status.success() {
            let command = stdout(&told.stderr(""));
            assert!(command.contains("curl -sS "), "{command}");
            assert!(!command.contains(SECRET), "{command}");
            shown.fetch_add(1, Ordering::Relaxed);
        } else {
            let why = ["profile `p`: `", "cannot be shown as a curl command: "];
            fails(told.stdout(""), 2, &why);
            assert_eq!(provider.requests().len(), 0);
        }
    });
    let shown = shown.into_inner();
    assert!(shown >= 75, "{shown} endpoints are shown");
}

#[test]
fn the_table_is_as_wide_as_it_is_said_to_be() {
    let all = endpoints();
    assert!(all.len() >= 100, "{} endpoints", all.len());
    let refusals = all
        .iter()
        .filter(|(_, endpoint)| endpoint.refusal.is_some())
        .count();
    assert!(refusals >= 25, "{refusals} refusals");
    let signed = all
        .iter()
        .flat_map(|(_, endpoint)| &endpoint.exchange)
        .filter(|exchange| exchange.assertion.is_some());
    assert!(signed.count() >= 12, "endpoints that take a signed JWT");
}

#[test]
fn every_provider_of_the_catalogue_is_in_the_table() {
    let all = endpoints();
    for provider in tok::catalogue::names() {
        let is_its = |endpoint: &Endpoint| {
            endpoint
                .profile
                .get("provider")
                .and_then(toml::Value::as_str)
                == Some(provider)
        };
        assert!(
            all.iter().any(|(_, endpoint)| is_its(endpoint)),
            "{provider}"
        );
    }
}
