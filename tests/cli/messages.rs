//! Every message a user can meet, in one table: `messages.txt`, made by the real binary, to be read by eye.
//!
//! A change of words shows up as a difference here. `TOK_REWRITE_MESSAGES=1 cargo test --test cli messages` writes the table anew; then read it,
//! for nobody wants to meet a message for the first time at 3 in the morning.
//!
//! Each submodule is one topic. What is not here needs what a test of every machine cannot bring: a keyring's daemon (`tests/real/keyring-trouble.sh`),
//! a person at a terminal (`terminal`, `tests/real/add.sh`), a file of another user or a full disk (`tests/real/disk.sh`), a closed stdout (`output`).
//! Failures that call themselves unexpected (no random numbers, no thread) have no row: nothing can be done to meet them.

mod adding;
mod answers;
mod assertions;
mod case;
mod command_lines;
mod configs;
mod connections;
mod consumers;
mod doctor;
mod keeping;
mod profiles;
mod secrets;
mod templates;

use std::sync::atomic::{AtomicUsize, Ordering};

use case::Case;

/// The topics, in the order of the table.
fn topics() -> [(&'static str, Vec<Case>); 12] {
    [
        ("command lines", command_lines::cases()),
        ("configs", configs::cases()),
        ("profiles", profiles::cases()),
        ("templates", templates::cases()),
        ("secrets", secrets::cases()),
        ("assertions", assertions::cases()),
        ("connections", connections::cases()),
        ("answers", answers::cases()),
        ("keeping", keeping::cases()),
        ("consumers", consumers::cases()),
        ("adding", adding::cases()),
        ("doctor", doctor::cases()),
    ]
}

/// How many cases run at once: most of their time they wait for one another's failure to be shared, or for a deadline.
const AT_ONCE: usize = 8;

fn table() -> String {
    let cases: Vec<(&str, Case)> = topics()
        .into_iter()
        .flat_map(|(title, cases)| cases.into_iter().map(move |case| (title, case)))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((title, case)) = cases.get(number) else {
                return made;
            };
            made.push((number, format!("# {title}\n{}\n", case.transcript())));
        }
    };
    let mut made: Vec<(usize, String)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let made = workers.into_iter().map(|worker| worker.join().unwrap());
        made.flatten().collect()
    });
    made.sort_unstable();
    made.into_iter().map(|(_, transcript)| transcript).collect()
}

fn path() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/messages.txt")
}

#[test]
fn every_message_is_in_the_table_and_was_read() {
    let table = table();
    if std::env::var_os("TOK_REWRITE_MESSAGES").is_some() {
        std::fs::write(path(), &table).unwrap();
        return;
    }
    let read = std::fs::read_to_string(path()).unwrap();
    for (said, known) in table.split("\n# ").zip(read.split("\n# ")) {
        assert_eq!(said, known, "see the top of tests/cli/messages.rs");
    }
    assert_eq!(table.len(), read.len());
}

#[test]
fn every_message_has_the_form_of_a_message() {
    let table = std::fs::read_to_string(path()).unwrap();
    for case in table.split("\n\n# ") {
        let said = case
            .lines()
            .skip_while(|line| !line.starts_with("$ "))
            .skip(1)
            .filter(|line| !line.starts_with("> "));
        let (notes, said): (Vec<&str>, Vec<&str>) =
            said.partition(|line| line.starts_with("tok: note: "));
        for note in &notes {
            form(note.trim_start_matches("tok: note: "), case);
        }
        // What `tok add` shows of a profile comes before what it says.
        let message = said
            .iter()
            .find(|line| {
                line.starts_with("tok: ") || line.starts_with("[0]") || line.starts_with("Usage: ")
            })
            .unwrap_or_else(|| panic!("{case}"));
        match message.strip_prefix("tok: ") {
            Some(words) => form(words, case),
            // Help, for a command that needs another after it, is no message.
            None if message.starts_with("Usage: ") => {}
            None => assert!(!notes.is_empty(), "nothing is said: {case}"),
        }
        for rubble in [
            "os error", "Os {", "Error(", "s3cret", "hunter2", "reqwest", "zbus", ".tmp", ".tok-",
        ] {
            let rubbish = said.iter().chain(&notes).any(|line| line.contains(rubble));
            assert!(!rubbish, "`{rubble}` in: {case}");
        }
    }
}

/// A message is one line that begins small, or with a variable's name, and does not end like a sentence.
fn form(words: &str, case: &str) {
    let first = words.split([' ', ':']).next().unwrap();
    let is_sentence =
        first.starts_with(|c: char| c.is_uppercase()) && first.contains(|c: char| c.is_lowercase());
    assert!(!is_sentence && !words.ends_with('.'), "{case}");
    assert!(words.chars().count() < 400, "{case}");
}
