//! Runs the cases of a table several at once, since each mostly waits for a process, and reports every case that fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many cases of one table run at once.
const AT_ONCE: usize = 4;

/// Returns what `run` makes of each case, in the order of the cases.
pub fn map<T: Sync, R: Send>(cases: &[T], run: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        while let number = next.fetch_add(1, Ordering::Relaxed)
            && let Some(case) = cases.get(number)
        {
            made.push((number, run(case)));
        }
        made
    };
    let mut made: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let made = workers.into_iter().map(|worker| worker.join().unwrap());
        made.flatten().collect()
    });
    made.sort_unstable_by_key(|(number, _)| *number);
    made.into_iter().map(|(_, result)| result).collect()
}

/// Runs `check` for every case and fails with the names of those that panicked.
pub fn each<T: Sync>(cases: &[T], name: impl Fn(&T) -> String, check: impl Fn(&T) + Sync) {
    let passed = map(cases, |case| {
        catch_unwind(AssertUnwindSafe(|| check(case))).is_ok()
    });
    let failed: Vec<String> = cases
        .iter()
        .zip(passed)
        .filter(|(_, passed)| !passed)
        .map(|(case, _)| name(case))
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} cases failed, see above: {failed:#?}",
        failed.len(),
        cases.len()
    );
}
