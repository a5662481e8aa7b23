//! What tok is waiting for, told to a person once it takes longer than they would expect; a pipe never hears of it.
//!
//! The line stands on stderr while a [`Waiting`] lives and is gone when it is dropped, before anything else is written. The terminal is in
//! no other state meanwhile (the cursor stays visible, no mode is changed), so Ctrl-C leaves nothing to put right. Nothing here runs for a
//! cached token: nobody waits for one.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::term::text::clean;

/// How long a person waits without being told what for.
const PATIENCE: Duration = Duration::from_millis(300);

/// How long one picture stands.
const FRAME: Duration = Duration::from_millis(100);

/// The pictures, in ASCII: every terminal has them.
const FRAMES: [char; 4] = ['|', '/', '-', '\\'];

/// How wide a terminal is that does not say.
const USUAL_COLUMNS: usize = 80;

/// Whether `-q` or `-v` was given. Like stderr itself, of which there is one for the process.
static SILENT: AtomicBool = AtomicBool::new(false);

/// From now on nothing is said of waiting: the user wants quiet, or the conversation, which says it better.
pub fn say_nothing() {
    SILENT.store(true, Ordering::Relaxed);
}

/// A wait; the line is gone when this is.
#[derive(Debug)]
#[must_use = "the wait ends when this is dropped"]
pub struct Waiting(Option<(Sender<()>, JoinHandle<()>)>);

impl Waiting {
    /// Begins to wait for `what`.
    pub fn on(what: &str) -> Self {
        let told = !SILENT.load(Ordering::Relaxed)
            && std::io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        if !told {
            return Self(None);
        }
        let line = line(what, columns());
        let (send, receive) = mpsc::channel();
        Self(Some((
            send,
            std::thread::spawn(move || turn(&line, &receive)),
        )))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some((send, thread)) = self.0.take() {
            drop(send);
            // It wipes the line on its way out.
            let _ = thread.join();
        }
    }
}

/// Shows `line` once the patience is over, until the other end of `ended` is dropped.
fn turn(line: &str, ended: &Receiver<()>) {
    if ended.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let mut stderr = std::io::stderr();
    for frame in FRAMES.iter().cycle() {
        // If even stderr is gone there is nobody to tell.
        let _ = write!(stderr, "\r{frame} {line}").and_then(|()| stderr.flush());
        if ended.recv_timeout(FRAME) != Err(RecvTimeoutError::Timeout) {
            break;
        }
    }
    let blanks = " ".repeat(2 + line.chars().count());
    let _ = write!(stderr, "\r{blanks}\r").and_then(|()| stderr.flush());
}

/// What is said, short enough not to wrap: a wrapped line could not be wiped.
fn line(what: &str, columns: usize) -> String {
    // The picture, the blank after it, `…`, and the last column, where some terminals wrap already.
    clean(&format!("waiting for {what}"), columns.saturating_sub(4))
}

#[cfg(unix)]
fn columns() -> usize {
    match rustix::termios::tcgetwinsize(std::io::stderr()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
        _ => USUAL_COLUMNS,
    }
}

#[cfg(not(unix))]
fn columns() -> usize {
    USUAL_COLUMNS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_fits_the_terminal() {
        assert_eq!(line("the keyring", 80), "waiting for the keyring");
        for columns in [0, 1, 10, 40] {
            let line = line("a-very-long-host-name.example.com", columns);
            assert!(
                line.chars().count() + 3 <= columns.max(4),
                "{columns}: {line}"
            );
        }
    }
}
