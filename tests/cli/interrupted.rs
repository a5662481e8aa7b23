//! Killed, interrupted and stopped processes: no damaged entry, lock or file is left, and no process waits longer than it meant to.
//!
//! The moment is drawn at random over the whole of a run. What stops a process is Unix's.
#![cfg(unix)]

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use local_provider::{Answer, Gate, Provider};
use rustix::process::{Pid, Signal, kill_process};

use crate::home::{Home, fails};

/// A home with a cached token, and a provider that gives `t0`, `t1` and so on.
fn scene() -> (Provider, Home) {
    let provider = Provider::start();
    let count = AtomicU64::new(0);
    provider.answer_with("/t", move |_| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        // Long, so that writing it takes a while.
        Answer::token(&format!("t{number}-{}", "x".repeat(4000)), 3600)
    });
    let home = Home::with(&config(&provider));
    run(&home, "token p");
    (provider, home)
}

fn config(provider: &Provider) -> String {
    format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'i'\n",
        provider.url("/t")
    )
}

fn start(home: &Home, arguments: &str) -> Child {
    crate::signals::heed_signals();
    home.process(arguments)
        .env("TOK_P_CLIENT_SECRET", "s")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs to the end, and asserts that a whole token was printed and nothing said.
fn run(home: &Home, arguments: &str) {
    let output = start(home, arguments).wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    let token = String::from_utf8(output.stdout).unwrap();
    assert!(token.starts_with('t') && token.ends_with("xx\n"), "{token}");
}

fn signal(process: &Child, signal: Signal) {
    let id = Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap();
    kill_process(id, signal).unwrap();
}

/// The outcome of interrupting many refreshes.
#[derive(Debug, Default)]
struct Interrupted {
    by_the_signal: usize,
    after_the_end: usize,
    left_behind: usize,
}

/// Sends `what` to refreshes, each at a random moment of its run, until `count` have ended by it; after each the cache must be whole.
fn interrupt(what: Signal, count: usize) -> Interrupted {
    let (_provider, home) = scene();
    let began = Instant::now();
    for _ in 0..5 {
        run(&home, "token p --refresh");
    }
    let usual = began.elapsed() / 5;
    let mut result = Interrupted::default();
    // A fixed sequence (Knuth's MMIX multiplier): the moments differ from run to run all the same, as the machine does.
    let mut random: u64 = 1;
    while result.by_the_signal < count {
        assert!(
            result.after_the_end < 20 * count,
            "hardly a signal comes in time: {result:?}"
        );
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let moment = usual.mul_f64((random >> 33) as f64 / 2_f64.powi(31));
        let process = start(&home, "token p --refresh");
        std::thread::sleep(moment);
        signal(&process, what);
        let output = process.wait_with_output().unwrap();
        match output.status.signal() {
            Some(by) => {
                assert_eq!(by, what.as_raw());
                result.by_the_signal += 1;
            }
            None => {
                assert_eq!(output.status.code(), Some(0));
                result.after_the_end += 1;
            }
        }
        result.left_behind += left(&home).len();
        run(&home, "token p --cached");
    }
    run(&home, "token p --refresh");
    assert_eq!(left(&home), Vec::<String>::new(), "leftovers are swept");
    println!("signal {}: {result:?}", what.as_raw());
    result
}

/// Returns the files that should not be in the cache.
fn left(home: &Home) -> Vec<String> {
    let mut names = home.cached();
    names.retain(|name| name.ends_with(".tmp"));
    names
}

#[test]
fn a_killed_refresh_leaves_a_whole_entry_and_a_free_lock() {
    interrupt(Signal::KILL, 30);
}

#[test]
fn an_interrupted_refresh_ends_by_the_signal_and_leaves_nothing() {
    assert_eq!(interrupt(Signal::INT, 30).left_behind, 0);
}

#[test]
#[ignore = "full size: .ci/run runs it"]
fn full_size_kills_leave_a_whole_entry_and_a_free_lock() {
    interrupt(Signal::KILL, 1000);
}

#[test]
#[ignore = "full size: .ci/run runs it"]
fn full_size_interrupts_leave_nothing() {
    assert_eq!(interrupt(Signal::INT, 1000).left_behind, 0);
}

#[test]
fn leftovers_of_a_killed_writer_are_removed_by_the_next_fetch_and_by_forget() {
    let (_provider, home) = scene();
    for command in ["token p --refresh", "forget p", "forget --all"] {
        for left in [".tok-0123456789abcdef.tmp", ".tok-fedcba9876543210.tmp"] {
            std::fs::write(home.cache().join(left), "half").unwrap();
        }
        assert_eq!(left(&home).len(), 2);
        let ended = start(&home, command).wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{command}");
        assert_eq!(left(&home), Vec::<String>::new(), "{command}");
    }
}

#[test]
fn a_killed_lock_holder_is_replaced_by_a_waiter() {
    let (provider, home) = scene();
    let gate = Gate::new();
    provider.answer_in_turn(
        "/t",
        [
            Answer::token("lost", 3600).held_by(&gate),
            Answer::token("tnext-xx", 3600),
        ],
    );
    let leader = start(&home, "token p --refresh");
    gate.wait_for(1);
    let others: Vec<Child> = (0..8).map(|_| start(&home, "token p --refresh")).collect();
    crate::entry::wait_for_waiters(&home, others.len());
    signal(&leader, Signal::KILL);
    for other in others {
        let output = other.wait_with_output().unwrap();
        assert_eq!(output.stdout, b"tnext-xx\n");
    }
    drop(leader.wait_with_output());
    gate.open();
    assert_eq!(provider.requests().len(), 3);
}

#[test]
fn a_stopped_lock_holder_delays_waiters_at_most_until_their_own_deadline() {
    let (provider, home) = scene();
    let gate = Gate::new();
    provider.answer("/t", Answer::token("t-xx", 3600).held_by(&gate));
    let stopped = start(&home, "token p --refresh");
    gate.wait_for(1);
    signal(&stopped, Signal::STOP);
    let began = Instant::now();
    let waiting = home
        .tok("token p --refresh --timeout 1s")
        .env("TOK_P_CLIENT_SECRET", "s")
        .assert();
    let took = began.elapsed();
    // A good token needs no lock.
    run(&home, "token p");
    crate::entry::age(&home, 3500);
    run(&home, "token p");
    signal(&stopped, Signal::KILL);
    drop(stopped.wait_with_output());
    gate.open();
    fails(waiting, 6, &["another tok has been fetching", "stopped"]);
    // The deadline, and a second.
    assert!(took >= Duration::from_secs(1), "{took:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn one_process_takes_over_from_a_stopped_holder_that_is_past_its_deadline() {
    let (provider, home) = scene();
    let gate = Gate::new();
    provider.answer_in_turn(
        "/t",
        [
            Answer::token("lost", 3600).held_by(&gate),
            Answer::token("tnext-xx", 3600),
        ],
    );
    let stopped = start(&home, "token p --refresh --timeout 1s");
    gate.wait_for(1);
    signal(&stopped, Signal::STOP);
    let began = Instant::now();
    let others: Vec<Child> = (0..8)
        .map(|_| start(&home, "token p --refresh --timeout 20s"))
        .collect();
    for other in others {
        let output = other.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.stdout, b"tnext-xx\n");
    }
    // The holder's deadline, its grace, and a busy machine.
    assert!(began.elapsed() < Duration::from_secs(10));
    // The lock is still held; a later call pays no more than a look at its deadline.
    run(&home, "token p --refresh --timeout 20s");
    // When it goes on, the holder changes nothing.
    let stored = std::fs::read(crate::entry::file(&home, ".json")).unwrap();
    signal(&stopped, Signal::CONT);
    gate.open();
    drop(stopped.wait_with_output());
    assert_eq!(
        std::fs::read(crate::entry::file(&home, ".json")).unwrap(),
        stored
    );
    assert!(home.cached().iter().all(|name| !name.ends_with(".failure")));
    // The first token, the stopped holder's, one for the others, and the later call's.
    assert_eq!(provider.requests().len(), 4);
}
