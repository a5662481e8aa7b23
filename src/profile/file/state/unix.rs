//! Unix: reads a file's device, inode, size and times, of which programs cannot set `st_ctime`.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};

use crate::profile::file::state::State;

pub(super) fn state(metadata: &Metadata) -> Option<State> {
    // A pipe (`--config <(…)`) looks the same with any content.
    metadata.is_file().then(|| State {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

pub(super) fn tells_of_every_change(path: &Path) -> bool {
    // A read-only image can be exchanged for another one with the same times.
    let is_written_to =
        statvfs(path).is_ok_and(|mount| !mount.f_flag.contains(StatVfsMountFlags::RDONLY));
    is_written_to && keeps_a_time_of_change(path)
}

/// Foreign and remote file systems return the time of modification, which programs can set, as `st_ctime`.
#[cfg(target_os = "linux")]
fn keeps_a_time_of_change(path: &Path) -> bool {
    // linux/magic.h, and fs/exfat, fs/ntfs3, fs/smb in the kernel.
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
    // The field is signed on some machines; the numbers fit 32 bits.
    rustix::fs::statfs(path)
        .is_ok_and(|system| !WITHOUT.contains(&(system.f_type as u64 & 0xffff_ffff)))
}

/// Other systems have no numbers for them; a home is on a file system that keeps that time.
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
    fn every_change_of_a_file_changes_its_state() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        let state = || State::of(&fs::metadata(&path).unwrap()).unwrap();
        fs::write(&path, "a").unwrap();
        let before = state();
        assert_eq!(state(), before);
        // As after `cp -p`: same size, same time of modification.
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
    fn state_is_settled_some_seconds_after_the_last_change() {
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
        // A time in the future is not settled either.
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(3600))
            .unwrap();
        let state = State::of(&fs::metadata(&path).unwrap()).unwrap();
        assert!(!state.is_settled(&later(6_000)));
    }
}
