//! Profiles: the config file, and each profile as requests to make and rules to read the answers.
//!
//! [`Profile::resolve`] does only what a cached token needs. [`Profile::check`] checks the rest before anything is sent.

pub mod assertion;
mod at;
pub mod catalogue;
mod check;
mod client;
mod client_certificate;
mod discovered;
pub mod draft;
pub mod file;
pub mod grants;
pub(crate) mod home;
mod host;
pub mod identity;
mod inputs;
pub(crate) mod layers;
pub mod location;
pub mod login;
pub mod metadata;
pub mod name;
mod nested;
mod others;
pub mod parameter;
pub mod plan;
pub mod pointer;
mod reader;
mod resolve;
mod resolved;
pub mod rules;
pub(crate) mod shared_cache;
mod sources;
pub mod template;
mod unused;
pub(crate) mod variables;
mod vars;

pub use inputs::Inputs;
pub(crate) use resolved::{DEFAULT_HEADER, DEFAULT_TIMEOUT_MS};
pub use resolved::{Environment, Overrides, Profile};
