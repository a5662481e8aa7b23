//! One fetch at a time for a token: a lock that ends with its holder, and a wait that has an end.
//!
//! Waiters lock *for reading*, so that all of them continue at once. After a failed fetch the holder stays for a moment, with the lock open to
//! readers: a process that finds it there started together with the others and shares the failure.
//!
//! No process can break the lock of a stopped holder (Ctrl-Z). So the file contains the holder's deadline, and processes that find it overdue
//! compete for the next level. A holder owns the lowest level whose holder, if any, is not overdue; the levels above it must be free.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::cache::directory::Directory;
use crate::cache::error::{CacheError, PathProblem};
use crate::clock::Now;
use crate::term::progress::Progress;

/// A failed holder stays until this long after the last arrival: longer than the gap between starts on a busy machine.
/// Without arrivals it counts from taking the lock, so a slow lone failure costs no pause.
const QUIET: Duration = Duration::from_millis(250);

/// The same once others have arrived: more are likely.
const QUIET_IN_COMPANY: Duration = Duration::from_millis(500);

/// A stream of calls that never pauses must notice when the provider recovers.
const LONGEST_STAY: Duration = Duration::from_secs(4);

/// By then a holder has written its deadline.
const FIRST_LOOK: Duration = Duration::from_millis(100);

/// How often to look for a deadline that cannot be read.
const LOOK: Duration = Duration::from_secs(1);

/// How often to try the lock if no waiting thread can be started.
const POLL: Duration = Duration::from_millis(20);

/// How many holders may be stopped at the same time.
const LEVELS: usize = 8;

const MAX_CONTENT_BYTES: u64 = 512;

#[derive(Debug)]
pub(crate) enum Turn {
    Mine(Lock),
    Waited,
    TimedOut,
}

#[derive(Debug)]
pub(crate) struct Lock(Vec<Level>);

#[derive(Debug)]
struct Level {
    file: File,
    taken: Option<SystemTime>,
    /// Whether the last holder is staying after its failure; it unlocks the file briefly when it starts to.
    is_shared: bool,
}

#[derive(Serialize, Deserialize)]
struct Content {
    until: Now,
    /// Whether it is staying after its failure.
    stays: bool,
}

impl Lock {
    pub(crate) fn is_shared(&self) -> bool {
        self.0.iter().any(|level| level.is_shared)
    }

    pub(crate) fn stay(self) {
        let failed = Instant::now();
        let until = failed + LONGEST_STAY;
        let has_company = self
            .0
            .iter()
            .any(|level| touched(&level.file) != level.taken);
        for Level { file, .. } in &self.0 {
            write_content(file, until, true);
            // Unlocked first: not every system converts a lock. A process that takes it meanwhile reads that this one stays.
            let _ = file.unlock().and_then(|()| Ok(file.try_lock_shared()?));
        }
        loop {
            let arrivals = self.0.iter().map(|level| quiet_for(&level.file));
            let since_arrival = arrivals.min().unwrap_or(QUIET);
            let rest = match has_company {
                true => QUIET_IN_COMPANY.checked_sub(since_arrival.min(failed.elapsed())),
                false => QUIET.checked_sub(since_arrival),
            };
            match rest {
                Some(rest) if !rest.is_zero() && Instant::now() < until => thread::sleep(rest),
                _ => return,
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        for level in self.0.iter().filter(|level| !level.is_shared) {
            clear(&level.file);
        }
    }
}

/// Notes an arrival in the file's modification time.
fn touch(file: &File) {
    // Without it a failed holder leaves early.
    let _ = file.set_modified(SystemTime::now());
}

fn touched(file: &File) -> Option<SystemTime> {
    file.metadata().ok()?.modified().ok()
}

fn quiet_for(file: &File) -> Duration {
    // A clock that was set back makes it zero; `LONGEST_STAY` still applies.
    touched(file).map_or(QUIET, |last| last.elapsed().unwrap_or_default())
}

/// Preserves the modification time, which records the last arrival.
fn write_content(mut file: &File, until: Instant, stays: bool) {
    let left = until.saturating_duration_since(Instant::now());
    let content = Content {
        until: Now::read().plus(i64::try_from(left.as_millis()).unwrap_or(i64::MAX)),
        stays,
    };
    let text = serde_json::to_vec(&content).unwrap_or_default();
    let last = touched(file);
    // Without it no process takes over from a stopped holder.
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(&text));
    if let Some(last) = last {
        let _ = file.set_modified(last);
    }
}

fn clear(file: &File) {
    let _ = file.set_len(0);
}

fn read_content(mut file: &File) -> Option<Content> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(MAX_CONTENT_BYTES)
        .read_to_string(&mut text)
        .ok()?;
    serde_json::from_str(&text).ok()
}

fn time_to_deadline(file: &File) -> Option<Duration> {
    let left_ms = read_content(file)?.until.since(&Now::read());
    Some(Duration::from_millis(left_ms.try_into().unwrap_or(0)))
}

