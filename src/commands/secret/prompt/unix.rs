//! Unix: the terminal on stdin is asked, the one that was found to have a person at it.

mod terminal;
mod typed;

use std::fs::File;
use std::io::{self, IsTerminal, Write};

use rustix::process::{Signal, getpid, kill_process};

use self::terminal::Silence;
use self::typed::Typed;
use crate::commands::secret::prompt::{Given, TOO_LONG, no_secret, unreadable};

/// Asks `prompt`, and takes what comes.
pub(super) fn ask(prompt: &str) -> anyhow::Result<Given> {
    match typed(prompt).map_err(unreadable)? {
        Typed::Given { secret, is_cut } => Ok(Given { secret, is_cut }),
        Typed::TooLong => Err(no_secret(TOO_LONG)),
        Typed::NotText => Err(no_secret("not UTF-8 text")),
        Typed::Interrupted => Err(interrupt()),
    }
}

fn typed(prompt: &str) -> io::Result<Typed> {
    let mut silence = Silence::fall(rustix::stdio::stdin())?;
    // Only now: whoever types once they read this is not seen.
    say(prompt);
    let answer = typed::read(|| silence.hear());
    drop(silence);
    // In the place of the Enter that was not shown.
    say("\n");
    answer
}

/// Ends the process as Ctrl-C does.
///
/// Returns, with what is to be said, only where whoever started tok has it ignore that signal.
fn interrupt() -> anyhow::Error {
    let sent = kill_process(getpid(), Signal::INT);
    match sent {
        Ok(()) => anyhow::anyhow!("interrupted"),
        Err(error) => anyhow::Error::new(error).context("interrupted"),
    }
}

/// Shows `text` to whoever sits at the terminal, even where stderr is a file.
fn say(text: &str) {
    let show = |to: &mut dyn Write| to.write_all(text.as_bytes()).and_then(|()| to.flush());
    let mut stderr = io::stderr();
    // If nobody can be shown it, whoever knows that tok asks can answer all the same.
    let _ = match File::options().write(true).open("/dev/tty") {
        Ok(mut terminal) if !stderr.is_terminal() => show(&mut terminal),
        _ => show(&mut stderr),
    };
}
