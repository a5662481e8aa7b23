//! Tokens on disk: one file each, one fetch at a time, and trouble with either is a note rather than a failure.

pub mod directory;
pub mod entries;
pub mod entry;
pub mod key;
mod keyring_store;
pub mod last_failure;
pub mod lock;
pub mod waiters;

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Instant;

use crate::profile::Profile;
use crate::profile::file::schema::CacheKind;
use crate::token::Token;
use directory::{Content, Folder, Trouble};
use entry::Entry;
use last_failure::Setback;
use lock::{Lock, Outcome};
use waiters::Crowd;

/// The ending of the file that says that an entry is in the keyring: keyrings cannot be listed everywhere.
const IN_KEYRING: &str = "keyring";

/// The place of one profile's token, as the profile is now.
#[derive(Debug)]
pub struct Slot {
    path: PathBuf,
    stem: String,
    digest: String,
    kind: CacheKind,
    /// Whether there is any use in asking the keyring: one that did not answer would let each further question wait as long.
    answers: Cell<bool>,
}

/// An entry that was read, and the file it was in, still open.
#[derive(Debug)]
pub struct Found {
    /// The entry.
    pub entry: Entry,
    pub(crate) content: Option<Content>,
}

impl Found {
    /// Counts that the entry was used without a fetch, where that costs next to nothing.
    pub fn count_use(&self) {
        if let Some(content) = &self.content {
            content.count_use();
        }
    }

    /// Closes the file, which not every system replaces while it is open.
    pub fn close(&mut self) {
        self.content = None;
    }
}

impl Slot {
    /// The slot for the token that `profile` asks for.
    ///
    /// # Errors
    /// When there is no place for a cache at all.
    pub fn of(profile: &Profile) -> Result<Self, Trouble> {
        let digest = key::digest(&profile.inputs());
        Ok(Self {
            path: directory::path()?,
            stem: key::stem(&profile.name, &digest),
            digest,
            kind: profile.cache,
            answers: Cell::new(true),
        })
    }

    fn name(&self, ending: &str) -> String {
        format!("{}.{ending}", self.stem)
    }

    /// The name of the entry, without an ending.
    #[must_use]
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// Whether it is worth going on with this slot after a look at it.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.answers.get()
    }

    /// The entry; none when there is none, or it is for other inputs.
    ///
    /// # Errors
    /// When the entry, or the place it is in, is damaged or cannot be trusted or read.
    pub fn read(&self) -> Result<Option<Found>, Trouble> {
        if self.kind == CacheKind::Keyring {
            let text = keyring_store::read(&self.stem).inspect_err(|_| self.answers.set(false))?;
            let Some(text) = text else {
                return Ok(None);
            };
            let entry = entry::read(text.expose().as_bytes(), &self.digest)
                .map_err(|what| Trouble(format!("keyring entry of `{}`: {what}", self.stem)))?;
            return Ok(entry.map(|entry| Found {
                entry,
                content: None,
            }));
        }
        let Some(folder) = Folder::open(&self.path)? else {
            return Ok(None);
        };
        let name = self.name("json");
        let Some(content) = folder.read(&name)? else {
            return Ok(None);
        };
        let entry =
            entry::read(content.line(), &self.digest).map_err(|what| folder.about(&name, what))?;
        Ok(entry.map(|mut entry| {
            entry.reuses = entry.reuses.saturating_add(content.uses());
            Found {
                entry,
                content: Some(content),
            }
        }))
    }

    /// The last setback; none when there was none since the last success.
    #[must_use]
    pub fn setback(&self) -> Option<Setback> {
        last_setback(&Folder::open(&self.path).ok()??, &self.stem)
    }

    /// Joins the processes that are after this token right now.
    #[must_use]
    pub fn join(&self) -> Crowd {
        // Where there is no folder there is nobody to meet; the note comes with the lock.
        let Ok(folder) = Folder::create(&self.path) else {
            return Crowd::default();
        };
        Crowd::join(
            &folder,
            &self.name("crowd"),
            || last_setback(&folder, &self.stem),
            || {
                // One that stays only keeps this call from trying anew for as long as it is fresh.
                let _ = folder.remove(&self.name("setback"));
            },
        )
    }

    /// Asks for the lock, waiting for its holder until `until`.
    ///
    /// # Errors
    /// When there can be no lock.
    pub fn lock(&self, until: Instant) -> Result<Outcome, Trouble> {
        lock::take_or_wait(&Folder::create(&self.path)?, &self.name("lock"), until)
    }

    /// Takes the lock if it is free.
    ///
    /// # Errors
    /// When there can be no lock.
    pub fn try_lock(&self) -> Result<Option<Lock>, Trouble> {
        lock::try_take(&Folder::create(&self.path)?, &self.name("lock"))
    }

    /// Stores `token`, forgets the last setback, and sweeps up after writers that were killed.
    ///
    /// # Errors
    /// When it cannot be written; what was there stays.
    pub fn store(&self, token: &Token) -> Result<(), Trouble> {
        let folder = Folder::create(&self.path)?;
        folder.sweep();
        let before = self.read().ok().flatten().map(|found| found.entry);
        let entry = Entry {
            token: token.clone(),
            fetches: before.as_ref().map_or(0, |before| before.fetches) + 1,
            reuses: before.map_or(0, |before| before.reuses),
        };
        let bytes = entry::write(&entry, &self.digest);
        if self.kind == CacheKind::Keyring {
            // The mark first: an entry that nothing points to could not be forgotten.
            folder.write(&self.name(IN_KEYRING), b"")?;
            keyring_store::write(&self.stem, &bytes)?;
            folder.remove(&self.name("json"))?;
        } else {
            folder.write(&self.name("json"), &bytes)?;
        }
        folder.remove(&self.name("setback")).map(|_| ())
    }

    /// Stores `setback` beside the entry, and sweeps up as [`store`](Self::store) does.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn store_setback(&self, setback: &Setback) -> Result<(), Trouble> {
        let folder = Folder::create(&self.path)?;
        let name = self.name("setback");
        folder.sweep();
        folder.write(&name, &setback.write())
    }
}

fn last_setback(folder: &Folder, stem: &str) -> Option<Setback> {
    Setback::read(folder.read(&format!("{stem}.setback")).ok()??.line())
}
