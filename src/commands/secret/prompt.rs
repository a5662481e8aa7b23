//! A secret that a person types or pastes, unseen. A key in PEM has many lines; of anything else the first line is the secret.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use self::portable as system;
#[cfg(unix)]
use self::unix as system;
use crate::commands::secret::LONGEST_BYTES;
use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::term::notes::Notes;

/// How the first line of a PEM block begins (RFC 7468).
const BEGIN: &str = "-----BEGIN ";

/// How its last line begins.
const END: &str = "-----END ";

/// What is wrong with more than [`LONGEST_BYTES`].
const TOO_LONG: &str = "longer than 64 KiB, so it is no secret";

/// What a person typed or pasted, perhaps nothing.
struct Given {
    secret: Secret,
    /// Whether lines came behind it that belong to no key.
    is_cut: bool,
}

/// The secret that a person types or pastes after `prompt`, unseen; nothing where that is nothing. On Unix, whatever else was pasted with it is thrown
/// away: it would be the shell's next commands.
///
/// # Errors
/// When the terminal cannot be read; a secret failure when what was given is no text, or longer than 64 KiB. After Ctrl-C the process ends, on Unix as
/// by its signal.
pub(in crate::commands) fn unseen(notes: Notes, prompt: &str) -> anyhow::Result<Secret> {
    let given = system::ask(prompt)?;
    if given.is_cut {
        notes.note("only the first line is taken: those after it hold no private key in PEM");
    }
    Ok(given.secret)
}

/// What was typed is `what`, and so no secret.
fn no_secret(what: &str) -> anyhow::Error {
    Error::new(Kind::Secret, format!("what was typed is {what}")).into()
}

/// The terminal could not be read.
fn unreadable(error: std::io::Error) -> anyhow::Error {
    anyhow::Error::new(error).context("could not read from the terminal")
}
