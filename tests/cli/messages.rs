//! Every message a user can meet, as the real binary prints it: one test and one snapshot for each topic.
//!
//! A submodule lists the cases of its topic, and `messages/snapshots/TOPIC.txt` is what tok printed when a person last read it.
//! `SNAPSHOTS=overwrite cargo test --test cli messages` accepts what tok prints now; then read `git diff`.
//!
//! Messages that need more than a scrubbed home are tested elsewhere: a keyring daemon (`tests/real/keyring-trouble.sh`), a terminal (`terminal`,
//! `tests/real/add.sh`), another user's file or a full disk (`tests/real/disk.sh`), a closed stdout (`output`). Failures that a test cannot
//! cause, such as a failing random number generator, have no case.

mod adding;
mod answers;
mod assertions;
mod case;
mod command_lines;
mod configs;
mod connections;
mod consumers;
mod doctor;
mod identities;
mod keeping;
mod profiles;
mod secrets;
mod templates;

use std::path::{Path, PathBuf};

use case::Case;
use snapbox::IntoData as _;

use crate::parallel;

/// One test for each topic, named after its module and its snapshot.
macro_rules! topics {
    ($($topic:ident: $test:ident),+ $(,)?) => {
        const TOPICS: &[&str] = &[$(stringify!($topic)),+];

        $(
            #[test]
            fn $test() {
                matches_snapshot(stringify!($topic), &$topic::cases());
            }
        )+
    };
}

topics! {
    command_lines: a_mistyped_command_line_is_explained_as_recorded,
    configs: a_config_that_cannot_be_read_is_explained_as_recorded,
    profiles: a_profile_with_a_mistake_is_explained_as_recorded,
    templates: a_template_with_a_mistake_is_explained_as_recorded,
    secrets: a_secret_that_cannot_be_had_is_explained_as_recorded,
    assertions: an_assertion_that_cannot_be_signed_is_explained_as_recorded,
    connections: a_failed_connection_is_explained_as_recorded,
    answers: an_unusable_answer_is_explained_as_recorded,
    keeping: cache_trouble_is_explained_as_recorded,
    consumers: a_consumer_that_gets_no_token_is_explained_as_recorded,
    adding: add_explains_each_mistake_as_recorded,
    identities: an_identity_that_cannot_be_used_is_explained_as_recorded,
    doctor: doctor_explains_each_finding_as_recorded,
}

fn matches_snapshot(topic: &str, cases: &[Case]) {
    let actual = parallel::map(cases, Case::transcript).join("\n");
    let expected = snapbox::Data::read_from(&snapshot(topic), None).raw();
    snapbox::Assert::new()
        .action_env("SNAPSHOTS")
        .eq(actual.into_data().raw(), expected);
}

fn snapshot(topic: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cli/messages/snapshots/{topic}.txt"))
}

#[test]
fn every_message_has_the_form_of_a_message() {
    for topic in TOPICS {
        let read = std::fs::read_to_string(snapshot(topic)).unwrap();
        let lines: Vec<&str> = read.lines().collect();
        let ends_a_case = |line: &&str| line.starts_with('[') && line.len() == 3;
        for case in lines.split_inclusive(ends_a_case) {
            has_the_form_of_a_message(&case.join("\n"));
        }
    }
}

fn has_the_form_of_a_message(case: &str) {
    let said = case
        .lines()
        .skip_while(|line| !line.starts_with("$ "))
        .skip(1)
        .filter(|line| !line.starts_with("> "));
    let (notes, said): (Vec<&str>, Vec<&str>) =
        said.partition(|line| line.starts_with("tok: note: "));
    for note in &notes {
        is_one_phrase(note.trim_start_matches("tok: note: "), case);
    }
    // `tok add` shows the profile before the message.
    let message = said
        .iter()
        .find(|line| {
            line.starts_with("tok: ") || line.starts_with("[0") || line.starts_with("Usage: ")
        })
        .unwrap_or_else(|| panic!("{case}"));
    match message.strip_prefix("tok: ") {
        Some(words) => is_one_phrase(words, case),
        // The help of a command that needs a subcommand is not a message.
        None if message.starts_with("Usage: ") => {}
        None => assert!(!notes.is_empty(), "no message: {case}"),
    }
    for internal in [
        "os error", "Os {", "Error(", "s3cret", "hunter2", "reqwest", "zbus", ".tmp", ".tok-",
    ] {
        let shown = said
            .iter()
            .chain(&notes)
            .any(|line| line.contains(internal));
        assert!(!shown, "`{internal}` in: {case}");
    }
}

/// A message is one line that begins in lower case or with a variable's name, and does not end like a sentence.
fn is_one_phrase(words: &str, case: &str) {
    let first = words.split([' ', ':']).next().unwrap();
    let is_sentence =
        first.starts_with(|c: char| c.is_uppercase()) && first.contains(|c: char| c.is_lowercase());
    assert!(!is_sentence && !words.ends_with('.'), "{case}");
    assert!(words.chars().count() < 400, "{case}");
}
