//! The result of a check, as a line of text or a JSON object.

use serde_json::{Value, json};

use crate::error::{Error, Kind};
use crate::term::colour::{ASIDE, ERROR, GOOD, NAME, paint};
use crate::term::table;
use crate::term::text::clean;

const LONGEST_CHARACTERS: usize = 1000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Fine(String),
    Failed(Error),
    Skipped(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
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

    pub(super) fn failed(&self) -> Option<Kind> {
        match &self.outcome {
            Outcome::Failed(failure) => Some(failure.kind()),
            _ => None,
        }
    }
}

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
    table::for_terminal(&rows)
}

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
