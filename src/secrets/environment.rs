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

/// Takes every `TOK_…_SECRET` variable out of what `command` will inherit: a child has no business with them.
pub fn withhold(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if is_secret(&name) {
            command.env_remove(name);
        }
    }
}

/// Whether a variable of this name holds a secret of tok's.
fn is_secret(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b"TOK_") && name.ends_with(b"_SECRET")
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
            ("TOK_CONFIG", false),
            ("MY_SECRET", false),
        ] {
            assert_eq!(is_secret(OsStr::new(name)), expected, "{name}");
        }
    }
}
