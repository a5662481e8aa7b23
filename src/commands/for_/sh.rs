//! POSIX shells: an `export` line for `eval`.
//!
//! Format: "Shell Command Language" (POSIX.1-2017 XCU §2.2.2): within single quotes every character is itself, and none can stand for a
//! single quote, so that one is written outside of them.

use crate::commands::for_::set_in_quotes;
use crate::commands::for_::variable::Variable;
use crate::secret::Secret;

/// `export NAME='…'` and a line end.
#[must_use]
pub fn export(name: &Variable, token: &Secret) -> Secret {
    set_in_quotes("export ", name, "=", token, |character| {
        (character == '\'').then_some("'\\''")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_token_ends_the_quotes() {
        let name = "T".parse().unwrap();
        let cases = [
            ("abc", "export T='abc'\n"),
            ("a'b", "export T='a'\\''b'\n"),
            ("';id;'", "export T=''\\'';id;'\\'''\n"),
            ("$(id)`id`\\\"!", "export T='$(id)`id`\\\"!'\n"),
        ];
        for (token, expected) in cases {
            assert_eq!(export(&name, &Secret::new(token)).expose(), expected);
        }
    }
}
