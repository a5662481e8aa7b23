//! The signals with which a user or a system ends a program, held back while an end would leave something behind: a file between the two system
//! calls that make it, a terminal that shows nothing.

use std::mem::MaybeUninit;

/// Ctrl-C, `kill` and a hang-up.
const ENDING: [libc::c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// As long as this lives, signals that would end the process wait; when it is dropped they have their way.
///
/// They are held back from this thread alone. While another is still there, left over from a name lookup or a keyring's client, a signal may
/// end the process all the same.
pub(crate) struct Held {
    /// The signals that were held back before; none when they could not be.
    before: Option<libc::sigset_t>,
}

impl Held {
    /// Holds them back.
    #[expect(
        unsafe_code,
        reason = "the standard library has no signal masks; the sets are initialised by the calls that fill them"
    )]
    pub(crate) fn back() -> Self {
        let mut ending = MaybeUninit::uninit();
        let mut before = MaybeUninit::uninit();
        // SAFETY: `sigemptyset` initialises `ending` before it is used, and `before` is used only after the last call has filled it.
        let before = unsafe {
            libc::sigemptyset(ending.as_mut_ptr());
            for signal in ENDING {
                libc::sigaddset(ending.as_mut_ptr(), signal);
            }
            let held =
                libc::pthread_sigmask(libc::SIG_BLOCK, ending.as_ptr(), before.as_mut_ptr()) == 0;
            held.then(|| before.assume_init())
        };
        Self { before }
    }
}

impl Drop for Held {
    #[expect(unsafe_code, reason = "the standard library has no signal masks")]
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // SAFETY: the set was filled by the call that held the signals back.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before, std::ptr::null_mut()) };
        }
    }
}

/// Does `work`, which must be short, while signals that would end the process wait. (SIGKILL does not.)
pub(crate) fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    let _held = Held::back();
    work()
}

/// Whether the process ignores `signal`, as after `nohup`.
#[expect(
    unsafe_code,
    reason = "the standard library does not show how a signal is handled; the struct is initialised by the call that fills it"
)]
pub(crate) fn is_ignored(signal: libc::c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: `action` is read only after the call has filled it.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init_ref().sa_sigaction == libc::SIG_IGN
    }
}
