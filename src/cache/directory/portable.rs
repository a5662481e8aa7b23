//! The cache directory on Windows, where new files inherit the private access control list of the local application data.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::cache::error::PathProblem;
use crate::process::replace_file::{OpenDirectory, patiently};

pub(super) fn open(path: &Path) -> Result<Option<OpenDirectory>, PathProblem> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(Some(path.to_owned())),
        Ok(_) => Err(PathProblem::NotADirectory),
        Err(error) => none_if_missing(error),
    }
}

pub(super) fn open_in_order(path: &Path) -> Option<OpenDirectory> {
    open(path).ok()?
}

pub(super) fn create(path: &Path) -> Result<(), PathProblem> {
    Ok(std::fs::create_dir_all(path)?)
}

pub(super) fn open_file(
    directory: &OpenDirectory,
    name: &str,
    most: u64,
) -> Result<Option<(File, u64)>, PathProblem> {
    let path = directory.join(name);
    match std::fs::symlink_metadata(&path) {
        Ok(metadata) if !metadata.is_file() => return Err(PathProblem::NotAFile),
        Ok(metadata) if metadata.len() > most => return Err(PathProblem::TooLarge(most)),
        Ok(_) => {}
        Err(error) => return none_if_missing(error),
    }
    let to_append = || OpenOptions::new().read(true).append(true).open(&path);
    match to_append().or_else(|_| patiently(|| File::open(&path))) {
        Ok(file) => {
            let size = file.metadata()?.len();
            Ok(Some((file, size)))
        }
        Err(error) => none_if_missing(error),
    }
}

pub(super) fn remove(directory: &OpenDirectory, name: &str) -> Result<bool, PathProblem> {
    match patiently(|| std::fs::remove_file(directory.join(name))) {
        Ok(()) => Ok(true),
        Err(error) => none_if_missing(error).map(|none: Option<()>| none.is_some()),
    }
}

pub(super) fn lock_file(directory: &OpenDirectory, name: &str) -> Result<File, PathProblem> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(directory.join(name))?;
    Ok(file)
}

fn none_if_missing<T>(error: io::Error) -> Result<Option<T>, PathProblem> {
    match error.kind() {
        ErrorKind::NotFound => Ok(None),
        _ => Err(error.into()),
    }
}
