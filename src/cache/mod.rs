//! Tokens that outlive a process: an entry per profile and request, with its lock and last failure.

pub(crate) mod content;
pub(crate) mod directory;
pub(crate) mod entries;
pub mod entry;
pub mod error;
pub mod key;
pub mod last_failure;
pub(crate) mod lock;
pub(crate) mod login;
pub(crate) mod metadata;
pub(crate) mod refresh;
pub(crate) mod sealed;
pub(crate) mod shared;
pub(crate) mod store;

use std::path::PathBuf;
use std::time::Instant;

use crate::profile::Profile;
use crate::profile::file::schema::{CacheKind, TokenCharacters};
use crate::secrets::keyring;
use crate::token::Token;
use directory::Directory;
use entry::Entry;
use error::{CacheError, PathProblem};
use last_failure::LastFailure;
use lock::{Lock, Turn};
use shared::Identity;
use store::{Found, Store};

const LAST_FAILURE: &str = "failure";

#[derive(Debug)]
pub(crate) struct Slot {
    path: PathBuf,
    stem: String,
    digest: String,
    store: Store,
    characters: TokenCharacters,
}

impl Slot {
    /// Returns `None` with `cache = "none"`, or if the entry's keyring is turned off.
    pub(crate) fn of(profile: &Profile) -> Result<Option<Self>, CacheError> {
        let store = match profile.cache {
            CacheKind::None => return Ok(None),
            CacheKind::File | CacheKind::Shared => Store::File,
            // A wrong value is reported by each use of the keyring.
            CacheKind::Keyring if keyring::is_off().unwrap_or(false) => return Ok(None),
            CacheKind::Keyring => Store::Keyring,
        };
        let digest = key::digest(&profile.name, &profile.inputs());
        Ok(Some(Self {
            path: directory::path()?,
            stem: key::stem(&profile.name, &digest),
            digest,
            store,
            characters: profile.response.token_chars,
        }))
    }

    pub(crate) fn read(&self) -> Result<Option<Found>, CacheError> {
        let Some(directory) = Directory::open(&self.path)? else {
            return Ok(None);
        };
        let found = self.store.read(&directory, &self.stem, self.characters)?;
        Ok(found.filter(|found| found.entry.digest == self.digest))
    }

    pub(crate) fn last_failure(&self) -> Option<LastFailure> {
        let directory = Directory::open(&self.path).ok()??;
        let file = directory.read(&self.file_name(LAST_FAILURE)).ok()??;
        LastFailure::read(file.line())
    }

    pub(crate) fn lock(&self, until: Instant) -> Result<Turn, CacheError> {
        lock::take_or_wait(&Directory::create(&self.path)?, &self.stem, until)
    }

    pub(crate) fn try_lock(&self, until: Instant) -> Result<Option<Lock>, CacheError> {
        lock::try_take(&Directory::create(&self.path)?, &self.stem, until)
    }

    /// Stores `token` and removes the last failure; on an error the old entry stays. It counts as a fetch if `is_fetched` here.
    pub(crate) fn store(&self, token: &Token, is_fetched: bool) -> Result<(), CacheError> {
        let directory = Directory::create(&self.path)?;
        directory.sweep();
        let old = self.read().ok().flatten().map(|found| found.entry);
        let entry = Entry {
            digest: self.digest.clone(),
            token: token.clone(),
            fetches: old.as_ref().map_or(0, |old| old.fetches) + u64::from(is_fetched),
            reuses: old.map_or(0, |old| old.reuses),
        };
        self.store.write(&directory, &self.stem, &entry)?;
        directory.remove(&self.file_name(LAST_FAILURE)).map(|_| ())
    }

    pub(crate) fn store_failure(&self, failure: &LastFailure) -> Result<(), CacheError> {
        let directory = Directory::create(&self.path)?;
        directory.sweep();
        directory.write(&self.file_name(LAST_FAILURE), &failure.write())
    }

    fn file_name(&self, ending: &str) -> String {
        format!("{}.{ending}", self.stem)
    }
}

/// Returns what identifies the profile's entry on other machines.
pub(crate) fn identity(profile: &Profile) -> Identity {
    Identity {
        digest: key::digest(&profile.name, &profile.inputs()),
        characters: profile.response.token_chars,
    }
}

pub(crate) fn stem(profile: &Profile) -> String {
    key::stem(
        &profile.name,
        &key::digest(&profile.name, &profile.inputs()),
    )
}

/// Writes, reads, locks and removes test files; returns the directory's path.
pub(crate) fn probe() -> Result<PathBuf, CacheError> {
    let path = directory::path()?;
    let directory = Directory::create(&path)?;
    let stem = format!("doctor.{}", std::process::id());
    directory.write(&stem, b"doctor\n")?;
    let read = directory.read(&stem);
    let locked = lock::try_take(&directory, &stem, Instant::now());
    directory.remove(&stem)?;
    directory.remove(&format!("{stem}.lock"))?;
    if read?.is_none_or(|read| read.line() != b"doctor\n") {
        return Err(CacheError::Path(path, PathProblem::Altered));
    }
    locked?;
    Ok(path)
}
