//! `tok add` on a terminal checks each answer at once and asks again.

use std::io::Write;
use std::process::Stdio;

use crate::home::{Home, fails, stderr, stdout};
use crate::terminal::Terminal;

#[test]
fn each_answer_is_checked_at_once() {
    let home = Home::new();
    let mut terminal = Terminal::open();
    let mut tok = home
        .process("add mine")
        .env("TOK_MINE_CLIENT_SECRET", "s")
        .stdin(Stdio::from(terminal.program.try_clone().unwrap()))
        .stderr(Stdio::from(terminal.program.try_clone().unwrap()))
        .spawn()
        .unwrap();
    // Each question with what was shown since the answer before it.
    for (question, shown_first, answer) in [
        ("(URL): ", "", "http://id.example.com/t"),
        ("(URL): ", "in the clear", "https://id.example.com/t"),
        ("[client_secret_basic]: ", "", "no_such_method"),
        (
            "[client_secret_basic]: ",
            "must be one of",
            "client_secret_post",
        ),
        ("Client id: ", "", "me"),
        ("[Y/n] ", "client_id = \"me\"", ""),
    ] {
        let shown = terminal.read_until(question);
        assert!(shown.contains(shown_first), "{shown}");
        terminal
            .person
            .write_all(format!("{answer}\n").as_bytes())
            .unwrap();
    }
    assert!(tok.wait().unwrap().success());
    let config = std::fs::read_to_string(home.config()).unwrap();
    for line in [
        "token_url = \"https://id.example.com/t\"",
        "auth_method = \"client_secret_post\"",
        "client_id = \"me\"",
    ] {
        assert!(config.contains(line), "{config}");
    }
}

#[test]
fn dry_run_prints_placeholders_for_what_is_missing() {
    let home = Home::new();
    let ran = home
        .tok("add mine --token-url https://id.example.com/${var.tenant}/t --dry-run")
        .assert()
        .success();
    let shown = stdout(&ran);
    assert!(shown.contains("client_id = \"CLIENT_ID\""), "{shown}");
    assert!(shown.contains("tenant = \"TENANT\""), "{shown}");
    assert!(stderr(&ran).contains("placeholders for: the client id"));
    assert!(!home.config().exists());
    fails(
        home.tok("add mine --token-url https://id.example.com/t")
            .assert(),
        2,
        &["missing: the client id"],
    );
}
