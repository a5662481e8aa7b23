//! `tok doctor`: one line for each check, and no secret leaves the machine unless asked to.

use local_provider::{Answer, Provider};
use serde_json::Value;

use crate::home::{Home, KEYRING_HAS_AN_ADDRESS, stderr, stdout};

/// A provider and a home whose profile `p` takes its secret from the environment.
fn scene() -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer("/t", Answer::token("t", 3600));
    provider.answer("/", Answer::new(404));
    let url = provider.url("/t");
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{url}'\nclient_id = 'i'\n"
    ));
    (provider, home)
}

fn doctor(home: &Home, options: &str) -> assert_cmd::assert::Assert {
    home.tok(&format!("doctor {options}"))
        .env("TOK_P_CLIENT_SECRET", "s3cret-value")
        .assert()
}

/// The result of `check` in a `--json` report.
fn result(report: &Value, check: &str) -> String {
    report
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["check"] == check)
        .unwrap_or_else(|| panic!("no {check} in {report}"))["result"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn doctor_passes_a_good_profile_without_sending_a_secret() {
    let (provider, home) = scene();
    let report = doctor(&home, "p --json").success().stderr("");
    let report: Value = serde_json::from_str(&stdout(&report)).unwrap();
    for check in [
        "config",
        "profile",
        "secret client_secret",
        "cache",
        "proxy",
        "provider",
    ] {
        assert_eq!(result(&report, check), "ok", "{check}");
    }
    assert_eq!(result(&report, "keyring"), "skipped");
    assert!(!report.to_string().contains("s3cret-value"), "{report}");
    let request = provider.only_request();
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("GET", "/")
    );
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.text(), "");
    assert_eq!(
        home.cached(),
        Vec::<String>::new(),
        "nothing is left in the cache folder"
    );
}

#[test]
fn only_doctor_fetch_requests_a_token_and_it_caches_nothing() {
    let (provider, home) = scene();
    let report = stdout(&doctor(&home, "p --fetch").success());
    assert!(report.contains("lives 3600 s"), "{report}");
    assert_eq!(provider.request_count("/t"), 1);
    assert_eq!(home.cached(), Vec::<String>::new());
    doctor(&home, "--fetch").code(2);
}

#[test]
fn each_doctor_failure_is_a_line_with_a_remedy_and_a_nonzero_exit() {
    let (provider, home) = scene();
    let report = home.tok("doctor p").assert().code(4);
    let lines = stdout(&report);
    let keyring: Vec<&str> = lines
        .lines()
        .filter(|line| line.starts_with("FAIL  keyring"))
        .collect();
    assert_eq!(keyring.len(), 1, "{lines}");
    let way_out = match KEYRING_HAS_AN_ADDRESS {
        true => "TOK_<PROFILE>_CLIENT_SECRET",
        false => "unset TOK_KEYRING",
    };
    assert!(keyring[0].contains(way_out), "{lines}");
    assert!(
        stderr(&report).starts_with("tok: 1 of "),
        "{}",
        stderr(&report)
    );

    drop(provider);
    let lines = stdout(&doctor(&home, "p").code(6));
    assert!(
        lines
            .lines()
            .any(|line| line.starts_with("FAIL  provider") && line.contains("could not connect")),
        "{lines}"
    );

    home.write_config("[profiles.p]\ntoken_ur = 'x'\n");
    let lines = stdout(&doctor(&home, "p").code(3));
    assert!(
        lines.contains("FAIL  profile")
            && lines.contains("config.toml:2: profile `p`: unknown key"),
        "{lines}"
    );
    assert!(lines.contains("write `token_url"), "{lines}");
}

#[test]
fn doctor_reports_a_wrong_clock_and_its_direction() {
    let (provider, home) = scene();
    provider.answer(
        "/",
        Answer::new(200).header("Date", "Wed, 01 Jan 2020 00:00:00 GMT"),
    );
    let report = stdout(&doctor(&home, "p").code(1));
    assert!(
        report.contains("FAIL  clock") && report.contains("s ahead of the provider's"),
        "{report}"
    );
    assert!(report.contains("timedatectl"), "{report}");
}

#[test]
fn doctor_without_a_name_checks_every_profile_and_asks_no_provider() {
    let (provider, home) = scene();
    let more = std::fs::read_to_string(home.config()).unwrap()
        + "[profiles.bad]\ntoken_url = 'http://example.com/'\nclient_id = 'i'\n";
    home.write_config(&more);
    let lines = stdout(&doctor(&home, "").code(3));
    assert!(
        lines.contains("ok    profile    p, for http://127.0.0.1:"),
        "{lines}"
    );
    assert!(
        lines.contains("FAIL  profile") && lines.contains("in the clear"),
        "{lines}"
    );
    assert_eq!(provider.requests().len(), 0);
}
