//! Secrets in environment variables, and keeping them from the programs tok starts.

use std::ffi::OsStr;
use std::process::Command;

use crate::failure::{Failure, Kind};
use crate::profile::Environment;
use crate::secret::Secret;

/// The secret in `variable`, as it stands; none when it is not set.
pub(super) fn read(
    variable: &str,
    environment: Environment<'_>,
) -> Result<Option<Secret>, Failure> {
    let Some(value) = environment(variable) else {
        return Ok(None);
    };
    let text = value
        .into_string()
        .map_err(|_| Failure::new(Kind::Secret, "the secret is not UTF-8 text"))?;
    if text.is_empty() {
        return Err(Failure::new(Kind::Secret, "the secret is empty")
            .hint(format!("set {variable} to the secret, or unset it")));
    }
    Ok(Some(Secret::new(text)))
}

/// Takes every variable that may hold a secret of tok's out of what `command` will inherit: a child has no business with them.
pub fn withhold(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if is_private(&name) {
            command.env_remove(name);
        }
    }
}

/// Whether a variable of this name may hold a secret of tok's: `TOK_<PROFILE>_<NAME>`, whatever the secret is called.
fn is_private(name: &OsStr) -> bool {
    let Some(rest) = name.as_encoded_bytes().strip_prefix(b"TOK_") else {
        return false;
    };
    let is_var = rest.windows(5).any(|part| part == b"_VAR_") && !rest.ends_with(b"_SECRET");
    // What an outer `tok exec` gave its command is for all that the command starts.
    let is_given = [&b"TOKEN"[..], b"HEADER"]
        .iter()
        .any(|end| rest.ends_with(end));
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
        assert_eq!(
            read("SET", &environment).unwrap(),
            Some(Secret::new("s3cret\n"))
        );
        assert_eq!(read("UNSET", &environment).unwrap(), None);
        assert_eq!(
            read("EMPTY", &environment).unwrap_err().kind(),
            Kind::Secret
        );
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
            ("MY_SECRET", false),
        ] {
            assert_eq!(is_private(OsStr::new(name)), expected, "{name}");
        }
    }
}
