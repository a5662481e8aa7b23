//! However many processes ask at once, the provider is asked once, and what it says is what all of them say.
//!
//! Real processes, as many as a small machine starts in a moment; at full size, with figures, by `cargo test --release -- --ignored waiters`.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use local_provider::{Answer, Fault, Gate, Provider, Unwilling};

use crate::entry::wait_for_waiters;
use crate::home::{Home, fails};

/// How many start at once in an ordinary test, and in one at full size.
const SMALL: usize = 24;
const FULL: usize = 200;

/// A home with profile `p` for token endpoint `url`.
fn home(url: &str) -> Home {
    Home::with(&format!(
        "[profiles.p]\ntoken_url = '{url}'\nclient_id = 'i'\n"
    ))
}

/// The output of concurrent processes, and the time from the first start to the last end.
struct Round {
    ended: Vec<Output>,
    took: Duration,
}

/// Starts `count` processes as fast as they can be started; `meanwhile` runs when all have been.
fn run_at_once(home: &Home, arguments: &str, count: usize, meanwhile: impl FnOnce()) -> Round {
    let began = Instant::now();
    let started: Vec<_> = (0..count)
        .map(|_| {
            home.process(arguments)
                .env("TOK_P_CLIENT_SECRET", "s")
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    meanwhile();
    let ended = started
        .into_iter()
        .map(|process| process.wait_with_output().unwrap())
        .collect();
    Round {
        ended,
        took: began.elapsed(),
    }
}

impl Round {
    /// Asserts that every member printed `token` and nothing else.
    fn all_print(&self, token: &str) {
        for output in &self.ended {
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{said}");
            assert_eq!(output.stdout, format!("{token}\n").as_bytes());
            assert_eq!(said, "");
        }
    }

    /// Asserts that every member ended with `code`, no token, and one and the same message, which has `words`.
    fn all_fail(&self, code: i32, words: &str) {
        let first = String::from_utf8_lossy(&self.ended[0].stderr);
        assert!(first.contains(words), "{first}");
        for output in &self.ended {
            assert_eq!(output.status.code(), Some(code), "{first}");
            assert_eq!(output.stdout, b"");
            assert_eq!(String::from_utf8_lossy(&output.stderr), first);
        }
    }
}

/// The worst and slowest of several rounds.
#[derive(Debug, Default)]
struct Figures {
    rounds: usize,
    most_requests: usize,
    longest: Duration,
}

impl Figures {
    fn add(&mut self, requests: usize, round: &Round) {
        self.rounds += 1;
        self.most_requests = self.most_requests.max(requests);
        self.longest = self.longest.max(round.took);
    }

    fn print(&self, what: &str, count: usize) {
        println!(
            "{what}: {} rounds of {count} processes, at most {} requests a round, slowest round {} ms",
            self.rounds,
            self.most_requests,
            self.longest.as_millis()
        );
    }
}

/// Cold processes, a provider that answers at once: the last processes start when the first are done.
fn cold_rounds(count: usize, rounds: usize) -> Figures {
    let mut figures = Figures::default();
    for _ in 0..rounds {
        let provider = Provider::start();
        provider.answer_in_turn(
            "/t",
            (0..count).map(|n| Answer::token(&format!("t{n}"), 3600)),
        );
        let home = home(&provider.url("/t"));
        let round = run_at_once(&home, "token p", count, || {});
        figures.add(provider.requests().len(), &round);
        round.all_print("t0");
    }
    figures
}

/// A provider that always gives `answer`: each round is refused as one, and a call after the round tries anew.
fn failing_rounds(answer: &Answer, code: i32, words: &str, count: usize, rounds: usize) -> Figures {
    let mut figures = Figures::default();
    let provider = Provider::start();
    provider.answer("/t", answer.clone());
    let home = home(&provider.url("/t"));
    let mut before = 0;
    for _ in 0..rounds {
        let round = run_at_once(&home, "token p", count, || {});
        let after = provider.requests().len();
        figures.add(after - before, &round);
        assert!(after > before, "a later call tries anew");
        before = after;
        round.all_fail(code, words);
    }
    figures
}

#[test]
fn cold_processes_make_one_request_and_print_one_token() {
    assert_eq!(cold_rounds(SMALL, 1).most_requests, 1);
}

#[test]
fn all_waiters_get_the_token_that_the_first_process_fetches() {
    let provider = Provider::start();
    let gate = Gate::new();
    provider.answer("/t", Answer::token("t", 3600).held_by(&gate));
    let home = home(&provider.url("/t"));
    let round = run_at_once(&home, "token p", SMALL, || {
        gate.wait_for(1);
        wait_for_waiters(&home, SMALL - 1);
        gate.open();
    });
    round.all_print("t");
    assert_eq!(provider.requests().len(), 1);
}

#[test]
fn all_waiters_end_with_the_refusal_that_the_first_process_gets() {
    let provider = Provider::start();
    let gate = Gate::new();
    provider.answer(
        "/t",
        Answer::refusal(401, "invalid_client", "no").held_by(&gate),
    );
    let home = home(&provider.url("/t"));
    let round = run_at_once(&home, "token p", SMALL, || {
        gate.wait_for(1);
        wait_for_waiters(&home, SMALL - 1);
        gate.open();
    });
    round.all_fail(5, "invalid_client: no");
    assert_eq!(provider.requests().len(), 1);
}

#[test]
fn a_refusing_provider_is_asked_once_by_concurrent_processes_and_again_by_the_next() {
    let refusal = Answer::refusal(401, "invalid_client", "no");
    let figures = failing_rounds(&refusal, 5, "invalid_client: no", SMALL, 3);
    assert_eq!(figures.most_requests, 1);
}

#[test]
fn a_failing_provider_gets_one_series_of_attempts_from_concurrent_processes() {
    let figures = failing_rounds(&Answer::new(503), 6, "HTTP 503", SMALL, 1);
    assert_eq!(figures.most_requests, 3);
}

#[test]
fn a_corrected_secret_is_tried_despite_an_old_failure() {
    let provider = Provider::start();
    provider.answer_with("/t", |request| {
        if request.basic() == Some(b"i:right".to_vec()) {
            Answer::token("t", 3600)
        } else {
            Answer::refusal(401, "invalid_client", "no")
        }
    });
    let home = home(&provider.url("/t"));
    run_at_once(&home, "token p", SMALL, || {}).all_fail(5, "invalid_client");
    home.tok("token p")
        .env("TOK_P_CLIENT_SECRET", "right")
        .assert()
        .success()
        .stdout("t\n");
}

#[test]
fn a_process_without_its_secret_fails_alone() {
    let provider = Provider::start();
    provider.answer("/t", Answer::token("t", 3600));
    let home = home(&provider.url("/t"));
    let started: Vec<_> = (0..SMALL)
        .map(|number| {
            let mut process = home.process("token p");
            if number % 2 == 1 {
                process.env("TOK_P_CLIENT_SECRET", "s");
            }
            process
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for (number, process) in started.into_iter().enumerate() {
        let output = process.wait_with_output().unwrap();
        let code = output.status.code().unwrap();
        let may_end = if number % 2 == 1 { &[0][..] } else { &[0, 4] };
        assert!(may_end.contains(&code), "{number}: {code}");
    }
    assert_eq!(provider.requests().len(), 1);
}

#[test]
fn retry_after_holds_for_every_process_until_it_is_over() {
    // The date is relative to the provider's own clock, which is a day slow.
    let dated = |wait: i64| {
        let date = |seconds: i64| {
            let now = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
            let at = now + jiff::SignedDuration::from_secs(seconds);
            at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
        };
        Answer::new(429)
            .header("date", &date(0))
            .header("retry-after", &date(wait))
    };
    for answer in [Answer::new(503).header("retry-after", "600"), dated(600)] {
        let provider = Provider::start();
        provider.answer("/t", answer);
        let home = home(&provider.url("/t"));
        let first = home
            .tok("token p")
            .env("TOK_P_CLIENT_SECRET", "s")
            .assert()
            .code(6);
        drop(first);
        let round = run_at_once(&home, "token p", SMALL, || {});
        for output in &round.ended {
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(6), "{said}");
            let seconds: u64 = said
                .split_once("the provider asked to wait; retry in ")
                .and_then(|(_, rest)| rest.split_once(" s:"))
                .and_then(|(seconds, _)| seconds.parse().ok())
                .unwrap_or_else(|| panic!("{said}"));
            assert!((500..=600).contains(&seconds), "{said}");
        }
        assert_eq!(provider.requests().len(), 1);
    }
}

#[test]
fn a_retry_after_that_is_over_is_forgotten() {
    let provider = Provider::start();
    provider.answer_in_turn(
        "/t",
        [
            Answer::new(429).header("retry-after", "2"),
            Answer::token("t", 3600),
        ],
    );
    let home = home(&provider.url("/t"));
    let run = |code| {
        home.tok("token p --timeout 1s")
            .env("TOK_P_CLIENT_SECRET", "s")
            .assert()
            .code(code)
    };
    run(6);
    let until = Instant::now() + Duration::from_secs(60);
    // It says itself when to come back; asking before that costs the provider nothing.
    while home
        .tok("token p --timeout 1s")
        .env("TOK_P_CLIENT_SECRET", "s")
        .assert()
        .get_output()
        .status
        .code()
        == Some(6)
    {
        assert!(Instant::now() < until);
        assert_eq!(provider.requests().len(), 1);
    }
    run(0).stdout("t\n");
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn retry_after_counts_although_the_body_was_cut() {
    let provider = Provider::start();
    let busy = Answer::new(429).header("retry-after", "600").body("busy");
    provider.answer("/t", busy.with_fault(Fault::CutBody));
    let home = home(&provider.url("/t"));
    for _ in 0..2 {
        let mut tok = home.tok("token p");
        fails(tok.env("TOK_P_CLIENT_SECRET", "s").assert(), 6, &["600 s"]);
    }
    assert_eq!(provider.requests().len(), 1);
}

#[cfg(target_os = "linux")] // Other systems do not show when all have begun.
#[test]
fn concurrent_refreshes_share_one_new_token() {
    let provider = Provider::start();
    let gate = Gate::new();
    provider.answer_in_turn(
        "/t",
        (0..SMALL).map(|n| Answer::token(&format!("t{n}"), 3600).held_by(&gate)),
    );
    let home = home(&provider.url("/t"));
    let round = run_at_once(&home, "token p --refresh", SMALL, || {
        gate.wait_for(1);
        wait_for_waiters(&home, SMALL - 1);
        gate.open();
    });
    // One request went out before the others began; the next one serves them all.
    assert!(provider.requests().len() <= 2);
    for output in &round.ended {
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn a_lifetime_below_min_ttl_is_found_once_by_concurrent_processes() {
    let provider = Provider::start();
    provider.answer("/t", Answer::token("t", 600));
    let home = home(&provider.url("/t"));
    let round = run_at_once(&home, "token p --min-ttl 20m", SMALL, || {});
    round.all_fail(2, "--min-ttl");
    assert_eq!(provider.requests().len(), 1);
    home.tok("token p").assert().success().stdout("t\n");
}

#[test]
#[ignore = "full size: .ci/run runs it"]
fn full_size_cold_processes() {
    let figures = cold_rounds(FULL, 50);
    figures.print("cold", FULL);
    assert_eq!(figures.most_requests, 1);
}

#[test]
#[ignore = "full size: .ci/run runs it"]
fn full_size_refusing_provider() {
    let refusal = Answer::refusal(401, "invalid_client", "no");
    let figures = failing_rounds(&refusal, 5, "invalid_client: no", FULL, 50);
    figures.print("refused", FULL);
    assert_eq!(figures.most_requests, 1);
    assert!(figures.longest < Duration::from_secs(31));
}

#[test]
#[ignore = "full size: .ci/run runs it"]
fn full_size_failing_provider() {
    let figures = failing_rounds(&Answer::new(503), 6, "HTTP 503", FULL, 20);
    figures.print("503", FULL);
    assert_eq!(figures.most_requests, 3);
    assert!(figures.longest < Duration::from_secs(31));
}

#[test]
#[ignore = "full size: .ci/run runs it"]
fn full_size_provider_that_closes_connections() {
    let mut figures = Figures::default();
    for _ in 0..20 {
        let provider = Provider::start_unwilling(Unwilling::Resets);
        let home = home(&provider.url("/t"));
        let round = run_at_once(&home, "token p", FULL, || {});
        figures.add(provider.connections(), &round);
        round.all_fail(6, "profile `p`");
    }
    figures.print("connections reset", FULL);
    assert!(figures.most_requests <= 3);
    assert!(figures.longest < Duration::from_secs(31));
}

#[test]
#[ignore = "full size: .ci/run runs it"]
fn full_size_silent_provider_ends_at_the_deadline() {
    let provider = Provider::start_unwilling(Unwilling::Silent);
    let home = home(&provider.url("/t"));
    let round = run_at_once(&home, "token p --timeout 5s", FULL, || {});
    let mut figures = Figures::default();
    figures.add(provider.connections(), &round);
    figures.print("never answers, deadline 5 s", FULL);
    round.all_fail(6, "within 5 s");
    assert_eq!(provider.connections(), 1);
    // The last process starts a little later than the first.
    assert!(figures.longest < Duration::from_secs(8));
}
