//! What a login sends besides the token request: to the device, pushed or browser's authorization endpoint.

use url::{Host, Url};

use crate::profile::grants::Login;
use crate::profile::plan::Plan;
use crate::profile::rules::Response;

const PATH: &str = "/callback";

/// A login, ready to start. The URLs are empty where the issuer's metadata gives them.
#[derive(Clone, Debug)]
pub struct LoginPlan {
    /// The key of the endpoint, for messages.
    pub key: &'static str,
    /// How the user approves.
    pub kind: Login,
    /// The device authorization request (RFC 8628 §3.1), or the pushed authorization request (RFC 9126 §2.1): the client
    /// authenticates as at the token endpoint.
    pub authorization: Plan,
    /// The page that the browser opens (RFC 6749 §4.1.1), without secrets.
    pub page: Plan,
    /// Whether the provider wants the parameters of the page in a pushed authorization request first.
    pub is_pushed: bool,
    /// The issuer that the browser must come from (RFC 9207).
    pub issuer: Option<Issuer>,
    /// How the answer to `authorization` is read.
    pub response: Response,
    /// Where the browser returns to.
    pub redirect: RedirectUri,
}

/// The issuer of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its identifier.
    pub url: String,
    /// Whether its metadata promises that the browser brings `iss`.
    pub is_always_named: bool,
}

/// A redirect URI on this machine (RFC 8252 §7.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    host: String,
    /// Without one, a free port is used for each login.
    pub port: Option<u16>,
    /// The path, which begins with a slash.
    pub path: String,
}

impl Default for RedirectUri {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: None,
            path: PATH.to_owned(),
        }
    }
}

impl RedirectUri {
    pub(super) fn read(written: &str) -> Option<Self> {
        let url = Url::parse(written).ok()?;
        let is_here = match url.host()? {
            Host::Ipv4(address) => address == std::net::Ipv4Addr::LOCALHOST,
            Host::Domain(name) => name == "localhost",
            Host::Ipv6(_) => false,
        };
        let is_plain = url.scheme() == "http"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        (is_here && is_plain).then(|| Self {
            host: url.host_str().unwrap_or_default().to_owned(),
            // The parser removes a written `:80`.
            port: match written.contains(":80/") || written.ends_with(":80") {
                true => Some(80),
                false => url.port(),
            },
            // Providers compare the text: `http://127.0.0.1:1` and `http://127.0.0.1:1/` differ.
            path: match written.matches('/').count() {
                2 => String::new(),
                _ => url.path().to_owned(),
            },
        })
    }

    /// Returns the URI with the port that tok listens on.
    #[must_use]
    pub fn with_port(&self, port: u16) -> String {
        format!("http://{}:{port}{}", self.host, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_is_on_this_machine_and_keeps_its_spelling() {
        for (written, port, with_port) in [
            ("http://127.0.0.1/cb", None, "http://127.0.0.1:7/cb"),
            (
                "http://127.0.0.1:8400/a/b",
                Some(8400),
                "http://127.0.0.1:8400/a/b",
            ),
            (
                "http://localhost:8400/",
                Some(8400),
                "http://localhost:8400/",
            ),
            ("http://localhost:8400", Some(8400), "http://localhost:8400"),
            ("http://localhost:80/cb", Some(80), "http://localhost:80/cb"),
            ("http://localhost", None, "http://localhost:7"),
        ] {
            let read = RedirectUri::read(written).unwrap();
            assert_eq!(read.port, port, "{written}");
            assert_eq!(read.with_port(port.unwrap_or(7)), with_port, "{written}");
        }
        for written in [
            "https://127.0.0.1/cb",
            "http://127.0.0.2/cb",
            "http://example.com/cb",
            "http://localhost.example.com/",
            "http://[::1]:1/cb",
            "http://user@127.0.0.1/cb",
            "http://127.0.0.1/cb?x=1",
            "http://127.0.0.1/cb#x",
            "urn:ietf:wg:oauth:2.0:oob",
            "/cb",
            "",
        ] {
            assert_eq!(RedirectUri::read(written), None, "{written}");
        }
        assert_eq!(
            RedirectUri::default().with_port(7),
            "http://127.0.0.1:7/callback"
        );
    }
}
