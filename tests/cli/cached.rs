//! `tok status`, `tok forget`, `tok reject`: what is kept is told and dropped, and a token that an API rejects is fetched once more, not once
//! for each worker.

use std::io::Write;
use std::process::{Child, Stdio};

use local_provider::{Answer, Gate, Provider};
use serde_json::Value;

use crate::entry::{age, file, wait_for_waiters};
use crate::home::{Home, fails, stderr, stdout};

/// A provider that gives `t1`, `t2` and so on, and a home with profiles `p` and `q` for it.
fn scene() -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer_in_turn(
        "/t",
        (1..100).map(|n| Answer::token(&format!("t{n}"), 3600)),
    );
    let home = Home::new();
    home.write_config(&config(&provider, ""));
    (provider, home)
}

fn config(provider: &Provider, more: &str) -> String {
    ["p", "q"]
        .map(|name| {
            format!(
                "[profiles.{name}]\ntoken_url = '{}'\nclient_id = 'i'\n{more}\n",
                provider.url("/t")
            )
        })
        .concat()
}

fn tok(home: &Home, arguments: &str) -> assert_cmd::assert::Assert {
    home.tok(arguments)
        .env("TOK_P_CLIENT_SECRET", "s")
        .env("TOK_Q_CLIENT_SECRET", "s")
        .assert()
}

fn status(home: &Home, arguments: &str) -> Vec<Value> {
    let run = tok(home, &format!("status --json {arguments}")).success();
    serde_json::from_str(&stdout(&run)).unwrap()
}

fn start(home: &Home, arguments: &str) -> Child {
    home.process(arguments)
        .env("TOK_P_CLIENT_SECRET", "s")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts `tok reject p` with `token` on its stdin.
fn reject(home: &Home, token: &str) -> Child {
    let mut process = start(home, "reject p");
    let mut stdin = process.stdin.take().unwrap();
    stdin.write_all(token.as_bytes()).unwrap();
    process
}

#[test]
fn status_shows_state_remaining_time_and_reuse() {
    let (provider, home) = scene();
    assert_eq!(status(&home, ""), Vec::<Value>::new());
    let note = "tok: note: no token is cached\n";
    tok(&home, "status").success().stdout("").stderr(note);
    for _ in 0..4 {
        tok(&home, "token p").success().stdout("t1\n");
    }
    tok(&home, "token p --refresh").success().stdout("t2\n");
    tok(&home, "token p").success().stdout("t2\n");
    let rows = status(&home, "");
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(row["profile"], "p");
    assert_eq!(row["state"], "fresh");
    assert_eq!(row["current"], true);
    assert_eq!(row["fetches"], 2);
    assert_eq!(row["reuses"], 4);
    assert_eq!(row["cache"], "file");
    assert_eq!(row["file"], file(&home, ".json").to_str().unwrap());
    assert!((3500..=3600).contains(&row["expires_in"].as_i64().unwrap()));
    let moment = |name: &str| {
        row[name]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    let life = moment("fetched_at")
        .duration_until(moment("expires_at"))
        .as_secs();
    assert!((3599..=3601).contains(&life), "{row}");
    assert_eq!(provider.requests().len(), 2);

    let table = stdout(&tok(&home, "status p").success().stderr(""));
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    let words: Vec<&str> = lines[1].split_whitespace().collect();
    assert_eq!(words[..3], ["p", "fresh", "59m"]);
    assert!(!table.contains("t2"), "no token is shown");
}

#[test]
fn status_distinguishes_every_state() {
    let (_provider, home) = scene();
    tok(&home, "token p").success();
    for (older, state) in [(0, "fresh"), (3400, "stale"), (195, "dead")] {
        age(&home, older);
        assert_eq!(status(&home, "p")[0]["state"], state);
    }
    std::fs::write(file(&home, ".json"), "{").unwrap();
    let run = tok(&home, "status --json").success();
    assert!(stderr(&run).contains("it is damaged"));
    assert!(stdout(&run).contains("\"state\":\"damaged\""));
    assert_eq!(status(&home, "q")[0]["state"], "none");
    fails(tok(&home, "status r"), 3, &["no profile `r`"]);
}

#[test]
fn status_distinguishes_the_entries_of_an_edited_profile() {
    let (provider, home) = scene();
    tok(&home, "token p").success();
    home.write_config(&config(&provider, "audience = 'a'"));
    tok(&home, "token p").success().stdout("t2\n");
    let mut current: Vec<bool> = status(&home, "p")
        .iter()
        .map(|row| row["current"].as_bool().unwrap())
        .collect();
    current.sort_unstable();
    assert_eq!(current, [false, true]);
    assert!(stdout(&tok(&home, "status").success()).contains("fresh (other)"));

    home.write_config("");
    assert_eq!(status(&home, "p").len(), 2);
    tok(&home, "forget p").success();
    assert_eq!(status(&home, ""), Vec::<Value>::new());
}

#[test]
fn forget_drops_one_profiles_tokens_or_all_and_leaves_other_files_alone() {
    let (provider, home) = scene();
    for arguments in ["token p", "token p --scope a", "token q"] {
        tok(&home, arguments).success();
    }
    let others = ["notes.txt", "p.json", "x.json.0123456789abcdef.tmp"];
    for name in others {
        std::fs::write(home.cache().join(name), "mine").unwrap();
    }
    let run = tok(&home, "forget p").success().stdout("");
    assert!(stderr(&run).contains("dropped 2 cached tokens of `p`"));
    assert_eq!(status(&home, "").len(), 1);
    tok(&home, "token q").success().stdout("t3\n");
    tok(&home, "token p").success().stdout("t4\n");

    tok(&home, "forget --all").success();
    let left: Vec<String> = home
        .cached()
        .into_iter()
        .filter(|name| !name.ends_with(".lock"))
        .collect();
    assert_eq!(left, others);
    let run = tok(&home, "forget q").success();
    assert!(stderr(&run).contains("no cached token of `q`"));
    fails(tok(&home, "forget r"), 3, &["no profile `r`"]);
    tok(&home, "forget").code(2).stdout("");
    assert_eq!(provider.requests().len(), 4);
}

#[test]
fn forget_drops_a_retry_after() {
    let provider = Provider::start();
    provider.answer_in_turn(
        "/t",
        [
            Answer::new(429).header("retry-after", "3600"),
            Answer::token("t", 3600),
        ],
    );
    let home = Home::with(&config(&provider, ""));
    fails(tok(&home, "token p"), 6, &["429"]);
    fails(tok(&home, "token p"), 6, &["3600 s", "tok forget p"]);
    let run = tok(&home, "forget p").success();
    assert!(stderr(&run).contains("ended the wait that the provider asked for"));
    tok(&home, "token p").success().stdout("t\n");
}

#[test]
fn retry_after_is_at_most_an_hour_shown_by_status_and_not_obeyed_by_refresh() {
    for retry_after in ["9223372036854775807", "Fri, 06 Nov 2099 08:49:37 GMT"] {
        let provider = Provider::start();
        provider.answer_in_turn(
            "/t",
            [
                Answer::new(503).header("retry-after", retry_after),
                Answer::token("t", 3600),
            ],
        );
        let home = Home::with(&config(&provider, ""));
        fails(tok(&home, "token p"), 6, &["retry in 3600 s"]);
        fails(tok(&home, "token p"), 6, &["retry in 3600 s", "--refresh"]);
        let rows = status(&home, "p");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0]["state"], "none");
        assert_eq!(rows[0]["current"], true);
        let retry_in = rows[0]["retry_in"].as_i64().unwrap();
        assert!((3500..=3600).contains(&retry_in), "{retry_in}");
        assert!(stdout(&tok(&home, "status").success()).contains("none, retry in 59m"));
        assert_eq!(provider.requests().len(), 1);
        tok(&home, "token p --refresh").success().stdout("t\n");
        assert_eq!(status(&home, "p")[0]["retry_in"], Value::Null);
    }
}

