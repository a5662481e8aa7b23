//! Starts tok from the C library's `main` on Linux with glibc, with the parts of Rust's runtime that tok needs.
//!
//! The runtime also looks for the end of the stack, for which glibc parses `/proc/self/maps`.
//! That costs more than printing a cached token, and only improves the message of a stack overflow.

use std::ffi::{c_char, c_int};
use std::io::Write;
use std::os::fd::IntoRawFd;

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, fcntl_getfd};

/// The arguments reach `std::env` through glibc, not through these.
#[expect(
    unsafe_code,
    reason = "the name `main` is the C library's way in, and nothing else in the program has it"
)]
#[unsafe(no_mangle)]
extern "C" fn main(_count: c_int, _arguments: *const *const c_char) -> c_int {
    if open_standard_streams().is_err() {
        // Like Rust's runtime: without them, the next file opened would become stdout.
        std::process::abort();
    }
    ignore_broken_pipes();
    let code = crate::tok();
    let _ = std::io::stdout().flush();
    code.into()
}

/// Opens `/dev/null` for each closed standard stream, so that no other file takes its descriptor.
fn open_standard_streams() -> Result<(), Errno> {
    let streams = [
        rustix::stdio::stdin(),
        rustix::stdio::stdout(),
        rustix::stdio::stderr(),
    ];
    for stream in streams {
        if fcntl_getfd(stream) == Err(Errno::BADF) {
            // Opens as the lowest free descriptor, which is this stream's: those below it are open by now.
            let null = rustix::fs::open(c"/dev/null", OFlags::RDWR, Mode::empty())?;
            let _ = null.into_raw_fd();
        }
    }
    Ok(())
}

fn ignore_broken_pipes() {
    #[expect(
        unsafe_code,
        reason = "there is no safe way to ignore a signal; nothing else sets this one, and no thread but this one runs yet"
    )]
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
}

/// The only function that tok needs from `libm.so` (the template engine's `**`): the loader has one library less.
#[expect(
    unsafe_code,
    reason = "it takes the place of the C library's function of that name, with the same meaning"
)]
#[unsafe(no_mangle)]
extern "C" fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}
