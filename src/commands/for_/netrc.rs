//! Programs that read a netrc file (curl, Python's requests, pip, Go, hub): a line for each host.
//!
//! curl and Python read quotes, `\` and `#` differently, so words with them are refused.

use std::io::Write;
use std::str::FromStr;

use crate::commands::for_::variable::check_plain;
use crate::commands::get::{Fetch, get};
use crate::commands::session::{Session, write};
use crate::commands::spec::{Execute, Spec};
use crate::secret::Secret;

pub(super) const COMMAND: Spec = Spec {
    name: "netrc",
    about: "A netrc line: the token as the password for a host",
    details: "In a script, so that nothing is sent when tok fails:

  N=$(tok for netrc --host api.example.com cint) &&
    curl --netrc-file <(printf '%s\\n' \"$N\") https://api.example.com/",
    examples: "\
tok for netrc --host api.example.com cint
tok for netrc --host pypi.example.com --username __token__ cint",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Args {
    /// The host that gets the token, without a port; may be repeated
    #[arg(long = "host", value_name = "HOST", required = true, help_heading = None)]
    hosts: Vec<Word<true>>,

    /// The user name that goes with it
    #[arg(long, value_name = "NAME", default_value = "oauth2", help_heading = None)]
    username: Word<false>,

    #[command(flatten)]
    fetch: Fetch,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let (profile, token, _) = get(session, &self.fetch)?;
        let token = token.access_token;
        check_plain(&token, b"'\"\\#", "`\\` or `#`", "netrc")
            .map_err(|error| error.profile(&profile.name))?;
        write(out, lines(&self.hosts, &self.username, &token).expose())
    }
}

fn lines(hosts: &[Word<true>], username: &Word<false>, token: &Secret) -> Secret {
    let mut out = Secret::default();
    for host in hosts {
        for part in [
            "machine ",
            &host.0,
            " login ",
            &username.0,
            " password ",
            token.expose(),
            "\n",
        ] {
            out.push(part);
        }
    }
    out
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word<const IS_HOST: bool>(String);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum NotAWord {
    #[error("must be a host name without a port, such as api.example.com")]
    Host,
    #[error("must not be empty or contain a space, a quote, `\\` or `#`")]
    Other,
}

impl<const IS_HOST: bool> FromStr for Word<IS_HOST> {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_allowed, error): (fn(u8) -> bool, _) = match IS_HOST {
            true => (
                |byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte),
                NotAWord::Host,
            ),
            false => (
                |byte| byte.is_ascii_graphic() && !b"'\"\\#".contains(&byte),
                NotAWord::Other,
            ),
        };
        match !text.is_empty() && text.bytes().all(is_allowed) {
            true => Ok(Self(text.to_owned())),
            false => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_gets_a_line() {
        let hosts = ["a.example", "127.0.0.1"].map(|host| host.parse().unwrap());
        let lines = lines(&hosts, &"oauth2".parse().unwrap(), &Secret::new("t=/+"));
        assert_eq!(
            lines.expose(),
            "machine a.example login oauth2 password t=/+\nmachine 127.0.0.1 login oauth2 password t=/+\n"
        );
    }

    #[test]
    fn word_that_parsers_read_differently_is_refused() {
        for bad in ["", "a b", "a\nmachine b", "a\"", "a'", "a\\b", "#a", "é"] {
            assert_eq!(bad.parse::<Word<false>>(), Err(NotAWord::Other), "{bad:?}");
            assert_eq!(bad.parse::<Word<true>>(), Err(NotAWord::Host), "{bad:?}");
        }
        for bad in ["a:80", "[::1]", "https://a", "a/b", "*"] {
            assert_eq!(bad.parse::<Word<true>>(), Err(NotAWord::Host), "{bad:?}");
        }
        assert!("__token__".parse::<Word<false>>().is_ok());
    }
}
