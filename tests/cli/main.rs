//! End-to-end tests: the real binary in a scrubbed home, against a provider on this machine.
//!
//! One crate, so that the tests are linked once. Each module tests one promise:
//!
//! - `add`: an example from a provider's manual becomes the profile that sends the same request
//! - `assertion`: a JWT signed with the client's key, as client authentication and as a grant
//! - `bookmark`: a cached token is printed without reading the config until something changes
//! - `cache`: while a cached token is fresh, the provider is not asked again
//! - `cached`: `tok status`, `tok forget` and `tok reject`
//! - `canary`: secrets appear only on the wire, tokens only on stdout and in the cache
//! - `compressed`: compressed answers are read whole or refused
//! - `config`: every mistake in a config and its message
//! - `consumers`: each other program gets the token in its own format, and only for listed hosts
//! - `curl`: `tok show --curl` prints the token request with variables instead of secrets
//! - `dialects`: the four providers tok was asked for, with every documented answer
//! - `disk`: a cache that cannot be read or written costs a note, not the token
//! - `docs`: the scripts and commands in `docs/` work
//! - `doctor`: `tok doctor` prints a line for each check
//! - `endpoints`: token endpoints as their manuals describe them, from profile to header line
//! - `example`: `config.example.toml` is complete and every line of it works
//! - `exchange`: a `subject_token` makes the request a token exchange
//! - `exec`: `tok exec` runs a command with a token or not at all
//! - `hostile`: whatever a provider answers, tok prints a token or nothing
//! - `identity`: the platform's token for this job is sent instead of a stored secret
//! - `interrupted`: killed, interrupted and stopped processes do not hinder the next one
//! - `issuer`: endpoints from the metadata that an issuer publishes
//! - `login`: `tok login` with a code or in a browser
//! - `messages`: every message, recorded in one snapshot per topic
//! - `mutual_tls`: the certificate of the client as its authentication
//! - `origins`: a stored secret is sent only to the origin it was stored for
//! - `output`: stdout is complete or empty
//! - `picture`: the picture in the README shows what tok prints
//! - `profile_tokens`: the token of another profile in a request
//! - `profiles`: `tok list`, `tok show`, `tok providers` and `tok inspect`
//! - `prompt`: a secret typed or pasted at a terminal
//! - `readme`: the examples in the README print what they show
//! - `refresh`: a refresh token that the provider replaces is neither lost nor sent twice
//! - `reports`: what happened to users, one row per report
//! - `revoke`: `tok revoke` and `tok introspect`, with each kind of answer
//! - `secrets`: the sources of secrets, and the message when a secret is missing
//! - `shared_cache`: mistakes in `[shared_cache]`, without an engine
//! - `signals`: signals reach the children of a terminal
//! - `stale`: a token near its end is refreshed by one process and used by all until it expires
//! - `steps`: requests before the token request, and which of them get secrets
//! - `tables`: tables fit the terminal, and colour is only there
//! - `terminal`: progress at a terminal
//! - `transport`: redirects, plain http, certificates and proxies
//! - `usage`: help, usage errors, completions and manual pages
//! - `values`: computed values, where they may be used, and mistakes in them
//! - `verify`: `tok inspect --verify`, with tokens that pass and tokens that do not
//! - `waiters`: however many processes ask at once, the provider is asked once
//! - `watch`: `tok for file`, once and with `--watch`
//!
//! `home` is the scrubbed home, `entry` the cache entry in it, `parallel` runs the cases of a table at once.

#![expect(clippy::unwrap_used, reason = "a test stops at the first failure")]

mod add;
#[cfg(unix)]
mod add_asks;
mod answers;
mod assertion;
#[cfg(unix)]
mod bookmark;
mod cache;
mod cached;
#[cfg(unix)]
mod canary;
mod compressed;
mod config;
mod consumers;
mod curl;
#[cfg(unix)]
mod curl_command;
mod dialects;
mod disk;
#[cfg(unix)]
mod docs;
mod doctor;
mod endpoints;
mod entry;
mod example;
mod exchange;
mod exec;
mod home;
mod hostile;
mod identity;
mod interrupted;
mod issuer;
mod layers;
mod login;
#[cfg(target_os = "linux")] // Many messages end in the words of the system.
mod messages;
mod mutual_tls;
mod origins;
#[cfg(unix)]
mod output;
mod parallel;
#[cfg(unix)]
mod picture;
mod profile_tokens;
mod profiles;
#[cfg(unix)]
mod prompt;
mod readme;
mod refresh;
mod remove;
#[cfg(unix)]
mod reports;
mod requests;
mod revoke;
mod secrets;
mod shared_cache;
#[cfg(unix)]
mod signals;
mod stale;
mod steps;
#[cfg(unix)]
mod tables;
#[cfg(unix)]
mod terminal;
mod transport;
mod usage;
mod values;
mod verify;
mod waiters;
#[cfg(unix)]
mod watch;
