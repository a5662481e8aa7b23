//! A refresh in progress: a mark that it was sent, then the sealed new token until it is stored where it belongs.
//!
//! One lock for each place of a refresh token, beside the locks of the entries: several requests of a profile share one refresh token.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use ring::digest::SHA256;
use serde::{Deserialize, Serialize};

use crate::cache::directory::{self, Directory};
use crate::cache::error::{CacheError, PathProblem};
use crate::cache::lock;
use crate::cache::sealed::Sealed;
use crate::secret::Secret;

/// Raise it when the form changes. A newer form is an error: it may contain the only copy of a token.
const VERSION: u32 = 1;

/// No profile has such a name, so that `tok forget` leaves these files alone.
pub(super) const PREFIX: &str = "+refresh";

const ENDING: &str = "pending";

/// Space on the disk for a token that cannot be stored: written before it is needed.
const RESERVE_BYTES: usize = 16 << 10;

/// A refresh that was sent and whose answer is not stored where it belongs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pending {
    /// The [fingerprint] of the token that was sent.
    pub(crate) sent: String,
    /// When the last request was sent whose answer is still unknown, in Unix milliseconds.
    pub(crate) open_unix_ms: Option<i64>,
    /// When a request with this token was sent whose answer was lost.
    pub(crate) lost_unix_ms: Option<i64>,
    /// The token that replaces it, which may not be stored where it belongs.
    pub(crate) rescued: Option<Sealed>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    sent: String,
    open_unix_ms: Option<i64>,
    lost_unix_ms: Option<i64>,
    rescued: Option<Sealed>,
}

/// The only process that refreshes the token at one place.
#[derive(Debug)]
pub(crate) struct RefreshSlot {
    pub(super) directory: Directory,
    stem: String,
    _lock: File,
}

impl RefreshSlot {
    /// Waits until no other process refreshes the token at `place`, or returns `None` at `until`.
    pub(crate) fn take(place: &str, until: Instant) -> Result<Option<Self>, CacheError> {
        let directory = Directory::create(&directory::path()?)?;
        let stem = format!("{PREFIX}.{}", digits(place, 32));
        let lock = lock::take_alone(&directory, &format!("{stem}.lock"), until)?;
        Ok(lock.map(|lock| Self {
            directory,
            stem,
            _lock: lock,
        }))
    }

    pub(super) fn file_name(&self, ending: &str) -> String {
        format!("{}.{ending}", self.stem)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join(self.file_name(ENDING))
    }

    pub(crate) fn pending(&self) -> Result<Option<Pending>, CacheError> {
        let Some(file) = self.directory.read(&self.file_name(ENDING))? else {
            return Ok(None);
        };
        match serde_json::from_slice::<Stored>(file.line()) {
            Ok(stored) if stored.version <= VERSION => Ok(Some(Pending {
                sent: stored.sent,
                open_unix_ms: stored.open_unix_ms,
                lost_unix_ms: stored.lost_unix_ms,
                rescued: stored.rescued,
            })),
            Ok(_) => Err(self.directory.about(&self.file_name(ENDING))(
                PathProblem::Entry(crate::cache::error::Unreadable::Newer),
            )),
            Err(_) => Ok(None),
        }
    }

    /// Replaces the file in one step, and reserves room for a token.
    pub(crate) fn write(&self, pending: &Pending) -> Result<(), CacheError> {
        self.directory.sweep();
        self.directory
            .write(&self.file_name(ENDING), &line(pending, RESERVE_BYTES))
    }

    /// Opens the file that [`write`](Self::write) made, for [`Reserve::fill`].
    pub(crate) fn reserve(&self) -> Result<Reserve, CacheError> {
        self.directory
            .lock_file(&self.file_name(ENDING))
            .map(Reserve)
    }

    pub(crate) fn clear(&self) -> Result<(), CacheError> {
        self.directory.remove(&self.file_name(ENDING)).map(|_| ())
    }
}

/// An open file with room for a token, so that writing it is one system call, and needs no space on the disk.
#[derive(Debug)]
pub(crate) struct Reserve(File);

impl Reserve {
    /// After `Ok` the file survives the end of this process, and after [`sync`](Self::sync) a power cut.
    pub(crate) fn fill(&self, pending: &Pending) -> std::io::Result<()> {
        (&self.0).write_all(&line(pending, 0))
    }

    pub(crate) fn sync(&self) -> std::io::Result<()> {
        self.0.sync_all()
    }
}

fn line(pending: &Pending, least: usize) -> Vec<u8> {
    let stored = Stored {
        version: VERSION,
        sent: pending.sent.clone(),
        open_unix_ms: pending.open_unix_ms,
        lost_unix_ms: pending.lost_unix_ms,
        rescued: pending.rescued.clone(),
    };
    let mut bytes = serde_json::to_vec(&stored).unwrap_or_default();
    bytes.push(b'\n');
    bytes.resize(bytes.len().max(least), b' ');
    bytes
}

/// Tells tokens apart without giving anything of them away: too short to test guesses with.
pub(crate) fn fingerprint(token: &Secret) -> String {
    digits(token.expose(), 8)
}

fn digits(text: &str, count: usize) -> String {
    let digest = ring::digest::digest(&SHA256, text.as_bytes());
    let mut hex = digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    hex.truncate(count);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(folder: &tempfile::TempDir) -> RefreshSlot {
        let directory = Directory::create(&folder.path().join("tok")).unwrap();
        let lock = directory.lock_file("l").unwrap();
        RefreshSlot {
            directory,
            stem: "p".into(),
            _lock: lock,
        }
    }

    #[test]
    fn rescued_token_is_read_again_whether_there_was_room_or_only_the_reserve() {
        let folder = tempfile::tempdir().unwrap();
        let slot = slot(&folder);
        assert_eq!(slot.pending().unwrap(), None);
        let sent = Pending {
            sent: fingerprint(&Secret::new("old")),
            open_unix_ms: Some(7),
            ..Pending::default()
        };
        slot.write(&sent).unwrap();
        assert_eq!(slot.pending().unwrap(), Some(sent.clone()));
        let size = || std::fs::metadata(slot.path()).unwrap().len();
        assert_eq!(size(), RESERVE_BYTES as u64);
        let rescued = Pending {
            rescued: Sealed::new(&Secret::new("new\"token".repeat(500)), &Secret::new("old")),
            open_unix_ms: None,
            ..sent
        };
        let reserve = slot.reserve().unwrap();
        reserve
            .fill(&rescued)
            .and_then(|()| reserve.sync())
            .unwrap();
        assert_eq!(slot.pending().unwrap(), Some(rescued));
        assert_eq!(size(), RESERVE_BYTES as u64);
        slot.clear().unwrap();
        assert_eq!(slot.pending().unwrap(), None);
    }

    #[test]
    fn a_newer_form_is_an_error_because_it_may_hold_the_only_copy() {
        let folder = tempfile::tempdir().unwrap();
        let slot = slot(&folder);
        let newer = line(&Pending::default(), 0);
        let newer = String::from_utf8(newer).unwrap();
        let newer = newer.replace("\"version\":1", "\"version\":2");
        slot.directory.write("p.pending", newer.as_bytes()).unwrap();
        assert!(slot.pending().is_err());
        slot.directory.write("p.pending", b"damaged").unwrap();
        assert_eq!(slot.pending().unwrap(), None);
    }

    #[test]
    fn fingerprint_is_too_short_to_test_guesses_with() {
        let short = fingerprint(&Secret::new("a"));
        assert_eq!(short.len(), 8);
        assert_ne!(short, fingerprint(&Secret::new("b")));
    }
}
