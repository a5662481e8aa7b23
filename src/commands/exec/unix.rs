//! tok becomes the command, so signals, the terminal and the exit code need no forwarding.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::error::Error;
use crate::process::hardening;

/// The error for a file that is neither a program nor a script with an interpreter.
pub(super) const NO_PROGRAM: i32 = libc::ENOEXEC;

/// Becomes `command`; returns only if that fails.
pub(super) fn replace(
    mut command: Command,
    not_started: &dyn Fn(&io::Error) -> Error,
) -> anyhow::Result<()> {
    hardening::release();
    Err(not_started(&command.exec()).into())
}
