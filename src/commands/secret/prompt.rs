//! A secret that a person types or pastes, unseen. A key in PEM has many lines; of anything else the first line is the secret.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod typed;
#[cfg(unix)]
mod unix;

use anyhow::Context as _;

#[cfg(not(unix))]
use self::portable as system;
#[cfg(unix)]
use self::unix as system;
use super::LONGEST_BYTES;
use crate::failure::{Failure, Kind};
use crate::notes::Notes;
use crate::secret::Secret;

/// How the first line of a PEM block begins (RFC 7468).
const BEGIN: &str = "-----BEGIN ";

/// How its last line begins.
const END: &str = "-----END ";

/// What a person did at the prompt.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// Typed or pasted this, perhaps nothing.
    Given {
        secret: Secret,
        /// Whether lines came behind it that belong to no key.
        is_cut: bool,
    },
    /// Gave more than [`LONGEST_BYTES`].
    TooLong,
    /// Gave something that is not UTF-8.
    #[cfg(unix)]
    NotText,
    /// Pressed Ctrl-C.
    #[cfg(unix)]
    Interrupted,
}

/// The secret that a person types or pastes after `prompt`, unseen; nothing where that is nothing. On Unix, whatever else was pasted with it is thrown
/// away: it would be the shell's next commands.
///
/// # Errors
/// When the terminal cannot be read; a secret failure when what was given is no text, or longer than 64 KiB. After Ctrl-C the process ends, on Unix as
/// by its signal.
pub(in crate::commands) fn unseen(notes: Notes, prompt: &str) -> anyhow::Result<Secret> {
    let answer = system::ask(prompt).context("could not read from the terminal")?;
    let failed = |what: &str| Failure::new(Kind::Secret, format!("what was typed is {what}"));
    match answer {
        Answer::Given { secret, is_cut } => {
            if is_cut {
                notes.note(
                    "only the first line is taken: those after it hold no private key in PEM",
                );
            }
            Ok(secret)
        }
        Answer::TooLong => Err(failed("longer than 64 KiB, so it is no secret").into()),
        #[cfg(unix)]
        Answer::NotText => Err(failed("not UTF-8 text").into()),
        #[cfg(unix)]
        Answer::Interrupted => Err(system::interrupt()),
    }
}
