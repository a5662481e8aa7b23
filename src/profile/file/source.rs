//! The table of a secret's source as written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a secret comes from: at most one of `env`, `file`, `credential` and `command`; without one, the keyring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceTable {
    /// The name of an environment variable.
    pub env: Option<String>,
    /// The path of a file, relative to the config, or from the home folder with `~/`.
    pub file: Option<String>,
    /// The name of a systemd credential, under `$CREDENTIALS_DIRECTORY`.
    pub credential: Option<String>,
    /// A program and its arguments, run without a shell.
    pub command: Option<Vec<String>>,
    /// Only for `refresh_token`, beside `command`: a program that stores the new one, which it gets on its stdin.
    pub store: Option<Vec<String>>,
    /// Where in it the secret is, if it is JSON: an RFC 6901 pointer.
    pub pointer: Option<String>,
}
