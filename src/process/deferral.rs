//! Puts off Ctrl-C and other ending signals while an answer is awaited that exists only once.

#[cfg(not(unix))]
use portable as system;
#[cfg(unix)]
use unix as system;

/// Puts off ending signals in every thread until it is dropped; then the last one takes effect.
pub(crate) struct Deferral {
    _signals: system::Signals,
}

impl Deferral {
    pub(crate) fn begin() -> Self {
        Self {
            _signals: system::Signals::put_off(),
        }
    }
}

#[cfg(unix)]
mod unix {
    use crate::process::signals::{Caught, raise};

    pub(super) struct Signals(Option<Caught>);

    impl Signals {
        pub(super) fn put_off() -> Self {
            let ending = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];
            Self(Some(Caught::begin(&ending)))
        }
    }

    impl Drop for Signals {
        fn drop(&mut self) {
            if let Some(signal) = self.0.take().and_then(Caught::end) {
                raise(signal);
            }
        }
    }
}

#[cfg(not(unix))]
mod portable {
    /// Windows ends a console program on a thread of its own, which cannot be put off for long.
    pub(super) struct Signals;

    impl Signals {
        pub(super) fn put_off() -> Self {
            Self
        }
    }
}
