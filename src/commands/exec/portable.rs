//! Where a process cannot become another one: tok starts the command, waits for it, and ends with its exit code.

use std::io;
use std::process::Command;

use crate::error::{Error, Silent};

/// What stands for an exit code that does not fit into a byte or is unknown: any failure will do for a script.
const SOME_FAILURE: u8 = 1;

/// Windows' error for a file that is no program (`ERROR_BAD_EXE_FORMAT`).
pub(super) const NO_PROGRAM: i32 = 193;

/// Runs `command` to its end. Ctrl-C reaches it as it reaches tok: they share the console.
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
