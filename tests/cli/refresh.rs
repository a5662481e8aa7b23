//! Refresh tokens that the provider replaces at every use: none is lost, and none is sent twice.

use std::path::PathBuf;
use std::process::Stdio;

use local_provider::{Answer, Fault, Provider, Rotating};

use crate::home::{Home, fails, stderr, stdout, write};

const REFUSED: &str = "the provider does not accept the refresh token";

/// A provider with one login, whose first refresh token `r0` is in the profile's file.
struct Scene {
    provider: Provider,
    login: Rotating,
    home: Home,
}

impl Scene {
    fn new(lifetime: u64) -> Self {
        Self::with(lifetime, "")
    }

    fn with(lifetime: u64, keys: &str) -> Self {
        let (provider, login) = (Provider::start(), Rotating::new(lifetime));
        let answers = login.clone();
        provider.answer_with("/t", move |received| answers.answer(received));
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = '{}'\nclient_id = 'i'\nauth_method = 'none'\ngrant_type = 'refresh_token'\n\
             secrets = {{ refresh_token = {{ file = 'refresh' }} }}\n{keys}",
            provider.url("/t")
        ));
        let scene = Self {
            provider,
            login,
            home,
        };
        write(scene.file(), "r0\n");
        scene
    }

    fn file(&self) -> PathBuf {
        self.home.config().with_file_name("refresh")
    }

    fn stored(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    fn prints(&self, arguments: &str, token: &str) {
        let run = self.home.tok(arguments).assert().success();
        assert_eq!(stderr(&run), "");
        run.stdout(format!("{token}\n"));
    }

    /// The mark that a refresh leaves until its answer is stored.
    fn pending(&self) -> Vec<String> {
        let mut names = self.home.cached();
        names.retain(|name| name.ends_with(".pending"));
        names
    }
}

#[test]
fn each_refresh_sends_the_newest_token_and_stores_the_next() {
    let scene = Scene::new(3600);
    scene.prints("token p", "a1");
    let request = scene.provider.only_request();
    assert_eq!(
        request.text(),
        "grant_type=refresh_token&client_id=i&refresh_token=r0"
    );
    assert_eq!(request.header("Authorization"), None);
    assert_eq!(scene.stored(), "r1\n");
    scene.prints("token p", "a1");
    scene.prints("token p --refresh", "a2");
    scene.prints("token p --no-cache", "a3");
    scene.prints("token p --scope other", "a4");
    assert_eq!(scene.stored(), "r4\n");
    assert_eq!((scene.login.reused(), scene.pending()), (0, Vec::new()));
}

