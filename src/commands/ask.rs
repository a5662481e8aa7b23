//! Asks the user at the terminal. Questions go to stderr, because stdout is for the answer.

use std::io::{self, BufRead, Read, Write};
use std::process::Command;

use anyhow::Context;
use zeroize::Zeroizing;

use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::term::notes::{LONGEST_CHARACTERS, Notes};
use crate::term::text::clean;

/// Longer input is probably the wrong file.
const LONGEST_BYTES: u64 = 256 * 1024;

/// The editor's initial text: comments, which tok ignores as a shell does.
const INVITATION: &str = "\
# Paste the example request of the provider's manual (a curl command) below, with your own
# client id and secret or with its placeholders; save and leave the editor.

";

/// Reads the request from stdin or, at a terminal, from the user's editor.
pub(super) fn request(person: bool) -> anyhow::Result<Zeroizing<String>> {
    let editor = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|editor| !editor.trim().is_empty());
    let mut bytes = Zeroizing::new(Vec::with_capacity(64 * 1024));
    match editor {
        Some(editor) if person => edited(&editor, &mut bytes)?,
        _ => {
            if person {
                say("Paste the example request (a curl command), then press Ctrl-D:\n");
            }
            read(&mut io::stdin().lock(), &mut bytes).context("could not read stdin")?;
        }
    }
    if bytes.len() as u64 > LONGEST_BYTES {
        return Err(Error::new(Kind::Usage, "the request is longer than 256 KiB").into());
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Error::new(Kind::Usage, "the request is not UTF-8 text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn read(from: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<usize> {
    from.take(LONGEST_BYTES + 1).read_to_end(bytes)
}

fn edited(editor: &str, bytes: &mut Vec<u8>) -> anyhow::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix("tok-request-")
        .suffix(".sh")
        .tempfile()
        .context("could not make a file to edit")?;
    file.write_all(INVITATION.as_bytes())
        .and_then(|()| file.flush())
        .context("could not write a file to edit")?;
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default();
    let status = Command::new(program)
        .args(words)
        .arg(file.path())
        .status()
        .map_err(|error| {
            Error::new(
                Kind::Usage,
                format!(
                    "could not run the editor `{program}`: {}",
                    crate::error::io_text(&error)
                ),
            )
            .hint("set EDITOR, or give the request on stdin")
        })?;
    if !status.success() {
        return Err(Error::new(
            Kind::Usage,
            format!("the editor `{program}` ended with {status}"),
        )
        .into());
    }
    // Opened by name, as many editors replace the file.
    let mut file = std::fs::File::open(file.path()).context("could not read what was edited")?;
    read(&mut file, bytes).context("could not read what was edited")?;
    Ok(())
}

/// Asks for a line until `check` accepts it. An empty line means `default`; without one it is an error.
pub(super) fn line(
    question: &str,
    default: Option<&str>,
    mut check: impl FnMut(&str) -> Result<(), Error>,
) -> anyhow::Result<String> {
    loop {
        say(&format!("{question}: "));
        let mut typed = String::new();
        let length = io::stdin()
            .lock()
            .read_line(&mut typed)
            .context("could not read from the terminal")?;
        let typed = match (typed.trim(), default) {
            ("", Some(default)) if length > 0 => default,
            ("", _) => {
                return Err(
                    Error::new(Kind::Usage, "nothing was typed; nothing was written").into(),
                );
            }
            (typed, _) => typed,
        };
        match check(typed) {
            Ok(()) => return Ok(typed.to_owned()),
            Err(error) => {
                let hint = error
                    .next_step()
                    .map_or_else(String::new, |hint| format!("; {hint}"));
                say(&format!(
                    "{}\n",
                    clean(&format!("{error}{hint}"), LONGEST_CHARACTERS)
                ));
            }
        }
    }
}

/// Asks a yes-or-no question; Enter means `default`, the end of the input means no.
pub(super) fn yes(question: &str, default: bool) -> anyhow::Result<bool> {
    let choices = if default { "[Y/n]" } else { "[y/N]" };
    say(&format!("{question} {choices} "));
    let mut typed = String::new();
    let length = io::stdin()
        .lock()
        .read_line(&mut typed)
        .context("could not read from the terminal")?;
    Ok(match typed.trim().to_ascii_lowercase().as_str() {
        "" => length > 0 && default,
        typed => ["y", "yes"].contains(&typed),
    })
}

/// Asks for a secret without echoing it; `None` if nothing is typed.
pub(super) fn secret(notes: Notes, user: &str) -> anyhow::Result<Option<Secret>> {
    let prompt = format!("Secret for `{user}` (not shown; empty to set it later): ");
    let typed = crate::commands::secret::unseen(notes, &prompt)?;
    Ok((!typed.is_empty()).then_some(typed))
}

/// Ignores errors: without stderr the answer can still be typed.
fn say(text: &str) {
    let mut stderr = io::stderr();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}
