//! fish: a `set` line for `source`.
//!
//! Format: "The fish language", Quotes: within single quotes only `\'` and `\\` are escapes.

use crate::commands::for_::set_in_quotes;
use crate::commands::for_::variable::Variable;
use crate::secret::Secret;

/// `set -gx NAME '…'` and a line end.
#[must_use]
pub fn set(name: &Variable, token: &Secret) -> Secret {
    set_in_quotes("set -gx ", name, " ", token, |character| match character {
        '\'' => Some("\\'"),
        '\\' => Some("\\\\"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_token_ends_the_quotes() {
        let name = "T".parse().unwrap();
        let cases = [
            ("abc", "set -gx T 'abc'\n"),
            ("a'b\\c", "set -gx T 'a\\'b\\\\c'\n"),
            ("\\';id;'", "set -gx T '\\\\\\';id;\\''\n"),
            ("$x(id)\"", "set -gx T '$x(id)\"'\n"),
        ];
        for (token, expected) in cases {
            assert_eq!(set(&name, &Secret::new(token)).expose(), expected);
        }
    }
}
