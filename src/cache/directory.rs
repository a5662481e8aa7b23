//! The cache directory: owned by the user, private, never reached through a link.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::cache::content::{Content, MAX_BYTES};
use crate::cache::error::{CacheError, PathProblem};
use crate::process::replace_file::{self, Durability, OpenDirectory};

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use portable as system;
#[cfg(unix)]
use unix as system;

#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    handle: OpenDirectory,
}

/// Returns `tok` under `XDG_CACHE_HOME` or the platform's cache directory.
pub(crate) fn path() -> Result<PathBuf, CacheError> {
    crate::profile::file::absolute_folder("XDG_CACHE_HOME")
        .or_else(|| directories::BaseDirs::new().map(|dirs| dirs.cache_dir().to_owned()))
        .map(|folder| folder.join("tok"))
        .ok_or(CacheError::NoHome)
}

impl Directory {
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, CacheError> {
        let handle = system::open(path).map_err(at(path))?;
        Ok(handle.map(|handle| Self {
            path: path.to_owned(),
            handle,
        }))
    }

    /// Opens the directory if it exists and nothing is wrong with it; changes nothing.
    pub(crate) fn open_in_order(path: &Path) -> Option<Self> {
        system::open_in_order(path).map(|handle| Self {
            path: path.to_owned(),
            handle,
        })
    }

    pub(crate) fn create(path: &Path) -> Result<Self, CacheError> {
        if let Some(directory) = Self::open(path)? {
            return Ok(directory);
        }
        system::create(path).map_err(at(path))?;
        Self::open(path)?.ok_or_else(|| at(path)(PathProblem::Vanished))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn read(&self, name: &str) -> Result<Option<Content>, CacheError> {
        let opened = system::open_file(&self.handle, name, MAX_BYTES).map_err(self.about(name))?;
        opened
            .map(|(file, size)| Content::read(file, size))
            .transpose()
            .map_err(|error| self.about(name)(error.into()))
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), CacheError> {
        self.replace(name, bytes, Durability::Contents)
    }

    /// Replaces file `name` without a sync: for a file that is checked when it is read and may be lost.
    pub(crate) fn write_unsynced(&self, name: &str, bytes: &[u8]) -> Result<(), CacheError> {
        self.replace(name, bytes, Durability::None)
    }

    fn replace(&self, name: &str, bytes: &[u8], durability: Durability) -> Result<(), CacheError> {
        replace_file::replace_in(&self.handle, name.as_ref(), bytes, durability)
            .map_err(|error| self.about(name)(error.into()))
    }

    pub(crate) fn remove(&self, name: &str) -> Result<bool, CacheError> {
        system::remove(&self.handle, name).map_err(self.about(name))
    }

    pub(crate) fn names(&self) -> Result<Vec<String>, CacheError> {
        let mut names =
            replace_file::names(&self.handle).map_err(|error| at(&self.path)(error.into()))?;
        names.sort_unstable();
        Ok(names)
    }

    /// Such a file is never removed: a lock on a removed file excludes no other process.
    pub(crate) fn lock_file(&self, name: &str) -> Result<File, CacheError> {
        system::lock_file(&self.handle, name).map_err(self.about(name))
    }

    pub(crate) fn sweep(&self) {
        replace_file::sweep(&self.handle);
    }

    pub(crate) fn about(&self, name: &str) -> impl FnOnce(PathProblem) -> CacheError + use<> {
        at(&self.path.join(name))
    }
}

fn at(path: &Path) -> impl FnOnce(PathProblem) -> CacheError + use<> {
    let path = path.to_owned();
    |problem| CacheError::Path(path, problem)
}

#[cfg(test)]
mod tests;
