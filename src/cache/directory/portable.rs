//! The cache folder where there are no Unix modes: on Windows a user's local application data is closed to others by its access control list,
//! which every file made in it inherits.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use crate::process::replace_file::{Directory as Handle, patiently};

pub(super) fn open(path: &Path) -> Result<Option<Handle>, String> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(Some(path.to_owned())),
        Ok(_) => Err("it is no folder, or a link to one".to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn open_in_order(path: &Path) -> Option<Handle> {
    open(path).ok()?
}

pub(super) fn create(path: &Path) -> Result<(), String> {
    std::fs::create_dir_all(path).map_err(|error| error.to_string())
}

pub(super) fn open_file(
    folder: &Handle,
    name: &str,
    most: u64,
) -> Result<Option<(File, u64)>, String> {
    let path = folder.join(name);
    match std::fs::symlink_metadata(&path) {
        Ok(metadata) if !metadata.is_file() => return Err("it is no plain file".to_owned()),
        Ok(metadata) if metadata.len() > most => {
            return Err(format!("it is larger than {} KiB", most >> 10));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    }
    let both = || OpenOptions::new().read(true).append(true).open(&path);
    let opened = both().or_else(|_| patiently(|| File::open(&path)));
    let file = match opened {
        Ok(file) => file,
        // It was removed meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    Ok(Some((file, size)))
}

pub(super) fn remove(folder: &Handle, name: &str) -> Result<bool, String> {
    match patiently(|| std::fs::remove_file(folder.join(name))) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn lock_file(folder: &Handle, name: &str) -> Result<File, String> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.join(name))
        .map_err(|error| error.to_string())
}
