//! Why a secret's source failed, as data without any part of the secret.

use std::io;
use std::process::ExitStatus;

use crate::error::{Error, Kind};
use crate::oauth::signing::pem::PKCS12_HINT;
use crate::profile::pointer::{JsonKind, Nowhere};
use crate::secret::NotASecret;

pub(crate) const LARGEST_BYTES: u64 = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    NotASecret(#[from] NotASecret),
    #[error("this is a PKCS#12 file (.p12, .pfx)")]
    Pkcs12,
    #[error("the secret is empty")]
    EmptyVariable(String),
    #[error("could not read it")]
    Unreadable(#[source] io::Error),
    #[error("larger than {} KiB, so it is not a secret", LARGEST_BYTES / 1024)]
    TooLarge,
    #[error("could not be read within {0} s")]
    LateFile(u64),
    #[error("a credential's name is a plain file name")]
    NotACredential,
    #[error("the command is empty")]
    NoCommand,
    #[error("program not found")]
    NoProgram(String),
    #[error("could not be started")]
    NotStarted(#[source] io::Error),
    #[error("could not read its output")]
    NoOutput(#[source] io::Error),
    #[error("did not read the secret to its end")]
    NotTaken(#[source] io::Error),
    #[error("the file could not be replaced")]
    NotReplaced(#[source] io::Error),
    #[error("did not end within {0} s")]
    Late(u64),
    #[error("printed more than {} KiB", LARGEST_BYTES / 1024)]
    PrintedTooMuch,
    #[error("failed with {0}")]
    Failed(ExitStatus),
    #[error("what is there is no JSON (line {line}, column {column})")]
    NotJson { line: usize, column: usize },
    #[error("{0}")]
    Nowhere(Nowhere),
    #[error("found {0}, not a string")]
    NotAString(JsonKind),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let kind = match failure {
            Failure::NotACredential | Failure::NoCommand => Kind::Config,
            _ => Kind::Secret,
        };
        let hint = match &failure {
            Failure::Pkcs12 => Some(PKCS12_HINT.to_owned()),
            Failure::EmptyVariable(variable) => {
                Some(format!("set {variable} to the secret, or unset it"))
            }
            Failure::NoProgram(program) => Some(format!(
                "install `{program}`, or name it with its full path"
            )),
            Failure::Late(_) | Failure::LateFile(_) => {
                Some("if it only needs longer, give it longer with --timeout".to_owned())
            }
            _ => None,
        };
        let error = Error::of(kind, failure);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