/// Takes the lock if it is free, promising to release it by `until`; fails on a file system without locks.
pub(crate) fn try_take(
    directory: &Directory,
    stem: &str,
    until: Instant,
) -> Result<Option<Lock>, CacheError> {
    Ok(match take(directory, stem, until, |_| Wait::TimedOut)? {
        Turn::Mine(lock) => Some(lock),
        Turn::Waited | Turn::TimedOut => None,
    })
}

pub(crate) fn take_or_wait(
    directory: &Directory,
    stem: &str,
    until: Instant,
) -> Result<Turn, CacheError> {
    take(directory, stem, until, |file| {
        touch(&file);
        let _progress = Progress::waiting_for("another tok, which is fetching this token");
        wait(file, until)
    })
}

pub(crate) fn take_by(
    directory: &Directory,
    stem: &str,
    until: Instant,
) -> Result<Option<Lock>, CacheError> {
    loop {
        match take_or_wait(directory, stem, until)? {
            Turn::Mine(lock) => return Ok(Some(lock)),
            Turn::Waited if Instant::now() < until => {}
            Turn::Waited | Turn::TimedOut => return Ok(None),
        }
    }
}

/// Takes a lock that no other process takes over, even if its holder is stopped beyond its deadline: the holder may have an answer that
/// exists only once. Returns `None` if it is not free by `until`.
pub(crate) fn take_alone(
    directory: &Directory,
    name: &str,
    until: Instant,
) -> Result<Option<File>, CacheError> {
    let not_lockable = |error| directory.about(name)(PathProblem::NotLockable(error));
    loop {
        let file = directory.lock_file(name)?;
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(error)) => return Err(not_lockable(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        let _progress = Progress::waiting_for("another tok, which is refreshing this login");
        match wait(file, until) {
            Wait::Released if Instant::now() < until => {}
            Wait::Released | Wait::Overdue | Wait::TimedOut => return Ok(None),
            Wait::Failed(error) => return Err(not_lockable(error)),
        }
    }
}

#[derive(Debug)]
enum Wait {
    Released,
    Overdue,
    TimedOut,
    Failed(io::Error),
}

fn take(
    directory: &Directory,
    stem: &str,
    until: Instant,
    wait: impl Fn(File) -> Wait,
) -> Result<Turn, CacheError> {
    let mut lock = Lock(Vec::new());
    for level in 0..LEVELS {
        let name = match level {
            0 => format!("{stem}.lock"),
            level => format!("{stem}.{level}.lock"),
        };
        if !lock.0.is_empty() && !directory.path().join(&name).exists() {
            break;
        }
        let not_lockable = |error| directory.about(&name)(PathProblem::NotLockable(error));
        let file = directory.lock_file(&name)?;
        match file.try_lock() {
            Ok(()) => {
                let is_shared = read_content(&file)
                    .is_some_and(|content| content.stays && content.until.since(&Now::read()) > 0);
                if !is_shared {
                    write_content(&file, until, false);
                }
                touch(&file);
                lock.0.push(Level {
                    taken: touched(&file),
                    file,
                    is_shared,
                });
            }
            Err(TryLockError::WouldBlock) => {
                let below = std::mem::replace(&mut lock, Lock(Vec::new()));
                drop(below);
                match wait(file) {
                    Wait::Released => return Ok(Turn::Waited),
                    Wait::Overdue => {}
                    Wait::TimedOut => return Ok(Turn::TimedOut),
                    Wait::Failed(error) => return Err(not_lockable(error)),
                }
            }
            Err(TryLockError::Error(error)) => return Err(not_lockable(error)),
        }
    }
    match lock.0.is_empty() {
        true => Ok(Turn::TimedOut),
        false => Ok(Turn::Mine(lock)),
    }
}

fn wait(file: File, until: Instant) -> Wait {
    let (send, receive) = mpsc::channel();
    // The system's wait has no time-out, so a thread waits and is left behind at the deadline.
    let waiting = file.try_clone().and_then(|file| {
        thread::Builder::new().spawn(move || {
            let released = file.lock_shared().and_then(|()| file.unlock());
            let _ = send.send(released);
        })
    });
    let has_thread = waiting.is_ok();
    let mut look = Instant::now() + FIRST_LOOK;
    loop {
        let next = match has_thread {
            true => until.min(look),
            false => until.min(Instant::now() + POLL),
        };
        let released = match receive.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(released) => Some(released),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(next.saturating_duration_since(Instant::now()));
                try_read(&file)
            }
        };
        let now = Instant::now();
        match released {
            Some(Ok(())) => return Wait::Released,
            Some(Err(error)) => return Wait::Failed(error),
            None if now >= until => return Wait::TimedOut,
            None if now >= look => match time_to_deadline(&file) {
                Some(Duration::ZERO) => return Wait::Overdue,
                Some(left) => look = now + left,
                None => look = now + LOOK,
            },
            None => {}
        }
    }
}

