//! What `tok add` asks: questions go to stderr, so that stdout stays the profile's.

use std::io::{self, BufRead, Read, Write};
use std::process::Command;

use anyhow::Context;
use zeroize::Zeroizing;

use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::term::notes::Notes;

/// The longest request that is read: more is a mistaken file.
const LONGEST_BYTES: u64 = 256 * 1024;

/// What the editor shows first; to a shell, and so to tok, all of it is comments.
const INVITATION: &str = "\
# Paste the example request of the provider's manual (a curl command) below, with your own
# client id and secret or with its placeholders; save and leave the editor.

";

/// The request: what stands on stdin or, where a person sits there, what they write in their editor.
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

/// Opens `editor` on a file that is nobody else's to read, and gone afterwards.
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
    // By its name: many editors write a new file in the old one's place.
    let mut file = std::fs::File::open(file.path()).context("could not read what was edited")?;
    read(&mut file, bytes).context("could not read what was edited")?;
    Ok(())
}

/// A line of text.
///
/// # Errors
/// A usage failure when there is none.
pub(super) fn line(question: &str) -> anyhow::Result<String> {
    say(&format!("{question}: "));
    let mut typed = String::new();
    io::stdin()
        .lock()
        .read_line(&mut typed)
        .context("could not read from the terminal")?;
    match typed.trim() {
        "" => Err(Error::new(Kind::Usage, "nothing was typed; nothing was written").into()),
        typed => Ok(typed.to_owned()),
    }
}

/// Yes or no; a bare return is a yes.
pub(super) fn yes(question: &str) -> anyhow::Result<bool> {
    say(&format!("{question} [Y/n] "));
    let mut typed = String::new();
    let length = io::stdin()
        .lock()
        .read_line(&mut typed)
        .context("could not read from the terminal")?;
    let typed = typed.trim().to_ascii_lowercase();
    // The end of the input is not an answer.
    Ok(length > 0 && ["", "y", "yes"].contains(&typed.as_str()))
}

/// A secret, unseen; none when nothing is typed.
pub(super) fn secret(notes: Notes, user: &str) -> anyhow::Result<Option<Secret>> {
    let prompt = format!("Secret for `{user}` (not shown; empty to set it later): ");
    let typed = crate::commands::secret::unseen(notes, &prompt)?;
    Ok((!typed.is_empty()).then_some(typed))
}

/// If even stderr is gone there is nobody to ask.
fn say(text: &str) {
    let mut stderr = io::stderr();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}
