//! Tables in terminals of 60, 80 and 200 columns, in a pipe, and without colour.
//!
//! `SNAPSHOTS=overwrite cargo test --test cli tables` accepts what tok prints now; then look at it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::termios::{tcgetwinsize, tcsetwinsize};
use snapbox::IntoData as _;

use crate::home::Home;
use crate::terminal::Terminal;

const CONFIG: &str = r#"
[profiles.warehouse]
token_url = "https://login.warehouse.example.com/realms/production/protocol/openid-connect/token"
client_id = "reporting-service"
scope     = "orders:read orders:write stock:read stock:write suppliers:read"
header    = ["Authorization: Bearer ${access_token}", "X-Tenant: ${var.tenant}"]
vars      = { tenant = "north" }

[profiles.cint]
provider  = "cint"
client_id = "0a1b2c"
"#;

fn command(home: &Home, arguments: &str) -> Command {
    let mut tok = Command::new(assert_cmd::cargo::cargo_bin!("tok"));
    tok.args(arguments.split(' '))
        .env_clear()
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .env("XDG_CACHE_HOME", home.path().join("cache"))
        .env("TOK_KEYRING", "off")
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    tok
}

/// What a terminal of this width gets.
fn on_terminal(mut tok: Command, columns: u16) -> String {
    let terminal = Terminal::open();
    let mut size = tcgetwinsize(&terminal.program).unwrap();
    size.ws_col = columns;
    size.ws_row = 24;
    tcsetwinsize(&terminal.program, size).unwrap();
    tok.stdout(terminal.program.try_clone().unwrap());
    let mut running = tok.spawn().unwrap();
    drop(tok);
    let text = terminal.read_rest();
    running.wait().unwrap();
    text.replace("\r\n", "\n")
}

fn in_pipe(mut tok: Command) -> String {
    String::from_utf8(tok.output().unwrap().stdout).unwrap()
}

#[test]
fn tables_fit_the_terminal_and_are_as_recorded() {
    let home = Home::with(CONFIG);
    let mut seen = String::new();
    for arguments in ["list", "show warehouse", "providers cint"] {
        for columns in [60, 80, 200] {
            let mut tok = command(&home, arguments);
            tok.env("NO_COLOR", "1");
            let text = on_terminal(tok, columns);
            for line in text.lines() {
                assert!(line.chars().count() <= columns.into(), "{columns}: {line}");
            }
            write!(seen, "=== tok {arguments} | {columns} columns\n{text}\n").unwrap();
        }
        let piped = in_pipe(command(&home, arguments));
        write!(seen, "=== tok {arguments} | pipe\n{piped}\n").unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/tables/snapshot.txt");
    let expected = snapbox::Data::read_from(&path, None).raw();
    snapbox::Assert::new()
        .action_env("SNAPSHOTS")
        .eq(seen.into_data().raw(), expected);
}

#[test]
fn colour_is_only_on_a_terminal_and_changes_no_width() {
    let home = Home::with(CONFIG);
    for arguments in ["list", "show warehouse", "doctor warehouse"] {
        let coloured = on_terminal(command(&home, arguments), 60);
        assert!(coloured.contains('\u{1b}'), "{arguments}: {coloured}");
        let mut plain = command(&home, arguments);
        plain.env("NO_COLOR", "1");
        let plain = on_terminal(plain, 60);
        assert!(!plain.contains('\u{1b}'), "{arguments}: {plain}");
        let stripped = without_colour(&coloured);
        assert_eq!(stripped, plain, "{arguments}");
        for line in plain.lines() {
            assert!(line.chars().count() <= 60, "{arguments}: {line}");
        }
        assert!(!in_pipe(command(&home, arguments)).contains('\u{1b}'));
    }
}

/// Without the escape sequences for colour.
fn without_colour(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}
