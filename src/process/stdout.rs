//! Whether there is a stdout at all. One that the caller closed (`>&-`) must be an error: exit code 0 with the token gone would be a lie.
//!
//! Rust's runtime opens `/dev/null` in place of a closed stdout before `main`, and then nothing tells it from a `/dev/null` that the caller
//! meant. So the question is asked earlier, by a function that the loader calls before the runtime starts.

/// Whether stdout was open when the process started; true where nobody can tell.
#[must_use]
pub fn was_open() -> bool {
    probe::was_open()
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod probe {
    use std::sync::atomic::{AtomicBool, Ordering};

    static OPEN: AtomicBool = AtomicBool::new(true);

    /// Runs before the runtime and needs nothing of it. The runtime aborts where it cannot replace a closed stream, so the hardening, which
    /// keeps the environment out of a core file, comes before it too.
    extern "C" fn look() {
        crate::process::hardening::apply();
        let open = rustix::io::fcntl_getfd(rustix::stdio::stdout()) != Err(rustix::io::Errno::BADF);
        OPEN.store(open, Ordering::Relaxed);
    }

    #[expect(
        unsafe_code,
        reason = "only a linker section runs code before Rust's runtime replaces a closed stdout; the function in it touches nothing but a file descriptor's flags and an atomic"
    )]
    #[used]
    #[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
    #[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
    static LOOK: extern "C" fn() = look;

    pub(super) fn was_open() -> bool {
        OPEN.load(Ordering::Relaxed)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod probe {
    pub(super) fn was_open() -> bool {
        true
    }
}
