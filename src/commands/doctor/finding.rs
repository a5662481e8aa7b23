//! What a check found, and how it is told: a line for a person, an object for a program.

use serde_json::{Value, json};

use crate::error::{Error, Kind};
use crate::term::colour::{ASIDE, ERROR, GOOD, NAME, paint};
use crate::term::table;
use crate::term::text::clean;

/// The longest line about a check: a hint with a path or two fits.
const LONGEST_CHARACTERS: usize = 1000;

/// What became of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All is well, and this is what there is.
    Fine(String),
    /// It is not, and this is what to do.
    Failed(Error),
    /// It could not be or need not be looked at, for this reason.
    Skipped(String),
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// What was looked at, in a word.
    pub(super) check: String,
    pub(super) outcome: Outcome,
}

impl Finding {
    pub(super) fn new(check: impl Into<String>, found: Result<String, Error>) -> Self {
        let outcome = match found {
            Ok(found) => Outcome::Fine(found),
            Err(failure) => Outcome::Failed(failure),
        };
        Self {
            check: check.into(),
            outcome,
        }
    }

    pub(super) fn skipped(check: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            check: check.into(),
            outcome: Outcome::Skipped(why.into()),
        }
    }

    /// The kind of failure, if it is one.
    pub(super) fn failed(&self) -> Option<Kind> {
        match &self.outcome {
            Outcome::Failed(failure) => Some(failure.kind()),
            _ => None,
        }
    }
}

/// A line for each of `findings`.
pub(super) fn text(findings: &[Finding]) -> String {
    let rows: Vec<_> = findings
        .iter()
        .map(|finding| {
            let (mark, said) = match &finding.outcome {
                Outcome::Fine(found) => (paint(GOOD, "ok"), found.clone()),
                Outcome::Skipped(why) => (paint(ASIDE, "-"), why.clone()),
                Outcome::Failed(failure) => {
                    let hint = failure
                        .next_step()
                        .map_or_else(String::new, |hint| format!("; {hint}"));
                    (paint(ERROR, "FAIL"), format!("{failure}{hint}"))
                }
            };
            vec![
                mark,
                paint(NAME, &finding.check),
                clean(&said, LONGEST_CHARACTERS),
            ]
        })
        .collect();
    table::lines(&rows)
}

/// `findings` as one JSON array.
pub(super) fn json(findings: &[Finding]) -> String {
    let all: Vec<Value> = findings
        .iter()
        .map(|finding| match &finding.outcome {
            Outcome::Fine(found) => {
                json!({ "check": finding.check, "result": "ok", "message": found })
            }
            Outcome::Skipped(why) => {
                json!({ "check": finding.check, "result": "skipped", "message": why })
            }
            Outcome::Failed(failure) => json!({
                "check": finding.check,
                "result": "failed",
                "message": failure.to_string(),
                "hint": failure.next_step(),
                "exit_code": failure.kind().exit_code(),
            }),
        })
        .collect();
    format!("{}\n", json!(all))
}
