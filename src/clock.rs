//! The time by two clocks: the wall clock, which can be set, and the boot clock, which cannot.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// One moment by both clocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// Milliseconds since 1970-01-01 UTC.
    pub unix_ms: i64,
    /// The boot clock; `None` on a platform without a boot clock or a boot id.
    pub boot: Option<Boot>,
}

/// A moment on the boot clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// The boot id: only moments of one boot can be compared.
    pub(crate) id: String,
    pub(crate) ms: i64,
}

impl Now {
    /// Reads both clocks.
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

    /// Returns when this process was started, if the system reports it and it was at most ten seconds ago.
    #[must_use]
    pub(crate) fn process_start(&self) -> Option<Self> {
        /// An older start means that the process was stopped, or that the system reports it wrongly.
        const AT_MOST_MS: i64 = 10_000;
        let age_ms = self
            .boot
            .as_ref()?
            .ms
            .saturating_sub(boot::process_start_ms()?);
        (age_ms <= AT_MOST_MS).then(|| self.plus(-age_ms.max(0)))
    }

    #[must_use]
    pub(crate) fn plus(&self, ms: i64) -> Self {
        Self {
            unix_ms: self.unix_ms.saturating_add(ms),
            boot: self.boot.clone().map(|boot| Boot {
                ms: boot.ms.saturating_add(ms),
                ..boot
            }),
        }
    }

    /// Milliseconds from `earlier` to this moment, by the boot clock if both are of one boot. Negative if `earlier` is later.
    #[must_use]
    pub(crate) fn since(&self, earlier: &Self) -> i64 {
        match (&self.boot, &earlier.boot) {
            (Some(now), Some(then)) if now.id == then.id => now.ms.saturating_sub(then.ms),
            _ => self.unix_ms.saturating_sub(earlier.unix_ms),
        }
    }
}

#[cfg(target_os = "linux")]
mod boot {
    use std::sync::OnceLock;
    use std::time::Duration;

    use crate::clock::Boot;

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

    /// USER_HZ is 100 on every Linux that Rust supports.
    const TICK_MS: i64 = 10;

    /// proc_pid_stat(5), field 22, rounded up to the kernel's clock tick.
    pub(super) fn process_start_ms() -> Option<i64> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The process name, which may contain anything, is in parentheses.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks: i64 = fields.split_ascii_whitespace().nth(19)?.parse().ok()?;
        ticks.checked_add(1)?.checked_mul(TICK_MS)
    }

    fn milliseconds() -> Option<i64> {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // rustix's safe function looks for the vDSO again, and aborts where valgrind hides it.
        #[expect(
            unsafe_code,
            reason = "the C library fills a structure that outlives the call"
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

/// macOS and Windows identify a boot only by its wall-clock time, which a stepped clock changes.
#[cfg(not(target_os = "linux"))]
mod boot {
    pub(super) fn read() -> Option<crate::clock::Boot> {
        None
    }

    pub(super) fn process_start_ms() -> Option<i64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn process_start_is_shortly_before_now() {
        let now = Now::read();
        let started = now.process_start().unwrap();
        let age_ms = now.since(&started);
        assert!((0..=10_000).contains(&age_ms), "{age_ms}");
        let later = now.plus(60_000);
        assert_eq!(later.process_start(), None);
    }

    fn at(unix_ms: i64, boot: Option<(&str, i64)>) -> Now {
        Now {
            unix_ms,
            boot: boot.map(|(id, ms)| Boot { id: id.into(), ms }),
        }
    }

    #[test]
    fn boot_clock_decides_within_one_boot_and_wall_clock_across_boots() {
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
