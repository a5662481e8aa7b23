//! fish: a `set` line for `source`.
//!
//! Format: "The fish language", Quotes: within single quotes only `\'` and `\\` are escapes.

use super::push_escaped;
use super::variable::Variable;
use crate::secret::Secret;

/// `set -gx NAME '…'` and a line end.
#[must_use]
pub fn set(name: &Variable, token: &Secret) -> Secret {
    let mut out = Secret::default();
    out.push("set -gx ");
    out.push(name.as_str());
    out.push(" '");
    push_escaped(&mut out, token.expose(), |character| match character {
        '\'' => Some("\\'"),
        '\\' => Some("\\\\"),
        _ => None,
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
