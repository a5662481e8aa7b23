//! Origins, and which of them may be spoken to at all: `https` anywhere, `http` only to this machine.

use std::fmt;

use url::{Host, Url};

use crate::profile::template::{Name, Template};

/// A scheme, a host and a port (RFC 6454), known to be fit for secrets in transit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// The origin of `url`.
    ///
    /// # Errors
    /// A message when it is no URL, names no host, carries credentials, or would send secrets in the clear over a network.
    pub fn of(url: &str) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| {
            format!(
                "`{}` is no URL: {}",
                crate::term::text::clean(url, 200),
                no_url(error)
            )
        })?;
        Self::of_url(&url)
    }

    /// The origin of a parsed `url`; see [`of`](Self::of).
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_url(url: &Url) -> Result<Self, String> {
        let shown = || {
            crate::term::text::clean(
                &format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()),
                200,
            )
        };
        let Some(host) = url.host() else {
            return Err(format!("`{}` names no host", shown()));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!(
                "the URL for `{}` has a user name before its host (everything up to the `@`); credentials belong in `client_id` and `client_secret`",
                shown()
            ));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_this_machine(&host) => {}
            "http" => {
                return Err(format!(
                    "`{}` would send secrets in the clear: only https, or http to a loopback address or localhost",
                    shown()
                ));
            }
            other => return Err(format!("`{other}` URLs cannot be fetched: only https")),
        }
        Ok(Self {
            scheme: url.scheme().to_owned(),
            host: host.to_string(),
            port: url.port(),
        })
    }

    /// Host, and port where it is not the scheme's own: what a keyring entry is bound to.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority())
    }
}

/// Why something is no URL.
#[must_use]
pub fn no_url(error: url::ParseError) -> String {
    match error {
        url::ParseError::RelativeUrlWithoutBase => "it has to begin with https://".to_owned(),
        // Names in other scripts are not translated: see `idna_adapter` in Cargo.toml.
        url::ParseError::IdnaError => {
            "its host is no host name (one in another script is written `xn--…`)".to_owned()
        }
        other => other.to_string(),
    }
}

/// Whether `host` is a loopback literal or `localhost` itself: judged by the text alone, before any name is looked up.
fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => *name == "localhost",
    }
}

/// The names that stand in the host of the URL that `url` makes, where the URL as written says where its host begins.
///
/// Their values may not end the host: `https://${var.tenant}.example.com/` is a promise that the host is one of example.com's, and
/// `evil.example/` for the tenant would break it.
#[must_use]
pub fn names_in_host(url: &Template) -> Vec<Name> {
    let source = url.source();
    let Some(at) = source.find("://") else {
        return Vec::new();
    };
    let mut rest = &source[at + 3..];
    let mut names = Vec::new();
    while let Some(at) = rest.find("${") {
        if rest[..at].contains(['/', '\\', '?', '#']) {
            break;
        }
        let Some(end) = rest[at..].find('}') else {
            break;
        };
        let part = Template::parse(&rest[at..=at + end]);
        names.extend(part.iter().flat_map(Template::names).cloned());
        rest = &rest[at + end + 1..];
    }
    names
}

/// Whether `value` can stand in a host without ending it. Ports and IPv6 literals may be in it, what else makes no host the URL parser finds.
#[must_use]
pub fn stays_in_host(value: &str) -> bool {
    !value.contains(|c: char| matches!(c, '/' | '\\' | '?' | '#' | '@') || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_host_is_known_and_cannot_end_it() {
        let cases = [
            (
                "https://${var.tenant}.example.com/${var.path}",
                "var.tenant",
            ),
            ("https://a.example/${var.path}", ""),
            (
                "https://${var.a}.${env.B}:${var.c}?${var.d}",
                "var.a env.B var.c",
            ),
            ("https://${urlencode(var.a)}.example/", "var.a"),
            // The profile leaves the whole URL to its variable.
            ("${var.base}/token", ""),
            ("https://a.example", ""),
        ];
        for (url, expected) in cases {
            let names: Vec<String> = names_in_host(&Template::parse(url).unwrap())
                .iter()
                .map(Name::to_string)
                .collect();
            assert_eq!(names.join(" "), expected, "{url}");
        }
        for good in [
            "acme",
            "a-b.c",
            "localhost:8443",
            "[::1]:1",
            "xn--bcher-kva",
        ] {
            assert!(stays_in_host(good), "{good}");
        }
        for bad in [
            "evil.example/",
            "evil.example#",
            "e?",
            "e\\",
            "a@e",
            "e\t",
            "e\n/",
        ] {
            assert!(!stays_in_host(bad), "{bad}");
        }
    }

    #[test]
    fn secrets_travel_encrypted_or_stay_on_this_machine() {
        let good = [
            ("https://auth.cint.com/oauth/token", "auth.cint.com"),
            ("https://auth.cint.com:443/x", "auth.cint.com"),
            ("https://AUTH.example.com:8443/x?y", "auth.example.com:8443"),
            ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
            ("http://127.9.9.9/", "127.9.9.9"),
            ("http://[::1]:1/", "[::1]:1"),
            ("http://localhost/", "localhost"),
            ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ];
        for (url, authority) in good {
            assert_eq!(
                Origin::of(url).map(|origin| origin.authority()),
                Ok(authority.to_owned()),
                "{url}"
            );
        }
        let bad = [
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@evil.example/",
            "https://user@example.com/",
            "https://user:pass@example.com/",
            "http://localhost.example.com/",
            "http://localhost./",
            "http://0.0.0.0/",
            "http://10.0.0.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::]/",
            "ftp://localhost/",
            "file:///etc/passwd",
            "https://",
            "auth.example.com/token",
            "",
            // Not mapped to what they look like, nor translated.
            "https://bücher.example/",
            "https://Bücher.example/",
            "https://xn--/",
            "http://ⓛocalhost/",
            "https://a。example/",
        ];
        for url in bad {
            assert!(Origin::of(url).is_err(), "{url}");
        }
    }

    #[test]
    fn two_origins_are_one_only_in_scheme_host_and_port() {
        let origin = |url| Origin::of(url).unwrap();
        assert_eq!(
            origin("https://a.example/x"),
            origin("https://A.example:443/y?z")
        );
        assert_ne!(
            origin("https://a.example/"),
            origin("https://a.example:444/")
        );
        assert_ne!(origin("https://localhost/"), origin("http://localhost/"));
    }
}
