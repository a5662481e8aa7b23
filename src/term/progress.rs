//! A line on the terminal that says what tok is waiting for, shown during a long wait.
//!
//! No terminal mode is changed and the cursor stays visible, so Ctrl-C leaves nothing to restore.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::term::text::clean;
use crate::term::width;

const PATIENCE: Duration = Duration::from_millis(300);

const FRAME: Duration = Duration::from_millis(100);

/// ASCII, which every terminal can show.
const FRAMES: [char; 4] = ['|', '/', '-', '\\'];

const USUAL_COLUMNS: usize = 80;

static IS_OFF: AtomicBool = AtomicBool::new(false);

pub(crate) fn turn_off() {
    IS_OFF.store(true, Ordering::Relaxed);
}

/// A wait. Dropping it removes the line.
#[derive(Debug)]
#[must_use = "the wait ends when this is dropped"]
pub(crate) struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    pub(crate) fn waiting_for(subject: &str) -> Self {
        let is_shown = !IS_OFF.load(Ordering::Relaxed)
            && std::io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        if !is_shown {
            return Self(None);
        }
        let line = line(subject, columns());
        let (send, receive) = mpsc::channel();
        // If no thread can be started, no line is shown.
        let thread = Builder::new().spawn(move || spin(&line, &receive));
        Self(thread.ok().map(|thread| (send, thread)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((send, thread)) = self.0.take() {
            drop(send);
            let _ = thread.join();
        }
    }
}

fn spin(line: &str, ended: &Receiver<()>) {
    if ended.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let mut stderr = std::io::stderr();
    for frame in FRAMES.iter().cycle() {
        let _ = write!(stderr, "\r{frame} {line}").and_then(|()| stderr.flush());
        if ended.recv_timeout(FRAME) != Err(RecvTimeoutError::Timeout) {
            break;
        }
    }
    let blanks = " ".repeat(2 + line.chars().count());
    let _ = write!(stderr, "\r{blanks}\r").and_then(|()| stderr.flush());
}

/// Short enough not to wrap: a wrapped line could not be removed.
fn line(subject: &str, columns: usize) -> String {
    // Minus the spinner, a blank, `…`, and the last column, where some terminals wrap.
    clean(&format!("waiting for {subject}"), columns.saturating_sub(4))
}

fn columns() -> usize {
    width::of(std::io::stderr()).unwrap_or(USUAL_COLUMNS)
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
