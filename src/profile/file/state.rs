//! Which state of a config file was read, so that a later run can tell without reading it that it would read the same.

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

/// How long a file must have been left alone before its state stands for what is in it: twice the coarsest time stamp of any file system. A
/// file that was changed a moment ago may be changed again within the same tick, and look as it did.
const SETTLED_AFTER_MS: i64 = 4_000;

/// What the file system says of one state of a file. Any change of what is in the file, or of who may write it, is another state: the time of
/// the last change (`st_ctime`) cannot be set by programs, where the file system keeps one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl State {
    /// The state that `metadata` tells of; none where it tells of none.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Option<Self> {
        system::state(metadata)
    }

    /// Whether a file that was read in this state at `now` is sure to be in another when it is changed.
    #[must_use]
    pub fn is_settled(&self, now: &Now) -> bool {
        [self.modified, self.changed].iter().all(|(seconds, _)| {
            now.unix_ms
                .saturating_sub(seconds.saturating_mul(1000))
                .checked_sub(SETTLED_AFTER_MS)
                .is_some_and(|left_alone_ms| left_alone_ms > 0)
        })
    }
}

/// Whether what the file system that `path` is on says of a file is another state after every change.
#[must_use]
pub fn tells_of_every_change(path: &Path) -> bool {
    system::tells_of_every_change(path)
}
