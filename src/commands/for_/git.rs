//! git: a credential helper.
//!
//! Format: git-credential(1), INPUT/OUTPUT FORMAT: `key=value` lines to a blank line or the end, no
//! quoting. Git before 2.41 ignores `password_expiry_utc` (Unix time, seconds).

use std::io::Write;

use crate::clock::Now;
use crate::commands::for_::credential_helper::{Login, USERNAME, note_not_listed, reject, request};
use crate::commands::for_::hosts;
use crate::commands::get::get;
use crate::commands::session::{Session, write};
use crate::commands::spec::{Execute, Spec};
use crate::error::{Error, Kind};
use crate::secret::Secret;

pub(super) const COMMAND: Spec = Spec {
    name: "git",
    about: "A credential helper for git",
    details: "Answers only for the hosts that --host names.",
    examples: "\
git config --global credential.https://git.example.com.helper \\
  '!tok for git --host git.example.com cint'",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Args {
    #[command(flatten)]
    login: Login,
}

/// git calls every helper for every host, and expects no output for others (gitcredentials(7)).
impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let login = &self.login;
        let Some(request) = Request::read(&request()?) else {
            return Err(Error::new(
                Kind::Usage,
                "stdin is not a git credential request (lines such as `protocol=https` and `host=…`)",
            )
            .into());
        };
        if !hosts::allow(&login.hosts.list, &request.protocol, &request.host) {
            note_not_listed(session, &request.host);
            return Ok(());
        }
        let Some(username) = request.answer_username(login.username.as_deref()) else {
            return Ok(());
        };
        match login.operation.as_str() {
            "get" => {
                let token = get(session, &login.fetch)?.1;
                let expires = token.expires_at_unix_ms(&Now::read());
                write(out, answer(username, &token.access_token, expires).expose())
            }
            "erase" => match &request.password {
                Some(refused) => reject(session, &login.fetch, Some(refused)),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    protocol: String,
    /// With the port if the URL has one.
    host: String,
    username: Option<String>,
    password: Option<Secret>,
}

impl Request {
    /// Returns `None` without a host, or if a key is repeated, which git never does.
    fn read(text: &str) -> Option<Self> {
        let (mut protocol, mut host, mut username, mut password) = (None, None, None, None);
        for line in text.split('\n').take_while(|line| !line.is_empty()) {
            let (key, value) = line.split_once('=')?;
            let known = match key {
                "protocol" => &mut protocol,
                "host" => &mut host,
                "username" => &mut username,
                "password" => &mut password,
                _ => continue,
            };
            if known.replace(value).is_some() {
                return None;
            }
        }
        Some(Self {
            protocol: protocol?.to_owned(),
            host: host?.to_owned(),
            username: username.map(str::to_owned),
            password: password.map(Secret::new),
        })
    }

    /// Returns `wanted` from the command line, the URL's user, or [`USERNAME`]; `None` if git asks for
    /// another user than `wanted`.
    fn answer_username<'a>(&'a self, wanted: Option<&'a str>) -> Option<&'a str> {
        match (wanted, self.username.as_deref()) {
            (Some(wanted), Some(asked)) if wanted != asked => None,
            (wanted, asked) => Some(wanted.or(asked).unwrap_or(USERNAME)),
        }
    }
}

fn answer(username: &str, token: &Secret, expires_at_unix_ms: Option<i64>) -> Secret {
    let mut out = Secret::default();
    for part in ["username=", username, "\npassword=", token.expose(), "\n"] {
        out.push(part);
    }
    if let Some(expires) = expires_at_unix_ms {
        out.push(&format!(
            "password_expiry_utc={}\n",
            expires.div_euclid(1000)
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_is_read_to_its_blank_line() {
        let request = Request::read(
            "capability[]=authtype\nprotocol=https\nhost=git.example:8443\nusername=u\npassword=p=q\nwwwauth[]=Basic\nwwwauth[]=Bearer\n\nhost=evil",
        );
        let expected = Request {
            protocol: "https".into(),
            host: "git.example:8443".into(),
            username: Some("u".into()),
            password: Some(Secret::new("p=q")),
        };
        assert_eq!(request, Some(expected));
    }

    #[test]
    fn text_that_git_never_sends_is_not_a_request() {
        for text in [
            "",
            "protocol=https\n",
            "host=a\n",
            "protocol=https\nhost=a\nhost=b\n",
            "protocol=https\nprotocol=http\nhost=a\n",
            "protocol=https\nhost=a\nrubbish\n",
        ] {
            assert_eq!(Request::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn another_users_credential_is_not_answered() {
        let request = |username: Option<&str>| Request {
            username: username.map(str::to_owned),
            ..Request::default()
        };
        let cases = [
            (None, None, Some("oauth2")),
            (None, Some("a"), Some("a")),
            (Some("a"), None, Some("a")),
            (Some("a"), Some("a"), Some("a")),
            (Some("a"), Some("b"), None),
        ];
        for (wanted, asked, expected) in cases {
            assert_eq!(request(asked).answer_username(wanted), expected);
        }
    }

    #[test]
    fn answer_has_its_expiry_in_seconds() {
        let token = Secret::new("t=1");
        assert_eq!(
            answer("u", &token, Some(1_999)).expose(),
            "username=u\npassword=t=1\npassword_expiry_utc=1\n"
        );
        assert_eq!(
            answer("u", &token, None).expose(),
            "username=u\npassword=t=1\n"
        );
    }
}
