//! The width of a terminal.

/// Returns the columns of the terminal that `stream` is, or `None` if it is not one or does not say.
#[cfg(unix)]
#[must_use]
pub fn of(stream: impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// Always `None`: the width is unknown here, and the terminal wraps.
#[cfg(not(unix))]
#[must_use]
pub fn of<T>(_stream: T) -> Option<usize> {
    None
}
