//! The library as the fuzz targets and these tests see it: decisions that need more cases than a table beside the code.
//!
//! - [`jws`]: which private keys sign, with which algorithm, and how unusable keys are named
//! - [`key`]: two profiles share a cache key exactly when they send the same request
//! - [`properties`]: no input makes a parser panic, and each parser keeps what it promises

#![expect(clippy::unwrap_used, reason = "a test stops at the first failure")]

mod jws;
mod key;
mod properties;
