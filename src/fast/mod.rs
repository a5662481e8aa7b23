//! The only module that knows shortcuts: the plain command line, and the bookmark of a cached token.

pub mod bookmark;
pub mod plain;
