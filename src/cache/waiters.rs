//! Who belongs together: processes that find no token at the same time are one crowd, and a crowd meets one failure.
//!
//! Waiting for the leader's lock does not tell the whole of it: a provider that refuses at once has done so before the last process of a
//! crowd has started. So each member holds a second lock, shared, until it is done. Who comes while somebody holds it belongs to the crowd and
//! takes over its failure; who finds nobody there is a separate call and tries anew, whatever happened a millisecond ago. And who failed stays
//! for a moment, so that a crowd does not fall apart where the system paused between two starts.

use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

use crate::cache::directory::Folder;
use crate::cache::last_failure::Setback;
use crate::clock::Now;
use crate::error::Error;

/// How long a crowd goes on with one failure. It outlasts the time that hundreds of processes take to start; a stream of calls that never
/// pauses still finds out that the provider, or the secret, has changed.
const SHARED_MS: i64 = 5_000;

/// How long a failed member stays: longer than a busy machine pauses between two starts, and nothing beside the second in which a crowd has to
/// be done.
const LINGER: Duration = Duration::from_millis(250);

/// One process's place in a crowd, until it is dropped.
#[derive(Debug, Default)]
pub struct Crowd {
    /// The lock; it is let go when this is closed.
    file: Option<File>,
    joined: bool,
    seen: Option<u64>,
}

impl Crowd {
    /// Joins the crowd whose lock is called `name`; `last` reads the last setback, `forget` removes it. Never waits.
    pub(super) fn join(
        folder: &Folder,
        name: &str,
        last: impl Fn() -> Option<Setback>,
        forget: impl Fn(),
    ) -> Self {
        // Before anything else: where nobody can tell who is here, a failure from now on is one of this crowd.
        let seen = last().map(|setback| setback.id);
        let Ok(file) = folder.lock_file(name) else {
            return Self {
                seen,
                ..Self::default()
            };
        };
        let alone = file.try_lock();
        if alone.is_ok() {
            // Nobody is here. What an earlier crowd met is over, but for what the provider asked of everyone.
            // Read again: another crowd may have come and gone since, and been told to wait.
            if last().is_some_and(|setback| setback.must_wait_ms(&Now::read()).is_none()) {
                forget();
            }
            // It must be let go of first: not every system changes a lock of its own.
            let _ = file.unlock();
        }
        let held = stay(&file);
        Self {
            file: held.then_some(file),
            joined: matches!(alone, Err(TryLockError::WouldBlock)),
            seen,
        }
    }

    /// Stays for a moment after a failure that others shall share.
    pub fn linger(&self) {
        if self.file.is_some() {
            std::thread::sleep(LINGER);
        }
    }

    /// The failure to end with if `setback` was met by this crowd.
    #[must_use]
    pub fn failure(&self, setback: &Setback, now: &Now) -> Option<Error> {
        let shared = setback.is_of(self.joined, self.seen, SHARED_MS, now);
        shared.then(|| setback.failure())
    }
}

/// Takes a member's share of the lock, waiting while others only look whether somebody is here.
///
/// Who goes on to the provider without it is not seen by the next one, who takes a failure of this moment for an old one. A look takes
/// microseconds; only a process that is stopped in the middle of one is not waited for.
fn stay(file: &File) -> bool {
    let until = Instant::now() + LINGER;
    loop {
        match file.try_lock_shared() {
            Ok(()) => return true,
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use std::cell::RefCell;

    #[test]
    fn who_comes_while_somebody_is_there_shares_the_failure_and_who_comes_later_does_not() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::create(&home.path().join("tok")).unwrap();
        let now = Now::read();
        let refused =
            |message| Setback::new(&Error::new(Kind::Refused, message), &now, false).unwrap();
        let last = RefCell::new(Some(refused("old")));
        let join = || {
            Crowd::join(
                &folder,
                "a.crowd",
                || last.borrow().clone(),
                || *last.borrow_mut() = None,
            )
        };

        let leader = join();
        assert_eq!(
            *last.borrow(),
            None,
            "an earlier crowd's failure is forgotten"
        );
        assert_eq!(
            leader.failure(&refused("new"), &now).unwrap().to_string(),
            "new"
        );
        *last.borrow_mut() = Some(refused("new"));
        let late = join();
        assert!(
            late.failure(last.borrow().as_ref().unwrap(), &now)
                .is_some()
        );
        drop(leader);
        let later = join();
        assert!(
            later
                .failure(last.borrow().as_ref().unwrap(), &now)
                .is_some()
        );
        drop((late, later));
        let separate = join();
        assert_eq!(*last.borrow(), None);
        drop(separate);

        let slow = Error::new(Kind::Unreachable, "slow").retry_at(now.unix_ms + 60_000);
        *last.borrow_mut() = Setback::new(&slow, &now, false);
        drop(join());
        assert!(last.borrow().is_some(), "what the provider asked for stays");
    }

    #[test]
    fn who_comes_while_another_looks_around_waits_for_its_place() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::create(&home.path().join("tok")).unwrap();
        let refused = |message| {
            let failure = Error::new(Kind::Refused, message);
            Setback::new(&failure, &Now::read(), false).unwrap()
        };
        let join = |last: Option<Setback>, forget: &dyn Fn()| {
            Crowd::join(&folder, "a.crowd", || last.clone(), forget)
        };
        let (looking, looks) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| {
                // As if the system paused this process in the middle of its look.
                join(Some(refused("old")), &move || {
                    looking.send(()).unwrap();
                    std::thread::sleep(LINGER / 4);
                })
            });
            looks.recv().unwrap();
            let quick = join(None, &|| ());
            assert!(quick.file.is_some() && quick.joined);
            drop(slow.join().unwrap());
            let met = refused("new");
            let late = join(Some(met.clone()), &|| panic!("somebody is here"));
            assert!(late.failure(&met, &Now::read()).is_some());
        });
    }
}
