//! POSIX shells: an `export` line for `eval`.
//!
//! Format: POSIX.1-2017 XCU §2.2.2: a single quote cannot be within single quotes.

use crate::commands::for_::variable::{self, Args, Form};
use crate::commands::spec::{self, Group, Spec};

pub(super) const COMMAND: Spec = Spec {
    name: "sh",
    about: "An `export` line for sh, bash and zsh",
    details: "`eval \"$(tok …)\"` hides that tok failed. In a script:

  E=$(tok for sh cint) && eval \"$E\"",
    group: Group::Inner,
    examples: "\
E=$(tok for sh cint) && eval \"$E\"
E=$(tok for sh cint --name GH_TOKEN) && eval \"$E\"",
    commands: &[],
    arguments: spec::add::<Args>,
    run: |matches, session, out| variable::run(&FORM, matches, session, out),
};

const FORM: Form = Form {
    around: ["export ", "='", "'"],
    escape: |character| (character == '\'').then_some("'\\''"),
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
            ("abc", "export T='abc'\n"),
            ("a'b", "export T='a'\\''b'\n"),
            ("';id;'", "export T=''\\'';id;'\\'''\n"),
            ("$(id)`id`\\\"!", "export T='$(id)`id`\\\"!'\n"),
        ] {
            let line = FORM.assign(&name, &Secret::new(token)).unwrap();
            assert_eq!(line.expose(), expected);
        }
    }
}
