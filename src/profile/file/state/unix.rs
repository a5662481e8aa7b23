//! Unix: a file's device, inode, size and times, among them one that programs cannot set, where the file system keeps it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};

use crate::profile::file::state::State;

/// See [`State::of`].
pub(super) fn state(metadata: &Metadata) -> Option<State> {
    // A pipe (`--config <(…)`) looks the same whatever comes out of it.
    metadata.is_file().then(|| State {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

/// Whether the file system keeps a time of the last change that nobody can set.
pub(super) fn tells_of_every_change(path: &Path) -> bool {
    // An image that nobody writes to can be exchanged for another one, with whatever times its maker gave it.
    let is_written_to =
        statvfs(path).is_ok_and(|mount| !mount.f_flag.contains(StatVfsMountFlags::RDONLY));
    is_written_to && keeps_a_time_of_change(path)
}

/// The file systems that give the time of the last modification, which can be set, for that of the last change: they were made for systems
/// that have no such time, or stand for a folder elsewhere.
#[cfg(target_os = "linux")]
fn keeps_a_time_of_change(path: &Path) -> bool {
    // linux/magic.h, and fs/exfat, fs/ntfs3, fs/smb in the kernel's sources.
    const WITHOUT: [u64; 8] = [
        0x4d44,      // vfat
        0x2011_bab0, // exfat
        0x5346_544e, // ntfs
        0x7366_746e, // ntfs3
        0x6573_5546, // fuse: sshfs, and what virtual machines share
        0xff53_4d42, // cifs
        0xfe53_4d42, // smb2
        0x0102_1997, // 9p
    ];
    // The field has a sign on some machines and none on others; the names fit 32 bits.
    rustix::fs::statfs(path)
        .is_ok_and(|system| !WITHOUT.contains(&(system.f_type as u64 & 0xffff_ffff)))
}

/// Elsewhere the kinds have no numbers; a home is on the system's own file system, which keeps that time.
#[cfg(not(target_os = "linux"))]
fn keeps_a_time_of_change(_: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use std::fs;
    use std::time::{Duration, SystemTime};

    #[test]
    fn whatever_is_done_to_a_file_it_is_in_another_state() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        let state = || State::of(&fs::metadata(&path).unwrap()).unwrap();
        fs::write(&path, "a").unwrap();
        let before = state();
        assert_eq!(state(), before);
        // As a careful editor or `cp -p` would: same size, and the old time of modification set again.
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        fs::write(&path, "b").unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(modified).unwrap();
        let after = state();
        assert_ne!(after, before);
        assert_eq!(after.modified, before.modified);
        let other = home.path().join("other");
        fs::write(&other, "b").unwrap();
        fs::rename(&other, &path).unwrap();
        assert_ne!(state(), after);
        assert_eq!(State::of(&fs::metadata("/dev/null").unwrap()), None);
        assert_eq!(State::of(&fs::metadata(home.path()).unwrap()), None);
    }

    #[test]
    fn a_state_stands_for_the_file_once_it_has_been_left_alone_for_a_while() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        fs::write(&path, "a").unwrap();
        let state = State::of(&fs::metadata(&path).unwrap()).unwrap();
        let now = Now::read();
        let later = |ms: i64| Now {
            unix_ms: now.unix_ms + ms,
            boot: None,
        };
        for (ms, settled) in [(0, false), (3_000, false), (6_000, true), (-9_000, false)] {
            assert_eq!(state.is_settled(&later(ms)), settled, "{ms}");
        }
        // What claims to be from the future is changed before its time has come.
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(3600))
            .unwrap();
        let state = State::of(&fs::metadata(&path).unwrap()).unwrap();
        assert!(!state.is_settled(&later(6_000)));
    }
}
