//! A secret typed or pasted at a terminal is not shown, nothing of it is left for the shell, and the terminal is restored however tok ends.
//!
//! `tok secret set` does not ask without a keyring, as here. So this program runs itself, and its copy asks as tok does
//! (`tests/real/keyring.sh` runs tok itself).

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

use crate::home::Home;
use crate::terminal::Terminal;

/// The characters of the secrets and keys below, which no message contains.
const UNSEEN: &str = "QZ";

const CONFIG: &str = "[profiles.p]\ntoken_url = 'https://id.example.com/t'\nclient_id = 'i'\n";

/// Set in the copy of this program that asks.
const ASKS: &str = "TOK_TEST_ASKS";

/// The question of `tok secret set p`.
const QUESTION: &str = "Secret for `p/client_secret@id.example.com` (not shown): ";

/// This program, to be run in `home` as one that asks.
fn asking(home: &Home) -> Command {
    let mut copy = Command::new(std::env::current_exe().unwrap());
    copy.env_clear()
        .env("HOME", home.path())
        .env(ASKS, "1")
        .current_dir(home.path())
        .args(["--exact", "prompt::asks", "--quiet", "--nocapture"]);
    copy
}

/// Does nothing unless [`asking`] runs it.
#[test]
fn asks() {
    if std::env::var_os(ASKS).is_none() {
        return;
    }
    match tok::facade::unseen(tok::facade::Notes::default(), QUESTION) {
        Ok(secret) => eprintln!("read {} bytes", secret.expose().len()),
        Err(error) => {
            eprintln!("tok: {error}");
            #[expect(clippy::exit, reason = "the code that tok would end with")]
            std::process::exit(error.kind().exit_code().into());
        }
    }
}

/// `tok secret set p` on a terminal, as far as its question.
struct Asked {
    terminal: Terminal,
    before: String,
    tok: Child,
    _home: Home,
}

impl Asked {
    fn now() -> Self {
        crate::signals::heed_signals();
        let home = Home::with(CONFIG);
        let mut terminal = Terminal::open();
        let before = settings(&terminal);
        let tok = asking(&home)
            .stdin(Stdio::from(terminal.program.try_clone().unwrap()))
            .stdout(Stdio::null())
            .stderr(Stdio::from(terminal.program.try_clone().unwrap()))
            // With its parent outside, the group is not orphaned, so it can be stopped.
            .process_group(0)
            .spawn()
            .unwrap();
        let shown = terminal.read_until("(not shown): ");
        assert_eq!(shown, QUESTION);
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

    /// Asserts that a secret of `bytes` was read; returns what was shown.
    fn reads(self, bytes: usize) -> String {
        let (status, shown) = self.ends();
        assert_eq!(status.code(), Some(0), "{shown}");
        assert!(shown.contains(&format!("read {bytes} bytes")), "{shown}");
        shown
    }
}

fn settings(terminal: &Terminal) -> String {
    format!("{:?}", tcgetattr(&terminal.program).unwrap())
}

/// Reads the input that a shell would read next from `terminal`.
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
fn a_pasted_key_is_not_echoed_and_is_read_whole() {
    for chunk in [1, 16, 1000, 4096] {
        let mut asked = Asked::now();
        for piece in key().as_bytes().chunks(chunk) {
            asked.terminal.person.write_all(piece).unwrap();
        }
        let shown = asked.reads(key().trim_end().len());
        assert!(!shown.contains("note:"), "{shown}");
    }
}

#[test]
fn lines_after_a_secret_are_not_left_for_the_shell() {
    let mut asked = Asked::now();
    asked.types("QZ1\ntouch QZ2\nQZ3");
    let shown = asked.reads(3);
    assert!(
        shown.contains("tok: note: only the first line is taken"),
        "{shown}"
    );
    let mut asked = Asked::now();
    asked.types(&format!("Bag Attributes\n    QZ\n{}", &key()[..1000]));
    // More than tok reads at once.
    asked.types(&format!("{}{}", &key()[1000..], "touch QZ\n".repeat(1000)));
    let shown = asked.reads("Bag Attributes\n    QZ\n".len() + key().trim_end().len());
    assert!(!shown.contains("note:"), "{shown}");
}

#[test]
fn a_typed_line_ends_at_enter() {
    for (keys, bytes) in [
        ("QZ\n".to_owned(), 2),
        ("QZZ\x7f\r".to_owned(), 2),
        (format!("{}\n", "QZ".repeat(2047)), 4094),
    ] {
        let mut asked = Asked::now();
        asked.types(&keys);
        let shown = asked.reads(bytes);
        // Enter itself.
        assert!(shown.starts_with("\r\n"), "{shown:?}");
    }
}

#[test]
fn empty_input_is_an_empty_secret() {
    for keys in ["\n", "\x04", "QZ\x7f\x7f\n", "QZ\x15\n"] {
        let mut asked = Asked::now();
        asked.types(keys);
        asked.reads(0);
    }
}

#[test]
fn input_that_is_not_a_whole_secret_is_refused() {
    let long_key = format!(
        "-----BEGIN PRIVATE KEY-----\n{}",
        format!("{}\n", UNSEEN.repeat(32)).repeat(1200)
    );
    for (keys, words) in [
        (
            format!("{}\n", "QZ".repeat(5 * 1024)),
            "a terminal cuts such lines",
        ),
        (
            format!("{}\n", "QZ".repeat(2048)),
            "a terminal cuts such lines",
        ),
        (long_key, "longer than 64 KiB"),
        ("QZ\x1b[D\n".to_owned(), "contains a control character"),
    ] {
        let mut asked = Asked::now();
        asked.types(&keys);
        let (status, shown) = asked.ends();
        assert_eq!(status.code(), Some(4), "{shown}");
        assert!(shown.contains(words), "{shown}");
    }
}

#[test]
fn ctrl_d_ends_an_incomplete_key() {
    let mut asked = Asked::now();
    asked.types("-----BEGIN PRIVATE KEY-----\nQZ\n\x04");
    asked.reads("-----BEGIN PRIVATE KEY-----\nQZ".len());
}

/// Ctrl-C is a signal only at the terminal that controls tok, so a shell starts it there, which reports its exit code and stays.
#[test]
fn ctrl_c_ends_tok_and_restores_the_terminal() {
    let pasted = format!("-----BEGIN PRIVATE KEY-----\nQZ\x03{}", "QZ\n".repeat(2000));
    for keys in ["\x03", "QZ\x03", &pasted] {
        crate::signals::heed_signals();
        let home = Home::with(CONFIG);
        let mut terminal = Terminal::open();
        let before = settings(&terminal);
        let tok = asking(&home);
        let mut shell = Command::new("sh");
        shell
            .args([
                "-c",
                "trap : INT; \"$@\" >/dev/null; echo $?; exec sleep 600",
                "sh",
            ])
            .arg(tok.get_program())
            .args(tok.get_args())
            .env_clear()
            .envs(
                tok.get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .stdin(Stdio::from(terminal.program.try_clone().unwrap()))
            .stdout(Stdio::piped())
            .stderr(Stdio::from(terminal.program.try_clone().unwrap()));
        #[expect(
            unsafe_code,
            reason = "only between fork and exec can a child take a terminal"
        )]
        unsafe {
            shell.pre_exec(|| {
                rustix::process::setsid()?;
                rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
                Ok(())
            });
        }
        let mut running = shell.spawn().unwrap();
        // It holds the program's end of the terminal.
        drop(shell);
        terminal.read_until("(not shown): ");
        terminal.person.write_all(keys.as_bytes()).unwrap();
        let mut code = String::new();
        BufReader::new(running.stdout.take().unwrap())
            .read_line(&mut code)
            .unwrap();
        assert_eq!(code, "130\n", "{keys:?}");
        assert_eq!(settings(&terminal), before);
        assert_eq!(left(&terminal), "");
        running.kill().unwrap();
        running.wait().unwrap();
        assert_eq!(terminal.read_rest(), "\r\n", "{keys:?}");
    }
}

