//! What can go wrong, in the terms a script can act on: each failure has a kind, and each kind one exit code.
//!
//! Everything below `main` returns errors; only `main` turns one into a message and a number, through [`exit_code`] and [`report`].

use std::fmt;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::term::colour::{ERROR, HINT};

/// The reason a run ended without what was asked for, as a script would tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nobody foresaw it: report it.
    Unexpected,
    /// The command line is wrong: fix the command.
    Usage,
    /// The config file or the profile is wrong: fix the file.
    Config,
    /// A secret is missing, locked or unreachable: set it, unlock it.
    Secret,
    /// The provider refused: fix credentials or permissions.
    Refused,
    /// The provider was not reached, or said to come back (DNS, TLS, time-out, 408, 429, 5xx): try again later.
    Unreachable,
    /// The provider's answer held no usable token: fix the profile's `response`.
    Unusable,
}

impl Kind {
    /// The exit code that stands for this kind. Part of the command line's promise: never renumbered.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Secret => 4,
            Self::Refused => 5,
            Self::Unreachable => 6,
            Self::Unusable => 7,
        }
    }
}

/// An error a user meets: its kind, one line that says what is wrong, and what to do next where that is known.
///
/// The message is lower case, has no final period, names the profile, file or key, and never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    kind: Kind,
    message: String,
    hint: Option<String>,
    retry_at_unix_ms: Option<i64>,
    exit_code: Option<u8>,
}

impl Failure {
    /// A failure of `kind` that says `message`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: without_numbers(&message.into()),
            hint: None,
            retry_at_unix_ms: None,
            exit_code: None,
        }
    }

    /// The same failure with the next step a user should take.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure with `prefix: ` before its message: each boundary adds what it knows.
    #[must_use]
    pub fn context(mut self, prefix: impl fmt::Display) -> Self {
        self.message = format!("{prefix}: {}", self.message);
        self
    }

    /// The same failure with the moment (Unix time, milliseconds) before which the provider does not want to be
    /// asked again (`Retry-After`, RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_at(mut self, unix_ms: i64) -> Self {
        self.retry_at_unix_ms = Some(unix_ms);
        self
    }

    /// The same failure with an exit code of its own: only for a command that could not be started, where shells have a custom (126, 127).
    #[must_use]
    pub fn with_exit_code(mut self, code: u8) -> Self {
        self.exit_code = Some(code);
        self
    }

    /// The same failure with `change` made to each of its texts.
    #[must_use]
    pub fn map_texts(mut self, change: impl Fn(&str) -> String) -> Self {
        self.message = change(&self.message);
        self.hint = self.hint.as_deref().map(change);
        self
    }

    /// What a script can act on.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The line that says what is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The next step, where there is one.
    #[must_use]
    pub fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// When the provider may be asked again (Unix time, milliseconds), where it said so.
    #[must_use]
    pub fn retry_at_unix_ms(&self) -> Option<i64> {
        self.retry_at_unix_ms
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// An end with this exit code and nothing left to report: help was shown where a command was missing, or, where a process cannot become
/// another one, the command that `tok exec` ran ended with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silent(pub u8);

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {}", self.0)
    }
}

impl std::error::Error for Silent {}

/// The exit code for `error`: that of the [`Failure`] or [`Silent`] anywhere in its chain, else 1.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if let Some(Silent(code)) = error.downcast_ref() {
        return *code;
    }
    error
        .downcast_ref::<Failure>()
        .map_or(Kind::Unexpected.exit_code(), |failure| {
            failure.exit_code.unwrap_or(failure.kind.exit_code())
        })
}

/// Writes `error` for a person: `tok: ` and the chain in one line, then a blank line and the hint. `out` must be a stream that takes colour
/// out where there should be none.
///
/// # Errors
/// Only what `out` itself returns.
pub fn report(error: &anyhow::Error, out: &mut impl Write) -> io::Result<()> {
    if error.is::<Silent>() {
        return Ok(());
    }
    let said = without_numbers(&format!("{error:#}"));
    writeln!(out, "{ERROR}tok:{ERROR:#} {said}")?;
    if let Some(hint) = error.downcast_ref::<Failure>().and_then(Failure::next_step) {
        writeln!(out, "\n{HINT}hint:{HINT:#} {hint}")?;
    }
    Ok(())
}

/// `text` without the ` (os error 2)` that Rust puts after the system's own words, which say the same.
#[must_use]
pub fn without_numbers(text: &str) -> String {
    const BEFORE: &str = " (os error ";
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEFORE) {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        said.push_str(before);
        match after[digits..].strip_prefix(')') {
            Some(behind) if digits > 0 => rest = behind,
            _ => {
                said.push_str(BEFORE);
                rest = after;
            }
        }
    }
    said.push_str(rest);
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_failure_keeps_its_exit_code_under_added_context() {
        let cases = [
            (Kind::Unexpected, 1),
            (Kind::Usage, 2),
            (Kind::Config, 3),
            (Kind::Secret, 4),
            (Kind::Refused, 5),
            (Kind::Unreachable, 6),
            (Kind::Unusable, 7),
        ];
        for (kind, code) in cases {
            let error = Err::<(), _>(Failure::new(kind, "inner"))
                .context("outer")
                .unwrap_err();
            assert_eq!(exit_code(&error), code);
        }
        assert_eq!(exit_code(&anyhow::anyhow!("anything else")), 1);
    }

    #[test]
    fn the_systems_words_stay_and_its_numbers_go() {
        let cases = [
            ("no: No such file (os error 2)", "no: No such file"),
            ("a (os error 1): b (os error 22), c", "a: b, c"),
            ("a (os error x) (os error ", "a (os error x) (os error "),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(without_numbers(text), expected);
        }
    }

    #[test]
    fn a_report_is_one_line_then_a_blank_line_and_the_hint() {
        let failure = Failure::new(Kind::Config, "no such profile").hint("try `tok list`");
        let mut out = Vec::new();
        report(&failure.context("cint").into(), &mut out).unwrap();
        let said = anstream::adapter::strip_bytes(&out).into_vec();
        assert_eq!(
            String::from_utf8(said).unwrap(),
            "tok: cint: no such profile\n\nhint: try `tok list`\n"
        );
    }
}
