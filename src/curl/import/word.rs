//! A word of a command line, and the location by which an error names it.

use std::fmt;

use zeroize::Zeroizing;

/// One word, without its quotes.
pub(super) struct Word {
    /// May be a secret.
    pub(super) text: Zeroizing<String>,
    /// Counted from 1.
    pub(super) number: usize,
    /// The line it begins on, from 1.
    pub(super) line: usize,
    /// Whether no part of it was quoted.
    pub(super) is_bare: bool,
}

/// Where a word is, and the option it begins with. Contains no value, which may be a secret.
#[derive(Debug, PartialEq)]
pub struct Location {
    pub(super) number: usize,
    pub(super) line: usize,
    pub(super) option: Option<String>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "word {} (line {})", self.number, self.line)?;
        match &self.option {
            Some(option) => write!(f, ", `{option}`"),
            None => Ok(()),
        }
    }
}

impl Word {
    pub(super) fn location(&self) -> Location {
        let is_long = self.text.starts_with("--");
        let option: String = self
            .text
            .chars()
            // After a short option's letter its value may follow.
            .take(if is_long { 30 } else { 2 })
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect();
        Location {
            number: self.number,
            line: self.line,
            option: (option.starts_with('-') && option.len() > 1).then_some(option),
        }
    }
}
