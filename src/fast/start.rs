//! How tok starts on Linux with glibc: from the C library's `main`, with what Rust's runtime does before its own `main`, as far as tok
//! needs it.
//!
//! The runtime also asks where the main thread's stack ends, for which glibc reads and parses `/proc/self/maps`. That is more work than all
//! of tok's own for a cached token, and is used only to word the message of a stack overflow, which ends the program with or without it.

use std::ffi::{c_char, c_int};
use std::io::Write;
use std::os::fd::IntoRawFd;

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, fcntl_getfd};

/// Where the C library begins. The arguments reach `std::env` by glibc's own way, not by these.
#[expect(
    unsafe_code,
    reason = "the name `main` is the C library's way in, and nothing else in the program has it"
)]
#[unsafe(no_mangle)]
extern "C" fn main(_count: c_int, _arguments: *const *const c_char) -> c_int {
    if open_standard_streams().is_err() {
        // Like Rust's runtime: without them, the next file opened would take the place of stdout.
        std::process::abort();
    }
    ignore_broken_pipes();
    let code = crate::tok();
    // What could not be written here was reported by whoever wrote it.
    let _ = std::io::stdout().flush();
    code.into()
}

/// Puts `/dev/null` in the place of each standard stream that the caller closed, so that no other file is ever taken for one.
fn open_standard_streams() -> Result<(), Errno> {
    let streams = [
        rustix::stdio::stdin(),
        rustix::stdio::stdout(),
        rustix::stdio::stderr(),
    ];
    for stream in streams {
        if fcntl_getfd(stream) == Err(Errno::BADF) {
            // The lowest free descriptor, which is this stream's, since those below it are open by now.
            let null = rustix::fs::open(c"/dev/null", OFlags::RDWR, Mode::empty())?;
            let _ = null.into_raw_fd();
        }
    }
    Ok(())
}

/// Makes a write to a pipe that nobody reads an error instead of a signal that ends the program.
fn ignore_broken_pipes() {
    #[expect(
        unsafe_code,
        reason = "there is no safe way to ignore a signal; nothing else sets this one, and no thread but this one runs yet"
    )]
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
}

/// The one function of `libm.so` that anything in tok asks for (the template engine's `**`): with it here, the loader has one library less.
#[expect(
    unsafe_code,
    reason = "it takes the place of the C library's function of that name, with the same meaning"
)]
#[unsafe(no_mangle)]
extern "C" fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}
