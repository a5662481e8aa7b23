//! Not Unix: curl reads the header from its stdin, so the request cannot use stdin for anything else.

use std::ffi::OsString;
use std::io::{Write, pipe};
use std::process::Command;
use std::thread;

use crate::error::{Error, Kind, OrFail, Subject};
use crate::secret::Secret;

#[derive(Debug, thiserror::Error)]
enum StdinIsTaken {
    #[error("curl's stdin carries the header on this system, so `{0}` cannot be used")]
    ByArgument(String),
    #[error("curl's stdin carries the header on this system, so only one request can have it")]
    ByAnotherRequest,
}

pub(super) fn add_header(curl: &mut Command, header: &Secret) -> Result<(), Error> {
    let action = || Subject::Action("could not make a pipe for curl".into());
    let (reader, mut writer) = pipe()
        .or_fail(Kind::Unexpected)
        .map_err(|error| error.about(action()))?;
    let header = header.clone();
    thread::Builder::new()
        // If curl does not read it, curl reports why.
        .spawn(move || drop(writer.write_all(header.expose().as_bytes())))
        .or_fail(Kind::Unexpected)
        .map_err(|error| error.about(action()))?;
    curl.stdin(reader).arg("-H").arg("@-");
    Ok(())
}

pub(super) fn check(typed: &[OsString], requests: usize) -> Result<(), Error> {
    if requests > 1 {
        return Err(Error::of(Kind::Usage, StdinIsTaken::ByAnotherRequest)
            .hint("run tok once for each request"));
    }
    let reads_stdin = |word: &String| {
        word == "-" || word.ends_with("@-") || ["-T-", "-K-"].contains(&word.as_str())
    };
    let words = typed.iter().map(|word| word.to_string_lossy().into_owned());
    match words.into_iter().find(reads_stdin) {
        Some(word) => {
            Err(Error::of(Kind::Usage, StdinIsTaken::ByArgument(word))
                .hint("put the data into a file"))
        }
        None => Ok(()),
    }
}
