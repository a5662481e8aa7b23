//! Which process fetches and which wait: the decisions of the shared level, as pure functions.
//!
//! A process that has the lock of its machine looks at the engine. It uses a token or failure that is there, waits while another machine holds
//! the lease, or asks for the lease itself. Each lease has a larger fencing number than the one before, and only the newest may write. The test
//! below explores every order of events for two machines with three processes each.

use std::time::Duration;

/// How long a lease lasts without a renewal. A holder that was killed delays the others by at most this.
pub(crate) const LEASE: Duration = Duration::from_secs(5);

/// How often the holder renews the lease while it fetches: two renewals may fail.
pub(crate) const RENEW_EVERY: Duration = Duration::from_millis(1500);

/// How long a waiting process sleeps between two looks, at least and at most.
const POLL: (u64, u64) = (20, 200);

/// The state of an entry's lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lease {
    /// No process holds it.
    Free,
    /// Another process holds it, for so many more milliseconds.
    Held(u64),
    /// This process holds it, with this fencing number.
    Ours(u64),
}

/// The state of an entry at the engine, as far as this process can use it.
#[derive(Debug)]
pub(crate) struct Seen<T, F> {
    /// A token that is good enough for this process.
    pub(crate) token: Option<T>,
    /// A failure that counts for this process too.
    pub(crate) failure: Option<F>,
    pub(crate) lease: Lease,
}

/// The next step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<T, F> {
    /// Use this token, and release the lease if it is ours.
    Use(T),
    /// End with this failure, and release the lease if it is ours.
    Fail(F),
    /// Ask for the lease, then decide again.
    Acquire,
    /// Make the request, with this fencing number.
    Fetch(u64),
    /// Look again after so many milliseconds.
    Wait(u64),
}

/// Decides what to do about `seen`, at the `look`th look (from 0).
pub(crate) fn next<T, F>(seen: Seen<T, F>, look: u32) -> Next<T, F> {
    match seen {
        Seen {
            token: Some(token), ..
        } => Next::Use(token),
        Seen {
            failure: Some(failure),
            ..
        } => Next::Fail(failure),
        Seen {
            lease: Lease::Free, ..
        } => Next::Acquire,
        Seen {
            lease: Lease::Ours(fence),
            ..
        } => Next::Fetch(fence),
        Seen {
            lease: Lease::Held(left_ms),
            ..
        } => Next::Wait(pause_ms(left_ms, look)),
    }
}

