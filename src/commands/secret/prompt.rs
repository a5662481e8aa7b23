//! Reads a secret at a terminal without showing it: one line, or a private key in PEM.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

use std::io;

use zeroize::Zeroizing;

#[cfg(not(unix))]
use self::portable as system;
#[cfg(unix)]
use self::unix as system;
use crate::commands::secret::LONGEST_BYTES;
use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::term::notes::Notes;

const BEGIN: &str = "-----BEGIN ";

const END: &str = "-----END ";

#[derive(Debug, thiserror::Error)]
enum PromptError {
    #[error("could not read from the terminal")]
    Unreadable(#[from] io::Error),
    #[error("the typed secret is longer than 64 KiB")]
    TooLong,
    #[error("the typed secret has a line of {0} bytes or more, and a terminal cuts such lines")]
    LineTooLong(usize),
    #[error("the typed secret is not UTF-8 text")]
    NotText,
    #[error("the typed secret contains a control character, as arrow keys send")]
    ControlCharacter,
}

impl From<PromptError> for Error {
    fn from(error: PromptError) -> Self {
        let kind = match error {
            PromptError::Unreadable(_) => Kind::Unexpected,
            _ => Kind::Secret,
        };
        match error {
            PromptError::LineTooLong(_) => Self::of(kind, error)
                .hint("give it on stdin instead: `tok secret set PROFILE NAME < FILE`"),
            _ => Self::of(kind, error),
        }
    }
}

/// Shows `prompt` and reads a secret, which may be empty. On Unix the rest of a paste is discarded,
/// because the shell would run it.
///
/// # Errors
/// If the terminal cannot be read, or the input cannot be a secret.
pub fn unseen(notes: Notes, prompt: &str) -> Result<Secret, Error> {
    let input = system::read(prompt)?;
    let (taken, rest) = split(text(&input)?);
    let may_be_typed =
        |c: char| !c.is_control() || taken.contains(BEGIN) && matches!(c, '\n' | '\t');
    if !taken.chars().all(may_be_typed) {
        return Err(PromptError::ControlCharacter.into());
    }
    if !rest.trim().is_empty() && !taken.contains(BEGIN) {
        notes.note("only the first line is taken: the lines after it contain no private key");
    }
    let mut secret = Secret::default();
    secret.push(taken);
    Ok(secret)
}

fn text(input: &Zeroizing<Vec<u8>>) -> Result<&str, PromptError> {
    if input.len() > LONGEST_BYTES {
        return Err(PromptError::TooLong);
    }
    std::str::from_utf8(input).map_err(|_| PromptError::NotText)
}

/// Whether no PEM block is open. The parameters that openssl writes before an EC key are not a key.
fn is_whole(text: &str) -> bool {
    match (text.rfind(BEGIN), text.rfind(END)) {
        (None, _) => true,
        (Some(begin), Some(end)) => begin < end && !text[end..].contains("PARAMETERS"),
        (Some(_), None) => false,
    }
}

/// Splits `text` after its last private key (openssl writes certificates before it) or first line.
fn split(text: &str) -> (&str, &str) {
    if !text.contains(BEGIN) {
        return text.split_once('\n').unwrap_or((text, ""));
    }
    let is_key_end = |at: &usize| {
        let line = text[*at..].lines().next().unwrap_or_default();
        line.contains("PRIVATE KEY")
    };
    let end = text.rmatch_indices(END).map(|(at, _)| at).find(is_key_end);
    let taken = match end {
        Some(at) => at + text[at..].find('\n').unwrap_or(text.len() - at),
        None => text.len(),
    };
    let (taken, rest) = text.split_at(taken);
    (taken.trim_end(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\nBBBB\n-----END PRIVATE KEY-----";
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nCCCC\n-----END CERTIFICATE-----";
    const PARAMETERS: &str = "-----BEGIN EC PARAMETERS-----\nCg==\n-----END EC PARAMETERS-----";

    #[test]
    fn without_pem_the_first_line_is_the_secret() {
        for (text, expected, rest) in [
            ("s3cret\n", "s3cret", ""),
            ("  s3 cret \n", "  s3 cret ", ""),
            ("half", "half", ""),
            ("", "", ""),
            ("\ns3cret\n", "", "s3cret\n"),
            ("s3cret\nls\nrm -r x", "s3cret", "ls\nrm -r x"),
        ] {
            assert!(is_whole(text), "{text:?}");
            assert_eq!(split(text), (expected, rest), "{text:?}");
        }
    }

    #[test]
    fn a_private_key_is_taken_with_what_precedes_it_and_nothing_behind_it() {
        let in_one_line = KEY.replace('\n', "\\n");
        let doubled = KEY.replace('\n', "\n\n");
        let encrypted = KEY.replace("PRIVATE", "ENCRYPTED PRIVATE");
        for key in [KEY, &in_one_line, &doubled, &encrypted] {
            for before in [
                "",
                "\n",
                "Bag Attributes\n    friendlyName: x\n",
                &format!("subject=CN = x\n\n{CERTIFICATE}\n"),
                &format!("{PARAMETERS}\n"),
            ] {
                let expected = format!("{before}{key}");
                for behind in ["", "\n", "\nls\nrm -r x\n"] {
                    let text = format!("{expected}{behind}");
                    assert!(is_whole(&text), "{text:?}");
                    assert_eq!(split(&text), (&*expected, behind), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn other_pem_is_taken_as_a_whole() {
        assert_eq!(split(&format!("{CERTIFICATE}\n")), (CERTIFICATE, ""));
    }

    #[test]
    fn an_open_pem_block_is_not_whole() {
        for text in [
            "-----BEGIN PRIVATE KEY-----\n".to_owned(),
            "-----BEGIN PRIVATE KEY-----\nAAAA\n\n".to_owned(),
            format!("{CERTIFICATE}\n-----BEGIN PRIVATE KEY-----\n"),
            format!("{PARAMETERS}\n"),
        ] {
            assert!(!is_whole(&text), "{text:?}");
        }
    }
}
