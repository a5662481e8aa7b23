//! tok prints an access token for a named provider, fetching one only when it must.
//!
//! The way through the program, and the module for each stop:
//!
//! ```text
//! args ─ cli ─┬─ cache::bookmark: the config has not changed, and the token is fresh ─► output
//!             └► config ─► profile ─► acquire ──fresh in the cache──► output
//!                                      │ miss: cache::lock, read again
//!                                      └► fetch: secrets ─► oauth::request ─► http ─► oauth::response ─► cache ─► output
//! ```
//!
//! [`commands`] has one file for each verb, [`failure`] what a script can act on. This library is the program's own: it promises nothing to others.

pub mod cache;
pub mod clock;
pub mod commands;
pub mod curl;
pub mod error;
pub mod fast;
pub mod fetch;
pub mod get;
pub mod http;
pub mod oauth;
pub mod output;
pub mod process;
pub mod profile;
pub mod secret;
pub mod secrets;
pub mod term;
pub mod token;
pub mod wire;
