//! The state of a config file, by which a later run can tell without reading it that it is unchanged.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

use std::fs::Metadata;
use std::path::Path;

use serde::{Deserialize, Serialize};

#[cfg(not(unix))]
use self::portable as system;
#[cfg(unix)]
use self::unix as system;
use crate::clock::Now;

/// How long a file must be unchanged before its state identifies its content: twice the coarsest time
/// stamp of any file system, because two changes within one tick look the same.
const SETTLED_AFTER_MS: i64 = 4_000;

/// The metadata of a file. It differs after every change of content or permissions, because programs
/// cannot set the time of the last change (`st_ctime`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl State {
    /// Reads the state, or `None` if it cannot be determined.
    pub(crate) fn of(metadata: &Metadata) -> Option<Self> {
        system::state(metadata)
    }

    /// Whether every change after `now` leads to another state.
    pub(crate) fn is_settled(&self, now: &Now) -> bool {
        [self.modified, self.changed].iter().all(|(seconds, _)| {
            now.unix_ms
                .saturating_sub(seconds.saturating_mul(1000))
                .checked_sub(SETTLED_AFTER_MS)
                .is_some_and(|left_alone_ms| left_alone_ms > 0)
        })
    }
}

/// Whether the file system of `path` keeps a time of the last change that programs cannot set.
pub(crate) fn tells_of_every_change(path: &Path) -> bool {
    system::tells_of_every_change(path)
}
