//! Stdout whole or not at all: a closed one, a full disk, a reader that has gone, and a `/dev/null` that is meant.

use std::fs::OpenOptions;
use std::process::{Command, Output, Stdio};

use local_provider::{Answer, Gate, Provider};

use crate::home::{Home, fails};

const COMMANDS: [&str; 4] = ["token p", "header p", "json p", "secret check p"];

fn scene() -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer("/token", Answer::token("t0ken", 3600));
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'id'\n",
        provider.url("/token")
    ));
    (provider, home)
}

/// `tok` in that home, for streams that only the standard library's command can have.
fn tok(home: &Home, arguments: &str) -> Command {
    let mut tok = Command::new("sh");
    tok.args(["-c", "exec \"$0\" $ARGUMENTS"])
        .arg(assert_cmd::cargo::cargo_bin!("tok"));
    in_home(&mut tok, home, arguments);
    tok
}

fn in_home(command: &mut Command, home: &Home, arguments: &str) {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .env("XDG_CACHE_HOME", home.path().join("cache"))
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
        .env("TOK_P_CLIENT_SECRET", "s3cret")
        .env("ARGUMENTS", arguments);
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
#[test]
fn a_closed_stdout_is_an_error_and_never_a_success() {
    let (_provider, home) = scene();
    for arguments in COMMANDS {
        let mut closed = Command::new("sh");
        closed
            .args(["-c", "exec \"$0\" $ARGUMENTS >&-"])
            .arg(assert_cmd::cargo::cargo_bin!("tok"));
        in_home(&mut closed, &home, arguments);
        let output = closed.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        assert_eq!(
            said(&output),
            "tok: could not write to stdout: it is closed\n"
        );
    }
}

#[test]
fn stdout_to_dev_null_is_not_mistaken_for_a_closed_one() {
    let (_provider, home) = scene();
    for arguments in COMMANDS {
        // Shells open it for writing, other programs for reading too.
        for read in [false, true] {
            let null = OpenOptions::new().read(read).write(true).open("/dev/null");
            let output = tok(&home, arguments)
                .stdout(null.unwrap())
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(0), "{arguments}");
            assert_eq!(said(&output), "");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let (_provider, home) = scene();
    for arguments in COMMANDS {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = tok(&home, arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        assert!(
            said(&output).starts_with("tok: could not write to stdout: No space left"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn a_closed_pipe_ends_tok_without_a_message() {
    let (provider, home) = scene();
    for arguments in [
        "token p --refresh",
        "header p --refresh",
        "json p --refresh",
    ] {
        let gate = Gate::new();
        provider.answer("/token", Answer::token("t0ken", 3600).held_by(&gate));
        let mut child = tok(&home, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        gate.wait_for(1);
        drop(child.stdout.take());
        gate.open();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments}");
        assert_eq!(said(&output), "", "{arguments}");
    }
}

#[test]
fn several_header_lines_are_printed_together_or_not_at_all() {
    let (provider, home) = scene();
    let config = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&format!(
        "{config}header = ['Authorization: Bearer ${{access_token}}', 'X-Host: ${{kept.host}}']\nresponse = {{ keep = ['/host'] }}\n"
    ));
    let asked = || {
        home.tok("header p")
            .env("TOK_P_CLIENT_SECRET", "s3cret")
            .assert()
    };
    fails(asked(), 7, &["had no `host`"]);
    provider.answer(
        "/token",
        Answer::json(200, r#"{"access_token":"t0ken","host":"a.example"}"#),
    );
    home.tok("token p --refresh")
        .env("TOK_P_CLIENT_SECRET", "s3cret")
        .assert()
        .success();
    asked()
        .success()
        .stdout("Authorization: Bearer t0ken\nX-Host: a.example\n");
}
