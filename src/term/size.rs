//! The size of the terminal that stderr is, where the system tells it.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

#[cfg(unix)]
pub(crate) fn of_stderr() -> Option<Size> {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok()?;
    (size.ws_col > 0).then(|| Size {
        columns: size.ws_col.into(),
        rows: size.ws_row.into(),
    })
}

#[cfg(not(unix))]
pub(crate) fn of_stderr() -> Option<Size> {
    None
}
