//! Files of variables: one line that GitLab's dotenv reports, Docker's `--env-file` and systemd's `EnvironmentFile=` all read alike.
//!
//! Format: "Pass dotenv variables to specific jobs" (GitLab: `NAME=value`, quotes kept as they are) and "docker container run", `--env-file`.
//! They differ in quoting, so a value must need none.

use crate::commands::for_::variable::Variable;
use crate::error::{Error, Kind};
use crate::secret::Secret;

/// `NAME=…` and a line end.
///
/// # Errors
/// An unusable failure when the token has a character that some reader of such files would take for more than itself.
pub fn line(name: &Variable, token: &Secret) -> Result<Secret, Error> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"'\"`\\$#".contains(&byte);
    if !token.expose().bytes().all(plain) {
        return Err(Error::new(
            Kind::Unusable,
            "the token has a quote, `\\`, `$` or `#`, which readers of dotenv files take differently",
        )
        .hint("`tok for sh` quotes it for a shell, `tok for file` writes it to a file of its own"));
    }
    let mut out = Secret::default();
    out.push(name.as_str());
    out.push("=");
    out.push(token.expose());
    out.push("\n");
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_needs_no_quotes_is_written_and_any_other_refused() {
        let name = "T".parse().unwrap();
        assert_eq!(
            line(&name, &Secret::new("a.b-c_d~e+f/g=="))
                .unwrap()
                .expose(),
            "T=a.b-c_d~e+f/g==\n"
        );
        for token in [
            "a'b", "a\"b", "a`b", "a\\b", "a$b", "a#b", "a b", "a\nB=c", "é",
        ] {
            let failure = line(&name, &Secret::new(token)).unwrap_err();
            assert_eq!(failure.kind(), Kind::Unusable, "{token:?}");
            assert!(!failure.to_string().contains(token), "{token:?}");
        }
    }
}
