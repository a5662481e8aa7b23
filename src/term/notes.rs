//! Notes on stderr (unless `-q`), and the requests and answers with `-v`.

use std::io::Write;

use crate::term::text::clean;

/// The longest line that is written.
pub const LONGEST_CHARACTERS: usize = 1000;

/// How much is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// `-q`: no notes.
    pub quiet: bool,
    /// `-v`: requests and answers too.
    pub verbose: bool,
}

impl Notes {
    /// Writes a note, which changes no result.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            let text = clean(text, LONGEST_CHARACTERS);
            say(&format!("tok: note: {text}"));
        }
    }

    /// Writes a line about a request or answer. It must not contain a secret.
    pub fn trace(&self, text: &str) {
        if self.verbose {
            say(&format!("tok: {}", clean(text, LONGEST_CHARACTERS)));
        }
    }
}

fn say(line: &str) {
    // A closed stderr is not an error here.
    let _ = writeln!(std::io::stderr(), "{line}");
}