fn try_read(file: &File) -> Option<io::Result<()>> {
    match file.try_lock_shared() {
        Ok(()) => Some(file.unlock()),
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Error(error)) => Some(Err(error)),
    }
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
        let late = Instant::now() + Duration::from_secs(20);
        let held = try_take(&directory, "a", late).unwrap().unwrap();
        assert!(try_take(&directory, "a", late).unwrap().is_none());
        assert!(try_take(&directory, "b", late).unwrap().is_some());
        let soon = Instant::now() + 2 * FIRST_LOOK;
        assert!(matches!(
            take_or_wait(&directory, "a", soon),
            Ok(Turn::TimedOut)
        ));
        assert!(try_read(&directory.lock_file("a.lock").unwrap()).is_none());
        thread::scope(|scope| {
            let waiter = scope.spawn(|| take_or_wait(&directory, "a", late));
            drop(held);
            assert!(matches!(
                waiter.join().unwrap(),
                Ok(Turn::Mine(_) | Turn::Waited)
            ));
        });
    }

    #[test]
    fn holder_that_stays_lets_readers_pass_and_leaves_when_no_process_comes() {
        let (_home, directory) = fresh();
        let late = Instant::now() + Duration::from_secs(20);
        let held = try_take(&directory, "a", late).unwrap().unwrap();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| take_or_wait(&directory, "a", late));
            held.stay();
            assert!(matches!(
                waiter.join().unwrap(),
                Ok(Turn::Mine(_) | Turn::Waited)
            ));
        });
        assert!(try_take(&directory, "a", late).unwrap().is_some());
    }

    #[test]
    fn failure_that_took_long_is_followed_by_no_stay() {
        let (_home, directory) = fresh();
        let mut held = try_take(&directory, "a", Instant::now()).unwrap().unwrap();
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        for level in &mut held.0 {
            level.file.set_modified(hour_ago).unwrap();
            level.taken = touched(&level.file);
        }
        let began = Instant::now();
        held.stay();
        assert!(began.elapsed() < QUIET);
    }

    #[test]
    fn holder_with_company_stays_for_those_that_come_late() {
        let (_home, directory) = fresh();
        let held = try_take(&directory, "a", Instant::now()).unwrap().unwrap();
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        held.0[0].file.set_modified(hour_ago).unwrap();
        let began = Instant::now();
        held.stay();
        assert!(began.elapsed() >= QUIET_IN_COMPANY);
    }

    #[test]
    fn process_that_takes_the_lock_while_its_holder_begins_to_stay_shares_the_failure() {
        let (_home, directory) = fresh();
        let late = Instant::now() + Duration::from_secs(20);
        let held = try_take(&directory, "a", late).unwrap().unwrap();
        assert!(!held.is_shared());
        write_content(&held.0[0].file, late, true);
        held.0[0].file.unlock().unwrap();
        for _ in 0..2 {
            assert!(
                try_take(&directory, "a", late)
                    .unwrap()
                    .unwrap()
                    .is_shared()
            );
        }
        drop(held);
        assert!(
            !try_take(&directory, "a", late)
                .unwrap()
                .unwrap()
                .is_shared()
        );
    }

    #[test]
    fn one_process_takes_over_from_a_holder_that_is_overdue() {
        let (_home, directory) = fresh();
        let late = Instant::now() + Duration::from_secs(20);
        let overdue = try_take(&directory, "a", Instant::now()).unwrap().unwrap();
        let Ok(Turn::Mine(second)) = take_or_wait(&directory, "a", late) else {
            panic!("no process took over");
        };
        let soon = Instant::now() + 3 * FIRST_LOOK;
        assert!(matches!(
            take_or_wait(&directory, "a", soon),
            Ok(Turn::TimedOut)
        ));
        // A process that finds the first lock free still waits for the second.
        drop(overdue);
        let soon = Instant::now() + 2 * FIRST_LOOK;
        assert!(matches!(
            take_or_wait(&directory, "a", soon),
            Ok(Turn::TimedOut)
        ));
        drop(second);
        assert!(try_take(&directory, "a", late).unwrap().is_some());
    }

    #[test]
    fn deadline_is_read_as_written_and_anything_else_is_unknown() {
        let (_home, directory) = fresh();
        let file = directory.lock_file("a.lock").unwrap();
        assert_eq!(time_to_deadline(&file), None);
        write_content(&file, Instant::now(), false);
        assert_eq!(time_to_deadline(&file), Some(Duration::ZERO));
        write_content(&file, Instant::now() + Duration::from_secs(60), false);
        let left = time_to_deadline(&file).unwrap();
        assert!(left > Duration::from_secs(50) && left <= Duration::from_secs(60));
        (&file).write_all(b"x").unwrap();
        assert_eq!(time_to_deadline(&file), None);
    }
}
