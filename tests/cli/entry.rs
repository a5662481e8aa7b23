//! The one cache entry of a home, as a test finds it and changes it: where it is, how old it is, who waits for its lock.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::home::Home;

/// How long a test waits for what has to come.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The path of the one file in the cache with `ending`.
pub fn file(home: &Home, ending: &str) -> PathBuf {
    let names = home.cached();
    let mut found = names.iter().filter(|name| name.ends_with(ending));
    let name = found
        .next()
        .unwrap_or_else(|| panic!("no {ending} in {names:?}"));
    assert_eq!(found.next(), None, "{names:?}");
    home.cache().join(name)
}

/// Makes the token in the entry so many seconds older.
pub fn age(home: &Home, seconds: i64) {
    let path = file(home, ".json");
    let mut entry: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for clock in ["sent_unix_ms", "sent_boot_ms"] {
        // Without a boot clock this member is missing, or is zero and means nothing.
        if let Some(ms) = entry[clock].as_i64() {
            entry[clock] = Value::from(ms - seconds * 1000);
        }
    }
    std::fs::write(&path, format!("{entry}\n")).unwrap();
}

/// Returns when `count` processes wait for the entry's lock.
#[cfg(target_os = "linux")]
pub fn wait_for_waiters(home: &Home, count: usize) {
    use std::os::unix::fs::MetadataExt;
    use std::time::Instant;
    let inode = std::fs::metadata(file(home, ".lock")).unwrap().ino();
    let until = Instant::now() + PATIENCE;
    loop {
        // A waiter's line: `7: -> FLOCK  ADVISORY  READ 4711 fe:00:123456 0 EOF`.
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        let waiting = locks
            .lines()
            .filter(|line| line.contains("-> ") && line.contains("FLOCK"))
            .filter(|line| line.contains(&format!(":{inode} ")))
            .count();
        if waiting >= count {
            return;
        }
        assert!(Instant::now() < until, "only {waiting} of {count} wait");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Other systems do not show which process waits; the tests also hold if some do not wait yet.
#[cfg(not(target_os = "linux"))]
pub fn wait_for_waiters(_: &Home, _: usize) {}
