//! A token near its end is refreshed by one process, and used by all of them until it is dead. A dead one is never printed.

use std::process::{Child, Stdio};
use std::time::Instant;

use local_provider::{Answer, Gate, Provider};

use crate::entry::{PATIENCE, age};
use crate::home::{Home, fails, stderr};

/// The life of the tokens here, seconds. In the last tenth they are stale, at the latest in the last twentieth.
const LIFE: i64 = 3600;

/// A home with a good cached token `old`, and a provider that gives `later` from then on.
fn scene(later: &Answer) -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer_in_turn(
        "/t",
        [Answer::token("old", LIFE.unsigned_abs()), later.clone()],
    );
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'i'\n",
        provider.url("/t")
    ));
    tok(&home, "token p").success().stdout("old\n");
    (provider, home)
}

fn tok(home: &Home, arguments: &str) -> assert_cmd::assert::Assert {
    home.tok(arguments).env("TOK_P_CLIENT_SECRET", "s").assert()
}

fn start(home: &Home) -> Child {
    home.process("token p")
        .env("TOK_P_CLIENT_SECRET", "s")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn printed(process: Child) -> String {
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn one_process_refreshes_a_stale_token_and_the_others_do_not_wait() {
    let gate = Gate::new();
    let (provider, home) = scene(&Answer::token("new", 3600).held_by(&gate));
    age(&home, LIFE - 100);
    let mut running: Vec<Child> = (0..24).map(|_| start(&home)).collect();
    let until = Instant::now() + PATIENCE;
    // The provider keeps the one that refreshes; all the others end.
    while running.len() > 1 {
        assert!(Instant::now() < until, "{} still wait", running.len());
        let ended = running
            .iter_mut()
            .position(|process| process.try_wait().unwrap().is_some());
        match ended {
            Some(index) => assert_eq!(printed(running.remove(index)), "old\n"),
            None => std::thread::yield_now(),
        }
    }
    gate.wait_for(1);
    gate.open();
    assert_eq!(printed(running.remove(0)), "new\n");
    assert_eq!(provider.requests().len(), 2);
    tok(&home, "token p").success().stdout("new\n").stderr("");
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn after_a_failed_refresh_the_old_token_is_used_with_a_note_until_it_expires() {
    for (answer, words, code) in [
        (Answer::new(503), "HTTP 503", 6),
        (Answer::refusal(401, "invalid_client", "no"), "no", 5),
    ] {
        let (provider, home) = scene(&answer);
        age(&home, LIFE - 100);
        let processes: Vec<Child> = (0..8).map(|_| start(&home)).collect();
        for process in processes {
            let output = process.wait_with_output().unwrap();
            assert_eq!(output.stdout, b"old\n");
        }
        assert_eq!(provider.requests().len(), 2, "one try, once");
        // Nobody asks again for a while, and everybody says why.
        let run = tok(&home, "token p").success().stdout("old\n");
        let said = stderr(&run);
        assert!(said.contains("could not be refreshed") && said.contains(words));
        assert_eq!(said.lines().count(), 1, "{said}");
        assert_eq!(provider.requests().len(), 2);

        age(&home, 91);
        fails(tok(&home, "token p"), code, &[words]);
        assert!(provider.requests().len() > 2, "a dead token is worth a try");
    }
}

#[test]
fn an_unrefreshed_token_is_used_until_ten_seconds_before_it_expires() {
    let (_provider, home) = scene(&Answer::new(503));
    for (older, code) in [(LIFE - 20, 0), (11, 6), (100, 6), (100_000, 6)] {
        age(&home, older);
        let run = tok(&home, "token p").code(code);
        let token = if code == 0 { "old\n" } else { "" };
        run.stdout(token);
    }
}

#[test]
fn cached_prints_a_stale_token_without_a_request() {
    let (provider, home) = scene(&Answer::token("new", 3600));
    age(&home, LIFE - 100);
    tok(&home, "token p --cached")
        .success()
        .stdout("old\n")
        .stderr("");
    assert_eq!(provider.requests().len(), 1);
}

#[test]
fn no_cache_keeps_a_stale_token_and_min_ttl_rejects_it() {
    let (provider, home) = scene(&Answer::token("new", 3600));
    age(&home, LIFE - 100);
    tok(&home, "token p --no-cache").success().stdout("new\n");
    tok(&home, "token p --cached").success().stdout("old\n");
    fails(
        tok(&home, "token p --cached --min-ttl 5m"),
        2,
        &["no usable token in the cache"],
    );
    tok(&home, "token p --min-ttl 5m").success().stdout("new\n");
    assert_eq!(provider.requests().len(), 3);
}

#[test]
fn a_token_from_the_future_is_fetched_again_once() {
    let (provider, home) = scene(&Answer::token("new", 3600));
    age(&home, -3600);
    tok(&home, "token p").success().stdout("new\n").stderr("");
    tok(&home, "token p").success().stdout("new\n").stderr("");
    assert_eq!(provider.requests().len(), 2);
}
