//! The real binary, a scrubbed home, and a real local provider: what users see.
//!
//! One crate, so that everything is linked once. Each module is one promise:
//!
//! - [`cache`]: while a token is good the provider is not asked again
//! - [`config`]: every way a config can be wrong, and what is said about it
//! - [`consumers`]: every other program gets the token in its own form, and for no host that is not listed
//! - [`dialects`]: the four providers tok was asked for, success and every documented refusal
//! - [`example`]: `config.example.toml` cannot rot
//! - [`hostile`]: whatever a provider answers, a token or nothing, and the exit code that says which
//! - [`secrets`]: where secrets come from, and what is said when there is none
//! - [`transport`]: whom tok speaks to, over what, and whom never
//!
//! [`home`] is what they all stand on.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod cache;
mod config;
mod consumers;
mod dialects;
mod example;
mod home;
mod hostile;
mod secrets;
mod transport;
#[cfg(unix)]
mod watch;