/// Waits longer the more often it has looked, and never past the end of the lease.
pub(super) fn pause_ms(lease_left_ms: u64, look: u32) -> u64 {
    let (least, most) = POLL;
    let pause = least.saturating_mul(1 << look.min(8)).min(most);
    pause.min(lease_left_ms.saturating_add(1)).max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashSet, VecDeque};

    use super::*;

    #[test]
    fn a_token_comes_before_a_failure_and_both_before_the_lease() {
        let seen = |token, failure, lease| Seen {
            token,
            failure,
            lease,
        };
        let cases = [
            (seen(Some('t'), Some('f'), Lease::Free), Next::Use('t')),
            (seen(Some('t'), None, Lease::Ours(1)), Next::Use('t')),
            (seen(None, Some('f'), Lease::Held(9)), Next::Fail('f')),
            (seen(None, None, Lease::Free), Next::Acquire),
            (seen(None, None, Lease::Ours(7)), Next::Fetch(7)),
            (seen(None, None, Lease::Held(5000)), Next::Wait(20)),
            (seen(None, None, Lease::Held(3)), Next::Wait(4)),
        ];
        for (seen, expected) in cases {
            assert_eq!(next(seen, 0), expected);
        }
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        let pauses: Vec<u64> = (0..6).map(|look| pause_ms(60_000, look)).collect();
        assert_eq!(pauses, [20, 40, 80, 160, 200, 200]);
        assert_eq!(pause_ms(0, u32::MAX), 1);
    }

    /// One process of the model.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    enum At {
        /// Waits for the lock of its machine.
        Start,
        /// Has the lock; will look at the engine.
        Look,
        /// Will ask for the lease.
        Acquire,
        /// Has sent the request under this fencing number.
        Fetching(u8),
        /// Has the answer; will write it.
        Store(u8),
        /// Ended with a token.
        Done,
    }

    /// Two machines with three processes each, one engine and one provider. Lease expiry is an event that may happen at any time, so a process
    /// that is not scheduled in the meantime is one that was paused beyond its lease.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct World {
        processes: [At; 6],
        /// Whether a machine has the token in its own cache, and which process has its lock.
        cached: [bool; 2],
        locked: [Option<u8>; 2],
        /// The engine: whether it has the token, who holds the lease, the last fencing number.
        shared: bool,
        lease: Option<u8>,
        fence: u8,
        requests: u8,
        /// Whether a lease ran out while its holder was still busy.
        expired_under_holder: bool,
    }

    impl World {
        fn new() -> Self {
            Self {
                processes: [At::Start; 6],
                cached: [false; 2],
                locked: [None; 2],
                shared: false,
                lease: None,
                fence: 0,
                requests: 0,
                expired_under_holder: false,
            }
        }

        fn lease_for(&self, process: u8) -> Lease {
            match self.lease {
                None => Lease::Free,
                Some(holder) if holder == process => Lease::Ours(self.fence.into()),
                Some(_) => Lease::Held(1),
            }
        }

        /// Every state that can follow.
        fn following(&self) -> Vec<World> {
            let mut worlds: Vec<World> = (0..6).filter_map(|process| self.step(process)).collect();
            if let Some(holder) = self.lease
                && self.expiries() < 2
            {
                let mut world = self.clone();
                world.lease = None;
                world.expired_under_holder |= world.processes[usize::from(holder)] != At::Done;
                worlds.push(world);
            }
            worlds
        }

        /// At most two leases run out, which keeps the number of states finite.
        fn expiries(&self) -> u8 {
            u8::from(self.expired_under_holder) * self.fence.saturating_sub(1)
        }

        fn step(&self, process: u8) -> Option<World> {
            let mut world = self.clone();
            let machine = usize::from(process / 3);
            let now_at = |world: &mut World, at: At| world.processes[usize::from(process)] = at;
            match self.processes[usize::from(process)] {
                At::Start => match world.locked[machine] {
                    Some(_) => return None,
                    // The lock, and the second look at the own cache.
                    None if world.cached[machine] => now_at(&mut world, At::Done),
                    None => {
                        world.locked[machine] = Some(process);
                        now_at(&mut world, At::Look);
                    }
                },
                At::Look => {
                    let seen = Seen {
                        token: self.shared.then_some(()),
                        failure: None::<()>,
                        lease: self.lease_for(process),
                    };
                    match next(seen, 0) {
                        Next::Use(()) => world.finish(process),
                        Next::Acquire => now_at(&mut world, At::Acquire),
                        // It could only be ours if it was acquired, and that decides by itself.
                        Next::Fetch(_) | Next::Fail(()) => unreachable!(),
                        // Nothing changes until another process moves.
                        Next::Wait(_) => return None,
                    }
                }
                At::Acquire => {
                    if self.lease.is_none() {
                        world.lease = Some(process);
                        world.fence += 1;
                    }
                    let seen = Seen {
                        token: self.shared.then_some(()),
                        failure: None::<()>,
                        lease: world.lease_for(process),
                    };
                    match next(seen, 0) {
                        Next::Use(()) => {
                            if world.lease == Some(process) {
                                world.lease = None;
                            }
                            world.finish(process);
                        }
                        Next::Fetch(fence) => {
                            world.requests += 1;
                            now_at(&mut world, At::Fetching(fence.try_into().unwrap()));
                        }
                        _ => now_at(&mut world, At::Look),
                    }
                }
                At::Fetching(fence) => now_at(&mut world, At::Store(fence)),
                At::Store(fence) => {
                    // Written only under the newest fencing number; released only if still owned.
                    if fence == world.fence {
                        world.shared = true;
                    }
                    if world.lease == Some(process) {
                        world.lease = None;
                    }
                    world.finish(process);
                }
                At::Done => return None,
            }
            Some(world)
        }

        /// The process has a token: it stores it on its machine and lets go of the lock.
        fn finish(&mut self, process: u8) {
            let machine = usize::from(process / 3);
            self.cached[machine] = true;
            self.locked[machine] = None;
            self.processes[usize::from(process)] = At::Done;
        }
    }

    #[test]
    fn in_every_order_of_events_one_request_is_made_unless_a_holder_outlives_its_lease() {
        let mut known = HashSet::from([World::new()]);
        let mut open = VecDeque::from([World::new()]);
        let (mut ends, mut second_requests) = (0, 0);
        while let Some(world) = open.pop_front() {
            if !world.expired_under_holder {
                assert!(world.requests <= 1, "{world:?}");
            }
            second_requests += u32::from(world.requests > 1);
            let following = world.following();
            if following.is_empty() {
                assert_eq!(
                    world.processes,
                    [At::Done; 6],
                    "a process is stuck: {world:?}"
                );
                assert!(world.shared && world.lease.is_none(), "{world:?}");
                ends += 1;
            }
            for next in following {
                if known.insert(next.clone()) {
                    open.push_back(next);
                }
            }
        }
        // The exploration reaches ends, and the one case in which a second request is possible.
        assert!(ends > 0 && second_requests > 0 && known.len() > 1000);
    }
}
