//! The parts that credential helpers share: arguments, the request on stdin, notes and errors.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use anyhow::Context;
use zeroize::Zeroizing;

use crate::cache::entries::Entries;
use crate::commands::for_::hosts::Hosts;
use crate::commands::get::{Fetch, prepare};
use crate::commands::session::Session;
use crate::error::{Error, Kind, OrFail, Subject};
use crate::secret::Secret;
use crate::term::text::clean;

const LONGEST_BYTES: u64 = 64 * 1024;

pub(super) const SHOWN_CHARACTERS: usize = 100;

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Login {
    #[command(flatten)]
    pub(super) hosts: Hosts,

    /// The user name to answer with [default: oauth2]
    #[arg(long, value_name = "NAME", value_parser = one_line, help_heading = None)]
    pub(super) username: Option<String>,

    #[command(flatten)]
    pub(super) fetch: Fetch,

    /// Added by the program: `get`, `store` or `erase`
    #[arg(help_heading = None)]
    pub(super) operation: String,
}

/// The default user name: GitLab documents it for OAuth tokens, and others ignore it.
pub(super) const USERNAME: &str = "oauth2";

#[derive(Debug, thiserror::Error)]
#[error("empty, or with a control character")]
struct NotOneLine;

fn one_line(text: &str) -> Result<String, NotOneLine> {
    match text.is_empty() || text.chars().any(char::is_control) {
        true => Err(NotOneLine),
        false => Ok(text.to_owned()),
    }
}

pub(super) fn request() -> anyhow::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    io::stdin()
        .lock()
        .take(LONGEST_BYTES + 1)
        .read_to_end(&mut bytes)
        .context("could not read stdin")?;
    let text = std::str::from_utf8(&bytes).ok();
    match text.filter(|_| bytes.len() as u64 <= LONGEST_BYTES) {
        Some(text) => Ok(Zeroizing::new(text.to_owned())),
        None => Err(Error::new(
            Kind::Usage,
            "stdin is not a request: longer than 64 KiB, or not UTF-8",
        )
        .into()),
    }
}

/// Notes why the answer is empty, because silence would suggest another mistake.
pub(super) fn note_not_listed(session: &Session, host: &str) {
    session.notes().note(&format!(
        "no answer for `{}`: no --host names it, or it is not https",
        clean(host, SHOWN_CHARACTERS)
    ));
}

pub(super) fn unknown(helper: &str, operation: &str, known: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!(
            "{helper} has no operation `{}`",
            clean(operation, SHOWN_CHARACTERS)
        ),
    )
    .hint(format!("there are: {known}"))
}

/// Drops the profile's cached token. If `refused` is known, a newer token stays.
pub(super) fn reject(
    session: &Session,
    fetch: &Fetch,
    refused: Option<&Secret>,
) -> anyhow::Result<()> {
    let (_, profile, _) = prepare(session, fetch)?;
    let until = Instant::now() + Duration::from_millis(profile.timeout_ms.unsigned_abs());
    let drop = |entries: Entries| match refused {
        Some(refused) => entries.reject(&profile.name, refused, until).map(|_| ()),
        None => entries.forget(Some(&profile.name)).map(|_| ()),
    };
    Entries::open()
        .and_then(|entries| entries.map_or(Ok(()), drop))
        .or_fail(Kind::Unexpected)
        .map_err(|error| {
            error
                .about(Subject::Action("could not drop the refused token".into()))
                .into()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_cannot_add_a_line_to_the_answer() {
        for (text, expected) in [
            ("x-access-token", true),
            ("tök user", true),
            ("", false),
            ("a\nusername=b", false),
            ("a\rb", false),
            ("a\0", false),
            ("a\u{85}b", false),
        ] {
            assert_eq!(one_line(text).is_ok(), expected, "{text:?}");
        }
    }
}
