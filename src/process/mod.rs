//! The process itself: hardening, panics, deadlines, streams, signals, and files replaced in one step.

pub mod crash;
pub(crate) mod deadline;
pub(crate) mod deferral;
pub mod hardening;
pub(crate) mod replace_file;
#[cfg(unix)]
pub(crate) mod signals;
pub mod stdout;
