//! Unix: tok becomes the command, so signals, the terminal and the exit code are the command's without anybody passing them on.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::error::Error;
use crate::process::hardening;

/// The error for a file that is no program, nor a script that says what runs it.
pub(super) const NO_PROGRAM: i32 = libc::ENOEXEC;

/// Becomes `command`; returns only when that cannot be, with what `not_started` makes of the reason.
pub(super) fn replace(
    mut command: Command,
    not_started: &dyn Fn(&io::Error) -> Error,
) -> anyhow::Result<()> {
    hardening::release();
    Err(not_started(&command.exec()).into())
}
