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

pub mod acquire;
pub mod cache;
pub mod catalogue;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod consumers;
pub mod crash;
pub mod curl_import;
pub mod draft;
pub mod failure;
pub mod fetch;
pub mod hardening;
pub mod http;
pub mod jws;
pub mod length;
pub mod notes;
pub mod oauth;
pub mod output;
pub mod paint;
pub mod profile;
pub mod secret;
pub mod secrets;
#[cfg(unix)]
mod signals;
pub mod stdout;
pub mod table;
pub mod template;
pub mod text;
pub mod token;
pub mod waiting;
pub mod wiped;
