//! One fetch at a time for a token: a lock that ends with its holder, and a wait that has an end.
//!
//! The first process takes the lock for itself. The others wait until it is free *for reading*, so that all of them go on at once when
//! the token is there. A holder whose fetch failed stays for a moment, with the lock open to readers: a process that finds it there
//! started together with the others and shares the failure; a process that takes the lock at once starts anew.

use std::fs::{File, TryLockError};
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::cache::directory::Directory;
use crate::cache::error::{CacheError, PathProblem};
use crate::term::progress::Progress;

/// How long no process must have come before a holder whose fetch failed leaves: longer than a busy machine pauses between two starts
/// of processes that belong together. Counted from the taking of the lock, so a slow failure costs no pause.
const QUIET: Duration = Duration::from_millis(250);

/// The longest such a holder stays: a stream of calls that never pauses must find out when the provider has changed.
const LONGEST_STAY: Duration = Duration::from_secs(4);

/// How often to look where no thread can be started that waits.
const POLL: Duration = Duration::from_millis(20);

/// What came of asking for the lock.
#[derive(Debug)]
pub(crate) enum Turn {
    /// This process holds the lock until the value is dropped or the process ends.
    Mine(Lock),
    /// Another process held it and has released it.
    Waited,
    /// Another process still holds it.
    TimedOut,
}

/// The lock, held.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    fn new(file: File) -> Self {
        touch(&file);
        Self(file)
    }

    /// Lets the waiting processes read, and stays until no process has come for a while.
    pub(crate) fn stay(self) {
        // Unlocked first: not every system converts a lock.
        let is_shared = self.0.unlock().is_ok() && self.0.try_lock_shared().is_ok();
        if !is_shared {
            return;
        }
        let until = Instant::now() + LONGEST_STAY;
        while let Some(rest) = QUIET.checked_sub(quiet_for(&self.0))
            && !rest.is_zero()
            && Instant::now() < until
        {
            thread::sleep(rest);
        }
    }
}

/// Notes that a process has come, in the time of the file's last change.
fn touch(file: &File) {
    // Without it a holder whose fetch failed leaves early.
    let _ = file.set_modified(SystemTime::now());
}

/// Returns how long no process has come.
fn quiet_for(file: &File) -> Duration {
    let last = file.metadata().and_then(|metadata| metadata.modified());
    // A clock that was set back makes it zero; the stay has a limit of its own.
    last.map_or(QUIET, |last| last.elapsed().unwrap_or_default())
}

/// Takes the lock called `name` if it is free.
///
/// # Errors
/// Fails if there can be no lock: no such directory, a file system without locks.
pub(crate) fn try_take(directory: &Directory, name: &str) -> Result<Option<Lock>, CacheError> {
    let file = directory.lock_file(name)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock::new(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(not_lockable(directory, name, error)),
    }
}

/// Takes the lock called `name`, or waits until `until` for its holder to release it.
///
/// # Errors
/// As [`try_take`].
pub(crate) fn take_or_wait(
    directory: &Directory,
    name: &str,
    until: Instant,
) -> Result<Turn, CacheError> {
    if let Some(lock) = try_take(directory, name)? {
        return Ok(Turn::Mine(lock));
    }
    let file = directory.lock_file(name)?;
    touch(&file);
    let _progress = Progress::waiting_for("another tok, which is fetching this token");
    match wait_for_readers(file, until) {
        Some(Ok(())) => Ok(Turn::Waited),
        Some(Err(error)) => Err(not_lockable(directory, name, error)),
        None => Ok(Turn::TimedOut),
    }
}

