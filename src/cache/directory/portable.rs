//! The cache folder where there are no Unix modes: on Windows a user's local application data is closed to others by its access control list,
//! which every file made in it inherits.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::cache::directory::Synced;

/// How long to go on with what is refused because another process has the file open just now. Each of them has it for microseconds, but a crowd
/// is many.
const PATIENCE: Duration = Duration::from_millis(250);

/// Windows' error for a file that somebody else has open in a way that does not go with what is asked (`ERROR_SHARING_VIOLATION`).
const SHARING_VIOLATION: i32 = 32;

/// The folder's path.
pub(super) type Handle = PathBuf;

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

pub(super) fn write(
    folder: &Handle,
    name: &str,
    bytes: &[u8],
    synced: Synced,
) -> Result<(), String> {
    let temporary = folder.join(crate::cache::directory::temporary_for(name)?);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            match synced {
                Synced::Yes => file.sync_data(),
                Synced::No => Ok(()),
            }
        })
        .and_then(|()| patiently(|| std::fs::rename(&temporary, folder.join(name))))
        .map_err(|error| error.to_string());
    if written.is_err() {
        // The error that matters is the one above.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

pub(super) fn remove(folder: &Handle, name: &str) -> Result<bool, String> {
    match patiently(|| std::fs::remove_file(folder.join(name))) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn names(folder: &Handle) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        names.extend(entry.file_name().into_string().ok());
    }
    Ok(names)
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

/// Does `operation`, again for a moment where another process is in its way: Windows may refuse to replace or to remove a file that is open, and
/// to open one that is being removed. (POSIX semantics, which newer systems have on their own disks, would allow all of it.)
fn patiently<T>(operation: impl Fn() -> io::Result<T>) -> io::Result<T> {
    let until = Instant::now() + PATIENCE;
    loop {
        match operation() {
            Err(error) if is_in_use(&error) && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(1));
            }
            done => return done,
        }
    }
}

fn is_in_use(error: &io::Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied || error.raw_os_error() == Some(SHARING_VIOLATION)
}
