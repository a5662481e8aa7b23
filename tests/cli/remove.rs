//! `tok remove`: the profile goes, with its cached tokens; everything else in the file stays.

use local_provider::{Answer, Provider};

use crate::home::{Home, fails, stderr};

fn scene() -> (Provider, Home, String) {
    let provider = Provider::start();
    provider.answer("/token", Answer::token("t0k", 3600));
    let url = provider.url("/token");
    let others = format!("# about b\n[profiles.b]\ntoken_url = '{url}' # b's\nclient_id = 'b'\n");
    let home = Home::with(&format!(
        "# all of it\n\n# about a\n[profiles.a]\ntoken_url = '{url}'\nclient_id = 'a'\n[profiles.a.params]\nx = 'y'\n\n{others}"
    ));
    (provider, home, others)
}

fn tok(home: &Home, arguments: &str) -> assert_cmd::Command {
    let mut tok = home.tok(arguments);
    tok.env("TOK_A_CLIENT_SECRET", "s")
        .env("TOK_B_CLIENT_SECRET", "s")
        .env("TOK_KEYRING", "off");
    tok
}

#[test]
fn profile_and_its_cached_token_are_removed_and_nothing_else() {
    let (provider, home, others) = scene();
    for profile in ["a", "b"] {
        tok(&home, &format!("token {profile}")).assert().success();
    }
    let removed = tok(&home, "remove a --yes").assert().success().stdout("");
    let said = stderr(&removed);
    assert!(said.contains("removed profile `a` from"), "{said}");
    assert!(said.contains("removed cached tokens: 1"), "{said}");
    let config = std::fs::read_to_string(home.config()).unwrap();
    assert_eq!(config, format!("# all of it\n\n{others}"));
    assert!(
        !home
            .cached()
            .iter()
            .any(|name| name.starts_with("a.") && name.ends_with("json"))
    );
    tok(&home, "token b").assert().success().stdout("t0k\n");
    fails(tok(&home, "token a").assert(), 3, &["`a`"]);
    assert_eq!(provider.request_count("/token"), 2);
}

#[test]
fn without_a_terminal_it_needs_yes_and_a_profile_that_exists() {
    let (_provider, home, _) = scene();
    let before = std::fs::read_to_string(home.config()).unwrap();
    fails(
        tok(&home, "remove a").assert(),
        2,
        &["needs a confirmation", "`tok remove a --yes`"],
    );
    fails(tok(&home, "remove aa --yes").assert(), 3, &["`aa`"]);
    assert_eq!(std::fs::read_to_string(home.config()).unwrap(), before);
}

#[test]
fn profile_that_another_one_extends_is_not_removed() {
    let (_provider, home, _) = scene();
    let mut config = std::fs::read_to_string(home.config()).unwrap();
    config.push_str("\n[profiles.c]\nextends = 'a'\n");
    home.write_config(&config);
    fails(
        tok(&home, "remove a --yes").assert(),
        3,
        &["profile `c` needs profile `a`", "remove `c` first"],
    );
    assert_eq!(std::fs::read_to_string(home.config()).unwrap(), config);
}

#[cfg(unix)]
#[test]
fn on_a_terminal_it_asks_and_enter_alone_means_no() {
    use std::io::Write;
    use std::process::Stdio;

    let (_provider, home, _) = scene();
    for (answer, code) in [("\n", 2), ("y\n", 0)] {
        let mut terminal = crate::terminal::Terminal::open();
        let mut tok = home
            .process("remove a")
            .env("TOK_KEYRING", "off")
            .stdin(Stdio::from(terminal.program.try_clone().unwrap()))
            .stderr(Stdio::from(terminal.program.try_clone().unwrap()))
            .spawn()
            .unwrap();
        terminal.read_until("[y/N] ");
        terminal.person.write_all(answer.as_bytes()).unwrap();
        assert_eq!(tok.wait().unwrap().code(), Some(code), "{answer:?}");
    }
    let config = std::fs::read_to_string(home.config()).unwrap();
    assert!(!config.contains("profiles.a"), "{config}");
}
