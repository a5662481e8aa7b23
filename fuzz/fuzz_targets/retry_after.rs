//! Any text where a time should be: never a panic, never a moment before now or ten years after it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tok::facade::{Moment, Unit};
use tok::facade::expiry;
use tok::facade::http_date::{self, LONGEST_MS};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let now = 1_900_000_000_000;
    if let Some(at) = http_date::retry_after(&text, now, None) {
        assert!((now..=now + http_date::LONGEST_RETRY_AFTER_MS).contains(&at));
    }
    let _ = expiry::jwt_exp_unix_ms(&text);
    for value in [Value::from(text.as_ref()), serde_json::from_slice(data).unwrap_or(Value::Null)] {
        for unit in [Unit::S, Unit::Hms] {
            if let Ok(ms) = expiry::lifetime_ms(&value, unit) {
                assert!(ms.abs() <= LONGEST_MS);
            }
        }
        let pattern = Moment::Pattern("%Y%m%d%H%M%S".to_owned());
        for unit in [Moment::Rfc3339, Moment::Ms, Moment::Us, pattern] {
            let _ = expiry::moment_unix_ms(&value, &unit, None);
        }
    }
});
