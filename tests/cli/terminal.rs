//! A wait is reported on a terminal and leaves no trace there; a pipe gets nothing.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Stdio};
use std::time::Duration;

use local_provider::{Answer, Gate, Provider};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::tcgetattr;

use crate::home::Home;

/// A terminal: the end a person sits at, and the one a program gets.
pub struct Terminal {
    pub person: File,
    pub program: OwnedFd,
}

impl Terminal {
    pub fn open() -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let program = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(rustix::fs::OFlags::NOCTTY.bits() as i32)
            .open(name.to_str().unwrap())
            .unwrap();
        Self {
            person: person.into(),
            program: program.into(),
        }
    }

    /// Reads the terminal's output until `words` are in it.
    pub fn read_until(&mut self, words: &str) -> String {
        let mut text = String::new();
        while !text.contains(words) {
            text.push_str(&self.read_some().expect("the program's end is open"));
        }
        text
    }

    /// Reads the terminal's output until every program has closed its end, this one's included.
    pub fn read_rest(mut self) -> String {
        drop(std::mem::replace(
            &mut self.program,
            File::open("/dev/null").unwrap().into(),
        ));
        let mut text = String::new();
        while let Some(more) = self.read_some() {
            text.push_str(&more);
        }
        text
    }

    fn read_some(&mut self) -> Option<String> {
        let mut bytes = [0; 1024];
        // Linux answers EIO once the other end is closed, others an end of file.
        match self.person.read(&mut bytes) {
            Ok(0) | Err(_) => None,
            Ok(count) => Some(String::from_utf8_lossy(&bytes[..count]).into_owned()),
        }
    }
}

/// A provider that answers when the gate opens, and a home with profile `p` for it.
fn scene() -> (Provider, Gate, Home) {
    let (provider, gate) = (Provider::start(), Gate::new());
    provider.answer("/t", Answer::token("t0k", 3600).held_by(&gate));
    let url = provider.url("/t");
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{url}'\nclient_id = 'i'\n"
    ));
    (provider, gate, home)
}

/// `tok` with `arguments`, its stderr on `terminal`.
fn start(home: &Home, arguments: &str, terminal: &Terminal) -> Child {
    let prepared = home.tok(arguments);
    let mut tok = std::process::Command::new(prepared.get_program());
    tok.env_clear()
        .args(prepared.get_args())
        .current_dir(home.path());
    for (name, value) in prepared.get_envs() {
        if let Some(value) = value {
            tok.env(name, value);
        }
    }
    tok.env("TOK_P_CLIENT_SECRET", "s")
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(terminal.program.try_clone().unwrap())
        .spawn()
        .unwrap()
}

/// Returns the text left on the line after `text` is written to a terminal that knows `\r` and `\n`.
fn screen(text: &str) -> String {
    let (mut line, mut at) = (Vec::new(), 0);
    let mut lines = Vec::new();
    for character in text.chars() {
        match character {
            '\r' => at = 0,
            '\n' => {
                lines.push(std::mem::take(&mut line));
                at = 0;
            }
            other => {
                if at < line.len() {
                    line[at] = other;
                } else {
                    line.push(other);
                }
                at += 1;
            }
        }
    }
    lines.push(line);
    let lines: Vec<String> = lines
        .iter()
        .map(|line| line.iter().collect::<String>().trim_end().to_owned())
        .collect();
    lines.join("\n")
}

#[test]
fn a_wait_for_the_provider_is_shown_and_then_erased() {
    let (provider, gate, home) = scene();
    let mut terminal = Terminal::open();
    let before = format!("{:?}", tcgetattr(&terminal.program).unwrap());
    let child = start(&home, "token p", &terminal);
    let host = provider.address().to_string();
    let mut seen = terminal.read_until(&host);
    assert!(seen.contains(&format!("waiting for {host}")), "{seen:?}");
    gate.open();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, b"t0k\n");
    assert_eq!(
        format!("{:?}", tcgetattr(&terminal.program).unwrap()),
        before
    );
    seen.push_str(&terminal.read_rest());
    assert_eq!(screen(&seen), "", "{seen:?}");
    assert!(!seen.contains('\u{1b}'), "{seen:?}");
}

#[test]
fn a_wait_for_another_process_is_shown() {
    let (provider, gate, home) = scene();
    let (quiet, mut terminal) = (Terminal::open(), Terminal::open());
    let leader = start(&home, "token p -q", &quiet);
    provider.wait_for_requests("/t", 1);
    let waiter = start(&home, "token p", &terminal);
    terminal.read_until("waiting for another tok");
    gate.open();
    for child in [leader, waiter] {
        assert_eq!(child.wait_with_output().unwrap().stdout, b"t0k\n");
    }
    assert_eq!(provider.request_count("/t"), 1);
    assert_eq!(quiet.read_rest(), "", "-q says nothing of waiting");
}

#[test]
fn an_error_after_a_wait_is_on_its_own_line() {
    let (provider, gate, home) = scene();
    provider.answer(
        "/t",
        Answer::refusal(401, "invalid_client", "no").held_by(&gate),
    );
    let mut terminal = Terminal::open();
    let child = start(&home, "token p --color never", &terminal);
    let mut seen = terminal.read_until("waiting for");
    gate.open();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(5));
    seen.push_str(&terminal.read_rest());
    assert!(
        screen(&seen).starts_with("tok: profile `p`: the provider refused: invalid_client"),
        "{seen:?}"
    );
}

#[test]
fn an_interrupt_during_a_wait_restores_the_terminal() {
    use std::os::unix::process::ExitStatusExt;
    crate::signals::heed_signals();
    let (_provider, _gate, home) = scene();
    let mut terminal = Terminal::open();
    let before = format!("{:?}", tcgetattr(&terminal.program).unwrap());
    let mut child = start(&home, "token p", &terminal);
    let seen = terminal.read_until("waiting for");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    assert_eq!(
        format!("{:?}", tcgetattr(&terminal.program).unwrap()),
        before
    );
    assert!(
        !seen.contains('\u{1b}'),
        "no mode of the terminal is changed: {seen:?}"
    );
}

#[test]
fn progress_is_not_written_to_a_pipe() {
    let (provider, _gate, home) = scene();
    let long = Duration::from_millis(700);
    provider.answer("/t", Answer::token("t0k", 3600).after(long));
    let ran = home.tok("token p").env("TOK_P_CLIENT_SECRET", "s").assert();
    ran.success().stdout("t0k\n").stderr("");
}
