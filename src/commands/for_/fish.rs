//! fish: a `set` line for `source`.
//!
//! Format: "The fish language", Quotes: within single quotes only `\'` and `\\` are escapes.

use crate::commands::for_::variable::{self, Args, Form};
use crate::commands::spec::{self, Group, Spec};

pub(super) const COMMAND: Spec = Spec {
    name: "fish",
    about: "A `set` line for fish: `tok for fish cint | source`",
    details: "",
    group: Group::Inner,
    examples: "tok for fish cint | source",
    commands: &[],
    arguments: spec::add::<Args>,
    run: |matches, session, out| variable::run(&FORM, matches, session, out),
};

const FORM: Form = Form {
    around: ["set -gx ", " '", "'"],
    escape: |character| match character {
        '\'' => Some("\\'"),
        '\\' => Some("\\\\"),
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
            ("abc", "set -gx T 'abc'\n"),
            ("a'b\\c", "set -gx T 'a\\'b\\\\c'\n"),
            ("\\';id;'", "set -gx T '\\\\\\';id;\\''\n"),
            ("$x(id)\"", "set -gx T '$x(id)\"'\n"),
        ] {
            let line = FORM.assign(&name, &Secret::new(token)).unwrap();
            assert_eq!(line.expose(), expected);
        }
    }
}
