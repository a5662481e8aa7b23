//! `tok for file`: the file belongs to the user and never holds half a token; `--watch` keeps it fresh until a signal ends it.

use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
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
        crate::signals::heed_signals();
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

/// Returns the result of `look` as soon as it is `Some`.
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
fn link_is_followed_and_its_target_is_replaced_in_its_own_folder() {
    let (_provider, home, path) = scene([Answer::token("first", 3600)]);
    let folder = home.path().join("elsewhere");
    std::fs::create_dir(&folder).unwrap();
    let target = folder.join("target");
    // At first there is nothing at the end of the link.
    for old in [None, Some("old")] {
        if let Some(old) = old {
            std::fs::write(&target, old).unwrap();
            std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o666)).unwrap();
        } else {
            symlink("../elsewhere/target", &path).unwrap();
        }
        once(&home).success();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "first");
        assert_eq!(std::fs::metadata(&target).unwrap().mode() & 0o7777, 0o600);
        assert!(std::fs::symlink_metadata(&path).unwrap().is_symlink());
        assert_eq!(beside(&target), ["target"]);
    }
}

/// A link such as `/dev/stdout` is, but one that a test can do no harm to.
fn link_to_stdout(home: &Home) {
    symlink("/dev/fd/1", home.path().join("out")).unwrap();
}

#[test]
fn device_and_fifo_are_written_to_and_not_replaced() {
    let (_provider, home, path) = scene([Answer::token("first", 3600)]);
    link_to_stdout(&home);
    home.tok("for file p out")
        .env("SECRET", "s")
        .assert()
        .success()
        .stdout("first");
    assert!(home.path().join("out").is_symlink());
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let reader = {
        let path = path.clone();
        std::thread::spawn(move || std::fs::read_to_string(path).unwrap())
    };
    once(&home).success();
    assert_eq!(reader.join().unwrap(), "first");
    assert!(std::fs::metadata(&path).unwrap().file_type().is_fifo());
    assert_eq!(beside(&path), ["token"]);
}

#[test]
fn output_that_was_redirected_to_a_file_is_appended_to() {
    let (_provider, home, path) = scene([Answer::token("first", 3600)]);
    std::fs::write(&path, "log\n").unwrap();
    let log = std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap();
    link_to_stdout(&home);
    let done = home
        .process("for file p out")
        .env("SECRET", "s")
        .stdout(log)
        .status()
        .unwrap();
    assert!(done.success());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "log\nfirst");
}

#[test]
fn leftover_of_a_killed_run_is_removed() {
    let (_provider, home, path) = scene([Answer::token("first", 3600)]);
    let left = path.with_file_name(".tok-0123456789abcdef.tmp");
    std::fs::write(&left, "part of a to").unwrap();
    once(&home).success();
    assert_eq!(beside(&path), ["token"]);
}

/// A file that is a mount of its own cannot be replaced. Needs root and a mount namespace, so it is skipped where those are missing.
#[cfg(target_os = "linux")]
#[test]
fn file_that_is_a_mount_of_its_own_is_written_in_place() {
    let (_provider, home, path) = scene([Answer::token("first", 3600)]);
    std::fs::write(&path, "a token that is longer than the next").unwrap();
    let tok = home.process("for file p shared/token");
    let mount = "mount --bind shared/token shared/token || exit 99; \"$@\" && cat shared/token";
    let ran = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            mount,
            "sh",
        ])
        .arg(tok.get_program())
        .args(tok.get_args())
        .env_clear()
        .envs(
            tok.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("SECRET", "s")
        .current_dir(home.path())
        .output();
    let Ok(ran) = ran else { return };
    let said = String::from_utf8(ran.stderr).unwrap();
    if ran.status.code() == Some(99) || said.starts_with("unshare: ") {
        return;
    }
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), "first", "{said}");
    assert!(said.contains("mount its folder instead"), "{said}");
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

/// A token that lives for an hour is renewed five seconds after it was fetched.
const RENEWED_SOON: [&str; 2] = ["--min-ttl", "3595s"];

/// Puts the provider's next token into the cache. A watch started then has not asked the provider yet, so it may ask at once.
fn fill_cache(home: &Home) {
    home.tok("token p --refresh")
        .env("SECRET", "s")
        .assert()
        .success();
}

#[test]
fn a_watched_file_gets_the_next_token_ahead_of_the_end_of_the_last() {
    let (provider, home, path) =
        scene([Answer::token("first", 3600), Answer::token("second", 3600)]);
    fill_cache(&home);
    let mut watch = Watch::start(&home, &RENEWED_SOON);
    for token in ["first", "second"] {
        until_holds(&path, token);
    }
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(watch.stop(Signal::TERM).code(), Some(0));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
    assert_eq!(beside(&path), ["token"]);
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn watch_that_may_not_ask_yet_takes_another_processes_token() {
    let (provider, home, path) = scene([
        Answer::token("first", 1),
        Answer::token("second", 3600),
        Answer::token("third", 3600),
    ]);
    // It asks for the first token itself, so it may not ask for the second.
    let mut watch = Watch::start(&home, &[]);
    until_holds(&path, "first");
    fill_cache(&home);
    until_holds(&path, "second");
    assert_eq!(watch.stop(Signal::TERM).code(), Some(0));
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn a_watch_survives_a_failure_and_keeps_the_last_token() {
    let (_provider, home, path) = scene([
        Answer::token("first", 3600),
        Answer::refusal(401, "invalid_client", "rotated"),
        Answer::token("second", 3600),
    ]);
    fill_cache(&home);
    let mut watch = Watch::start(&home, &RENEWED_SOON);
    until_holds(&path, "first");
    let said = || std::fs::read_to_string(home.path().join("said")).unwrap();
    until("the failure is noted", || {
        said().contains("rotated").then_some(())
    });
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
    fill_cache(&home);
    until_holds(&path, "second");
    assert_eq!(watch.stop(Signal::INT).code(), Some(0));
    assert!(
        said().contains("shared/token still holds the last token"),
        "{}",
        said()
    );
}

#[test]
fn a_signal_ends_a_watch_that_the_provider_keeps_waiting() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
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
