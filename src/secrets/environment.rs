//! Secrets in environment variables, and keeping them from the programs tok starts.

use std::ffi::OsStr;
use std::process::Command;

use crate::profile::Environment;
use crate::secret::NotASecret;
use crate::secrets::Given;
use crate::secrets::failure::Failure;

pub(super) fn read(variable: &str, environment: Environment<'_>) -> Result<Option<Given>, Failure> {
    let Some(value) = environment(variable) else {
        return Ok(None);
    };
    let text = value.into_string().map_err(|_| NotASecret::NotUtf8)?;
    match Given::of_variable(text) {
        Err(Failure::NotASecret(NotASecret::Empty)) => {
            Err(Failure::EmptyVariable(variable.to_owned()))
        }
        given => given.map(Some),
    }
}

/// Removes every variable that may hold a tok secret from the environment of `command`.
pub fn withhold(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if is_private(&name, &|other| std::env::var_os(other).is_some()) {
            command.env_remove(name);
        }
    }
}

fn is_private(name: &OsStr, is_set: &dyn Fn(&str) -> bool) -> bool {
    let Some(rest) = name.as_encoded_bytes().strip_prefix(b"TOK_") else {
        return false;
    };
    let is_var = rest.windows(5).any(|part| part == b"_VAR_") && !rest.ends_with(b"_SECRET");
    // An outer `tok exec` always sets both for everything that its command starts, but a secret may be called `refresh_token`.
    let other = |end: &str, other: &str| {
        let start = name.to_str()?.strip_suffix(end)?;
        Some(is_set(&format!("{start}{other}")))
    };
    let is_given = other("TOKEN", "HEADER").or_else(|| other("HEADER", "TOKEN")) == Some(true);
    !(matches!(rest, b"CONFIG" | b"PROFILE" | b"KEYRING") || is_var || is_given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    #[test]
    fn an_unset_variable_is_not_an_empty_one() {
        let environment = |name: &str| match name {
            "SET" => Some(OsString::from("s3cret\n")),
            "EMPTY" => Some(OsString::new()),
            _ => None,
        };
        let set = read("SET", &environment).unwrap().unwrap();
        assert_eq!(set.secret.expose(), "s3cret");
        assert!(set.is_trimmed);
        assert!(read("UNSET", &environment).unwrap().is_none());
        assert!(matches!(
            read("EMPTY", &environment),
            Err(Failure::EmptyVariable(_))
        ));
    }

    #[test]
    fn only_toks_own_secrets_are_withheld() {
        for (name, expected) in [
            ("TOK_CINT_CLIENT_SECRET", true),
            ("TOK_CINT_API_KEY", true),
            ("TOK_A_VAR_B_CLIENT_SECRET", true),
            ("TOK_CINT_VAR_TENANT", false),
            ("TOK_CONFIG", false),
            ("TOK_PROFILE", false),
            ("TOK_TOKEN", false),
            ("TOK_CINT_HEADER", false),
            ("TOK_CINT_TOKEN", false),
            ("TOK_CINT_REFRESH_TOKEN", true),
            ("TOK_CINT_API_HEADER", true),
            ("MY_SECRET", false),
        ] {
            let is_set = |name: &str| {
                [
                    "TOK_TOKEN",
                    "TOK_HEADER",
                    "TOK_CINT_TOKEN",
                    "TOK_CINT_HEADER",
                ]
                .contains(&name)
            };
            assert_eq!(is_private(OsStr::new(name), &is_set), expected, "{name}");
        }
    }
}
