//! All cache entries, whatever the profiles look like now: for `tok status`, `tok forget` and `tok reject`.
//!
//! The entries of a profile that was edited or removed since are found by their file names.

use std::path::PathBuf;
use std::time::Instant;

use crate::cache::directory::{self, Directory};
use crate::cache::entry::Entry;
use crate::cache::error::CacheError;
use crate::cache::last_failure::LastFailure;
use crate::cache::store::Store;
use crate::cache::{LAST_FAILURE, key, lock};
use crate::clock::Now;
use crate::error::Error;
use crate::profile::file::schema::TokenCharacters;
use crate::secret::Secret;

/// The cache directory.
#[derive(Debug)]
pub(crate) struct Entries {
    directory: Directory,
}

/// An entry in the list.
#[derive(Debug)]
pub(crate) struct Listed {
    /// The profile it was fetched for.
    pub(crate) profile: String,
    /// Its name without an ending.
    pub(crate) stem: String,
    pub(crate) store: Store,
    /// The file that contains it, or marks it as one in the keyring.
    pub(crate) file: PathBuf,
    /// `None` if it is no longer in the keyring.
    pub(crate) entry: Result<Option<Entry>, CacheError>,
}

/// A wait that a provider asked for with `Retry-After`.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The profile.
    pub(crate) profile: String,
    /// The name of the entry it is for, without an ending.
    pub(crate) stem: String,
    pub(crate) left_ms: i64,
}

/// What was removed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Forgotten {
    pub(crate) tokens: usize,
    /// How many waits that a provider asked for.
    pub(crate) waits: usize,
}

impl Entries {
    /// Opens the cache if there is one.
    ///
    /// # Errors
    /// Fails if the directory cannot be trusted or used, or there is no home for it.
    pub(crate) fn open() -> Result<Option<Self>, CacheError> {
        Ok(Directory::open(&directory::path()?)?.map(|directory| Self { directory }))
    }

    /// Lists every entry, or those of `profile`, sorted by name.
    ///
    /// # Errors
    /// Fails if the directory cannot be listed.
    pub(crate) fn list(&self, profile: Option<&str>) -> Result<Vec<Listed>, CacheError> {
        let mut listed = Vec::new();
        // A keyring that is locked or does not answer is asked once.
        let mut keyring_error: Option<Error> = None;
        for name in self.directory.names()? {
            let Some((stem, ending)) = key::split(&name) else {
                continue;
            };
            let (Some(store), Some(owner)) = (Store::with_ending(ending), key::profile_of(stem))
            else {
                continue;
            };
            if profile.is_some_and(|profile| profile != owner) {
                continue;
            }
            let entry = match &keyring_error {
                Some(error) if store == Store::Keyring => {
                    Err(CacheError::Keyring(stem.to_owned(), error.clone()))
                }
                _ => self.read(store, stem),
            };
            if let Err(CacheError::Keyring(_, error)) = &entry {
                keyring_error = Some(error.clone());
            }
            listed.push(Listed {
                profile: owner.to_owned(),
                stem: stem.to_owned(),
                store,
                file: self.directory.path().join(&name),
                entry,
            });
        }
        Ok(listed)
    }

    /// Lists every wait, or those of `profile`, sorted by name.
    ///
    /// # Errors
    /// Fails if the directory cannot be listed.
    pub(crate) fn waits(
        &self,
        profile: Option<&str>,
        now: &Now,
    ) -> Result<Vec<Waiting>, CacheError> {
        let names = self.directory.names()?;
        let waits = names.iter().filter_map(|name| {
            let (stem, LAST_FAILURE) = key::split(name)? else {
                return None;
            };
            let owner = key::profile_of(stem)?;
            let left_ms = self.wait_ms(name, now)?;
            profile
                .is_none_or(|profile| profile == owner)
                .then(|| Waiting {
                    profile: owner.to_owned(),
                    stem: stem.to_owned(),
                    left_ms,
                })
        });
        Ok(waits.collect())
    }

    fn wait_ms(&self, name: &str, now: &Now) -> Option<i64> {
        let file = self.directory.read(name).ok()??;
        LastFailure::read(file.line())?.must_wait_ms(now)
    }

    fn read(&self, store: Store, stem: &str) -> Result<Option<Entry>, CacheError> {
        // The characters that any profile allows.
        let found = store.read(&self.directory, stem, TokenCharacters::Visible)?;
        Ok(found.map(|found| found.entry))
    }

    /// Removes every entry, or those of `profile`, with their last failures. Locks stay: one on a removed file excludes no
    /// other process.
    ///
    /// # Errors
    /// Fails if one cannot be removed; the others are removed all the same.
    pub(crate) fn forget(&self, profile: Option<&str>) -> Result<Forgotten, CacheError> {
        self.directory.sweep();
        let now = Now::read();
        let mut forgotten = Forgotten::default();
        let mut first_error = None;
        for name in self.directory.names()? {
            let Some((stem, ending)) = key::split(&name) else {
                continue;
            };
            let owner = key::profile_of(stem);
            if owner.is_none() || profile.is_some() && owner != profile {
                continue;
            }
            let removed = match Store::with_ending(ending) {
                Some(store) => store.remove(&self.directory, stem).and_then(|was_there| {
                    // The mark of an entry in the keyring.
                    self.directory.remove(&name)?;
                    Ok(was_there)
                }),
                None if ending == LAST_FAILURE => {
                    forgotten.waits += usize::from(self.wait_ms(&name, &now).is_some());
                    self.directory.remove(&name).map(|_| false)
                }
                None => continue,
            };
            match removed {
                Ok(was_there) => forgotten.tokens += usize::from(was_there),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        first_error.map_or(Ok(forgotten), Err)
    }

    /// Removes each entry of `profile` whose token is `rejected`. Returns whether there was one. Takes the entry's lock first, waiting
    /// until `until`: a refresh that is under way is not undone, and of many processes that reject one token the first removes it.
    ///
    /// # Errors
    /// Fails if an entry with that token cannot be removed.
    pub(crate) fn reject(
        &self,
        profile: &str,
        rejected: &Secret,
        until: Instant,
    ) -> Result<bool, CacheError> {
        let has_token = |entry: &Result<Option<Entry>, CacheError>| matches!(entry, Ok(Some(entry)) if entry.token.access_token == *rejected);
        let mut removed = false;
        for Listed {
            stem, store, entry, ..
        } in self.list(Some(profile))?
        {
            if !has_token(&entry) {
                continue;
            }
            // Without the lock the token is removed all the same: the API refuses it, and at worst that costs one fetch.
            let _lock = lock::take_by(&self.directory, &stem, until);
            if has_token(&self.read(store, &stem)) {
                removed |= store.remove(&self.directory, &stem)?;
            }
        }
        Ok(removed)
    }
}
