//! A secret that is typed or pasted at a terminal is not shown, leaves nothing for the shell, and the terminal as it was, however it ends.
//!
//! There is no keyring, so a secret that was given ends with 4 and the keyring's name; what exactly was read is seen where there is one
//! (`tests/real/keyring.sh`) and beside the code.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

use crate::home::Home;
use crate::terminal::Terminal;

/// What a secret and a key below are made of, and no message is.
const UNSEEN: &str = "QZ";

/// `tok secret set p` on a terminal, as far as its question.
struct Asked {
    terminal: Terminal,
    before: String,
    tok: Child,
    _home: Home,
}

impl Asked {
    fn now() -> Self {
        crate::signals::heed_interrupts();
        let home =
            Home::with("[profiles.p]\ntoken_url = 'https://id.example.com/t'\nclient_id = 'i'\n");
        let mut terminal = Terminal::open();
        let before = settings(&terminal);
        let tok = home
            .process("secret set p")
            .stdin(Stdio::from(terminal.program.try_clone().unwrap()))
            .stdout(Stdio::null())
            .stderr(Stdio::from(terminal.program.try_clone().unwrap()))
            .spawn()
            .unwrap();
        let question = "Secret for `p/client_secret@id.example.com` (not shown): ";
        let shown = terminal.read_until("(not shown): ");
        assert_eq!(shown, question);
        Self {
            terminal,
            before,
            tok,
            _home: home,
        }
    }

    fn types(&mut self, keys: &str) {
        self.terminal.person.write_all(keys.as_bytes()).unwrap();
    }

    /// How tok ended, and what it showed until then; asserts that the terminal is as it was, with nothing of the secret on it or left in it.
    fn ends(mut self) -> (ExitStatus, String) {
        let status = self.tok.wait().unwrap();
        assert_eq!(settings(&self.terminal), self.before);
        assert_eq!(left(&self.terminal), "");
        let shown = self.terminal.read_rest();
        assert!(!shown.contains(UNSEEN), "{shown:?}");
        (status, shown)
    }

    /// Asserts that something was given and tok went on to the keyring; what it showed.
    fn goes_on(self) -> String {
        let (status, shown) = self.ends();
        assert_eq!(status.code(), Some(4), "{shown}");
        assert!(
            shown.contains("keyring entry `p/client_secret@id.example.com`"),
            "{shown}"
        );
        shown
    }
}

fn settings(terminal: &Terminal) -> String {
    format!("{:?}", tcgetattr(&terminal.program).unwrap())
}

/// What a shell would read next from `terminal`.
fn left(terminal: &Terminal) -> String {
    let mut bytes = tcgetattr(&terminal.program).unwrap();
    bytes.local_modes -= LocalModes::ICANON;
    bytes.special_codes[SpecialCodeIndex::VMIN] = 0;
    bytes.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(&terminal.program, OptionalActions::Now, &bytes).unwrap();
    let mut left = [0; 4096];
    let count = rustix::io::read(&terminal.program, &mut left[..]).unwrap();
    String::from_utf8_lossy(&left[..count]).into_owned()
}

fn key() -> String {
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}-----END PRIVATE KEY-----\n",
        format!("{}\n", UNSEEN.repeat(32)).repeat(98)
    )
}

#[test]
fn a_pasted_key_is_not_shown_and_nothing_of_it_is_left() {
    for chunk in [1, 16, 1000, 4096] {
        let mut asked = Asked::now();
        for piece in key().as_bytes().chunks(chunk) {
            asked.terminal.person.write_all(piece).unwrap();
        }
        let shown = asked.goes_on();
        assert!(!shown.contains("note:"), "{shown}");
    }
}

#[test]
fn lines_behind_a_secret_are_not_left_for_the_shell() {
    let mut asked = Asked::now();
    asked.types("QZ1\ntouch QZ2\nQZ3");
    let shown = asked.goes_on();
    assert!(
        shown.contains("tok: note: only the first line is taken"),
        "{shown}"
    );
    let mut asked = Asked::now();
    asked.types(&format!("Bag Attributes\n    QZ\n{}", &key()[..1000]));
    // More than tok reads at once.
    asked.types(&format!("{}{}", &key()[1000..], "touch QZ\n".repeat(1000)));
    let shown = asked.goes_on();
    assert!(!shown.contains("note:"), "{shown}");
}

#[test]
fn a_typed_line_ends_at_enter() {
    for keys in [
        "QZ\n".to_owned(),
        "QZZ\x7f\r".to_owned(),
        format!("{}\n", "QZ".repeat(5 * 1024)),
    ] {
        let mut asked = Asked::now();
        asked.types(&keys);
        let shown = asked.goes_on();
        // Enter itself.
        assert!(shown.starts_with("\r\n"), "{shown:?}");
    }
}

#[test]
fn nothing_typed_stores_nothing() {
    for keys in ["\n", "\x04", "QZ\x7f\x7f\n", "QZ\x15\n"] {
        let mut asked = Asked::now();
        asked.types(keys);
        let (status, shown) = asked.ends();
        assert_eq!(status.code(), Some(4), "{keys:?}: {shown}");
        assert!(
            shown.contains("tok: the secret is empty; nothing was stored"),
            "{keys:?}: {shown}"
        );
    }
}

#[test]
fn more_than_a_secret_can_be_is_refused() {
    let mut asked = Asked::now();
    asked.types(&"QZ".repeat(40 * 1024));
    let (status, shown) = asked.ends();
    assert_eq!(status.code(), Some(4), "{shown}");
    assert!(shown.contains("longer than 64 KiB"), "{shown}");
}

#[test]
fn ctrl_c_ends_tok_and_leaves_the_terminal_as_it_was() {
    let pasted = format!("-----BEGIN PRIVATE KEY-----\nQZ\x03{}", "QZ\n".repeat(2000));
    for keys in ["\x03", "QZ\x03", &pasted] {
        let mut asked = Asked::now();
        asked.types(keys);
        let (status, shown) = asked.ends();
        assert_eq!(status.signal(), Some(2), "{keys:?}: {shown}");
        assert_eq!(shown, "\r\n", "{keys:?}");
    }
}

#[test]
fn signals_from_others_end_tok_and_leave_the_terminal_as_it_was() {
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15)] {
        let mut asked = Asked::now();
        asked.types("QZ");
        kill_process(Pid::from_child(&asked.tok), signal).unwrap();
        let (status, shown) = asked.ends();
        assert_eq!(status.signal(), Some(number), "{shown}");
        assert_eq!(shown, "", "{number}");
    }
}
