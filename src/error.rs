//! Errors as data: a kind for scripts, the subjects, the reason, and the next step.
//!
//! A module's own error enum (`thiserror`) becomes the reason of an [`Error`] where it leaves the module; only [`report`] makes text.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::term::colour::{ERROR, HINT};
use crate::term::text::clean;
pub use crate::term::text::io_text;

/// The kinds of failure that a script can distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A fault in tok or the system.
    Unexpected,
    /// The command line is wrong.
    Usage,
    /// The config file or the profile is wrong.
    Config,
    /// A secret is missing, locked or unreachable.
    Secret,
    /// The provider refused.
    Refused,
    /// Not reached, or asked to come back (DNS, time-out, 408, 429, 5xx).
    Unreachable,
    /// The answer contains no usable token.
    Unusable,
    /// Another try will not help (certificate, TLS version, a proxy that refuses).
    Connection,
}

impl Kind {
    /// Scripts rely on the exit codes: never renumber.
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
            Self::Connection => 8,
        }
    }
}

/// A subject of an error, such as the profile (outermost) or the key (innermost).
/// The cache stores subjects: add variants, never rename them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A profile of the config.
    Profile(String),
    /// A step of a profile.
    Step(String),
    /// A file, and a line counted from 1.
    File(PathBuf, Option<usize>),
    /// A key, as the user writes it.
    Key(String),
    /// A member of `values` in a profile.
    Value(String),
    /// A secret of a profile, by name.
    Secret(String),
    /// A secret's source.
    Source(String),
    /// An attempted action, as in "could not read stdin".
    Action(Cow<'static, str>),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile(name) => write!(f, "profile `{name}`"),
            Self::Step(name) => write!(f, "step `{name}`"),
            Self::File(path, None) => write!(f, "{}", path.display()),
            Self::File(path, Some(line)) => write!(f, "{}:{line}", path.display()),
            Self::Key(key) => write!(f, "`{key}`"),
            Self::Value(name) => write!(f, "value `{name}`"),
            Self::Secret(text) | Self::Source(text) => f.write_str(text),
            Self::Action(text) => f.write_str(text),
        }
    }
}

#[derive(Clone, Debug)]
enum Reason {
    Text(Cow<'static, str>),
    Typed(Arc<dyn std::error::Error + Send + Sync>),
}

/// An error for the user. It never contains a secret.
#[derive(Clone, Debug)]
pub struct Error(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: Kind,
    subjects: Vec<Subject>,
    reason: Reason,
    hint: Option<Cow<'static, str>>,
    retry_at_unix_ms: Option<i64>,
    exit_code: Option<u8>,
}

impl Error {
    /// The reason is a lower-case phrase without subject or final period.
    pub fn new(kind: Kind, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::with(kind, Reason::Text(reason.into()))
    }

    /// Makes an error of `kind` whose reason is another error.
    pub fn of(kind: Kind, reason: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::with(kind, Reason::Typed(Arc::new(reason)))
    }

    fn with(kind: Kind, reason: Reason) -> Self {
        Self(Box::new(Parts {
            kind,
            subjects: Vec::new(),
            reason,
            hint: None,
            retry_at_unix_ms: None,
            exit_code: None,
        }))
    }

    /// Sets the next step: an imperative with the exact command or key.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds an outermost subject.
    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        self.0.subjects.insert(0, subject);
        self
    }

    #[must_use]
    pub(crate) fn without_outermost(mut self) -> Self {
        if !self.0.subjects.is_empty() {
            self.0.subjects.remove(0);
        }
        self
    }

    /// Adds the profile as the outermost subject.
    #[must_use]
    pub fn profile(self, name: impl Into<String>) -> Self {
        self.about(Subject::Profile(name.into()))
    }

    /// Sets the earliest time of another request (Unix milliseconds; `Retry-After`, RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_at(mut self, unix_ms: i64) -> Self {
        self.0.retry_at_unix_ms = Some(unix_ms);
        self
    }

    /// Only for a command that could not be started (126, 127, as in shells).
    #[must_use]
    pub fn with_exit_code(mut self, code: u8) -> Self {
        self.0.exit_code = Some(code);
        self
    }

    /// Changes the texts, for redaction only.
    #[must_use]
    pub fn redacted(mut self, change: impl Fn(&str) -> String) -> Self {
        self.0.reason = match self.0.reason {
            Reason::Text(text) => Reason::Text(change(&text).into()),
            Reason::Typed(error) => {
                let text = chain(&*error);
                let changed = change(&text);
                if changed == text {
                    Reason::Typed(error)
                } else {
                    Reason::Text(changed.into())
                }
            }
        };
        self.0.hint = self.0.hint.map(|hint| change(&hint).into());
        self
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The subjects, from the outermost to the innermost.
    #[must_use]
    pub fn subjects(&self) -> &[Subject] {
        &self.0.subjects
    }

    /// The typed reason, if it is a `T`.
    #[must_use]
    pub fn reason<T: std::error::Error + 'static>(&self) -> Option<&T> {
        match &self.0.reason {
            Reason::Typed(error) => error.downcast_ref(),
            Reason::Text(_) => None,
        }
    }

    /// The next step.
    #[must_use]
    pub fn next_step(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// When the provider may be asked again (Unix milliseconds).
    #[must_use]
    pub fn retry_at_unix_ms(&self) -> Option<i64> {
        self.0.retry_at_unix_ms
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for subject in &self.0.subjects {
            text.push_str(&format!("{subject}: "));
        }
        match &self.0.reason {
            Reason::Text(reason) => text.push_str(reason),
            Reason::Typed(error) => text.push_str(&chain(&**error)),
        }
        // A config, provider or cache file may contain terminal escapes.
        f.write_str(&clean(&text, usize::MAX))
    }
}

