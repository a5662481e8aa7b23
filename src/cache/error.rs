//! Why the cache cannot be used: never a failure of a run, which prints a note and continues without it.

use std::io;
use std::path::PathBuf;

use crate::error::{Error, io_text};

#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    #[error("no home folder to keep tokens in")]
    NoHome,
    #[error("{}", .0.display())]
    Path(PathBuf, #[source] PathProblem),
    #[error("keyring entry `token/{0}`")]
    Keyring(String, #[source] Error),
    #[error("keyring entry of `{0}`")]
    KeyringEntry(String, #[source] Unreadable),
    #[cfg(windows)]
    #[error(
        "keyring entry `token/{stem}`: the token and what belongs to it take {size} bytes, but Windows takes at most {most}; use `cache = \"file\"`"
    )]
    TooLargeForKeyring {
        stem: String,
        size: usize,
        most: usize,
    },
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum PathProblem {
    #[error("it is not a folder, or it is a link")]
    NotADirectory,
    #[error("it belongs to another user (uid {0})")]
    OtherOwner(u32),
    #[error("others may use it, and it could not be closed to them")]
    NotClosed(#[source] io::Error),
    #[error("others could write it; it is closed to them now")]
    WasWritable,
    #[error("no folder to make it in")]
    NoParent,
    #[error("it would lie in a folder of another user (uid {0})")]
    ParentOfOther(u32),
    #[error("it vanished as soon as it was made")]
    Vanished,
    #[error("it is a link, which is not followed")]
    Link,
    #[error("it is not a regular file")]
    NotAFile,
    #[error("it is larger than {} KiB", .0 >> 10)]
    TooLarge(u64),
    #[error("others may write it (mode {0:03o})")]
    WritableByOthers(u32),
    #[error("it has another name elsewhere (a hard link)")]
    HardLink,
    #[error("a file does not hold what was written")]
    Altered,
    #[error("cannot be locked")]
    NotLockable(#[source] io::Error),
    #[error(transparent)]
    Entry(#[from] Unreadable),
    #[error("permission denied")]
    Denied,
    #[error("{}", io_text(.0))]
    Io(io::Error),
}

impl From<io::Error> for PathProblem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::Denied,
            _ => Self::Io(error),
        }
    }
}

/// Why bytes are not an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No version writes such bytes.
    #[error("it is damaged")]
    Damaged,
    /// A later version wrote it.
    #[error("it was written by a newer tok")]
    Newer,
    /// It belongs to other inputs than the file name says.
    #[error("it is for another profile or request")]
    OtherKey,
    /// The token has characters that are not accepted from the provider.
    #[error("its token has characters that a token cannot have")]
    Characters,
}
