//! What time it is, by two clocks: the wall's, which people and providers read but which may be stepped, and the one that
//! counts from boot, sleep included, which nobody can set.
//!
//! `Now` is read once per run and handed down; nothing below asks for the time by itself, so every decision can be tested.

use std::time::{SystemTime, UNIX_EPOCH};

/// One moment, by every clock there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since 1970-01-01 UTC.
    pub unix_ms: i64,
    /// The boot clock; none where the platform has no such clock or no name for a boot.
    pub boot: Option<Boot>,
}

/// A moment on the clock that starts at boot and runs on while the machine sleeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// Which boot: two moments can be compared only when this is the same.
    pub id: String,
    /// Milliseconds since that boot.
    pub ms: i64,
}

impl Now {
    /// The present moment.
    #[must_use]
    pub fn read() -> Self {
        let unix_ms = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => {
                i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |before| -before)
            }
        };
        Self {
            unix_ms,
            boot: boot::read(),
        }
    }

    /// Milliseconds from `earlier` to this moment: by the boot clock when both are of one boot, else by the wall clock.
    ///
    /// Negative when `earlier` is, by the clock that decides, in the future.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> i64 {
        match (&self.boot, &earlier.boot) {
            (Some(now), Some(then)) if now.id == then.id => now.ms.saturating_sub(then.ms),
            _ => self.unix_ms.saturating_sub(earlier.unix_ms),
        }
    }
}

/// Linux: `CLOCK_BOOTTIME` and the kernel's boot id.
#[cfg(target_os = "linux")]
mod boot {
    use std::sync::OnceLock;
    use std::time::Duration;

    use crate::clock::Boot;

    /// The boot's id. No process lives through two boots, so one look is enough.
    static ID: OnceLock<Option<String>> = OnceLock::new();

    pub(super) fn read() -> Option<Boot> {
        let id = ID.get_or_init(|| {
            let id = std::fs::read("/proc/sys/kernel/random/boot_id").ok()?;
            Some(String::from_utf8(id).ok()?.trim_end().to_owned())
        });
        Some(Boot {
            id: id.clone()?,
            ms: milliseconds()?,
        })
    }

    /// Milliseconds since boot, sleep included.
    fn milliseconds() -> Option<i64> {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // rustix has a safe function for it, which first looks for the kernel's fast entry by itself: work that the C library has done
        // already, and that ends the program where a tool like valgrind has hidden that entry.
        #[expect(
            unsafe_code,
            reason = "the C library is handed a structure of its own to fill, which outlives the call"
        )]
        let done = unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) };
        if done != 0 {
            return None;
        }
        let seconds = u64::try_from(time.tv_sec).ok()?;
        let since_boot = Duration::new(seconds, u32::try_from(time.tv_nsec).ok()?);
        i64::try_from(since_boot.as_millis()).ok()
    }
}

/// Elsewhere: the wall clock alone decides. macOS and Windows have boot clocks, but name a boot only by its wall-clock time,
/// which a stepped clock changes, so they could not tell two boots apart when it matters.
#[cfg(not(target_os = "linux"))]
mod boot {
    pub(super) fn read() -> Option<crate::Boot> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix_ms: i64, boot: Option<(&str, i64)>) -> Now {
        Now {
            unix_ms,
            boot: boot.map(|(id, ms)| Boot { id: id.into(), ms }),
        }
    }

    #[test]
    fn the_boot_clock_decides_within_one_boot_and_the_wall_clock_across_boots() {
        let then = at(1_000, Some(("a", 500)));
        let cases = [
            (at(9_000, Some(("a", 700))), 200),
            (at(9_000, Some(("b", 700))), 8_000),
            (at(9_000, None), 8_000),
            (at(0, Some(("b", 700))), -1_000),
        ];
        for (now, expected) in cases {
            assert_eq!(now.since(&then), expected, "{now:?}");
        }
    }
}
