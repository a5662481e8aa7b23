//! Any bytes as a cache entry: the entry that was written, or a miss; never a panic, never an entry for other inputs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tok::cache::entry;
use tok::cache::last_failure::Setback;
use tok::clock::Now;

/// What the entry is for.
const DIGEST: &str = "0123456789abcdef";

fuzz_target!(|data: &[u8]| {
    let now = Now { unix_ms: 1_900_000_000_000, boot: None };
    if let Ok(Some(entry)) = entry::read(data, DIGEST) {
        // Whatever its numbers are, asking about it must not overflow.
        let _ = entry.token.freshness(&now, i64::MAX, 1.0);
        let _ = entry.token.expires_at_unix_ms(&now);
        let again = entry::write(&entry, DIGEST);
        assert_eq!(entry::read(&again, DIGEST), Ok(Some(entry)));
    }
    if let Some(setback) = Setback::read(data) {
        let _ = setback.must_wait_ms(&now);
        let _ = setback.pauses_refreshing(&now);
        assert_eq!(Setback::read(&setback.write()), Some(setback));
    }
});
