//! A terminal that shows nothing of what is typed, for as long as a [`Silence`] lives; then it is as it was, and nothing that came meanwhile is left in it.
//!
//! The whole secret is read under one of these. Between two lines the terminal would show what is pasted, and hand what nobody read to the shell.
//!
//! It gives bytes, not lines (POSIX calls that non-canonical mode), for a line of its own making ends at 4096 bytes, and Ctrl-C comes as a byte: as a signal it
//! would end the process with the terminal still silent. Signals that others send wait, for the same reason. Each read waits [`PAUSE`] at most (`VMIN` 0,
//! `VTIME` 1), without `poll`, which some systems' terminals do not have.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr,
    tcsetattr,
};
use zeroize::Zeroizing;

use crate::commands::secret::prompt::unix::typed::Heard;
use crate::process::signals::Held;

/// How long a read waits, in the tenths of a second of `VTIME`: what comes later is no part of a paste, and nobody notices it after Enter.
const PAUSE: u8 = 1;

/// How long what nobody wants is read, at most: something may go on sending forever.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many bytes are read at once.
const READ_BYTES: usize = 4096;

/// A terminal without echo.
pub(super) struct Silence<Fd: AsFd> {
    terminal: Fd,
    before: Termios,
    /// What was read, of which the bytes from `next` on are still to be heard.
    read: Zeroizing<Vec<u8>>,
    next: usize,
    /// Whether nothing came when it was last asked.
    is_quiet: bool,
    /// The signals that would end the process with the terminal silent. Fields go after what `drop` does: by then it is as it was.
    held: Held,
}

impl<Fd: AsFd> Silence<Fd> {
    /// Silences `terminal`. What was typed before stays to be read.
    ///
    /// # Errors
    /// When it is none, or will not be changed.
    pub(super) fn fall(terminal: Fd) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes -=
            LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        silent.special_codes[SpecialCodeIndex::VMIN] = 0;
        silent.special_codes[SpecialCodeIndex::VTIME] = PAUSE;
        // From here on whatever goes wrong puts it back.
        let silence = Self {
            terminal,
            before,
            read: Zeroizing::new(Vec::with_capacity(READ_BYTES)),
            next: 0,
            is_quiet: true,
            held: Held::back(),
        };
        tcsetattr(&silence.terminal, OptionalActions::Now, &silent)?;
        Ok(silence)
    }

    /// The next byte, or that there is none.
    ///
    /// # Errors
    /// When the terminal cannot be read, or a signal waits to end the process: it does as soon as this is dropped.
    pub(super) fn hear(&mut self) -> io::Result<Heard> {
        if self.next == self.read.len() {
            self.read.resize(READ_BYTES, 0);
            self.next = 0;
            let read = rustix::io::retry_on_intr(|| {
                rustix::io::read(&self.terminal, self.read.as_mut_slice())
            });
            self.read.truncate(*read.as_ref().unwrap_or(&0));
            read?;
        }
        self.is_quiet = self.read.is_empty();
        if let Some(byte) = self.read.get(self.next) {
            self.next += 1;
            return Ok(Heard::Byte(*byte));
        }
        if self.held.is_one_waiting() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        // One that was hung up gives nothing either, and would do so at once, forever.
        Ok(match tcgetattr(&self.terminal) {
            Ok(_) => Heard::Pause,
            Err(_) => Heard::Gone,
        })
    }

    /// Reads what is still on its way: it is not in the terminal yet, where it could be thrown away.
    fn drain(&mut self) {
        let began = Instant::now();
        while !self.is_quiet && began.elapsed() < PATIENCE {
            self.next = self.read.len();
            if self.hear().is_err() {
                break;
            }
        }
    }
}

