//! The process itself: hardening, panics, streams and signals.

pub mod crash;
pub mod hardening;
#[cfg(unix)]
pub(crate) mod signals;
pub mod stdout;
