//! Tokens on disk: one file each, one fetch at a time, and trouble with either is a note rather than a failure.

pub mod entry;
pub mod folder;
pub mod key;
pub mod lock;
pub mod setback;

use std::path::PathBuf;
use std::time::Instant;

use crate::profile::Profile;
use entry::Entry;
use folder::{Folder, Trouble};
use lock::{Lock, Outcome};
use setback::Setback;

/// The place of one profile's token, as the profile is now.
#[derive(Debug)]
pub struct Slot {
    path: PathBuf,
    stem: String,
    inputs: Vec<(String, String)>,
}

impl Slot {
    /// The slot for the token that `profile` asks for.
    ///
    /// # Errors
    /// When there is no place for a cache at all.
    pub fn of(profile: &Profile) -> Result<Self, Trouble> {
        let inputs = profile.inputs();
        Ok(Self {
            path: folder::path()?,
            stem: key::stem(&profile.name, &inputs),
            inputs,
        })
    }

    fn name(&self, ending: &str) -> String {
        format!("{}.{ending}", self.stem)
    }

    /// The file that the entry is in.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.path.join(self.name("json"))
    }

    /// The entry; none when there is none, or it is damaged or for other inputs.
    ///
    /// # Errors
    /// When the folder or the file cannot be trusted or read.
    pub fn read(&self) -> Result<Option<Entry>, Trouble> {
        let Some(folder) = Folder::open(&self.path)? else {
            return Ok(None);
        };
        let bytes = folder.read(&self.name("json"))?;
        Ok(bytes.and_then(|bytes| entry::read(&bytes, &self.inputs)))
    }

    /// The last setback; none when there was none since the last success.
    #[must_use]
    pub fn setback(&self) -> Option<Setback> {
        let folder = Folder::open(&self.path).ok()??;
        Setback::read(&folder.read(&self.name("setback")).ok()??)
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

    /// Stores `entry`, forgets the last setback, and sweeps up after writers that were killed. `held` says that the caller may.
    ///
    /// # Errors
    /// When it cannot be written; what was there stays.
    pub fn store(&self, entry: &Entry, held: Option<&Lock>) -> Result<(), Trouble> {
        let folder = Folder::create(&self.path)?;
        let name = self.name("json");
        if held.is_some() {
            folder.sweep(&name);
            folder.sweep(&self.name("setback"));
        }
        folder.write(&name, &entry::write(entry, &self.inputs))?;
        folder.remove(&self.name("setback")).map(|_| ())
    }

    /// Stores `setback` beside the entry.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn store_setback(&self, setback: &Setback) -> Result<(), Trouble> {
        Folder::create(&self.path)?.write(&self.name("setback"), &setback.write())
    }

    /// Forgets the entry; whether there was one.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn forget(&self) -> Result<bool, Trouble> {
        match Folder::open(&self.path)? {
            Some(folder) => folder.remove(&self.name("json")),
            None => Ok(false),
        }
    }
}
