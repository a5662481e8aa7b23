//! POSIX shells: an `export` line for `eval`.
//!
//! Format: "Shell Command Language" (POSIX.1-2017 XCU §2.2.2): within single quotes every character is itself, and none can stand for a
//! single quote, so that one is written outside of them.

use super::push_escaped;
use super::variable::Variable;
use crate::secret::Secret;

/// `export NAME='…'` and a line end.
#[must_use]
pub fn export(name: &Variable, token: &Secret) -> Secret {
    let mut out = Secret::default();
    out.push("export ");
    out.push(name.as_str());
    out.push("='");
    push_escaped(&mut out, token.expose(), |character| {
        (character == '\'').then_some("'\\''")
    });
    out.push("'\n");
    out
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
