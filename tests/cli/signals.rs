//! Signals as the children of a terminal have them. What starts a program in the background may have it ignore some (a shell Ctrl-C and
//! Ctrl-\, `nohup` a hang-up), and so would every program started from there, the tests' `tok` among them.
#![cfg(unix)]

/// From now on children heed every signal that ends a program, whatever this process inherited.
pub fn heed_signals() {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
        #[expect(
            unsafe_code,
            reason = "there is no safe way to set a signal back to its default; nothing else in the tests sets these"
        )]
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
}
