//! git: what a credential helper is asked and what it answers.
//!
//! Format: "git-credential(1)", INPUT/OUTPUT FORMAT: `key=value` lines to a blank line or the end, no quoting; and "gitcredentials(7)", CUSTOM
//! HELPERS. `password_expiry_utc` (Unix time, seconds) is known to git 2.41 and later and ignored before.

use crate::secret::Secret;

/// The user name where neither git nor the command line says another: what GitLab documents for OAuth tokens, and the others ignore.
pub const USERNAME: &str = "oauth2";

/// What git says of the credential that it wants, or that it got and that did or did not work.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The scheme, as in `https`.
    pub protocol: String,
    /// The host, with the port if the URL had one.
    pub host: String,
    /// The user name of the URL, if it had one.
    pub username: Option<String>,
    /// The password that git tried.
    pub password: Option<Secret>,
}

impl Request {
    /// Reads a request; none when it has no host, or says something twice that matters here, which git itself never does.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
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

    /// The user name to answer with: `wanted` by the command line, else the URL's, else [`USERNAME`]; none when the first two differ, for
    /// then git asks for somebody else's credential.
    #[must_use]
    pub fn answer_username<'a>(&'a self, wanted: Option<&'a str>) -> Option<&'a str> {
        match (wanted, self.username.as_deref()) {
            (Some(wanted), Some(asked)) if wanted != asked => None,
            (wanted, asked) => Some(wanted.or(asked).unwrap_or(USERNAME)),
        }
    }
}

/// The answer to `get`.
#[must_use]
pub fn answer(username: &str, token: &Secret, expires_at_unix_ms: Option<i64>) -> Secret {
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
    fn a_request_is_read_to_its_blank_line() {
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
    fn what_git_would_never_say_is_no_request() {
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
    fn a_credential_of_another_user_is_not_answered() {
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
    fn an_answer_says_until_when_in_seconds() {
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
