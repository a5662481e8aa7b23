//! The cache folder on Unix: everything goes through one open descriptor of it, and nothing through a link.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, Mode, OFlags, openat, renameat, unlinkat};
use rustix::io::Errno;

use crate::cache::directory::Synced;
use crate::process::signals::uninterrupted;

/// An open folder.
pub(super) type Handle = OwnedFd;

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

/// Writes a new file, syncs it, and renames it to `name`.
pub(super) fn write(
    folder: &Handle,
    name: &str,
    bytes: &[u8],
    synced: Synced,
) -> Result<(), String> {
    let temporary = crate::cache::directory::temporary_for(name)?;
    let mode = Mode::RUSR | Mode::WUSR;
    if let Some(mut file) = nameless::create(folder, mode) {
        fill(&mut file, bytes, synced)?;
        let put_in_place = uninterrupted(|| {
            nameless::name(&file, folder, &temporary).then(|| put(folder, &temporary, name))
        });
        if let Some(done) = put_in_place {
            return done;
        }
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(folder, &temporary, flags, mode).map_err(words)?;
    match fill(&mut File::from(file), bytes, synced) {
        Ok(()) => put(folder, &temporary, name),
        Err(error) => {
            // The error that matters is the one above.
            let _ = unlinkat(folder, &temporary, AtFlags::empty());
            Err(error)
        }
    }
}

/// Puts `bytes` into `file`, and onto the disk if it is to be `synced`.
fn fill(file: &mut File, bytes: &[u8], synced: Synced) -> Result<(), String> {
    file.set_permissions(Permissions::from_mode(0o600))
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| match synced {
            Synced::Yes => file.sync_data(),
            Synced::No => Ok(()),
        })
        .map_err(|error| error.to_string())
}

/// Gives the whole file `temporary` its `name`.
fn put(folder: &Handle, temporary: &str, name: &str) -> Result<(), String> {
    let renamed = renameat(folder, temporary, folder, name).map_err(words);
    if renamed.is_err() {
        // The error that matters is the one above.
        let _ = unlinkat(folder, temporary, AtFlags::empty());
    }
    renamed
}

/// Files without a name until they are whole: whoever is killed while writing one leaves nothing behind.
#[cfg(target_os = "linux")]
mod nameless {
    use std::fs::File;
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};

    use crate::cache::directory::unix::Handle;

    /// None where the file system has no such files.
    pub(super) fn create(folder: &Handle, mode: Mode) -> Option<File> {
        let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
        openat(folder, ".", flags, mode).ok().map(File::from)
    }

    /// Whether the file is called `name` now; it is not where there is no `/proc`.
    pub(super) fn name(file: &File, folder: &Handle, name: &str) -> bool {
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        linkat(CWD, path, folder, name, AtFlags::SYMLINK_FOLLOW).is_ok()
    }
}

/// Elsewhere there are none: what a killed writer leaves is swept up by the next.
#[cfg(not(target_os = "linux"))]
mod nameless {
    use std::fs::File;

    use rustix::fs::Mode;

    use crate::cache::directory::unix::Handle;

    pub(super) fn create(_: &Handle, _: Mode) -> Option<File> {
        None
    }

    pub(super) fn name(_: &File, _: &Handle, _: &str) -> bool {
        false
    }
}

/// Removes the name; a link's target stays.
pub(super) fn remove(folder: &Handle, name: &str) -> Result<bool, String> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(words(error)),
    }
}

/// Every name in the folder but `.` and `..`; names that are not UTF-8 are none of tok's.
pub(super) fn names(folder: &Handle) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder).map_err(words)? {
        let entry = entry.map_err(words)?;
        if let Some(name) = OsStr::from_bytes(entry.file_name().to_bytes()).to_str()
            && name != "."
            && name != ".."
        {
            names.push(name.to_owned());
        }
    }
    Ok(names)
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
