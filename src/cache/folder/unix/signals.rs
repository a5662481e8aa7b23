//! The two system calls between which a signal that ends the process would leave a file behind: Ctrl-C waits for them.

use std::mem::MaybeUninit;

/// The signals with which a user or a system ends a program.
const ENDING: [libc::c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// Does `work`, which must be short, and lets signals that came meanwhile have their way after it.
///
/// They are held back from this thread alone. While another is still there, left over from a name lookup or a keyring's client, a signal may
/// end the process all the same; what that leaves behind the next writer sweeps up.
#[expect(
    unsafe_code,
    reason = "the standard library has no signal masks; the sets are initialised by the calls that fill them"
)]
pub(super) fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    let mut ending = MaybeUninit::uninit();
    let mut before = MaybeUninit::uninit();
    // SAFETY: `sigemptyset` initialises `ending` before it is used, and `before` is used only after the first call has filled it.
    let held = unsafe {
        libc::sigemptyset(ending.as_mut_ptr());
        for signal in ENDING {
            libc::sigaddset(ending.as_mut_ptr(), signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, ending.as_ptr(), before.as_mut_ptr()) == 0
    };
    let done = work();
    if held {
        // SAFETY: `before` was filled by the call that succeeded.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    }
    done
}
