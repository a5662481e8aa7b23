//! The cache folder on Unix: everything goes through one open descriptor of it, and nothing through a link.

use std::fs::{File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};
use rustix::io::Errno;

use crate::process::replace_file::Directory as Handle;

/// What others may do with the folder: nothing.
const FOLDER_MODE: u32 = 0o700;

/// Opens the folder at `path`, closing it to others if it was not.
pub(super) fn open(path: &Path) -> Result<Option<Handle>, String> {
    let Some((folder, mode)) = open_own(path)? else {
        return Ok(None);
    };
    if mode & 0o077 != 0 {
        folder
            .set_permissions(Permissions::from_mode(FOLDER_MODE))
            .map_err(|error| {
                format!("others may use it, and it could not be closed to them: {error}")
            })?;
        if mode & 0o022 != 0 {
            // Once: from now on it is as it should be.
            return Err("others could write it; it is closed to them now".to_owned());
        }
    }
    Ok(Some(folder.into()))
}

/// Opens the folder at `path` if it is there and closed to others; changes nothing.
pub(super) fn open_in_order(path: &Path) -> Option<Handle> {
    let (folder, mode) = open_own(path).ok()??;
    (mode & 0o077 == 0).then(|| folder.into())
}

/// Opens the folder at `path` if it is the user's own; its mode beside it.
fn open_own(path: &Path) -> Result<Option<(File, u32)>, String> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(handle) => handle,
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::NOTDIR | Errno::LOOP) => {
            return Err("it is no folder, or a link to one".to_owned());
        }
        Err(error) => return Err(words(error)),
    };
    let folder = File::from(handle);
    let metadata = folder.metadata().map_err(|error| error.to_string())?;
    let me = rustix::process::geteuid().as_raw();
    if metadata.uid() != me {
        return Err(format!(
            "it belongs to another user (uid {})",
            metadata.uid()
        ));
    }
    Ok(Some((folder, metadata.mode())))
}

/// Makes the folder at `path`, and what is missing above it, unless that would put it into another user's home (`sudo tok`).
pub(super) fn create(path: &Path) -> Result<(), String> {
    let me = rustix::process::geteuid().as_raw();
    let above = path
        .ancestors()
        .skip(1)
        .find_map(|above| std::fs::metadata(above).ok())
        .ok_or("there is no folder to make it in")?;
    if above.uid() != me && !(above.mode() & 0o1000 != 0 && above.mode() & 0o002 != 0) {
        return Err(format!(
            "it would lie in a folder of another user (uid {})",
            above.uid()
        ));
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.mode(FOLDER_MODE).recursive(true);
    builder.create(path).map_err(|error| error.to_string())
}

/// Opens file `name`, if it is a plain file of the user's own that nobody else may write and that has no other name; its size beside it.
///
/// It can be appended to where the file system allows that.
pub(super) fn open_file(
    folder: &Handle,
    name: &str,
    most: u64,
) -> Result<Option<(File, u64)>, String> {
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let opened = match openat(
        folder,
        name,
        flags | OFlags::RDWR | OFlags::APPEND,
        Mode::empty(),
    ) {
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => {
            openat(folder, name, flags | OFlags::RDONLY, Mode::empty())
        }
        opened => opened,
    };
    let file = match opened {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err("it is a link, which is not followed".to_owned()),
        Err(Errno::ISDIR | Errno::NXIO) => return Err("it is no plain file".to_owned()),
        Err(error) => return Err(words(error)),
    };
    let metadata = check(&file)?;
    if metadata.len() > most {
        return Err(format!("it is larger than {} KiB", most >> 10));
    }
    Ok(Some((file, metadata.len())))
}

/// Refuses what another user could have put or could change here.
fn check(file: &File) -> Result<std::fs::Metadata, String> {
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no plain file".to_owned());
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!(
            "it belongs to another user (uid {})",
            metadata.uid()
        ));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(format!(
            "others may write it (mode {:03o})",
            metadata.mode() & 0o777
        ));
    }
    if metadata.nlink() > 1 {
        return Err("it has another name elsewhere (a hard link)".to_owned());
    }
    Ok(metadata)
}

/// Removes the name; a link's target stays.
pub(super) fn remove(folder: &Handle, name: &str) -> Result<bool, String> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(words(error)),
    }
}

/// Opens or makes a file to lock. A link in its place is removed: nobody holds a lock through one.
pub(super) fn lock_file(folder: &Handle, name: &str) -> Result<File, String> {
    let flags =
        OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let open = || openat(folder, name, flags, Mode::RUSR | Mode::WUSR);
    let opened = match open() {
        Err(Errno::LOOP) => {
            unlinkat(folder, name, AtFlags::empty()).map_err(words)?;
            open()
        }
        opened => opened,
    };
    let file = File::from(opened.map_err(words)?);
    // Its mode and its other names do not matter: nothing is ever read from it or written to it, and the folder is closed to others.
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no plain file".to_owned());
    }
    Ok(file)
}

fn words(error: Errno) -> String {
    let error = std::io::Error::from(error);
    match error.kind() {
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
