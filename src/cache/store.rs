//! Where an entry is: in a file, or in the OS keyring (`cache = "keyring"`), which encrypts it at rest for a system call per hit.
//!
//! Not every keyring can be listed, so an empty file in the cache directory marks each entry in it.

use crate::cache::content::Content;
use crate::cache::directory::Directory;
use crate::cache::entry::{self, Entry};
use crate::cache::error::{CacheError, Unreadable};
use crate::cache::key;
use crate::oauth::response::check_characters;
use crate::profile::file::schema::TokenCharacters;
use crate::secret::Secret;
use crate::secrets::keyring;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    File,
    Keyring,
}

#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) entry: Entry,
    file: Option<Content>,
}

impl Found {
    pub(crate) fn count_use(&self) {
        if let Some(file) = &self.file {
            file.count_use();
        }
    }

    /// Windows cannot replace a file while it is open.
    pub(crate) fn close(&mut self) {
        self.file = None;
    }
}

impl Store {
    pub(crate) fn with_ending(ending: &str) -> Option<Self> {
        [Self::File, Self::Keyring]
            .into_iter()
            .find(|store| store.ending() == ending)
    }

    fn ending(self) -> &'static str {
        match self {
            Self::File => "json",
            Self::Keyring => "keyring",
        }
    }

    pub(crate) fn file_name(self, stem: &str) -> String {
        format!("{stem}.{}", self.ending())
    }

    /// The token may only have these `characters`, as when it comes from the provider.
    pub(crate) fn read(
        self,
        directory: &Directory,
        stem: &str,
        characters: TokenCharacters,
    ) -> Result<Option<Found>, CacheError> {
        let name = self.file_name(stem);
        let checked = |entry: Entry| match check_characters(&entry.token.access_token, characters) {
            _ if !key::matches(stem, &entry.digest) => Err(Unreadable::OtherKey),
            Ok(()) => Ok(entry),
            Err(_) => Err(Unreadable::Characters),
        };
        match self {
            Self::File => {
                let Some(file) = directory.read(&name)? else {
                    return Ok(None);
                };
                let mut entry = entry::read(file.line())
                    .and_then(checked)
                    .map_err(|error| directory.about(&name)(error.into()))?;
                entry.reuses = entry.reuses.saturating_add(file.uses());
                let file = Some(file);
                Ok(Some(Found { entry, file }))
            }
            Self::Keyring => {
                let Some(text) = keyring::get(&user(stem)).map_err(keyring_error(stem))? else {
                    return Ok(None);
                };
                let entry = entry::read(text.expose().as_bytes())
                    .and_then(checked)
                    .map_err(|error| CacheError::KeyringEntry(stem.to_owned(), error))?;
                Ok(Some(Found { entry, file: None }))
            }
        }
    }

    pub(crate) fn write(
        self,
        directory: &Directory,
        stem: &str,
        entry: &Entry,
    ) -> Result<(), CacheError> {
        let bytes = entry::write(entry);
        let name = self.file_name(stem);
        match self {
            Self::File => directory.write(&name, &bytes),
            Self::Keyring => {
                // The mark first: an entry without one could not be forgotten.
                directory.write(&name, b"")?;
                check_size(stem, bytes.len())?;
                let text = Secret::new(String::from_utf8_lossy(&bytes));
                keyring::set(&user(stem), &text).map_err(keyring_error(stem))?;
                directory.remove(&Self::File.file_name(stem)).map(|_| ())
            }
        }
    }

    pub(crate) fn remove(self, directory: &Directory, stem: &str) -> Result<bool, CacheError> {
        match self {
            Self::File => directory.remove(&self.file_name(stem)),
            Self::Keyring => keyring::delete(&user(stem)).map_err(keyring_error(stem)),
        }
    }
}

/// The keyring's user name for the entry; the service is that of all tok secrets.
fn user(stem: &str) -> String {
    format!("token/{stem}")
}

fn keyring_error(stem: &str) -> impl FnOnce(crate::error::Error) -> CacheError {
    let stem = stem.to_owned();
    |error| CacheError::Keyring(stem, error)
}

#[cfg(windows)]
fn check_size(stem: &str, size: usize) -> Result<(), CacheError> {
    /// `CRED_MAX_CREDENTIAL_BLOB_SIZE`
    const MAX_BYTES: usize = 2560;
    match size > MAX_BYTES {
        true => Err(CacheError::TooLargeForKeyring {
            stem: stem.to_owned(),
            size,
            most: MAX_BYTES,
        }),
        false => Ok(()),
    }
}

#[cfg(not(windows))]
fn check_size(_: &str, _: usize) -> Result<(), CacheError> {
    Ok(())
}
