//! The names of profiles, secrets and variables, which become parts of file names and environment variables.

use crate::term::text::clean;

/// Leaves room for the rest of a file name on every platform.
const LONGEST: usize = 64;

pub(crate) const RULE: &str = "use letters, digits, `-` and `_`, beginning with a letter or digit";

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` {what}: {RULE}", clean(name, LONGEST))]
pub(crate) struct NameError {
    name: String,
    what: &'static str,
}

pub(crate) fn check(name: &str) -> Result<(), NameError> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let what = if name.is_empty() {
        "is empty"
    } else if name.len() > LONGEST {
        "is too long"
    } else if !name.starts_with(|first: char| first.is_ascii_alphanumeric())
        || !name.chars().all(is_part)
    {
        "is not a valid name"
    } else {
        return Ok(());
    };
    Err(NameError {
        name: name.to_owned(),
        what,
    })
}

/// For example `TOK_CINT_CLIENT_SECRET`.
pub(crate) fn secret_variable(profile: &str, secret: &str) -> String {
    variable(&format!("tok_{profile}_{secret}"))
}

pub(crate) fn var_variable(profile: &str, var: &str) -> String {
    variable(&format!("tok_{profile}_var_{var}"))
}

pub(crate) fn variable(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_files_and_variables() {
        for good in ["cint", "a", "9lives", "A-b_c", &"x".repeat(64)] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "-x",
            "_x",
            ".x",
            "a.b",
            "a/b",
            "..",
            "a b",
            "é",
            "a\n",
            &"x".repeat(65),
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn variables_are_upper_case_with_underscores() {
        assert_eq!(
            secret_variable("cint", "client_secret"),
            "TOK_CINT_CLIENT_SECRET"
        );
        assert_eq!(secret_variable("my-api", "api-key"), "TOK_MY_API_API_KEY");
        assert_eq!(var_variable("cint", "tenant"), "TOK_CINT_VAR_TENANT");
    }
}
