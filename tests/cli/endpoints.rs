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
//!   `answer_headers`. Every header field that is not always sent ([`compare`]) must be named. `Basic id:secret` means its Base64, and `<any>`
//!   for any text. `{provider}` is the local provider's origin. `assertion` is what a JWT in it must say: `header`, `claims` (all of them),
//!   `audience` (the token endpoint where it does not say, any where it is empty), and `lifetime` in seconds. Its signature is verified
//! - `key`: the file in `tests/keys` that is the private key, for `TOK_P_PRIVATE_KEY`, or for `<key>` in `files`, which lie beside the config
//!   A file `id` is the platform's token for the job
//! - `gives`: `token`, `expires_in`, `header` lines, the members that are `kept`, and the `note` that tok prints (without it: no note)
//! - `refusal`: the same for a refusal, and the `words` expected with exit code `code` (5 where it does not say)

mod compare;
mod table;

use std::sync::atomic::{AtomicUsize, Ordering};

use local_provider::{Answer, Provider};

use self::compare::{compare, compare_assertion, fits};
use self::table::{Endpoint, SECRET, config, endpoints};
use crate::home::{Home, fails, stderr, stdout};
use crate::parallel;

/// Calls `check` for every endpoint, several at once, and fails with all that failed.
fn each(check: impl Fn(&Endpoint) + Sync) {
    parallel::each(
        &endpoints(),
        |(name, _)| name.clone(),
        |(_, endpoint)| check(endpoint),
    );
}

/// A provider that answers as the endpoint is documented to, and a home with profile `p` for it. `last` replaces the last answer.
fn scene(endpoint: &Endpoint, last: Option<Answer>) -> (Provider, Home) {
    let provider = Provider::start();
    let here = provider.url("");
    let mut answers = answers(endpoint, &here);
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

/// The documented answers of an endpoint, in their order.
fn answers(endpoint: &Endpoint, here: &str) -> Vec<Answer> {
    endpoint
        .exchange
        .iter()
        .map(|exchange| {
            let answer = exchange
                .answer_headers
                .iter()
                .fold(Answer::new(exchange.status), |answer, (name, value)| {
                    answer.header(name, &value.replace("{provider}", here))
                });
            answer.body(exchange.answer.replace("{provider}", here))
        })
        .collect()
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

#[test]
fn each_endpoint_gets_its_documented_request_and_gives_its_token() {
    each(|endpoint| {
        assert!(endpoint.about.len() > 20, "say what it is");
        let (provider, home) = scene(endpoint, None);
        let here = provider.url("");
        let json = run(&home, endpoint, "json p").success();
        let note = match &endpoint.gives.note {
            Some(note) => format!("tok: note: profile `p`: {note}\n"),
            None => String::new(),
        };
        assert_eq!(stderr(&json), note);
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
fn each_documented_refusal_gives_its_exit_code_and_message() {
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
fn each_endpoint_is_shown_as_a_curl_command_or_with_a_reason() {
    let shown = AtomicUsize::new(0);
    each(|endpoint| {
        let (provider, home) = scene(endpoint, None);
        let told = run(&home, endpoint, "show p --curl");
        if told.get_output().status.success() {
            let command = stdout(&told.stderr(""));
            assert!(command.contains("curl -sS "), "{command}");
            assert!(!command.contains(SECRET), "{command}");
            #[cfg(unix)]
            same_as_curl(endpoint, &provider, &home, &command);
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

/// Checks that `command`, run by bash, sends what tok sends.
#[cfg(unix)]
fn same_as_curl(endpoint: &Endpoint, provider: &Provider, home: &Home, command: &str) {
    let here = provider.url("");
    run(home, endpoint, "token p --no-cache").success();
    let by_tok = provider.requests();
    provider.answer_in_turn("/*", answers(endpoint, &here));
    let mut bash = std::process::Command::new("bash");
    bash.arg("-c")
        .arg(command)
        .env("TOK_P_CLIENT_SECRET", SECRET);
    bash.env("NO_PROXY", "*");
    if let Some(identity) = endpoint.files.get("id") {
        bash.env("IDENTITY", identity);
    }
    for (name, value) in &endpoint.secrets {
        bash.env(format!("TOK_P_{}", name.to_uppercase()), value);
    }
    let ran = bash.current_dir(home.path()).output().unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{errors}\n{command}");
    let by_curl = &provider.requests()[by_tok.len()..];
    assert_eq!(by_curl.len(), by_tok.len(), "{command}");
    for ((tok, curl), expected) in by_tok.iter().zip(by_curl).zip(&endpoint.exchange) {
        compare::compare_equal(tok, curl, expected);
    }
}

#[test]
fn the_table_has_enough_endpoints_refusals_and_signed_requests() {
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
    for provider in tok::facade::catalogue_names() {
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
