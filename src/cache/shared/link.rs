//! A connection to an engine on a thread of its own: it can be left behind at a deadline, and renews a lease while its owner fetches.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::cache::shared::engine::{Engine, EngineError, Held};
use crate::cache::shared::protocol::{LEASE, RENEW_EVERY};

type Job = Box<dyn FnOnce(&mut dyn Engine) + Send>;

enum Message {
    Run(Job),
    /// Renew this lease from now on; `None` ends that.
    Hold(Option<Held>),
}

pub(super) struct Link {
    messages: Sender<Message>,
    timeout: Duration,
}

impl Link {
    /// Connects within `timeout`, until `until` at the latest: resolving a name cannot be interrupted, and an engine may send its answers byte by byte.
    pub(super) fn open(
        connect: impl FnOnce() -> Result<Box<dyn Engine>, EngineError> + Send + 'static,
        timeout: Duration,
        until: Instant,
    ) -> Result<Self, EngineError> {
        let (messages, received) = mpsc::channel();
        let (done, connected) = mpsc::channel();
        thread::Builder::new()
            .spawn(move || match connect() {
                Ok(engine) => {
                    let _ = done.send(Ok(()));
                    serve(engine, &received);
                }
                Err(error) => {
                    let _ = done.send(Err(error));
                }
            })
            .map_err(|error| EngineError::Other(crate::error::io_text(&error)))?;
        answer(&connected, timeout, until)?;
        Ok(Self { messages, timeout })
    }

    /// Runs `work` on the engine, until `until` at the latest.
    ///
    /// # Errors
    /// Why it failed; after an answer that did not come in time, the connection is of no more use.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        until: Instant,
        work: impl FnOnce(&mut dyn Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let (done, answered) = mpsc::channel();
        let job: Job = Box::new(move |engine| {
            let _ = done.send(work(engine));
        });
        // If the thread has ended, so has the job, and `answer` says so.
        let _ = self.messages.send(Message::Run(job));
        answer(&answered, self.timeout, until)
    }

    pub(super) fn hold(&self, held: Option<Held>) {
        let _ = self.messages.send(Message::Hold(held));
    }
}

fn answer<T>(
    answered: &Receiver<Result<T, EngineError>>,
    timeout: Duration,
    until: Instant,
) -> Result<T, EngineError> {
    let timeout = timeout.min(until.saturating_duration_since(Instant::now()));
    match answered.recv_timeout(timeout) {
        Ok(answer) => answer,
        Err(RecvTimeoutError::Timeout) => Err(EngineError::TimedOut(timeout)),
        // The thread ended because a renewal failed.
        Err(RecvTimeoutError::Disconnected) => Err(EngineError::Broken(
            "the lease could not be renewed".to_owned(),
        )),
    }
}

fn serve(mut engine: Box<dyn Engine>, messages: &Receiver<Message>) {
    let mut held: Option<Held> = None;
    loop {
        match messages.recv_timeout(RENEW_EVERY) {
            Ok(Message::Run(job)) => job(&mut *engine),
            Ok(Message::Hold(now)) => held = now,
            Err(RecvTimeoutError::Timeout) => {
                match held.as_ref().map(|lease| engine.renew(lease, LEASE)) {
                    None | Some(Ok(true)) => {}
                    // The fencing number decides what may still be written.
                    Some(Ok(false)) => held = None,
                    Some(Err(_)) => return,
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
