//! Whatever a provider answers: a token or nothing, and the exit code that says which.
//!
//! One table in five parts. Every answer is asked for by the real binary, and every fourth once more with `-v`; what must hold for all of them
//! is judged here, and each part says what its answers mean.

mod bodies;
mod lifetimes;
mod refusals;
mod tokens;
mod wire;

use std::collections::BTreeSet;
use std::process::Output;
use std::sync::LazyLock;

use local_provider::{Answer, Provider, Unwilling};

use crate::home::{Home, fails};
use crate::parallel;

/// The prefix of every token in the table, good or bad: it must never be seen on stderr.
const TOKEN: &str = "t0ken";

/// The output of `tok header` for that token.
const HEADER: &str = "Authorization: Bearer t0ken\n";

/// The most that one failure may say, in bytes.
const MOST_SAID: usize = 4096;

/// An answer, and what must come of it.
struct Case {
    name: String,
    answer: Answer,
    /// Further keys of the profile.
    keys: &'static str,
    verb: &'static str,
    code: i32,
    /// The expected stdout, if the code is 0.
    stdout: String,
    /// Whether it takes so long that once is enough.
    slow: bool,
}

impl Case {
    fn new(name: impl Into<String>, code: i32, answer: Answer) -> Self {
        Self {
            name: name.into(),
            answer,
            keys: "",
            verb: "header",
            code,
            stdout: HEADER.to_owned(),
            slow: false,
        }
    }

    /// An answer of 200 with this JSON.
    fn json(name: impl Into<String>, code: i32, body: &str) -> Self {
        Self::new(name, code, Answer::json(200, body))
    }

    /// With these keys in the profile.
    fn with(mut self, keys: &'static str) -> Self {
        self.keys = keys;
        self
    }

    /// Asked for as `token`, which prints this.
    fn prints(mut self, token: &str) -> Self {
        self.verb = "token";
        self.stdout = format!("{token}\n");
        self
    }

    fn slow(mut self) -> Self {
        self.slow = true;
        self
    }

    fn run(&self, provider: &Provider, path: &str, more: &str) -> Output {
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = '{}'\nclient_id = 'id'\n{}\n",
            provider.url(path),
            self.keys
        ));
        home.tok(&format!(
            "{} p --timeout {} {more}",
            self.verb,
            self.patience()
        ))
        .env("TOK_P_CLIENT_SECRET", "h0stile-s3cret")
        .output()
        .unwrap()
    }

    fn patience(&self) -> &'static str {
        if self.slow { "1s" } else { "20s" }
    }

    /// Fails with the reason if `output` is wrong.
    fn judge(&self, output: &Output, verbose: bool) -> Result<(), String> {
        let said = String::from_utf8_lossy(&output.stderr);
        let printed = String::from_utf8_lossy(&output.stdout);
        let expected = if self.code == 0 { &self.stdout } else { "" };
        let wrong = |what: &str| {
            Err(format!(
                "{}: {what}\n  code {:?}, expected {}\n  stdout {printed:.200?}\n  stderr {said:.1000?}",
                self.name,
                output.status.code(),
                self.code
            ))
        };
        if output.status.code() != Some(self.code) {
            return wrong("another exit code");
        }
        if printed != expected {
            return wrong("another stdout");
        }
        if said.contains("panicked") || said.contains("mistake of its own") {
            return wrong("a panic");
        }
        if said.contains(TOKEN) || said.contains("h0stile-s3cret") {
            return wrong("token or secret on stderr");
        }
        if String::from_utf8(output.stderr.clone()).is_err() || said.contains(is_unfit) {
            return wrong("control or invisible characters on stderr");
        }
        let is_note = |line: &str| line.starts_with("tok: note: profile `p`: the lifetime ");
        if !verbose && (self.code == 0) != said.lines().all(is_note) {
            return wrong("a success says nothing but of its lifetime, and a failure something");
        }
        if !verbose && said.len() > MOST_SAID {
            return wrong("more on stderr than fits a screen");
        }
        Ok(())
    }
}

/// Whether a terminal obeys `character`, or a reader cannot see it.
fn is_unfit(character: char) -> bool {
    character.is_control() && character != '\n'
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The whole table; some of its bodies take a while to compress.
static TABLE: LazyLock<[Vec<Case>; 5]> = LazyLock::new(|| {
    [
        lifetimes::cases(),
        tokens::cases(),
        bodies::cases(),
        refusals::cases(),
        wire::cases(),
    ]
});

fn is_a_token_or_nothing(cases: &[Case]) {
    let provider = Provider::start();
    for (number, case) in cases.iter().enumerate() {
        provider.answer(&format!("/{number}"), case.answer.clone());
    }
    let numbered: Vec<(usize, &Case)> = cases.iter().enumerate().collect();
    let wrong = parallel::map(&numbered, |(number, case)| {
        let path = format!("/{number}");
        let once = case.judge(&case.run(&provider, &path, ""), false).err();
        let verbose = if number.is_multiple_of(4) && !case.slow {
            case.judge(&case.run(&provider, &path, "-v"), true).err()
        } else {
            None
        };
        [once, verbose]
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().flatten().collect();
    assert!(
        wrong.is_empty(),
        "{} of {} answers went wrong:\n\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n\n")
    );
}

#[test]
fn every_lifetime_gives_a_token_or_nothing() {
    is_a_token_or_nothing(&TABLE[0]);
}

#[test]
fn every_odd_token_gives_a_token_or_nothing() {
    is_a_token_or_nothing(&TABLE[1]);
}

#[test]
fn every_body_gives_a_token_or_nothing() {
    is_a_token_or_nothing(&TABLE[2]);
}

#[test]
fn every_refusal_gives_a_token_or_nothing() {
    is_a_token_or_nothing(&TABLE[3]);
}

#[test]
fn every_broken_transfer_gives_a_token_or_nothing() {
    is_a_token_or_nothing(&TABLE[4]);
}

#[test]
fn the_table_has_at_least_150_answers_with_different_names() {
    let names: Vec<&str> = TABLE.iter().flatten().map(|case| &*case.name).collect();
    assert!(names.len() >= 150, "only {} answers", names.len());
    let different: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), different.len());
}

#[test]
fn a_server_that_never_answers_is_reported_as_unreachable() {
    for unwilling in [Unwilling::Silent, Unwilling::Closes, Unwilling::Resets] {
        let provider = Provider::start_unwilling(unwilling);
        for scheme in ["http", "https"] {
            let home = Home::with(&format!(
                "[profiles.p]\ntoken_url = '{scheme}://{}/token'\nclient_id = 'id'\n",
                provider.address()
            ));
            let asked = home
                .tok("token p --timeout 700ms")
                .env("TOK_P_CLIENT_SECRET", "x")
                .assert();
            fails(asked, 6, &["profile `p`", &provider.address().to_string()]);
        }
    }
}
