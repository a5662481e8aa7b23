//! Detects a stdout that the caller closed (`>&-`), which must be an error: exit code 0 with the token lost would be wrong.
//!
//! Rust's runtime replaces it with `/dev/null` before `main`, so a function that the loader calls earlier looks.

/// Whether stdout was open when the process started; true if unknown.
#[must_use]
pub fn was_open() -> bool {
    probe::was_open()
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod probe {
    use std::sync::atomic::{AtomicBool, Ordering};

    static OPEN: AtomicBool = AtomicBool::new(true);

    /// Applies the hardening too: the runtime may abort on a closed stream, with the environment in a core file.
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
