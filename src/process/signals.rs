//! Delays ending signals during short critical work, such as naming a file or hiding terminal input.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

const ENDING: [libc::c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// Delays signals until it is dropped, on this thread only: a leftover thread (name lookup, keyring) may still take one.
pub(crate) struct Held {
    before: Option<libc::sigset_t>,
}

impl Held {
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

pub(crate) fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    let _held = Held::back();
    work()
}

/// Catches signals in any thread; its handler only stores the number. An inner one leaves what the outer one caught.
pub(crate) struct Caught {
    before: Vec<(libc::c_int, libc::sigaction)>,
}

static LAST: AtomicI32 = AtomicI32::new(0);

static DEPTH: AtomicU32 = AtomicU32::new(0);

extern "C" fn store(signal: libc::c_int) {
    LAST.store(signal, Ordering::Relaxed);
}

impl Caught {
    /// Skips signals that the process ignores, as after `nohup`.
    #[expect(unsafe_code, reason = "the standard library has no signal handlers")]
    pub(crate) fn begin(signals: &[libc::c_int]) -> Self {
        if DEPTH.fetch_add(1, Ordering::Relaxed) == 0 {
            LAST.store(0, Ordering::Relaxed);
        }
        // SAFETY: zeroes are a valid `sigaction` without flags and with an empty mask.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = store as extern "C" fn(libc::c_int) as libc::sighandler_t;
        let catch = |signal: &libc::c_int| {
            let before = set_action(*signal, &action)?;
            if before.sa_sigaction == libc::SIG_IGN {
                set_action(*signal, &before);
                return None;
            }
            Some((*signal, before))
        };
        Self {
            before: signals.iter().filter_map(catch).collect(),
        }
    }

    pub(crate) fn last(&self) -> Option<libc::c_int> {
        match LAST.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(signal),
        }
    }

    pub(crate) fn end(self) -> Option<libc::c_int> {
        for (signal, before) in &self.before {
            set_action(*signal, before);
        }
        DEPTH.fetch_sub(1, Ordering::Relaxed);
        self.last()
    }
}

#[expect(unsafe_code, reason = "the standard library has no signal handlers")]
fn set_action(signal: libc::c_int, action: &libc::sigaction) -> Option<libc::sigaction> {
    // SAFETY: both structs outlive the call, and the only handler, `store`, is async-signal-safe.
    unsafe {
        let mut before: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(signal, action, &mut before) == 0).then_some(before)
    }
}

/// Signals this thread, so that a stop takes effect before this returns.
#[expect(unsafe_code, reason = "rustix cannot send a signal to one thread")]
pub(crate) fn raise(signal: libc::c_int) {
    // SAFETY: takes no pointer.
    unsafe { libc::raise(signal) };
}
