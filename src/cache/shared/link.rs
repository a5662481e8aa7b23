//! A connection to an engine on a thread of its own: it can be left behind at a deadline, and renews a lease while its owner fetches.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::cache::shared::engine::{Engine, EngineError, Held};
use crate::cache::shared::protocol::{LEASE, RENEW_EVERY};

type Job = Box<dyn FnOnce(&mut dyn Engine) + Send>;

enum Message {
    Run(Job),
    /// Renew these leases, and no others, from now on.
    Hold(Vec<Held>),
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

    pub(super) fn hold(&self, held: Vec<Held>) {
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
    let mut held: Vec<Held> = Vec::new();
    let mut due = Instant::now() + RENEW_EVERY;
    loop {
        match messages.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(Message::Run(job)) => job(&mut *engine),
            Ok(Message::Hold(now)) => {
                held = now;
                due = Instant::now() + RENEW_EVERY;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if Instant::now() >= due {
            due = Instant::now() + RENEW_EVERY;
            let renewed = held.iter().map(|lease| engine.renew(lease, LEASE));
            // A lease that was lost is not renewed: its fencing number decides what may still be written.
            if renewed.collect::<Result<Vec<bool>, _>>().is_err() {
                return;
            }
        }
    }
}
