//! Any text as a config: a profile or a message; never a panic. And where only a part of the file is read, the whole file says the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tok::facade::Config;
use tok::facade::{Overrides, Profile};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let config = Config::of_text("config.toml", text);
    if let Ok(profile) = Profile::resolve(&config, "p", &Overrides::default(), &|_| None) {
        let _ = profile.check(&config);
        let _ = profile.inputs();
    }
    if let Ok(all) = config.overview()
        && all.problems.is_empty()
        && let Some(Ok(whole)) = all.profiles.get("p")
    {
        assert_eq!(config.profile("p").as_ref(), Ok(whole));
    }
});
