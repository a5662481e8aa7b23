//! Replacing a file on Unix: relative to an open directory, so that nothing is reached through a link.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, Mode, OFlags, fsync, openat, renameat, unlinkat};

use super::{Durability, is_temporary, temporary_name};
use crate::process::signals::uninterrupted;

pub(crate) type OpenDirectory = OwnedFd;

const OWNER_ONLY: Mode = Mode::RUSR.union(Mode::WUSR);

pub(super) fn open(path: &Path) -> io::Result<OpenDirectory> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

pub(super) fn replace<E: From<io::Error>>(
    directory: &OpenDirectory,
    name: &OsStr,
    bytes: &[u8],
    permissions: Option<Permissions>,
    durability: Durability,
    check: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    let permissions =
        permissions.unwrap_or_else(|| Permissions::from_mode(OWNER_ONLY.as_raw_mode()));
    let fill = |mut file: &File| {
        file.set_permissions(permissions.clone())?;
        file.write_all(bytes)?;
        match durability {
            Durability::None => Ok(()),
            Durability::Contents | Durability::ContentsAndName => file.sync_all(),
        }
    };
    let mut check = Some(check);
    let mut check_once = || check.take().map_or(Ok(()), |check| check());
    let temporary = temporary_name()?;
    let mut replaced = None;
    if let Some(file) = nameless::create(directory) {
        fill(&file)?;
        check_once()?;
        // Between the two calls the file has a temporary name, which only SIGKILL can leave behind.
        replaced = uninterrupted(|| {
            nameless::name(&file, directory, &temporary)
                .then(|| rename(directory, &temporary, name))
        });
    }
    match replaced {
        Some(done) => done?,
        None => uninterrupted(|| {
            let file = create(directory, &temporary)?;
            let complete = fill(&file).map_err(E::from).and_then(|()| check_once());
            if complete.is_err() {
                let _ = unlinkat(directory, &temporary, AtFlags::empty());
            }
            complete.and_then(|()| Ok(rename(directory, &temporary, name)?))
        })?,
    }
    if durability == Durability::ContentsAndName {
        // The file is complete; some file systems cannot sync a directory.
        let _ = fsync(directory);
    }
    Ok(())
}

fn create(directory: &OpenDirectory, temporary: &str) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    loop {
        let file = File::from(openat(directory, temporary, flags, OWNER_ONLY)?);
        let _ = file.lock_shared();
        if file.metadata()?.nlink() > 0 {
            return Ok(file);
        }
        // Another process swept it before it was locked.
    }
}

fn rename(directory: &OpenDirectory, temporary: &str, name: &OsStr) -> io::Result<()> {
    renameat(directory, temporary, directory, name).map_err(|error| {
        let _ = unlinkat(directory, temporary, AtFlags::empty());
        error.into()
    })
}

/// A living writer holds a lock on its file.
pub(crate) fn sweep(directory: &OpenDirectory) {
    let Ok(names) = names(directory) else { return };
    let me = rustix::process::geteuid().as_raw();
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    for name in names.iter().filter(|name| is_temporary(name)) {
        let Ok(file) = openat(directory, name, flags, Mode::empty()) else {
            continue;
        };
        let file = File::from(file);
        let is_own = file
            .metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.uid() == me);
        if is_own && file.try_lock().is_ok() {
            let _ = unlinkat(directory, name, AtFlags::empty());
        }
    }
}

pub(crate) fn names(directory: &OpenDirectory) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        if let Some(name) = OsStr::from_bytes(entry?.file_name().to_bytes()).to_str()
            && name != "."
            && name != ".."
        {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Unnamed files: a killed writer leaves nothing behind.
#[cfg(target_os = "linux")]
mod nameless {
    use std::fs::File;
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, OFlags, linkat, openat};

    use super::{OWNER_ONLY, OpenDirectory};

    pub(super) fn create(directory: &OpenDirectory) -> Option<File> {
        let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
        let file = File::from(openat(directory, ".", flags, OWNER_ONLY).ok()?);
        let _ = file.lock_shared();
        Some(file)
    }

    pub(super) fn name(file: &File, directory: &OpenDirectory, name: &str) -> bool {
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        linkat(CWD, path, directory, name, AtFlags::SYMLINK_FOLLOW).is_ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod nameless {
    use std::fs::File;

    use super::OpenDirectory;

    pub(super) fn create(_: &OpenDirectory) -> Option<File> {
        None
    }

    pub(super) fn name(_: &File, _: &OpenDirectory, _: &str) -> bool {
        false
    }
}
