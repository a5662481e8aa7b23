//! All cache entries, including those of edited or removed profiles, which are found by file name.

use std::path::PathBuf;
use std::time::Instant;

use crate::cache::directory::{self, Directory};
use crate::cache::entry::Entry;
use crate::cache::error::CacheError;
use crate::cache::last_failure::LastFailure;
use crate::cache::store::Store;
use crate::cache::{LAST_FAILURE, key, lock, metadata};
use crate::clock::Now;
use crate::error::Error;
use crate::profile::file::schema::TokenCharacters;
use crate::secret::Secret;

#[derive(Debug)]
pub(crate) struct Entries {
    directory: Directory,
}

#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) profile: String,
    pub(crate) stem: String,
    pub(crate) store: Store,
    pub(crate) file: PathBuf,
    /// `None` if the keyring has lost it.
    pub(crate) entry: Result<Option<Entry>, CacheError>,
}

#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) profile: String,
    pub(crate) stem: String,
    pub(crate) left_ms: i64,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Forgotten {
    pub(crate) tokens: usize,
    pub(crate) waits: usize,
}

impl Entries {
    pub(crate) fn open() -> Result<Option<Self>, CacheError> {
        Ok(Directory::open(&directory::path()?)?.map(|directory| Self { directory }))
    }

    pub(crate) fn list(&self, profile: Option<&str>) -> Result<Vec<Listed>, CacheError> {
        let mut listed = Vec::new();
        // A keyring that is locked or does not answer is asked only once.
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
        let found = store.read(&self.directory, stem, TokenCharacters::Visible)?;
        Ok(found.map(|found| found.entry))
    }

    /// Removes entries and last failures; after an error it goes on with the rest.
    /// Locks stay: a lock on a removed file excludes no other process.
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
                    self.directory.remove(&name)?;
                    Ok(was_there)
                }),
                None if ending == LAST_FAILURE => {
                    forgotten.waits += usize::from(self.wait_ms(&name, &now).is_some());
                    self.directory.remove(&name).map(|_| false)
                }
                None if ending == metadata::ENDING => self.directory.remove(&name).map(|_| false),
                None => continue,
            };
            match removed {
                Ok(was_there) => forgotten.tokens += usize::from(was_there),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        first_error.map_or(Ok(forgotten), Err)
    }

    /// Returns the digests of the entries of `profile`, or of all profiles.
    pub(crate) fn digests(&self, profile: Option<&str>) -> Result<Vec<String>, CacheError> {
        let listed = self.list(profile)?.into_iter();
        let entries = listed.filter_map(|listed| listed.entry.ok().flatten());
        Ok(entries.map(|entry| entry.digest).collect())
    }

    /// Removes each entry of `profile` whose token is `rejected`; returns whether there was one.
    /// Takes the lock first: a running refresh is not undone, and of many rejecting processes the first removes the token.
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
            // Without the lock the token is removed all the same: at worst that costs one fetch.
            let _lock = lock::take_by(&self.directory, &stem, until);
            if has_token(&self.read(store, &stem)) {
                removed |= store.remove(&self.directory, &stem)?;
            }
        }
        Ok(removed)
    }
}
