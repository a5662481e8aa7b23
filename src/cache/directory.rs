//! The folder that tokens are kept in: the user's own, closed to others, and never reached through a link.
//!
//! A cache that cannot be used is no failure: the caller gets [`Trouble`], prints a note, and goes on without. What is Unix's own stands in
//! `folder/unix.rs`, its counterpart in `folder/portable.rs`.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::process::replace_file::{self, Durability};

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use portable as system;
#[cfg(unix)]
use unix as system;

/// The largest file that is read as an entry: a token of a mebibyte and what stands beside it.
const LARGEST_BYTES: u64 = 2 << 20;

/// How much of a file is asked for at first: more than an ordinary entry has.
const FIRST_READ_BYTES: u64 = 4 << 10;

/// The most uses of one file that are counted, a byte each: a count beyond it tells nobody more, and the file stays small.
const MOST_USES: u64 = 1 << 20;

/// Why the cache cannot be used, in words for a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble(pub String);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The cache folder, open.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    handle: replace_file::Directory,
}

/// Where the cache folder is: `tok` under `XDG_CACHE_HOME` or the platform's cache folder.
///
/// # Errors
/// When there is no home to keep it in.
pub fn path() -> Result<PathBuf, Trouble> {
    crate::profile::file::absolute_folder("XDG_CACHE_HOME")
        .or_else(|| directories::BaseDirs::new().map(|dirs| dirs.cache_dir().to_owned()))
        .map(|folder| folder.join("tok"))
        .ok_or_else(|| Trouble("there is no home folder to keep tokens in".to_owned()))
}

impl Folder {
    /// Opens the folder at `path` if it is there.
    ///
    /// # Errors
    /// When it is there but cannot be trusted or used.
    pub fn open(path: &Path) -> Result<Option<Self>, Trouble> {
        let handle = system::open(path).map_err(|trouble| about(path, trouble))?;
        Ok(handle.map(|handle| Self {
            path: path.to_owned(),
            handle,
        }))
    }

    /// Opens the folder at `path` if it is there and nothing is wrong with it; else changes nothing and says nothing.
    #[must_use]
    pub fn open_in_order(path: &Path) -> Option<Self> {
        system::open_in_order(path).map(|handle| Self {
            path: path.to_owned(),
            handle,
        })
    }

    /// Opens the folder at `path`, making it first if need be.
    ///
    /// # Errors
    /// When it cannot be made, trusted or used.
    pub fn create(path: &Path) -> Result<Self, Trouble> {
        if let Some(folder) = Self::open(path)? {
            return Ok(folder);
        }
        system::create(path).map_err(|trouble| about(path, trouble))?;
        Self::open(path)?
            .ok_or_else(|| about(path, "it vanished as soon as it was made".to_owned()))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// File `name` with its first line; none when there is no such file.
    ///
    /// # Errors
    /// When the file is there but is not the user's own plain file, or is too large, or cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Content>, Trouble> {
        let content = system::open_file(&self.handle, name, LARGEST_BYTES).and_then(|opened| {
            opened
                .map(|(file, size)| Content::read(file, size))
                .transpose()
        });
        content.map_err(|trouble| self.about(name, trouble))
    }

    /// Replaces file `name` with `bytes` in one step: whoever reads it sees the old bytes or the new ones, even after a power cut.
    ///
    /// # Errors
    /// When it cannot be written; what was there stays.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Trouble> {
        self.replace(name, bytes, Durability::Contents)
    }

    /// Replaces file `name` with `bytes` in one step, without waiting for the disk: after a power cut it may hold anything. For what is
    /// checked when it is read, and can be done without.
    ///
    /// # Errors
    /// When it cannot be written; what was there stays.
    pub fn write_in_passing(&self, name: &str, bytes: &[u8]) -> Result<(), Trouble> {
        self.replace(name, bytes, Durability::None)
    }

    fn replace(&self, name: &str, bytes: &[u8], durability: Durability) -> Result<(), Trouble> {
        replace_file::replace_in(&self.handle, name.as_ref(), bytes, durability)
            .map_err(|error| self.about(name, words(&error)))
    }

    /// Removes file `name`; whether it was there.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn remove(&self, name: &str) -> Result<bool, Trouble> {
        system::remove(&self.handle, name).map_err(|trouble| self.about(name, trouble))
    }

    /// The names of all files in it, sorted.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn names(&self) -> Result<Vec<String>, Trouble> {
        let mut names =
            replace_file::names(&self.handle).map_err(|error| about(&self.path, words(&error)))?;
        names.sort_unstable();
        Ok(names)
    }

    /// Opens file `name` to be locked, making it if need be. It is never removed: a lock on a removed file would hold nobody back.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn lock_file(&self, name: &str) -> Result<File, Trouble> {
        system::lock_file(&self.handle, name).map_err(|trouble| self.about(name, trouble))
    }

    /// Removes what writers left behind when they were killed.
    pub fn sweep(&self) {
        replace_file::sweep(&self.handle);
    }

    /// Says that the trouble is with file `name`.
    #[must_use]
    pub fn about(&self, name: &str, trouble: impl Into<String>) -> Trouble {
        about(&self.path.join(name), trouble.into())
    }
}

/// A file's first line, and what stands behind it: a byte for each use of what the line says.
///
/// Uses are counted so because it costs one write of one byte, without a lock, a sync or a second open, and readers of the line do not care.
#[derive(Debug)]
pub struct Content {
    file: File,
    line: Zeroizing<Vec<u8>>,
    uses: u64,
}

impl Content {
    fn read(mut file: File, size: u64) -> Result<Self, String> {
        let size_hint = usize::try_from(size.min(FIRST_READ_BYTES)).unwrap_or(0);
        let mut line = Zeroizing::new(vec![0; size_hint + 1]);
        let mut filled = 0;
        let end = loop {
            let read = match file.read(&mut line[filled..]) {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.to_string()),
            };
            if let Some(at) = memchr::memchr(b'\n', &line[filled..filled + read]) {
                break filled + at + 1;
            }
            filled += read;
            if read == 0 || filled as u64 > LARGEST_BYTES {
                break filled;
            }
            if filled == line.len() {
                // A grown buffer would leave a copy of the token behind.
                let mut grown = Zeroizing::new(vec![0; filled * 4]);
                grown[..filled].copy_from_slice(&line);
                line = grown;
            }
        };
        line.truncate(end);
        Ok(Self {
            file,
            uses: size.saturating_sub(end as u64),
            line,
        })
    }

    /// The first line, with its end; all of a file without line ends.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// How many uses were counted.
    #[must_use]
    pub fn uses(&self) -> u64 {
        self.uses
    }

    /// Counts one more use, if that can be done in passing.
    pub fn count_use(&self) {
        if self.uses < MOST_USES {
            // A line end, so that the file stays one JSON text. A read-only or full disk counts nothing.
            let _ = (&self.file).write(b"\n");
        }
    }
}

fn about(path: &Path, what: String) -> Trouble {
    Trouble(format!("{}: {what}", path.display()))
}

fn words(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
