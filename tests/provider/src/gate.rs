//! Lets a test decide when an answer goes out, so that "while the first request is under way" is a fact and not a
//! guess about milliseconds.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::shutdown::Shutdown;

/// How long a request waits at a closed gate. A forgotten gate then fails the test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a waiting answer looks whether its provider has been dropped.
const GLANCE: Duration = Duration::from_millis(20);

/// Closed until [`Gate::open`]; clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    open: bool,
    waiting: usize,
}

/// Why a wait at a gate ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    Opened,
    Shutdown,
    Forgotten,
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets through every answer that waits and all that come later.
    pub fn open(&self) {
        self.lock().open = true;
        self.0.changed.notify_all();
    }

    /// How many answers wait here now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().waiting
    }

    /// Returns once at least `count` answers wait here.
    ///
    /// # Panics
    /// After 60 s.
    pub fn wait_for(&self, count: usize) {
        let until = Instant::now() + PATIENCE;
        let mut state = self.lock();
        while state.waiting < count {
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "only {} of {count} answers came to the gate",
                state.waiting
            );
            state = self
                .0
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits as an answer does.
    pub(crate) fn pass(&self, shutdown: &Shutdown) -> Passage {
        let until = Instant::now() + PATIENCE;
        let mut state = self.lock();
        state.waiting += 1;
        self.0.changed.notify_all();
        let passage = loop {
            if state.open {
                break Passage::Opened;
            }
            if shutdown.has_begun() {
                break Passage::Shutdown;
            }
            if Instant::now() >= until {
                break Passage::Forgotten;
            }
            state = self
                .0
                .changed
                .wait_timeout(state, GLANCE)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        };
        state.waiting -= 1;
        passage
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
