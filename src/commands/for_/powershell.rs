//! PowerShell: an assignment for `Invoke-Expression`.
//!
//! Format: "about_Quoting_Rules": within single quotes a doubled quote stands for one. PowerShell takes the typographic single quotes for
//! plain ones, so they are doubled as well.

use crate::commands::for_::set_in_quotes;
use crate::commands::for_::variable::Variable;
use crate::secret::Secret;

/// `$env:NAME = '…'` and a line end.
#[must_use]
pub fn assignment(name: &Variable, token: &Secret) -> Secret {
    set_in_quotes("$env:", name, " = ", token, |character| match character {
        '\'' => Some("''"),
        '\u{2018}' => Some("\u{2018}\u{2018}"),
        '\u{2019}' => Some("\u{2019}\u{2019}"),
        '\u{201a}' => Some("\u{201a}\u{201a}"),
        '\u{201b}' => Some("\u{201b}\u{201b}"),
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
            ("abc", "$env:T = 'abc'\n"),
            ("a'b", "$env:T = 'a''b'\n"),
            ("\u{2019};id", "$env:T = '\u{2019}\u{2019};id'\n"),
            ("$x`\"$(id)", "$env:T = '$x`\"$(id)'\n"),
        ];
        for (token, expected) in cases {
            assert_eq!(assignment(&name, &Secret::new(token)).expose(), expected);
        }
    }
}
