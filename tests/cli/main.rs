//! The real binary, a scrubbed home, and a real local provider: what users see.
//!
//! One crate, so that everything is linked once. Each module is one promise:
//!
//! - [`add`]: a manual's example becomes the profile that makes the same request
//! - [`assertion`]: a JWT signed with the client's key, as authentication and as a grant
//! - [`binding`]: a stored secret stays with the origin it was stored for
//! - [`cache`]: while a token is good the provider is not asked again
//! - `bookmark`: a cached token is found without the config being read, as long as nothing has changed
//! - [`canary`]: a secret is found nowhere but on the wire, a token nowhere but on stdout and in the cache
//! - [`config`]: every way a config can be wrong, and what is said about it
//! - [`consumers`]: every other program gets the token in its own form, and for no host that is not listed
//! - [`crowd`]: however many processes ask at once, the provider is asked once
//! - [`curl`]: the token request as a command whose secrets are variables
//! - [`dialects`]: the four providers tok was asked for, success and every documented refusal
//! - [`disk`]: whatever is wrong with the cache, the token is printed, with one note
//! - [`doctor`]: one line for each check
//! - [`endpoints`]: token endpoints as their manuals describe them, from profile to header line
//! - [`example`]: `config.example.toml` cannot rot
//! - [`exec`]: a command with a token, or no command
//! - [`hostile`]: whatever a provider answers, a token or nothing, and the exit code that says which
//! - [`interrupted`]: killed, interrupted and stopped processes leave nothing that hinders the next
//! - [`kept`]: `tok status`, `tok forget`, `tok reject`
//! - [`messages`]: every message in one table, to be read by eye
//! - [`output`]: stdout whole or not at all
//! - [`packed`]: compressed answers, whole or not at all
//! - [`profiles`]: what is configured, and what a token says
//! - `prompt`: a secret at a terminal, typed or pasted, unseen
//! - [`secrets`]: where secrets come from, and what is said when there is none
//! - [`stale`]: a token near its end is refreshed by one process, and used by all until it is dead
//! - [`signals`]: signals as the children of a terminal have them
//! - [`steps`]: requests before the token request, and whom secrets reach
//! - [`transport`]: whom tok speaks to, over what, and whom never
//! - [`usage`]: help, mistakes, completions, man pages
//! - [`values`]: what a profile computes, where it may go, and what is said of what is written wrongly
//!
//! [`home`] is what they all stand on.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod add;
mod assertion;
mod binding;
#[cfg(unix)]
mod bookmark;
mod cache;
#[cfg(unix)]
mod canary;
mod config;
mod consumers;
mod crowd;
mod curl;
mod dialects;
mod disk;
#[cfg(unix)]
mod docs;
mod doctor;
mod endpoints;
mod entry;
mod example;
mod exec;
mod home;
mod hostile;
mod interrupted;
mod kept;
#[cfg(target_os = "linux")] // Many a message ends in the system's own words.
mod messages;
#[cfg(unix)]
mod output;
mod packed;
mod parallel;
#[cfg(unix)]
mod picture;
mod profiles;
#[cfg(unix)]
mod prompt;
mod readme;
mod secrets;
#[cfg(unix)]
mod signals;
mod stale;
mod steps;
#[cfg(unix)]
mod terminal;
mod transport;
mod usage;
mod values;
#[cfg(unix)]
mod watch;
