//! The PEM files of certificates that a profile names.

use std::path::Path;
use std::time::Instant;

use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::error::{Error, Kind, Subject, io_text};
use crate::oauth::signing::pem;
use crate::process::deadline;
use crate::profile::Profile;
use crate::profile::assertion::Assertion;
use crate::secret::Secret;
use crate::secrets::seconds_until;

/// Reads the file of the profile's `key`.
pub(crate) fn read(key: &'static str, path: &Path, until: Instant) -> Result<Secret, Error> {
    let read = match std::fs::metadata(path) {
        Ok(file) if !file.is_file() => {
            // Even opening a FIFO may block forever.
            let seconds = seconds_until(until);
            let path_there = path.to_owned();
            deadline::by(until, move || std::fs::read(path_there))
                .ok_or_else(|| wrong(key, path, &format!("could not be read within {seconds} s")))?
        }
        _ => std::fs::read(path),
    };
    let bytes = read.map_err(|error| {
        let why = format!("could not be read: {}", io_text(&error));
        wrong(key, path, &why)
    })?;
    Ok(Secret::new(String::from_utf8_lossy(&Zeroizing::new(bytes))))
}

/// Reads all certificates of the file of the profile's `key`, at least one.
pub(crate) fn certificates(
    key: &'static str,
    path: &Path,
    until: Instant,
) -> Result<Vec<CertificateDer<'static>>, Error> {
    pem::certificates(&read(key, path, until)?)
        .filter(|certificates| !certificates.is_empty())
        .ok_or_else(|| wrong(key, path, "contains no PEM certificate"))
}

/// Reads the certificates that the headers of the profile's assertions need, if any.
pub(crate) fn of_assertions(
    profile: &Profile,
    until: Instant,
) -> Result<Vec<CertificateDer<'static>>, Error> {
    let is_needed = profile.assertions().any(Assertion::needs_certificate);
    match &profile.client_cert {
        Some(path) if is_needed => {
            certificates("client_cert", path, until).map_err(|error| error.profile(&profile.name))
        }
        _ => Ok(Vec::new()),
    }
}

/// The error for a file that is not what the profile's `key` needs.
pub(crate) fn wrong(key: &'static str, path: &Path, what: &str) -> Error {
    let shown = path.display().to_string();
    let below_home = ["$HOME/", "${HOME}/"]
        .iter()
        .find_map(|home| shown.split_once(home));
    let hint = match below_home {
        Some((_, rest)) => format!("write `{key} = \"~/{rest}\"`"),
        None => format!("`{key}` names a PEM file, relative to the config's folder"),
    };
    Error::new(Kind::Config, format!("{shown} {what}"))
        .about(Subject::Key(key.to_owned()))
        .hint(hint)
}
