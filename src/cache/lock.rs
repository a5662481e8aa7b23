//! One fetch at a time for a token: a lock that dies with its holder, and a wait that ends.
//!
//! The first comer takes the lock for itself; whoever finds it taken waits until it is free *for reading*, so that a whole crowd is let in at
//! once when the token is there, instead of one after another.

use std::fs::{File, TryLockError};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::cache::directory::{Folder, Trouble};
use crate::term::progress::Progress;

/// What came of asking for the lock.
#[derive(Debug)]
pub enum Outcome {
    /// It is ours until this is dropped or the process ends.
    Held(Lock),
    /// Somebody else held it and has let go of it.
    Waited,
    /// Somebody else still holds it.
    TimedOut,
}

/// The lock, held.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the lock is let go when the file is closed")] File);

/// Takes the lock called `name` if it is free.
///
/// # Errors
/// When there can be no lock here at all (no such folder, a file system without locks).
pub fn try_take(folder: &Folder, name: &str) -> Result<Option<Lock>, Trouble> {
    let file = folder.lock_file(name)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(trouble(name, &error)),
    }
}

/// Takes the lock called `name`, or waits until `until` for its holder to let go of it.
///
/// # Errors
/// As [`try_take`].
pub fn take_or_wait(folder: &Folder, name: &str, until: Instant) -> Result<Outcome, Trouble> {
    if let Some(lock) = try_take(folder, name)? {
        return Ok(Outcome::Held(lock));
    }
    let file = folder.lock_file(name)?;
    let (send, receive) = mpsc::channel();
    // The system's wait has no end of its own; a thread takes it, and is left behind when the time is up. Nobody polls.
    std::thread::spawn(move || {
        let locked = file.lock_shared();
        drop(file);
        // The receiver is gone when the time is up; then nobody wants to know.
        let _ = send.send(locked);
    });
    let _waiting = Progress::waiting_for("another tok, which is fetching this token");
    match receive.recv_timeout(until.saturating_duration_since(Instant::now())) {
        Ok(Ok(())) => Ok(Outcome::Waited),
        Ok(Err(error)) => Err(trouble(name, &error)),
        Err(RecvTimeoutError::Timeout) => Ok(Outcome::TimedOut),
        Err(RecvTimeoutError::Disconnected) => {
            Err(Trouble(format!("{name}: the wait for its lock failed")))
        }
    }
}

/// Takes the lock called `name`, waiting for it no longer than `most`.
///
/// # Errors
/// As [`try_take`].
pub fn take_within(folder: &Folder, name: &str, most: Duration) -> Result<Option<Lock>, Trouble> {
    let until = Instant::now() + most;
    loop {
        match take_or_wait(folder, name, until)? {
            Outcome::Held(lock) => return Ok(Some(lock)),
            Outcome::Waited if Instant::now() < until => {}
            Outcome::Waited | Outcome::TimedOut => return Ok(None),
        }
    }
}

fn trouble(name: &str, error: &std::io::Error) -> Trouble {
    Trouble(format!("{name}: cannot be locked: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_the_lock_the_others_wait_and_nobody_for_ever() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::create(&home.path().join("tok")).unwrap();
        let held = try_take(&folder, "a.lock").unwrap().unwrap();
        assert!(try_take(&folder, "a.lock").unwrap().is_none());
        assert!(try_take(&folder, "b.lock").unwrap().is_some());
        let soon = Instant::now() + Duration::from_millis(50);
        assert!(matches!(
            take_or_wait(&folder, "a.lock", soon),
            Ok(Outcome::TimedOut)
        ));

        let late = Instant::now() + Duration::from_secs(20);
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| take_or_wait(&folder, "a.lock", late));
            drop(held);
            // It found the lock free or saw it being let go: both are right, hanging is not.
            assert!(matches!(
                waiter.join().unwrap(),
                Ok(Outcome::Held(_) | Outcome::Waited)
            ));
        });
    }
}
