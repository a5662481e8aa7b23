//! curl commands: read from a manual's example, and written for a token request.

pub mod export;
pub mod import;
