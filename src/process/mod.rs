//! The process itself: hardening, panics, streams, signals, and files replaced in one step.

pub mod crash;
pub mod hardening;
pub(crate) mod replace_file;
#[cfg(unix)]
pub(crate) mod signals;
pub mod stdout;
