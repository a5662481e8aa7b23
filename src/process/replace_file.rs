//! Replaces a file atomically: a reader sees all old or all new bytes, even after a crash.
//!
//! The bytes go to a temporary file in the same folder, unnamed on Linux. The next writer removes those of killed writers.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io;
use std::path::Path;

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use portable as system;
#[cfg(unix)]
use unix as system;

pub(crate) use system::{OpenDirectory, names, sweep};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// For a file that is checked when it is read and may be lost.
    None,
    /// After a power cut the name leads to the old file or the complete new one.
    Contents,
    /// Both, if the file system can sync a directory.
    ContentsAndName,
}

pub(crate) fn replace_in(
    directory: &OpenDirectory,
    name: &OsStr,
    bytes: &[u8],
    durability: Durability,
) -> io::Result<()> {
    system::replace(directory, name, bytes, None, durability, || Ok(()))
}

/// Replaces a symbolic link at `path` itself. Without `permissions` only the owner can read the new file.
pub(crate) fn replace<E: From<io::Error>>(
    path: &Path,
    bytes: &[u8],
    permissions: Option<Permissions>,
    check: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
    let directory = system::open(parent)?;
    sweep(&directory);
    let durability = Durability::ContentsAndName;
    system::replace(&directory, name, bytes, permissions, durability, check)
}

const PREFIX: &str = ".tok-";
const SUFFIX: &str = ".tmp";

fn temporary_name() -> io::Result<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(format!(
        "{PREFIX}{:016x}{SUFFIX}",
        u64::from_ne_bytes(random)
    ))
}

fn is_temporary(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX))
        .is_some_and(|random| {
            random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replace_plainly(path: &Path, bytes: &[u8]) -> io::Result<()> {
        replace(path, bytes, None, || Ok(()))
    }

    fn names_in(folder: &Path) -> Vec<String> {
        let mut names = names(&system::open(folder).unwrap()).unwrap();
        names.sort();
        names
    }

    #[test]
    fn file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        for bytes in ["first-and-longer", "second"] {
            replace_plainly(&path, bytes.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), bytes);
        }
        assert!(replace_plainly(&folder.path().join("no").join("token"), b"t").is_err());
        std::fs::create_dir(folder.path().join("taken")).unwrap();
        assert!(replace_plainly(&folder.path().join("taken"), b"t").is_err());
        assert!(replace_plainly(Path::new("/"), b"t").is_err());
        assert_eq!(names_in(folder.path()), ["taken", "token"]);
    }

    #[test]
    fn failed_check_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        replace_plainly(&path, b"old").unwrap();
        let refused = replace(&path, b"new", None, || Err(io::Error::other("changed")));
        assert_eq!(refused.unwrap_err().to_string(), "changed");
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(names_in(folder.path()), ["token"]);
    }

    #[test]
    fn temporary_name_is_recognised() {
        assert!(is_temporary(&temporary_name().unwrap()));
        for other in [
            "",
            "token",
            ".tok-.tmp",
            ".tok-0123456789abcdeg.tmp",
            "x.tok-0123456789abcdef.tmp",
        ] {
            assert!(!is_temporary(other), "{other}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn leftovers_are_swept_unless_their_writer_is_alive() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".tok-0123456789abcdef.tmp");
        let other = folder.path().join("other.tmp");
        for path in [&left, &other] {
            std::fs::write(path, "x").unwrap();
        }
        let writer = std::fs::File::open(&left).unwrap();
        writer.lock().unwrap();
        replace_plainly(&folder.path().join("token"), b"t").unwrap();
        assert!(left.exists());
        drop(writer);
        replace_plainly(&folder.path().join("token"), b"t").unwrap();
        assert!(!left.exists() && other.exists());
    }

    #[cfg(unix)]
    #[test]
    fn new_file_has_the_given_permissions_or_is_closed_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        for (mode, expected) in [(None, 0o600), (Some(0o644), 0o644), (None, 0o600)] {
            let permissions = mode.map(Permissions::from_mode);
            replace(&path, b"t", permissions, || Ok::<_, io::Error>(())).unwrap();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, expected);
        }
    }
}
