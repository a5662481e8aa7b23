//! Ends everything that is under way when the provider is dropped.
//!
//! A test that is done must not leave threads that still sleep, or clients that still wait for an answer that will
//! never come: a process under test would then hang until its own deadline.

use std::collections::HashMap;
use std::net::{self, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The switch; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown(Arc<Switch>);

#[derive(Debug, Default)]
struct Switch {
    state: Mutex<State>,
    begun: Condvar,
}

#[derive(Debug, Default)]
struct State {
    begun: bool,
    next: u64,
    streams: HashMap<u64, TcpStream>,
}

impl Shutdown {
    /// Wakes every sleeper and closes every connection. Nothing sleeps or stays open after that.
    pub(crate) fn begin(&self) {
        let mut state = self.lock();
        state.begun = true;
        for (_, stream) in state.streams.drain() {
            // A client that has gone already is as good.
            let _ = stream.shutdown(net::Shutdown::Both);
        }
        self.0.begun.notify_all();
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.lock().begun
    }

    /// Sleeps so long, or until the shutdown; says whether the time passed in full.
    pub(crate) fn sleep(&self, duration: Duration) -> bool {
        let until = Instant::now() + duration;
        let mut state = self.lock();
        while !state.begun {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            state = self
                .0
                .begun
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        false
    }

    /// Closes this connection at the shutdown, for as long as what is returned lives.
    pub(crate) fn watch(&self, stream: &TcpStream) -> std::io::Result<Watched> {
        let stream = stream.try_clone()?;
        let mut state = self.lock();
        if state.begun {
            stream.shutdown(net::Shutdown::Both)?;
        }
        let id = state.next;
        state.next += 1;
        state.streams.insert(id, stream);
        Ok(Watched {
            shutdown: self.clone(),
            id,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds a connection in the list of those to close.
pub(crate) struct Watched {
    shutdown: Shutdown,
    id: u64,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.shutdown.lock().streams.remove(&self.id);
    }
}
