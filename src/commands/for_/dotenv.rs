//! Files of variables for GitLab's dotenv reports, Docker's `--env-file` and systemd's `EnvironmentFile=`.
//!
//! They differ in quoting, so a token that needs quotes is refused.

use crate::commands::for_::variable::{self, Args, Form, check_plain};
use crate::commands::spec::{self, Group, Spec};

pub(super) const COMMAND: Spec = Spec {
    name: "dotenv",
    about: "A NAME=value line, as in GitLab's dotenv reports",
    details: "",
    group: Group::Inner,
    examples: "tok for dotenv cint > token.env",
    commands: &[],
    arguments: spec::add::<Args>,
    run: |matches, session, out| variable::run(&FORM, matches, session, out),
};

const FORM: Form = Form {
    around: ["", "=", ""],
    escape: |_| None,
    check: |token| check_plain(token, b"'\"`\\$#", "`\\`, `$` or `#`", "dotenv"),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::secret::Secret;

    #[test]
    fn token_that_needs_quotes_is_refused() {
        let name = "T".parse().unwrap();
        let line = FORM.assign(&name, &Secret::new("a.b-c_d~e+f/g=="));
        assert_eq!(line.unwrap().expose(), "T=a.b-c_d~e+f/g==\n");
        for token in [
            "a'b", "a\"b", "a`b", "a\\b", "a$b", "a#b", "a b", "a\nB=c", "é",
        ] {
            let error = FORM.assign(&name, &Secret::new(token)).unwrap_err();
            assert_eq!(error.kind(), Kind::Unusable, "{token:?}");
            assert!(!error.to_string().contains(token), "{token:?}");
        }
    }
}
