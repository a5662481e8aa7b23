//! Replacing a file by path; new files inherit the folder's access control list.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Durability, is_temporary, temporary_name};

/// Other processes have the file open for microseconds each, but there may be hundreds.
const RETRY_FOR: Duration = Duration::from_millis(250);

/// A temporary file this old has lost its writer.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);

const SHARING_VIOLATION: i32 = 32;

pub(crate) type OpenDirectory = PathBuf;

pub(super) fn open(path: &Path) -> io::Result<OpenDirectory> {
    match fs::metadata(path)?.is_dir() {
        true => Ok(path.to_owned()),
        false => Err(ErrorKind::NotADirectory.into()),
    }
}

pub(super) fn replace<E: From<io::Error>>(
    directory: &OpenDirectory,
    name: &OsStr,
    bytes: &[u8],
    permissions: Option<Permissions>,
    durability: Durability,
    check: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    let temporary = directory.join(temporary_name()?);
    let fill = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)?;
        file.write_all(bytes)?;
        if durability != Durability::None {
            file.sync_all()?;
        }
        drop(file);
        permissions.map_or(Ok(()), |permissions| {
            fs::set_permissions(&temporary, permissions)
        })
    };
    let done = fill()
        .map_err(E::from)
        .and_then(|()| check())
        .and_then(|()| Ok(patiently(|| fs::rename(&temporary, directory.join(name)))?));
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    done
}

pub(crate) fn sweep(directory: &OpenDirectory) {
    let Ok(names) = names(directory) else { return };
    for path in names
        .iter()
        .filter(|name| is_temporary(name))
        .map(|name| directory.join(name))
    {
        let age = fs::metadata(&path)
            .and_then(|metadata| metadata.modified())
            .map(|modified| modified.elapsed().unwrap_or_default());
        if age.is_ok_and(|age| age > ABANDONED_AFTER) {
            let _ = fs::remove_file(&path);
        }
    }
}

pub(crate) fn names(directory: &OpenDirectory) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}

/// Windows may refuse to replace or remove an open file, and to open one that is being removed.
pub(crate) fn patiently<T>(operation: impl Fn() -> io::Result<T>) -> io::Result<T> {
    let until = Instant::now() + RETRY_FOR;
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