impl<Fd: AsFd> Drop for Silence<Fd> {
    fn drop(&mut self) {
        self.drain();
        // A terminal that is gone needs neither.
        let _ = tcflush(&self.terminal, QueueSelector::IFlush);
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::os::fd::OwnedFd;

    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;
    use crate::commands::secret::prompt::unix::typed::{self, Typed};

    /// The end a person sits at, and the one a program gets.
    fn terminal() -> (File, OwnedFd) {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let program = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        (person.into(), program)
    }

    fn settings(terminal: &OwnedFd) -> String {
        format!("{:?}", tcgetattr(terminal).unwrap())
    }

    /// What is read when a person pastes `head` at once and `text` in pieces of `chunk` bytes; the terminal is as it was, shows nothing and keeps nothing.
    fn pasted(head: &str, text: &str, chunk: usize) -> Typed {
        let (mut person, program) = terminal();
        let before = settings(&program);
        let mut silence = Silence::fall(&program).unwrap();
        let answer = std::thread::scope(|scope| {
            let mut hand = person.try_clone().unwrap();
            let pasting = scope.spawn(move || {
                hand.write_all(head.as_bytes()).unwrap();
                for piece in text.as_bytes().chunks(chunk) {
                    hand.write_all(piece).unwrap();
                }
            });
            let answer = typed::read(|| silence.hear()).unwrap();
            pasting.join().unwrap();
            answer
        });
        drop(silence);
        assert_eq!(settings(&program), before);
        // Whatever had been left or shown would come before these.
        let mut after = Silence::fall(&program).unwrap();
        assert_eq!(after.hear().unwrap(), Heard::Pause, "left in the terminal");
        drop(after);
        let mut program = File::from(program);
        program.write_all(b"end").unwrap();
        let mut shown = [0; 16];
        let count = std::io::Read::read(&mut person, &mut shown).unwrap();
        assert_eq!(&shown[..count], b"end");
        answer
    }

    fn given(secret: &str, is_cut: bool) -> Typed {
        Typed::Given {
            secret: secret.to_owned().into(),
            is_cut,
        }
    }

    /// As long as one for RSA with 8192 bits: more than a terminal keeps of a line, or of all lines.
    fn key() -> String {
        let line = format!("{}\n", "A".repeat(64));
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}-----END PRIVATE KEY-----",
            line.repeat(98)
        )
    }

    #[test]
    fn a_pasted_key_is_read_whole_whatever_pieces_it_comes_in() {
        for chunk in [1, 16, 1000, 4096] {
            let key = key();
            let answer = pasted("", &format!("{key}\n"), chunk);
            assert!(answer == given(&key, false), "pieces of {chunk}");
        }
    }

    #[test]
    fn a_key_behind_other_lines_is_read_whole() {
        for head in ["\n", "Bag Attributes\n    localKeyID: 01\n"] {
            // Up to the key in one piece: that the next line comes at once is what makes it a paste.
            let key = key();
            let (begin, rest) = key.split_at(40);
            let answer = pasted(&format!("{head}{begin}"), &format!("{rest}\n"), 1000);
            assert!(
                answer == given(&format!("{head}{begin}{rest}"), false),
                "{head:?}"
            );
        }
    }

    #[test]
    fn lines_behind_the_secret_are_thrown_away() {
        assert!(pasted("s3cret\nls\nrm -r x\nhalf", "", 1) == given("s3cret", true));
        let key = key();
        // More than is read at once.
        let behind = format!("{key}\n{}", "ls\nrm -r x\n".repeat(1000));
        assert!(pasted("", &behind, 4096) == given(&key, false));
    }

    #[test]
    fn a_line_may_be_longer_than_a_terminal_keeps_of_one() {
        let long = "0123456789".repeat(1024);
        for chunk in [1, 1000, 4096] {
            assert!(pasted("", &format!("{long}\n"), chunk) == given(&long, false));
        }
    }

    #[test]
    fn a_terminal_that_is_hung_up_is_gone() {
        let (person, program) = terminal();
        let mut silence = Silence::fall(&program).unwrap();
        drop(person);
        assert!(matches!(silence.hear(), Ok(Heard::Gone) | Err(_)));
    }
}