#[test]
fn a_new_token_is_stored_even_if_the_access_token_cannot_be_used() {
    for (body, code) in [
        (r#"{"access_token":"a b","refresh_token":"r1"}"#, 7),
        (r#"{"refresh_token":"r1"}"#, 7),
        (
            r#"{"access_token":"a","expires_in":1,"refresh_token":"r1"}"#,
            2,
        ),
    ] {
        let scene = Scene::new(3600);
        scene.provider.answer("/t", Answer::json(200, body));
        let run = scene.home.tok("token p --min-ttl 1h").assert();
        fails(run, code, &[]);
        assert_eq!(scene.stored(), "r1\n", "{body}");
    }
}

#[test]
fn a_refresh_token_that_stays_the_same_stays_where_it_is() {
    for body in [
        r#"{"access_token":"a1"}"#,
        r#"{"access_token":"a1","refresh_token":"r0"}"#,
    ] {
        let scene = Scene::new(3600);
        scene.provider.answer("/t", Answer::json(200, body));
        scene.home.tok("token p").assert().success().stdout("a1\n");
        assert_eq!(scene.stored(), "r0\n");
        assert_eq!(scene.pending(), Vec::<String>::new());
    }
}

/// As many processes as a small machine starts in a moment; `waiters` has the same for other grants.
fn at_once(scene: &Scene, arguments: &[&str], count: usize) -> Vec<std::process::Output> {
    let started: Vec<_> = (0..count)
        .map(|number| {
            scene
                .home
                .process(arguments[number % arguments.len()])
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let ended = started
        .into_iter()
        .map(|process| process.wait_with_output());
    ended.map(Result::unwrap).collect()
}

fn refresh_at_once(count: usize) {
    let scene = Scene::new(3600);
    for output in at_once(&scene, &["token p"], count) {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.stdout, b"a1\n", "{said}");
    }
    assert_eq!((scene.login.refreshes(), scene.login.reused()), (1, 0));
}

#[test]
fn concurrent_processes_refresh_once() {
    refresh_at_once(24);
}

#[test]
#[ignore = "full size: .ci/run runs it"]
fn two_hundred_processes_refresh_once() {
    refresh_at_once(200);
}

#[test]
fn requests_for_different_tokens_take_turns_with_the_one_refresh_token() {
    let scene = Scene::new(3600);
    let each = [
        "token p --no-cache",
        "token p --scope a",
        "token p --scope b",
    ];
    for output in at_once(&scene, &each, 12) {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
    }
    assert_eq!(scene.login.reused(), 0);
    assert_eq!(scene.stored(), format!("{}\n", scene.login.current()));
}

#[test]
fn a_refused_refresh_token_is_a_failed_login_and_is_sent_once_by_concurrent_processes() {
    let scene = Scene::new(3600);
    write(scene.file(), "an-old-one\n");
    for output in at_once(&scene, &["token p"], 12) {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains(REFUSED) && said.contains("refresh"), "{said}");
        assert!(
            !said.contains("an-old-one") && !said.contains("was lost"),
            "{said}"
        );
    }
    assert_eq!(scene.provider.requests().len(), 1);
    assert_eq!(scene.pending(), Vec::<String>::new());
}

#[test]
fn without_a_refresh_token_nothing_is_sent() {
    let scene = Scene::new(3600);
    std::fs::remove_file(scene.file()).unwrap();
    for output in at_once(&scene, &["token p"], 4) {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{said}");
    }
    assert_eq!(scene.provider.requests().len(), 0);
}

#[test]
fn a_lost_answer_is_not_asked_for_again_by_the_same_run_and_named_by_a_later_one() {
    let scene = Scene::new(3600);
    let login = scene.login.clone();
    scene.provider.answer_with("/t", move |received| {
        login.answer(received).with_fault(Fault::CutBody)
    });
    fails(scene.home.tok("token p").assert(), 6, &["broke off"]);
    assert_eq!(scene.provider.requests().len(), 1);
    let login = scene.login.clone();
    scene
        .provider
        .answer_with("/t", move |received| login.answer(received));
    for _ in 0..2 {
        let words = [
            REFUSED,
            "invalid_grant",
            "was lost, and the new refresh token with it",
        ];
        fails(scene.home.tok("token p").assert(), 4, &words);
    }
    scene.login.log_in_again();
    write(scene.file(), scene.login.current());
    scene.prints("token p", "a2");
    assert_eq!(scene.pending(), Vec::<String>::new());
}

#[test]
fn a_provider_that_did_not_process_the_request_is_asked_again_at_once_and_another_is_not() {
    for (status, requests, code) in [(503, 2, 0), (429, 2, 0), (500, 1, 6), (504, 1, 6)] {
        let scene = Scene::new(3600);
        let good = r#"{"access_token":"a1","refresh_token":"r1"}"#;
        let answers = [Answer::new(status), Answer::json(200, good)];
        scene.provider.answer_in_turn("/t", answers);
        scene.home.tok("token p").assert().code(code);
        assert_eq!(scene.provider.requests().len(), requests, "{status}");
        assert_eq!(scene.pending().is_empty(), code == 0, "{status}");
    }
}

#[test]
fn a_source_that_cannot_be_written_is_named_when_the_provider_replaces_its_token() {
    let scene = Scene::new(3600);
    let mut tok = scene.home.tok("token p");
    let run = tok.env("TOK_P_REFRESH_TOKEN", "r0").assert().success();
    let said = stderr(&run.stdout("a1\n"));
    let words =
        "the new one is lost, because tok cannot write to environment variable TOK_P_REFRESH_TOKEN";
    assert!(said.contains(words), "{said}");
    assert_eq!(scene.stored(), "r0\n");
}

#[cfg(unix)]
#[test]
fn a_command_with_store_gets_the_new_token_on_its_stdin() {
    let scene = Scene::new(3600);
    let config = std::fs::read_to_string(scene.home.config()).unwrap();
    let file = scene.file().display().to_string();
    scene.home.write_config(&config.replace(
        "{ file = 'refresh' }",
        &format!("{{ command = ['cat', '{file}'], store = ['sh', '-c', 'cat > {file}'] }}"),
    ));
    scene.prints("token p", "a1");
    scene.prints("token p --refresh", "a2");
    assert_eq!(scene.stored(), "r2\n");
}

#[cfg(unix)]
#[test]
fn a_token_that_cannot_be_stored_is_kept_and_moved_by_the_next_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new(3600);
    let config = std::fs::read_to_string(scene.home.config()).unwrap();
    let file = scene.file().display().to_string();
    let with_store = |store: &str| {
        config.replace(
            "{ file = 'refresh' }",
            &format!("{{ command = ['cat', '{file}'], store = ['sh', '-c', '{store}'] }}"),
        )
    };
    // The place is known by the program and its arguments, so these stay the same.
    let store = scene.home.path().join("store");
    let script = |text: &str| {
        std::fs::write(&store, text).unwrap();
        std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o700)).unwrap();
    };
    scene
        .home
        .write_config(&with_store(&store.display().to_string()));
    script("#!/bin/sh\nexit 3\n");
    let run = scene.home.tok("token p").assert().success().stdout("a1\n");
    let said = stderr(&run);
    assert!(
        said.contains("exit status: 3") && said.contains(".pending"),
        "{said}"
    );
    assert!(!said.contains("r1"), "{said}");
    // Still not: nothing is sent, and nothing is lost.
    let words = ["still cannot be stored where it belongs", ".pending"];
    fails(scene.home.tok("token p --refresh").assert(), 4, &words);
    script(&format!("#!/bin/sh\ncat > {file}\n"));
    let run = scene.home.tok("token p --refresh").assert().success();
    assert!(
        stderr(&run).contains("moved the newest refresh token"),
        "{}",
        stderr(&run)
    );
    run.stdout("a2\n");
    assert_eq!(
        (scene.stored(), scene.login.reused()),
        ("r2\n".to_owned(), 0)
    );
    assert_eq!(scene.pending(), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn a_rescued_token_yields_to_one_that_the_user_stores_later() {
    let scene = Scene::new(3600);
    let config = std::fs::read_to_string(scene.home.config()).unwrap();
    let file = scene.file().display().to_string();
    let store = "store = ['sh', '-c', 'test -e ready && cat > \"$0\"', ";
    scene.home.write_config(&config.replace(
        "{ file = 'refresh' }",
        &format!("{{ command = ['cat', '{file}'], {store}'{file}'] }}"),
    ));
    scene.home.tok("token p").assert().success();
    write(scene.home.path().join("ready"), "");
    scene.provider.answer_with("/t", |received| {
        assert!(received.text().ends_with("refresh_token=mine"));
        Answer::token("a9", 60)
    });
    write(scene.file(), "mine");
    scene.prints("token p --refresh", "a9");
}

#[cfg(unix)]
#[test]
fn nothing_is_sent_if_a_new_token_could_not_be_stored() {
    use std::os::unix::fs::PermissionsExt as _;
    if rustix::process::geteuid().is_root() {
        // Root may write everywhere; tests/real/refresh.sh fills a disk.
        return;
    }
    for folder in ["config/tok", "cache"] {
        let scene = Scene::new(3600);
        let folder = scene.home.path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o500)).unwrap();
        let words = ["could", "permission denied"];
        fails(scene.home.tok("token p").assert(), 4, &words);
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(scene.provider.requests().len(), 0);
        scene.prints("token p", "a1");
    }
}

