//! Origins that may receive secrets: `https` anywhere, `http` only on this machine.

use std::fmt;

use url::{Host, Url};

use crate::term::text::clean;

/// A scheme, a host and a port (RFC 6454) that may receive secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// Why secrets cannot be sent to a URL. Messages name only its scheme and host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OriginError {
    #[error("`{}` is not a URL: {}", clean(url, SHOWN), no_url(*why))]
    NotUrl { url: String, why: url::ParseError },
    #[error("`{0}` names no host")]
    NoHost(String),
    #[error(
        "the URL for `{0}` has a user name before its host (everything up to the `@`); credentials belong in `client_id` and `client_secret`"
    )]
    UserName(String),
    #[error(
        "`{0}` would send secrets in the clear: only https, or http to a loopback address or localhost"
    )]
    InTheClear(String),
    #[error("`{0}` URLs cannot be fetched: only https")]
    Scheme(String),
}

const SHOWN: usize = 200;

impl Origin {
    pub(crate) fn of(url: &str) -> Result<Self, OriginError> {
        let parsed = Url::parse(url).map_err(|why| OriginError::NotUrl {
            url: url.to_owned(),
            why,
        })?;
        Self::of_url(&parsed)
    }

    pub(crate) fn of_url(url: &Url) -> Result<Self, OriginError> {
        let shown = || {
            let host = url.host_str().unwrap_or_default();
            clean(&format!("{}://{host}", url.scheme()), SHOWN)
        };
        let Some(host) = url.host() else {
            return Err(OriginError::NoHost(shown()));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError::UserName(shown()));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_this_machine(&host) => {}
            "http" => return Err(OriginError::InTheClear(shown())),
            other => return Err(OriginError::Scheme(other.to_owned())),
        }
        Ok(Self {
            scheme: url.scheme().to_owned(),
            host: host.to_string(),
            port: url.port(),
        })
    }

    /// Accepts plain http to an address of this machine or beside it (RFC 3927), where platforms have their metadata servers.
    pub(crate) fn beside(url: &Url) -> Result<Self, OriginError> {
        match (url.scheme(), url.host()) {
            ("http", Some(Host::Ipv4(address))) if address.is_link_local() => Ok(Self {
                scheme: url.scheme().to_owned(),
                host: address.to_string(),
                port: url.port(),
            }),
            ("http", _) => Self::of_url(url),
            (other, _) => Err(OriginError::Scheme(other.to_owned())),
        }
    }

    /// Whether an `https` URL of this origin is at `domain` or below it, at the default port.
    pub(crate) fn is_below(&self, domain: &str) -> bool {
        let below = self.host.strip_suffix(domain);
        let is_there = below.is_some_and(|start| start.is_empty() || start.ends_with('.'));
        self.scheme == "https" && self.port.is_none() && is_there
    }

    /// A keyring entry is bound to this; a default port is left out.
    pub(crate) fn authority(&self) -> String {
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

pub(crate) fn no_url(error: url::ParseError) -> String {
    match error {
        url::ParseError::RelativeUrlWithoutBase => "it must begin with https://".to_owned(),
        // Names in other scripts are not translated: see `idna_adapter` in Cargo.toml.
        url::ParseError::IdnaError => {
            "its host is not a host name (write one in another script as `xn--…`)".to_owned()
        }
        other => other.to_string(),
    }
}

/// Judges the text alone, before any name is looked up.
pub(crate) fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => *name == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            // Look-alikes are neither mapped nor translated.
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
    fn beside_this_machine_are_only_loopback_and_link_local_addresses() {
        for (url, expected) in [
            ("http://169.254.169.254/metadata", Some("169.254.169.254")),
            (
                "http://169.254.130.2:8081/msi/token",
                Some("169.254.130.2:8081"),
            ),
            ("http://localhost:42356/msi/token", Some("localhost:42356")),
            ("http://169.255.0.1/", None),
            ("http://10.0.0.1/", None),
            ("http://metadata.google.internal/", None),
            ("http://169.254.169.254.evil.example/", None),
            ("http://user@localhost/", None),
            ("https://169.254.169.254/", None),
        ] {
            let found = Origin::beside(&Url::parse(url).unwrap()).ok();
            let found = found.map(|origin| origin.authority());
            assert_eq!(found.as_deref(), expected, "{url}");
        }
        assert!(Origin::of("http://169.254.169.254/").is_err());
    }

    #[test]
    fn a_domain_has_the_hosts_that_end_in_it_after_a_dot() {
        for (url, expected) in [
            ("https://d.example/x", true),
            ("https://a.b.d.example/", true),
            ("https://d.example:443/", true),
            ("https://d.example:8443/", false),
            ("https://ad.example/", false),
            ("https://d.example.evil.example/", false),
            ("https://evil.example/d.example", false),
            ("https://d.example./", false),
        ] {
            assert_eq!(
                Origin::of(url).unwrap().is_below("d.example"),
                expected,
                "{url}"
            );
        }
    }

    #[test]
    fn origins_are_equal_if_scheme_host_and_port_are() {
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
