//! Everything that is kept, whatever the profiles look like now: for `tok status`, `tok forget` and `tok reject`.
//!
//! A profile that was edited since has another stem, and one that was deleted has none; their entries are found by the names of the files.

use std::path::PathBuf;
use std::time::Instant;

use crate::cache::directory::{self, Folder, Trouble};
use crate::cache::entry::{self, Entry};
use crate::cache::keyring_store;
use crate::cache::lock;
use crate::cache::{IN_KEYRING, key};
use crate::fast::bookmark;
use crate::secret::Secret;

/// The cache folder, to look through.
#[derive(Debug)]
pub struct Shelf {
    folder: Folder,
}

/// One entry.
#[derive(Debug)]
pub struct Kept {
    /// The profile it was fetched for.
    pub profile: String,
    /// Its name without an ending.
    pub stem: String,
    /// Whether it is in the keyring rather than in a file.
    pub in_keyring: bool,
    /// The file it is in, or that says that it is in the keyring.
    pub file: PathBuf,
    /// What it holds, or why that cannot be told; none when it is gone from the keyring.
    pub entry: Result<Option<Entry>, Trouble>,
}

impl Shelf {
    /// The shelf; none when nothing was ever kept.
    ///
    /// # Errors
    /// When the folder cannot be trusted or used, or there is no home to have one.
    pub fn open() -> Result<Option<Self>, Trouble> {
        Ok(Folder::open(&directory::path()?)?.map(|folder| Self { folder }))
    }

    /// Every entry, or every one of `profile`, sorted by name.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn kept(&self, profile: Option<&str>) -> Result<Vec<Kept>, Trouble> {
        let mut kept = Vec::new();
        for name in self.folder.names()? {
            let Some((stem, ending)) = key::split(&name) else {
                continue;
            };
            let in_keyring = ending == IN_KEYRING;
            let Some(of) = key::profile_of(stem) else {
                continue;
            };
            if !(in_keyring || ending == "json") || profile.is_some_and(|wanted| wanted != of) {
                continue;
            }
            kept.push(Kept {
                profile: of.to_owned(),
                stem: stem.to_owned(),
                in_keyring,
                file: self.folder.path().join(&name),
                entry: self.entry(stem, in_keyring),
            });
        }
        Ok(kept)
    }

    fn entry(&self, stem: &str, in_keyring: bool) -> Result<Option<Entry>, Trouble> {
        if in_keyring {
            let text = keyring_store::read(stem)?;
            let entry = text.map(|text| entry::read_any(text.expose().as_bytes()));
            return entry
                .transpose()
                .map_err(|what| Trouble(format!("keyring entry of `{stem}`: {what}")));
        }
        let name = format!("{stem}.json");
        let Some(content) = self.folder.read(&name)? else {
            return Ok(None);
        };
        let mut entry =
            entry::read_any(content.line()).map_err(|what| self.folder.about(&name, what))?;
        entry.reuses = entry.reuses.saturating_add(content.uses());
        Ok(Some(entry))
    }

    /// Removes every entry, or every one of `profile`, with what was noted beside it and what killed writers left; how many entries there were.
    /// Locks stay: one on a removed file would hold nobody back.
    ///
    /// # Errors
    /// When one cannot be removed; the others are gone then all the same.
    pub fn forget(&self, profile: Option<&str>) -> Result<usize, Trouble> {
        let (mut forgotten, mut first_trouble) = (0, None);
        self.folder.sweep();
        for name in self.folder.names()? {
            if let Some(of) = bookmark::profile_of(&name)
                && profile.is_none_or(|profile| profile == of)
            {
                // One that stays leads nowhere.
                let _ = self.folder.remove(&name);
                continue;
            }
            let Some((stem, ending)) = key::split(&name) else {
                continue;
            };
            let theirs = key::profile_of(stem);
            if theirs.is_none() || profile.is_some() && theirs != profile {
                continue;
            }
            let removed = match ending {
                IN_KEYRING => keyring_store::remove(stem)
                    .and_then(|was_there| self.folder.remove(&name).map(|_| was_there)),
                "json" => self.folder.remove(&name),
                "setback" => self.folder.remove(&name).map(|_| false),
                _ => continue,
            };
            match removed {
                Ok(was_entry) => forgotten += usize::from(was_entry),
                Err(trouble) => first_trouble = first_trouble.or(Some(trouble)),
            }
        }
        first_trouble.map_or(Ok(forgotten), Err)
    }

    /// Removes each entry of `profile` whose token is `rejected`; whether there was one. Under the entry's lock, for which it waits until
    /// `until`: a refresh that is under way is not undone, and of many processes that reject one token the first does it.
    ///
    /// # Errors
    /// When an entry with that token is there and cannot be removed.
    pub fn reject(
        &self,
        profile: &str,
        rejected: &Secret,
        until: Instant,
    ) -> Result<bool, Trouble> {
        let mut removed = false;
        for kept in self.kept(Some(profile))? {
            if !holds(&kept.entry, rejected) {
                continue;
            }
            // Who cannot have the lock in time removes the token all the same: the API refuses it, and all that can be lost is one fetch.
            let most = until.saturating_duration_since(Instant::now());
            let _held = lock::take_within(&self.folder, &format!("{}.lock", kept.stem), most);
            if !holds(&self.entry(&kept.stem, kept.in_keyring), rejected) {
                continue;
            }
            removed |= if kept.in_keyring {
                keyring_store::remove(&kept.stem)?
            } else {
                self.folder.remove(&format!("{}.json", kept.stem))?
            };
        }
        Ok(removed)
    }
}

fn holds(entry: &Result<Option<Entry>, Trouble>, token: &Secret) -> bool {
    matches!(entry, Ok(Some(entry)) if entry.token.access_token == *token)
}