/// Waits until `file` is free for reading. Returns `None` if it is not by `until`.
fn wait_for_readers(file: File, until: Instant) -> Option<io::Result<()>> {
    let (send, receive) = mpsc::channel();
    // The system's wait has no time-out, so a thread waits. It is left behind when the time is up.
    let waiting = file.try_clone().and_then(|file| {
        thread::Builder::new().spawn(move || {
            let locked = file.lock_shared().and_then(|()| file.unlock());
            drop(file);
            // After the time-out there is no receiver.
            let _ = send.send(locked);
        })
    });
    if waiting.is_err() {
        return poll(&file, until);
    }
    // The clone shares the lock, which ends only when both are closed.
    drop(file);
    match receive.recv_timeout(until.saturating_duration_since(Instant::now())) {
        Ok(locked) => Some(locked),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
    }
}

fn poll(file: &File, until: Instant) -> Option<io::Result<()>> {
    while Instant::now() < until {
        match file.try_lock_shared() {
            Ok(()) => return Some(file.unlock()),
            Err(TryLockError::WouldBlock) => thread::sleep(POLL),
            Err(TryLockError::Error(error)) => return Some(Err(error)),
        }
    }
    None
}

/// Takes the lock called `name`, waiting for it until `until`.
///
/// # Errors
/// As [`try_take`].
pub(crate) fn take_by(
    directory: &Directory,
    name: &str,
    until: Instant,
) -> Result<Option<Lock>, CacheError> {
    loop {
        match take_or_wait(directory, name, until)? {
            Turn::Mine(lock) => return Ok(Some(lock)),
            Turn::Waited if Instant::now() < until => {}
            Turn::Waited | Turn::TimedOut => return Ok(None),
        }
    }
}

fn not_lockable(directory: &Directory, name: &str, error: io::Error) -> CacheError {
    directory.about(name)(PathProblem::NotLockable(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> (tempfile::TempDir, Directory) {
        let home = tempfile::tempdir().unwrap();
        let directory = Directory::create(&home.path().join("tok")).unwrap();
        (home, directory)
    }

    #[test]
    fn one_process_holds_the_lock_and_the_others_wait_until_their_deadline() {
        let (_home, directory) = fresh();
        let held = try_take(&directory, "a.lock").unwrap().unwrap();
        assert!(try_take(&directory, "a.lock").unwrap().is_none());
        assert!(try_take(&directory, "b.lock").unwrap().is_some());
        let soon = Instant::now() + Duration::from_millis(50);
        assert!(matches!(
            take_or_wait(&directory, "a.lock", soon),
            Ok(Turn::TimedOut)
        ));
        let file = directory.lock_file("a.lock").unwrap();
        assert!(poll(&file, Instant::now() + POLL).is_none());

        let late = Instant::now() + Duration::from_secs(20);
        thread::scope(|scope| {
            let waiter = scope.spawn(|| take_or_wait(&directory, "a.lock", late));
            let poller = scope.spawn(|| poll(&file, late));
            drop(held);
            // Either found the lock free or saw it released.
            assert!(matches!(
                waiter.join().unwrap(),
                Ok(Turn::Mine(_) | Turn::Waited)
            ));
            assert!(matches!(poller.join().unwrap(), Some(Ok(()))));
        });
    }

    #[test]
    fn holder_that_stays_lets_readers_pass_and_leaves_when_no_process_comes() {
        let (_home, directory) = fresh();
        let held = try_take(&directory, "a.lock").unwrap().unwrap();
        let late = Instant::now() + Duration::from_secs(20);
        thread::scope(|scope| {
            let waiter = scope.spawn(|| take_or_wait(&directory, "a.lock", late));
            held.stay();
            assert!(matches!(
                waiter.join().unwrap(),
                Ok(Turn::Mine(_) | Turn::Waited)
            ));
        });
        assert!(try_take(&directory, "a.lock").unwrap().is_some());
    }

    #[test]
    fn failure_that_took_long_is_followed_by_no_stay() {
        let (_home, directory) = fresh();
        let held = try_take(&directory, "a.lock").unwrap().unwrap();
        held.0
            .set_modified(SystemTime::now() - Duration::from_secs(3600))
            .unwrap();
        let began = Instant::now();
        held.stay();
        assert!(began.elapsed() < QUIET);
    }
}