#[test]
fn external_signals_end_tok_and_restore_the_terminal() {
    for signal in [
        Signal::INT,
        Signal::TERM,
        Signal::HUP,
        Signal::QUIT,
        Signal::USR1,
        Signal::USR2,
        Signal::ALARM,
        Signal::VTALARM,
        Signal::PROF,
        Signal::XCPU,
    ] {
        let mut asked = Asked::now();
        asked.types("QZ");
        kill_process(Pid::from_child(&asked.tok), signal).unwrap();
        let (status, shown) = asked.ends();
        assert_eq!(status.signal(), Some(signal.as_raw()), "{shown}");
        assert_eq!(shown, "\r\n", "{signal:?}");
    }
}

#[test]
fn a_stopped_prompt_restores_the_terminal_and_asks_again() {
    let mut asked = Asked::now();
    let pid = Pid::from_child(&asked.tok);
    asked.types("QZ1\nQZ2");
    kill_process(pid, Signal::TSTP).unwrap();
    let stopped = waitpid(Some(pid), WaitOptions::UNTRACED)
        .unwrap()
        .unwrap()
        .1;
    assert_eq!(stopped.stopping_signal(), Some(Signal::TSTP.as_raw()));
    assert_eq!(settings(&asked.terminal), asked.before);
    kill_process(pid, Signal::CONT).unwrap();
    let shown = asked.terminal.read_until("(not shown): ");
    assert!(!shown.contains(UNSEEN), "{shown:?}");
    asked.types("QZ\n");
    asked.reads(2);
}

/// The typed secret would be lost, so tok looks for the keyring first.
#[test]
fn without_a_keyring_nothing_is_asked() {
    let home = Home::with(CONFIG);
    let terminal = Terminal::open();
    let before = settings(&terminal);
    let mut tok = home
        .process("secret set p")
        .stdin(Stdio::from(terminal.program.try_clone().unwrap()))
        .stderr(Stdio::from(terminal.program.try_clone().unwrap()))
        .spawn()
        .unwrap();
    assert_eq!(tok.wait().unwrap().code(), Some(4));
    assert_eq!(settings(&terminal), before);
    let shown = terminal.read_rest();
    assert!(!shown.contains("not shown"), "{shown}");
    assert!(
        shown.contains("keyring entry `p/client_secret@id.example.com`"),
        "{shown}"
    );
}