impl std::error::Error for Error {}

/// Errors are equal if a user could not tell them apart.
impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        let shown = |error: &Self| (error.0.kind, error.to_string(), error.0.retry_at_unix_ms);
        shown(self) == shown(other) && self.0.hint == other.0.hint
    }
}

impl Eq for Error {}

/// Makes an [`Error`] of a module's own error type.
pub trait OrFail<T> {
    /// Makes the error the reason of an [`Error`] of `kind`.
    fn or_fail(self, kind: Kind) -> Result<T, Error>;
}

impl<T, E: std::error::Error + Send + Sync + 'static> OrFail<T> for Result<T, E> {
    fn or_fail(self, kind: Kind) -> Result<T, Error> {
        self.map_err(|error| Error::of(kind, error))
    }
}

/// An exit code with nothing left to report, as after help or the command of `tok exec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silent(pub u8);

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {}", self.0)
    }
}

impl std::error::Error for Silent {}

/// Returns the code of an [`Error`] or `Silent` in the chain, else 1.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if let Some(Silent(code)) = error.downcast_ref() {
        return *code;
    }
    error
        .downcast_ref::<Error>()
        .map_or(Kind::Unexpected.exit_code(), |error| {
            error.0.exit_code.unwrap_or(error.0.kind.exit_code())
        })
}

/// Writes `tok: ` and the error in one line, then a blank line and the hint. `out` must strip colour where needed.
pub fn report(error: &anyhow::Error, out: &mut impl Write) -> io::Result<()> {
    if error.is::<Silent>() {
        return Ok(());
    }
    let links: Vec<String> = error.chain().map(text_of).collect();
    let text = links.join(": ");
    writeln!(out, "{ERROR}tok:{ERROR:#} {text}")?;
    if let Some(hint) = error.downcast_ref::<Error>().and_then(Error::next_step) {
        let hint = clean(hint, usize::MAX);
        writeln!(out, "\n{HINT}hint:{HINT:#} {hint}")?;
    }
    Ok(())
}

/// Joins an error and its sources in one line.
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = text_of(error);
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&text_of(source));
        next = source.source();
    }
    text
}

fn text_of(error: &(dyn std::error::Error + 'static)) -> String {
    match error.downcast_ref::<io::Error>() {
        Some(error) => io_text(error),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot be read")]
    struct Unreadable(#[source] io::Error);

    #[test]
    fn an_error_keeps_its_exit_code_under_added_context() {
        let cases = [
            (Kind::Unexpected, 1),
            (Kind::Usage, 2),
            (Kind::Config, 3),
            (Kind::Secret, 4),
            (Kind::Refused, 5),
            (Kind::Unreachable, 6),
            (Kind::Unusable, 7),
            (Kind::Connection, 8),
        ];
        for (kind, code) in cases {
            let error = Err::<(), _>(Error::new(kind, "inner"))
                .context("outer")
                .unwrap_err();
            assert_eq!(exit_code(&error), code);
        }
        assert_eq!(exit_code(&anyhow::anyhow!("anything else")), 1);
    }

    #[test]
    fn sources_are_shown_without_error_numbers() {
        let missing = io::Error::from_raw_os_error(2);
        let words = io_text(&missing);
        assert!(!words.contains("os error"));
        let error =
            Error::of(Kind::Config, Unreadable(missing)).about(Subject::Key("ca_file".into()));
        assert_eq!(
            error.to_string(),
            format!("`ca_file`: cannot be read: {words}")
        );
        assert!(error.reason::<Unreadable>().is_some());
    }

    #[test]
    fn a_report_is_one_line_then_a_blank_line_and_the_hint() {
        let error = Error::new(Kind::Config, "no such profile")
            .hint("try `tok list`")
            .profile("cint");
        let mut out = Vec::new();
        report(&error.into(), &mut out).unwrap();
        let text = anstream::adapter::strip_bytes(&out).into_vec();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "tok: profile `cint`: no such profile\n\nhint: try `tok list`\n"
        );
    }
}
