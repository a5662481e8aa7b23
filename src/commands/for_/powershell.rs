//! PowerShell: an assignment for `Invoke-Expression`.
//!
//! Format: "about_Quoting_Rules". PowerShell accepts typographic single quotes too.

use crate::commands::for_::variable::{self, Args, Form};
use crate::commands::spec::{self, Group, Spec};

pub(super) const COMMAND: Spec = Spec {
    name: "powershell",
    about: "An assignment for PowerShell: `tok for powershell cint | iex`",
    details: "",
    group: Group::Inner,
    examples: "tok for powershell cint | iex",
    commands: &[],
    arguments: spec::add::<Args>,
    run: |matches, session, out| variable::run(&FORM, matches, session, out),
};

const FORM: Form = Form {
    around: ["$env:", " = '", "'"],
    escape: |character| match character {
        '\'' => Some("''"),
        '\u{2018}' => Some("\u{2018}\u{2018}"),
        '\u{2019}' => Some("\u{2019}\u{2019}"),
        '\u{201a}' => Some("\u{201a}\u{201a}"),
        '\u{201b}' => Some("\u{201b}\u{201b}"),
        _ => None,
    },
    check: |_| Ok(()),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn nothing_in_a_token_ends_the_quotes() {
        let name = "T".parse().unwrap();
        for (token, expected) in [
            ("abc", "$env:T = 'abc'\n"),
            ("a'b", "$env:T = 'a''b'\n"),
            ("\u{2019};id", "$env:T = '\u{2019}\u{2019};id'\n"),
            ("$x`\"$(id)", "$env:T = '$x`\"$(id)'\n"),
        ] {
            let line = FORM.assign(&name, &Secret::new(token)).unwrap();
            assert_eq!(line.expose(), expected);
        }
    }
}
