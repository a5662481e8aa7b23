//! Any bytes as a cache entry: the entry that was written, or an error; never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tok::facade::entry;
use tok::facade::LastFailure;
use tok::facade::Now;

fuzz_target!(|data: &[u8]| {
    let now = Now { unix_ms: 1_900_000_000_000, boot: None };
    if let Ok(entry) = entry::read(data) {
        // Whatever its numbers are, asking about it must not overflow.
        let _ = entry.token.freshness(&now, i64::MAX, 1.0);
        let _ = entry.token.expires_at_unix_ms(&now);
        let again = entry::write(&entry);
        assert_eq!(entry::read(&again), Ok(entry));
    }
    if let Some(failure) = LastFailure::read(data) {
        let _ = failure.must_wait_ms(&now);
        let _ = failure.pauses_refreshing(&now);
        assert_eq!(LastFailure::read(&failure.write()), Some(failure));
    }
});
