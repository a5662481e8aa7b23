//! Uninterruptible work, such as a name lookup or keyring call, on a thread that is left behind at a deadline.

use std::sync::{Arc, Mutex, mpsc};
use std::thread::Builder;
use std::time::Instant;

/// Returns `None` at the deadline, which does not apply if no thread can be started.
pub(crate) fn by<T: Send + 'static>(
    until: Instant,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (send, receive) = mpsc::channel();
    // Shared, so that the work can run here if no thread can be started.
    let work = Arc::new(Mutex::new(Some(work)));
    let there = Arc::clone(&work);
    let thread = Builder::new().spawn(move || {
        if let Some(work) = taken(&there) {
            let _ = send.send(work());
        }
    });
    match thread {
        Ok(_) => receive
            .recv_timeout(until.saturating_duration_since(Instant::now()))
            .ok(),
        Err(_) => taken(&work).map(|work| work()),
    }
}

/// Whether a thread can be started: some libraries panic where not.
pub(crate) fn can_start_thread() -> bool {
    Builder::new()
        .spawn(|| ())
        .is_ok_and(|thread| thread.join().is_ok())
}

fn taken<W>(work: &Mutex<Option<W>>) -> Option<W> {
    work.lock().ok().and_then(|mut work| work.take())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn work_is_left_behind_at_the_deadline() {
        let soon = Instant::now() + Duration::from_secs(20);
        assert_eq!(by(soon, || 7), Some(7));
        let (_send, receive) = mpsc::channel::<()>();
        let never = move || receive.recv().is_ok();
        assert_eq!(by(Instant::now(), never), None);
    }
}
