//! The requests received, in order: the evidence that tests judge.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::received::Received;

/// How long [`Record::wait_for`] waits before it fails the test.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everything a provider has seen since it started; clones are the same record and outlive the provider.
#[derive(Clone, Debug, Default)]
pub struct Record(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    requests: Vec<Received>,
    connections: usize,
    failures: Vec<String>,
}

impl Record {
    /// Every complete request, in the order they were complete, answered or not.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.lock().requests.clone()
    }

    /// How many complete requests named exactly this path.
    #[must_use]
    pub fn count(&self, path: &str) -> usize {
        self.lock()
            .requests
            .iter()
            .filter(|received| received.path == path)
            .count()
    }

    /// How many TCP connections were accepted, also those that never became a request.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.lock().connections
    }

    /// Returns once `count` requests for `path` have arrived complete.
    ///
    /// # Panics
    /// After 60 s.
    pub fn wait_for(&self, path: &str, count: usize) {
        let until = Instant::now() + PATIENCE;
        let mut state = self.lock();
        loop {
            let arrived = state
                .requests
                .iter()
                .filter(|received| received.path == path)
                .count();
            if arrived >= count {
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "only {arrived} of {count} requests for {path} arrived"
            );
            state = self
                .0
                .arrived
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    pub(crate) fn connection(&self) {
        self.lock().connections += 1;
    }

    pub(crate) fn request(&self, received: &Received) {
        self.lock().requests.push(received.clone());
        self.0.arrived.notify_all();
    }

    /// Something the test itself did wrong; fails it when the provider is dropped.
    pub(crate) fn failure(&self, what: String) {
        self.lock().failures.push(what);
    }

    pub(crate) fn failures(&self) -> Vec<String> {
        self.lock().failures.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
