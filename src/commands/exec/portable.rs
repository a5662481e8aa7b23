//! Runs the command as a child and exits with its code, where a process cannot replace itself.

use std::io;
use std::process::Command;

use crate::error::{Error, Silent};

/// The exit code if the child's is unknown or does not fit into a byte.
const SOME_FAILURE: u8 = 1;

/// `ERROR_BAD_EXE_FORMAT`.
pub(super) const NO_PROGRAM: i32 = 193;

/// Runs `command` to its end. Ctrl-C reaches it directly, as it shares the console.
pub(super) fn replace(
    mut command: Command,
    not_started: &dyn Fn(&io::Error) -> Error,
) -> anyhow::Result<()> {
    let status = command.status().map_err(|error| not_started(&error))?;
    if status.success() {
        return Ok(());
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Err(Silent(code.filter(|code| *code != 0).unwrap_or(SOME_FAILURE)).into())
}
