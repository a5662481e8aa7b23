//! Programs that read their token from a file (Prometheus's `credentials_file`, a pod's shared volume): the file, and when to renew it.
//!
//! No line end is written: some readers take every byte for the token, and those that trim lose nothing.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::secret::Secret;
use crate::term::text::without_path;

/// The most that a token in a watched file is renewed ahead of its end, milliseconds: what a reader may be late by.
const AHEAD_AT_MOST_MS: i64 = 300_000;

/// The shortest wait between two looks, milliseconds: a provider whose tokens live for seconds is not asked without pause.
const WAIT_AT_LEAST_MS: i64 = 1_000;

/// The longest wait between two looks, milliseconds: the clock of a wait stands still while a machine sleeps, the token's does not.
const WAIT_AT_MOST_MS: i64 = 60_000;

/// Makes `path` a file that holds the token and nothing else, in one step: whoever reads it sees the old token or the new one.
///
/// The file is new each time, the user's own and closed to all others (0600) from its first byte; a link at `path` is replaced, not followed.
///
/// # Errors
/// When it cannot be written; what was there stays.
pub fn replace(path: &Path, token: &Secret) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // A temporary file is created 0600 and removed again unless it is persisted.
    let mut file = tempfile::Builder::new()
        .prefix(".tok-")
        .tempfile_in(folder)
        .map_err(without_path)?;
    file.write_all(token.expose().as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Makes the new name outlive a power cut, where the system has a way.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// How long a token that lives for `lifetime_ms` in all should still have when it is replaced: a fifth of its life, at most five minutes, and
/// no less than `min_ttl_ms`, which its readers asked for.
#[must_use]
pub fn ahead_ms(lifetime_ms: i64, min_ttl_ms: i64) -> i64 {
    (lifetime_ms / 5).min(AHEAD_AT_MOST_MS).max(min_ttl_ms)
}

/// How long to wait before the next look at a token that has `left_ms` to live and is to be replaced `ahead_ms` before its end. A provider that
/// gives the same token again until it is nearly over is asked ever more often, but not without pause.
#[must_use]
pub fn wait_ms(left_ms: i64, ahead_ms: i64) -> i64 {
    let until = left_ms.saturating_sub(ahead_ms);
    let wait = if until > 0 { until } else { left_ms / 2 };
    wait.clamp(WAIT_AT_LEAST_MS, WAIT_AT_MOST_MS)
}

/// How long to wait after the `failures`th failure in a row: twice as long each time, from one second to one minute.
#[must_use]
pub fn wait_after_failure_ms(failures: u32) -> i64 {
    WAIT_AT_LEAST_MS
        .saturating_mul(1 << failures.saturating_sub(1).min(16))
        .min(WAIT_AT_MOST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        for token in ["first-and-longer", "second"] {
            replace(&path, &Secret::new(token)).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), token);
        }
        assert!(replace(&folder.path().join("no").join("token"), &Secret::new("t")).is_err());
        std::fs::create_dir(folder.path().join("taken")).unwrap();
        assert!(replace(&folder.path().join("taken"), &Secret::new("t")).is_err());
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["taken", "token"]);
    }

    #[test]
    fn a_token_is_replaced_ahead_of_its_end() {
        let cases = [
            (3_600_000, 0, 300_000),
            (300_000, 0, 60_000),
            (20_000, 0, 4_000),
            (3_600_000, 900_000, 900_000),
            (0, 0, 0),
        ];
        for (lifetime, min_ttl, expected) in cases {
            assert_eq!(
                ahead_ms(lifetime, min_ttl),
                expected,
                "{lifetime} {min_ttl}"
            );
        }
    }

    #[test]
    fn a_look_comes_at_least_each_minute_and_never_without_pause() {
        let cases = [
            (3_600_000, 300_000, 60_000),
            (340_000, 300_000, 40_000),
            (300_000, 300_000, 60_000),
            (20_000, 60_000, 10_000),
            (1_000, 60_000, 1_000),
            (-5_000, 0, 1_000),
            (20_000, 19_999, 1_000),
        ];
        for (left, ahead, expected) in cases {
            assert_eq!(wait_ms(left, ahead), expected, "{left} {ahead}");
        }
    }

    #[test]
    fn failures_are_met_with_growing_patience() {
        let waits: Vec<i64> = [1, 2, 3, 6, 7, 8, u32::MAX]
            .map(wait_after_failure_ms)
            .into();
        assert_eq!(waits, [1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000]);
    }
}
