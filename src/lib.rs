//! tok prints an access token for a named provider, fetching one only when it must.
//!
//! ```text
//! arguments ─┬─ fast: the bookmark is valid and the token fresh ───────────────► output
//!            └─ commands ─ get ─┬─ cache: a fresh token ───────────────────────► output
//!                               └─ lock, read again, fetch, store ─────────────► output
//!                                  fetch: secrets ─ oauth request ─ http ─ oauth response
//! ```
//!
//! Layers, each of which uses only those above it:
//!
//! - `term`: terminal text; `clock`; `secret`: the only type that holds one; `process`: hardening, signals, streams, atomic file replacement
//! - `error`: structured errors
//! - `wire`: a request, an answer, an origin; `token`: a token and its lifetime
//! - `profile`: the config file and the meaning of a profile
//! - `secrets`: their sources; `oauth`: requests and answers, without I/O; `cache`: entries, locks, failures; `curl`: import and export
//! - `http`: the only module that sends
//! - `identity`: the token that a platform issues to the running job
//! - `fetch`: the stages of a token request
//! - `get`: a token from the cache or the provider
//! - `login`: a user logs in, in a browser or with a code
//! - `fast`: shortcuts for a cached token; `output`: stdout, complete or empty
//! - `commands`: one file per command
//!
//! The library is only for the program, its tests and its fuzz targets.

mod cache;
mod clock;
mod commands;
mod curl;
mod error;
mod fast;
mod fetch;
mod get;
mod http;
mod identity;
mod login;
mod oauth;
mod output;
mod process;
mod profile;
mod secret;
mod secrets;
mod term;
mod token;
mod wire;

/// The parts that `src/main.rs` uses.
#[doc(hidden)]
pub mod program {
    pub use crate::commands::{print, run};
    pub use crate::error::{Kind, exit_code, report};
    pub use crate::fast::{cached, plain};
    pub use crate::process::{crash, hardening};
}

/// The parts that tests and fuzz targets use.
#[doc(hidden)]
pub mod facade {
    pub use crate::cache::last_failure::LastFailure;
    pub use crate::cache::{entry, key};
    pub use crate::clock::Now;
    pub use crate::commands::unseen;
    pub use crate::curl::import::import;
    pub use crate::error::{Error, Kind};
    pub use crate::oauth::assertion::{self, Occasion};
    pub use crate::oauth::redact::Redactor;
    pub use crate::oauth::signing::Signer;
    pub use crate::oauth::step_output::Steps;
    pub use crate::oauth::{expiry, response};
    pub use crate::profile::assertion::Assertion;
    pub use crate::profile::catalogue::names as catalogue_names;
    pub use crate::profile::file::Config;
    pub use crate::profile::file::schema::{Moment, Unit};
    pub use crate::profile::rules::Response;
    pub use crate::profile::template::{Name, Template};
    pub use crate::profile::{Overrides, Profile};
    pub use crate::secret::Secret;
    pub use crate::term::notes::Notes;
    pub use crate::term::text::clean;
    pub use crate::wire::answer::Answer;
    pub use crate::wire::http_date;
}
