//! The cache directory on Unix: everything goes through one open descriptor, and nothing through a link.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};
use rustix::io::Errno;

use crate::cache::error::PathProblem;
use crate::process::replace_file::OpenDirectory;

const DIRECTORY_MODE: u32 = 0o700;

/// Makes the directory private. If others could write to it, this call ignores its content: they may have put files there.
pub(super) fn open(path: &Path) -> Result<Option<OpenDirectory>, PathProblem> {
    let Some((directory, mode)) = open_own(path)? else {
        return Ok(None);
    };
    if mode & 0o077 != 0 {
        directory
            .set_permissions(Permissions::from_mode(DIRECTORY_MODE))
            .map_err(PathProblem::NotClosed)?;
        if mode & 0o022 != 0 {
            return Err(PathProblem::WasWritable);
        }
    }
    Ok(Some(directory.into()))
}

pub(super) fn open_in_order(path: &Path) -> Option<OpenDirectory> {
    let (directory, mode) = open_own(path).ok()??;
    (mode & 0o077 == 0).then(|| directory.into())
}

fn open_own(path: &Path) -> Result<Option<(File, u32)>, PathProblem> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(handle) => File::from(handle),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::NOTDIR | Errno::LOOP) => return Err(PathProblem::NotADirectory),
        Err(error) => return Err(problem(error)),
    };
    let metadata = directory.metadata()?;
    if metadata.uid() != user() {
        return Err(PathProblem::OtherOwner(metadata.uid()));
    }
    Ok(Some((directory, metadata.mode())))
}

/// Refuses to create it in another user's home (`sudo tok`).
pub(super) fn create(path: &Path) -> Result<(), PathProblem> {
    let parent = path
        .ancestors()
        .skip(1)
        .find_map(|parent| std::fs::metadata(parent).ok())
        .ok_or(PathProblem::NoParent)?;
    let is_like_tmp = parent.mode() & 0o1002 == 0o1002;
    if parent.uid() != user() && !is_like_tmp {
        return Err(PathProblem::ParentOfOther(parent.uid()));
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.mode(DIRECTORY_MODE).recursive(true);
    Ok(builder.create(path)?)
}

/// Returns the size too. The file is open for appending if the file system allows it.
pub(super) fn open_file(
    directory: &OpenDirectory,
    name: &str,
    most: u64,
) -> Result<Option<(File, u64)>, PathProblem> {
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let to_append = flags | OFlags::RDWR | OFlags::APPEND;
    let opened = match openat(directory, name, to_append, Mode::empty()) {
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => {
            openat(directory, name, flags | OFlags::RDONLY, Mode::empty())
        }
        opened => opened,
    };
    let file = match opened {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err(PathProblem::Link),
        Err(Errno::ISDIR | Errno::NXIO) => return Err(PathProblem::NotAFile),
        Err(error) => return Err(problem(error)),
    };
    let metadata = file.metadata()?;
    check(&metadata)?;
    if metadata.len() > most {
        return Err(PathProblem::TooLarge(most));
    }
    Ok(Some((file, metadata.len())))
}

fn check(metadata: &Metadata) -> Result<(), PathProblem> {
    if !metadata.is_file() {
        return Err(PathProblem::NotAFile);
    }
    if metadata.uid() != user() {
        return Err(PathProblem::OtherOwner(metadata.uid()));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(PathProblem::WritableByOthers(metadata.mode() & 0o777));
    }
    if metadata.nlink() > 1 {
        return Err(PathProblem::HardLink);
    }
    Ok(())
}

pub(super) fn remove(directory: &OpenDirectory, name: &str) -> Result<bool, PathProblem> {
    match unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(problem(error)),
    }
}

/// Replaces a link: no process holds a lock through one, and its target must not be touched.
pub(super) fn lock_file(directory: &OpenDirectory, name: &str) -> Result<File, PathProblem> {
    let flags =
        OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let open = || openat(directory, name, flags, Mode::RUSR | Mode::WUSR).map(File::from);
    let replace = || {
        unlinkat(directory, name, AtFlags::empty())?;
        open()
    };
    let file = match open() {
        Err(Errno::LOOP) => replace(),
        Ok(file) if file.metadata()?.nlink() > 1 => replace(),
        opened => opened,
    }
    .map_err(problem)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(PathProblem::NotAFile),
    }
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn problem(error: Errno) -> PathProblem {
    io::Error::from(error).into()
}