#[test]
fn status_shows_since_when_a_login_is_there_and_when_it_ends() {
    let scene = Scene::new(3600);
    let granted = |lifetime: &str| {
        let body = format!(r#"{{"access_token":"a1","refresh_token":"r1"{lifetime}}}"#);
        scene.provider.answer("/t", Answer::json(200, body));
    };
    let status = || {
        let run = scene.home.tok("status p --json").assert().success();
        let rows: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap();
        rows[0]["login"].clone()
    };
    assert_eq!(status(), serde_json::Value::Null);
    granted(r#","refresh_expires_in":864000"#);
    scene.home.tok("token p").assert().success().stderr("");
    let login = status();
    assert!(login["since"].is_string(), "{login}");
    let ends_in = login["ends_in"].as_i64().unwrap();
    assert!((863_900..=864_000).contains(&ends_in), "{login}");
    let run = scene.home.tok("status").assert().success();
    let shown = stdout(&run);
    assert!(
        shown.contains("LOGIN") && shown.contains("in 9d 23h"),
        "{shown}"
    );
    // The end comes nearer, and a refresh does not move it.
    granted(r#","refresh_token_expires_in":"3600""#);
    let run = scene.home.tok("token p --no-cache").assert().success();
    let said = stderr(&run);
    assert!(
        said.contains("ends in 1h, and refreshing does not prolong it"),
        "{said}"
    );
    // Without a statement the end stays. Another login has an end of its own.
    granted("");
    scene.home.tok("token p --refresh").assert().success();
    assert!(status()["ends_in"].as_i64().unwrap() <= 3600);
    write(scene.file(), "another-login");
    scene
        .home
        .tok("token p --refresh")
        .assert()
        .success()
        .stderr("");
    assert_eq!(status()["ends_in"], serde_json::Value::Null);
    let records = scene.home.cached();
    let record = records
        .iter()
        .find(|name| name.ends_with(".login"))
        .unwrap();
    let text = std::fs::read_to_string(scene.home.cache().join(record)).unwrap();
    assert!(!text.contains("r1") && !text.contains("another"), "{text}");
}

/// Kills refreshes at random moments: a later run gets a token, unless the answer was lost, which its message then names.
#[cfg(unix)]
fn kill_at_random_moments(count: usize) {
    use rustix::process::{Pid, Signal, kill_process};
    crate::signals::heed_signals();
    let scene = Scene::new(3600);
    let start = || {
        let mut tok = scene.home.process("token p --refresh");
        let tok = tok.stdin(Stdio::null()).stdout(Stdio::piped());
        tok.stderr(Stdio::piped()).spawn().unwrap()
    };
    let timed = |mut process: std::process::Child| {
        let began = std::time::Instant::now();
        process.wait().unwrap();
        began.elapsed()
    };
    timed(start());
    let mut usual = timed(start());
    let (mut lost, mut moved, mut killed, mut sent) = (0, 0, 0, 0);
    // A fixed sequence (Knuth's MMIX multiplier); the moments differ from run to run all the same, as the machine does.
    let mut random: u64 = 1;
    while killed < count {
        sent += 1;
        assert!(sent < 20 * count, "hardly a signal comes in time: {killed}");
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let moment = usual.mul_f64((random >> 33) as f64 / 2_f64.powi(31));
        let signal = [Signal::KILL, Signal::TERM][sent % 2];
        let mut process = start();
        std::thread::sleep(moment);
        let id = Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap();
        kill_process(id, signal).unwrap();
        killed += usize::from(!process.wait().unwrap().success());
        let known = scene.login.current();
        let stored = scene.stored();
        let began = std::time::Instant::now();
        let next = start().wait_with_output().unwrap();
        // The machine's load changes.
        usual = (3 * usual + began.elapsed()) / 4;
        let said = String::from_utf8_lossy(&next.stderr).into_owned();
        if next.status.success() {
            // Either it was stored before the signal, or it was sealed and the next run moved it.
            let is_moved = said.contains("moved the newest refresh token");
            assert_eq!(stored.trim_end() == known, !is_moved, "{said}");
            assert!(is_moved || said.is_empty(), "{said}");
            moved += usize::from(is_moved);
            continue;
        }
        assert_eq!(signal, Signal::KILL, "SIGTERM loses nothing: {said}");
        assert!(
            said.contains("was lost, and the new refresh token with it"),
            "{said}"
        );
        lost += 1;
        scene.login.log_in_again();
        write(scene.file(), scene.login.current());
    }
    println!(
        "{sent} signals: {killed} ended the run, {moved} tokens were moved, {lost} answers were lost"
    );
    assert_eq!(scene.login.reused(), 0);
}

#[cfg(unix)]
#[test]
fn a_killed_refresh_loses_only_an_answer_that_was_on_its_way_and_says_so() {
    kill_at_random_moments(12);
}

#[cfg(unix)]
#[test]
#[ignore = "full size: .ci/run runs it; with 10,000: KILLS=10000 cargo test --release --test cli -- --ignored --nocapture full_size_killed"]
fn full_size_killed_refreshes_lose_only_answers_that_were_on_their_way() {
    let kills = std::env::var("KILLS").ok();
    kill_at_random_moments(kills.map_or(300, |kills| kills.parse().unwrap()));
}