#[test]
fn many_workers_that_reject_one_token_cause_one_fetch() {
    let (provider, home) = scene();
    tok(&home, "token p").success().stdout("t1\n");
    let rejecting: Vec<Child> = (0..16).map(|_| reject(&home, "t1\n")).collect();
    let mut dropped = 0;
    for process in rejecting {
        let output = process.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(output.stdout, b"");
        dropped += usize::from(
            String::from_utf8(output.stderr)
                .unwrap()
                .contains("dropped the cached token"),
        );
        tok(&home, "token p").success().stdout("t2\n");
    }
    assert_eq!(dropped, 1);
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn a_rejected_token_that_is_already_being_refreshed_is_fetched_once() {
    let (provider, home) = scene();
    tok(&home, "token p").success().stdout("t1\n");
    let gate = Gate::new();
    provider.answer("/t", Answer::token("new", 3600).held_by(&gate));
    age(&home, 3500);
    let refreshing = start(&home, "token p");
    gate.wait_for(1);
    let rejecting = reject(&home, "t1");
    wait_for_waiters(&home, 1);
    gate.open();
    assert_eq!(refreshing.wait_with_output().unwrap().stdout, b"new\n");
    let output = rejecting.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing was dropped"));
    tok(&home, "token p").success().stdout("new\n");
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn only_the_rejected_token_is_dropped() {
    let (provider, home) = scene();
    tok(&home, "token p").success().stdout("t1\n");
    tok(&home, "token p --scope a").success().stdout("t2\n");
    let run = |token: &str, code| {
        let output = reject(&home, token).wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code));
    };
    run("t", 0);
    run("t11", 0);
    run("", 2);
    run("t2", 0);
    tok(&home, "token p").success().stdout("t1\n");
    tok(&home, "token p --scope a").success().stdout("t3\n");
    assert_eq!(provider.requests().len(), 3);
    fails(
        home.tok("reject r").write_stdin("t1").assert(),
        3,
        &["no profile `r`"],
    );
}

#[test]
fn keyring_that_is_turned_off_is_no_cache_and_one_that_cannot_be_reached_is_told_by_status() {
    let (provider, home) = scene();
    home.write_config(&config(&provider, "cache = 'keyring'"));
    for token in ["t1\n", "t2\n"] {
        let run = home
            .tok("token p")
            .env("TOK_P_CLIENT_SECRET", "s")
            .env("TOK_KEYRING", "off")
            .assert();
        run.success().stdout(token).stderr("");
    }
    // The mark of an entry in the keyring.
    home.write_config(&config(&provider, ""));
    tok(&home, "token p").success();
    let entry = file(&home, ".json");
    std::fs::rename(&entry, entry.with_extension("keyring")).unwrap();
    let run = tok(&home, "status --json").code(4);
    let rows: Vec<Value> = serde_json::from_str(&stdout(&run)).unwrap();
    assert_eq!(rows[0]["state"], "unreachable");
    assert!(stderr(&run).contains("a cached token cannot be read"));
    let off = home.tok("status --json").env("TOK_KEYRING", "off").assert();
    off.success().stdout("[]\n").stderr("");
}
