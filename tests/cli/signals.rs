//! Signals as the children of a terminal have them. A shell that starts something in the background has it ignore Ctrl-C, and so would every
//! program started from there, the tests' `tok` among them.
#![cfg(unix)]

/// From now on children heed SIGINT, whatever this process inherited.
pub fn heed_interrupts() {
    #[expect(
        unsafe_code,
        reason = "there is no safe way to set a signal back to its default; nothing else in the tests sets this one"
    )]
    unsafe {
        libc::signal(libc::SIGINT, libc::SIG_DFL);
    }
}
