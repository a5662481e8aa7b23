//! Any text as a manual's example request: a profile or a message that names a word; never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tok::facade::import;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = import(text) {
        let message = error.to_string();
        assert!(!message.chars().any(char::is_control), "{message:?}");
    }
});
