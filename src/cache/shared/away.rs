//! An engine that failed is left alone for a few seconds by every process of the machine, so that it costs them nothing.

use ring::digest::SHA256;
use serde::{Deserialize, Serialize};

use crate::cache::directory::{self, Directory};
use crate::clock::Now;

/// Short enough that a restarted engine is soon in use again.
pub(crate) const LEFT_ALONE_MS: i64 = 5_000;

const FILE: &str = "shared-cache.away";

#[derive(Serialize, Deserialize)]
struct Mark {
    /// A digest of its addresses: another engine is not left alone.
    engine: String,
    at: Now,
    why: String,
}

/// Returns why the engine at `urls` is left alone now, if it is.
pub(super) fn why(urls: &[String]) -> Option<String> {
    let folder = Directory::open_in_order(&directory::path().ok()?)?;
    let mark: Mark = serde_json::from_slice(folder.read(FILE).ok()??.line()).ok()?;
    let age_ms = Now::read().since(&mark.at);
    (mark.engine == digest(urls) && (0..LEFT_ALONE_MS).contains(&age_ms)).then_some(mark.why)
}

/// Without a cache folder each run finds out for itself.
pub(super) fn mark(urls: &[String], why: &str) {
    let mark = Mark {
        engine: digest(urls),
        at: Now::read(),
        why: why.to_owned(),
    };
    if let Ok(path) = directory::path()
        && let Ok(folder) = Directory::create(&path)
        && let Ok(mut bytes) = serde_json::to_vec(&mark)
    {
        bytes.push(b'\n');
        let _ = folder.write_unsynced(FILE, &bytes);
    }
}

fn digest(urls: &[String]) -> String {
    let digest = ring::digest::digest(&SHA256, urls.join("\n").as_bytes());
    let digits = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.take(16).collect()
}
