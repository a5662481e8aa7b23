//! `tok for file`: the file is the user's own and never half a token, and with `--watch` never an old one, until a signal ends it.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use local_provider::{Answer, Gate, Provider};
use rustix::process::{Pid, Signal, kill_process};

use crate::home::{Home, fails};

/// How long a test waits for what should come in about a second.
const PATIENCE: Duration = Duration::from_secs(60);

fn scene(answers: impl IntoIterator<Item = Answer>) -> (Provider, Home, PathBuf) {
    let provider = Provider::start();
    provider.answer_in_turn("/token", answers);
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'id'\nclient_secret = {{ env = 'SECRET' }}\n",
        provider.url("/token")
    ));
    std::fs::create_dir(home.path().join("shared")).unwrap();
    let path = home.path().join("shared").join("token");
    (provider, home, path)
}

fn once(home: &Home) -> assert_cmd::assert::Assert {
    home.tok("for file p shared/token")
        .env("SECRET", "s")
        .assert()
}

/// A watch, ended with the test if not before.
struct Watch(Child);

impl Watch {
    fn start(home: &Home, more: &[&str]) -> Self {
        let mut tok = Command::new(assert_cmd::cargo::cargo_bin!("tok"));
        tok.env_clear()
            .env("HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path().join("config"))
            .env("XDG_CACHE_HOME", home.path().join("cache"))
            .env("SECRET", "s")
            .current_dir(home.path())
            .args(["for", "file", "--watch", "p", "shared/token"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(home.path().join("said")).unwrap());
        Self(tok.spawn().unwrap())
    }

    fn stop(&mut self, signal: Signal) -> ExitStatus {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
        until("the watch ends", || self.0.try_wait().unwrap())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Already gone in every test that passes.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `look` finds, as soon as it does.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn until_holds(path: &Path, token: &str) {
    until(token, || {
        std::fs::read_to_string(path)
            .ok()
            .filter(|text| text == token)
    });
}

fn beside(path: &Path) -> Vec<String> {
    std::fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn the_file_contains_only_the_token_and_is_private() {
    let (provider, home, path) = scene([Answer::token("first", 3600)]);
    once(&home).success().stdout("").stderr("");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(beside(&path), ["token"]);
    assert_eq!(provider.requests().len(), 1);
}

#[test]
fn a_file_that_others_can_read_is_replaced_instead_of_overwritten() {
    let (_provider, home, path) = scene([Answer::token("first", 3600)]);
    std::fs::write(&path, "old").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let old = std::fs::File::open(&path).unwrap();
    once(&home).success();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(std::io::read_to_string(old).unwrap(), "old");
}

#[test]
fn a_link_is_replaced_and_its_target_unchanged() {
    let (_provider, home, path) = scene([Answer::token("first", 3600)]);
    let target = home.path().join("target");
    std::fs::write(&target, "mine").unwrap();
    symlink(&target, &path).unwrap();
    once(&home).success();
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
    assert!(std::fs::symlink_metadata(&path).unwrap().is_file());
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_that_names_it() {
    let (_provider, home, _) = scene([Answer::token("first", 3600)]);
    for arguments in [
        "for file p no/such/token",
        "for file --watch p no/such/token",
    ] {
        fails(
            home.tok(arguments).env("SECRET", "s").assert(),
            1,
            &["could not write no/such/token"],
        );
    }
}

#[test]
fn a_watched_file_gets_the_next_token_before_the_last_expires() {
    let (provider, home, path) = scene([
        Answer::token("first", 2),
        Answer::token("second", 2),
        Answer::token("third", 3600),
    ]);
    let mut watch = Watch::start(&home, &[]);
    for token in ["first", "second", "third"] {
        until_holds(&path, token);
    }
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(watch.stop(Signal::TERM).code(), Some(0));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "third");
    assert_eq!(beside(&path), ["token"]);
    assert_eq!(provider.requests().len(), 3);
}

#[test]
fn a_watch_survives_a_failure_and_keeps_the_last_token() {
    let (_provider, home, path) = scene([
        Answer::token("first", 2),
        Answer::refusal(401, "invalid_client", "rotated"),
        Answer::token("second", 3600),
    ]);
    let mut watch = Watch::start(&home, &[]);
    until_holds(&path, "first");
    let said = || std::fs::read_to_string(home.path().join("said")).unwrap();
    until("the failure is noted", || {
        said().contains("rotated").then_some(())
    });
    assert!(["first", "second"].contains(&std::fs::read_to_string(&path).unwrap().as_str()));
    until_holds(&path, "second");
    assert_eq!(watch.stop(Signal::INT).code(), Some(0));
    assert!(
        said().contains("shared/token still holds the last token"),
        "{}",
        said()
    );
}

#[test]
fn a_signal_ends_a_watch_during_a_fetch() {
    for signal in [Signal::TERM, Signal::INT] {
        let gate = Gate::new();
        let (_provider, home, path) = scene([Answer::token("first", 3600).held_by(&gate)]);
        let mut watch = Watch::start(&home, &[]);
        gate.wait_for(1);
        let began = Instant::now();
        assert_eq!(watch.stop(signal).code(), Some(0));
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "a request lasts up to 30 s"
        );
        assert_eq!(beside(&path), Vec::<String>::new());
    }
}
