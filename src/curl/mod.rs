//! Reads curl commands from manuals, and writes them for token requests.

pub mod export;
pub mod import;
