//! What tok says beside its answer, on stderr: notes, unless `-q`, and the conversation with the provider, with `-v`.

use std::io::Write;

use crate::term::text::clean;

/// The longest line that is written: whatever is in it, it stays readable.
pub const LONGEST_CHARACTERS: usize = 1000;

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// `-q`: no notes.
    pub quiet: bool,
    /// `-v`: the conversation as well.
    pub verbose: bool,
}

impl Notes {
    /// Says something that a user should know but that changes nothing.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            let text = clean(text, LONGEST_CHARACTERS);
            say(&format!("tok: note: {text}"));
        }
    }

    /// Says a line of the conversation. It must hold no secret.
    pub fn trace(&self, text: &str) {
        if self.verbose {
            say(&format!("tok: {}", clean(text, LONGEST_CHARACTERS)));
        }
    }
}

fn say(line: &str) {
    // If even stderr is gone there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{line}");
}
