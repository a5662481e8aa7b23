//! Unix: reads from the terminal on stdin with echo off until the whole paste has been read.
//!
//! Signals that end or stop the process restore the terminal first; handlers only store the number.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::stdin;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use crate::commands::secret::LONGEST_BYTES;
use crate::commands::secret::prompt::{PromptError, is_whole};
use crate::process::signals::{Caught, raise};

/// The wait for more input: longer than a paste pauses, shorter than a user notices.
const PAUSE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// The limit for discarding the rest of a paste, which may never end.
const DISCARD_AT_MOST: Duration = Duration::from_secs(2);

/// The kernel silently cuts lines of this length (`N_TTY_BUF_SIZE`, `MAX_CANON`).
const LINE_BYTES: usize = if cfg!(any(target_os = "linux", target_os = "android")) {
    4095
} else {
    1023
};

/// The catchable signals that end or stop a process, without faults and background access.
const SIGNALS: [libc::c_int; 11] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGXCPU,
    libc::SIGTSTP,
];

/// Reads the lines of one secret. Asks again after a signal that did not end the process.
pub(super) fn read(prompt: &str) -> Result<Zeroizing<Vec<u8>>, PromptError> {
    loop {
        let signals = Caught::begin(&SIGNALS);
        let silence = Silence::begin()?;
        // After echo is off, so that no key typed after the prompt is shown.
        say(prompt);
        let input = read_lines(&silence, &signals);
        drop(silence);
        say("\n");
        match signals.end() {
            None => return input,
            Some(signal) => raise(signal),
        }
    }
}

fn read_lines(silence: &Silence, signals: &Caught) -> Result<Zeroizing<Vec<u8>>, PromptError> {
    // Full capacity, because growing would leave a copy behind.
    let mut input = Zeroizing::new(Vec::with_capacity(LONGEST_BYTES + 1));
    let mut line = Zeroizing::new([0; LINE_BYTES + 1]);
    while signals.last().is_none() {
        if !silence.has_line()? {
            if input.ends_with(b"\n") && std::str::from_utf8(&input).map_or(true, is_whole) {
                break;
            }
            continue;
        }
        let read = match rustix::io::read(stdin(), line.as_mut_slice()) {
            Err(rustix::io::Errno::INTR) => continue,
            read => read.map_err(io::Error::from)?,
        };
        if read == 0 {
            break;
        }
        let line = line.get(..read).unwrap_or_default();
        if line.strip_suffix(b"\n").unwrap_or(line).len() >= LINE_BYTES {
            return Err(PromptError::LineTooLong(LINE_BYTES));
        }
        if input.len() + read > LONGEST_BYTES {
            return Err(PromptError::TooLong);
        }
        input.extend_from_slice(line);
    }
    Ok(input)
}

/// The terminal on stdin without echo; dropping it discards the unread input and restores the terminal.
struct Silence {
    before: Termios,
    silent: Termios,
}

impl Silence {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut silent = before.clone();
        silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL;
        silent.local_modes |= LocalModes::ICANON | LocalModes::ISIG;
        let silence = Self { before, silent };
        tcsetattr(stdin(), OptionalActions::Now, &silence.silent)?;
        Ok(silence)
    }

    fn has_line(&self) -> io::Result<bool> {
        let stdin = stdin();
        let mut terminal = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut terminal, Some(&PAUSE)) {
            Err(rustix::io::Errno::INTR) => return Ok(false),
            ready => ready?,
        };
        let events = terminal.map(|terminal| terminal.revents())[0];
        if events.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        // A shell may have set its own modes while tok was stopped.
        if tcgetattr(stdin)?.local_modes.contains(LocalModes::ECHO) {
            tcsetattr(stdin, OptionalActions::Now, &self.silent)?;
        }
        Ok(events.contains(PollFlags::IN))
    }

    /// Reads the rest of a paste, byte by byte: an unfinished line counts too.
    fn discard(&self) -> io::Result<()> {
        let mut bytes = self.silent.clone();
        bytes.local_modes -= LocalModes::ICANON | LocalModes::ISIG;
        bytes.special_codes[SpecialCodeIndex::VMIN] = 0;
        bytes.special_codes[SpecialCodeIndex::VTIME] = 1;
        tcsetattr(stdin(), OptionalActions::Now, &bytes)?;
        let mut rest = Zeroizing::new([0; 4096]);
        let began = Instant::now();
        while rustix::io::read(stdin(), rest.as_mut_slice())? > 0
            && began.elapsed() < DISCARD_AT_MOST
        {}
        Ok(())
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = self.discard();
        let _ = tcsetattr(stdin(), OptionalActions::Flush, &self.before);
    }
}

/// Shows `text` on the terminal, even if stderr is a file.
fn say(text: &str) {
    let show = |to: &mut dyn Write| to.write_all(text.as_bytes()).and_then(|()| to.flush());
    let mut stderr = io::stderr();
    let _ = match File::options().write(true).open("/dev/tty") {
        Ok(mut terminal) if !stderr.is_terminal() => show(&mut terminal),
        _ => show(&mut stderr),
    };
}
