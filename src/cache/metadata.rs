//! An issuer's metadata, kept for a day beside the tokens and checked like an entry.

use std::path::PathBuf;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::cache::directory::{self, Directory};
use crate::cache::error::{CacheError, Unreadable};
use crate::cache::key;
use crate::cache::lock::{self, Lock};
use crate::clock::Now;
use crate::profile::Profile;
use crate::profile::metadata::Metadata;

/// Raise it when the form changes: metadata of other versions is looked up again.
const VERSION: u32 = 1;

/// Endpoints move rarely, and a provider that moves one keeps the old one for longer than a day.
const MAX_AGE_MS: i64 = 24 * 60 * 60 * 1000;

pub(crate) const ENDING: &str = "issuer";

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    key: String,
    sent: Now,
    metadata: Metadata,
}

/// The place of one profile's metadata.
#[derive(Debug)]
pub(crate) struct MetadataSlot {
    path: PathBuf,
    stem: String,
    digest: String,
}

impl MetadataSlot {
    /// Another `ca_file` trusts another server, which may publish something else.
    pub(crate) fn of(profile: &Profile, issuer: &str) -> Result<Self, CacheError> {
        let ca_file = profile.ca_file.as_ref();
        let ca_file = ca_file.map_or_else(String::new, |path| path.display().to_string());
        let inputs = vec![
            ("metadata of".to_owned(), issuer.to_owned()),
            ("ca_file".to_owned(), ca_file),
        ];
        let digest = key::digest(&profile.name, &inputs);
        Ok(Self {
            path: directory::path()?,
            stem: key::stem(&profile.name, &digest),
            digest,
        })
    }

    /// Returns the metadata, unless it is older than a day.
    pub(crate) fn read(&self, now: &Now) -> Result<Option<Metadata>, CacheError> {
        let Some(directory) = Directory::open(&self.path)? else {
            return Ok(None);
        };
        let name = self.file_name();
        let Some(file) = directory.read(&name)? else {
            return Ok(None);
        };
        let stored = serde_json::from_slice::<Stored>(file.line());
        let stored = match stored {
            Ok(stored) if stored.version != VERSION => return Ok(None),
            Ok(stored) if stored.key != self.digest => Err(Unreadable::OtherKey),
            Ok(stored) => Ok(stored),
            Err(_) => Err(Unreadable::Damaged),
        };
        let stored = stored.map_err(|error| directory.about(&name)(error.into()))?;
        let age_ms = now.since(&stored.sent);
        Ok((0..MAX_AGE_MS).contains(&age_ms).then_some(stored.metadata))
    }

    /// Waits for the lock until `until`.
    pub(crate) fn lock(&self, until: Instant) -> Result<Option<Lock>, CacheError> {
        lock::take_by(&Directory::create(&self.path)?, &self.stem, until)
    }

    pub(crate) fn write(&self, metadata: &Metadata, sent: &Now) -> Result<(), CacheError> {
        let directory = Directory::create(&self.path)?;
        directory.sweep();
        let stored = Stored {
            version: VERSION,
            key: self.digest.clone(),
            sent: sent.clone(),
            metadata: metadata.clone(),
        };
        let mut bytes = serde_json::to_vec(&stored).unwrap_or_default();
        bytes.push(b'\n');
        directory.write_unsynced(&self.file_name(), &bytes)
    }

    pub(crate) fn remove(&self) -> Result<(), CacheError> {
        match Directory::open(&self.path)? {
            Some(directory) => directory.remove(&self.file_name()).map(|_| ()),
            None => Ok(()),
        }
    }

    fn file_name(&self) -> String {
        format!("{}.{ENDING}", self.stem)
    }
}
