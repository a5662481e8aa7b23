//! The hosts that may have a token: a foreign repository can make git or docker ask for any host.
//!
//! Text is compared, not a parsed URL, because two parsers can read `https://good\@bad/` differently.
//! A host with any character that host names do not have gets no token.

use std::str::FromStr;

use crate::wire::origin::Origin;

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Hosts {
    /// Answer only for this HOST[:PORT]; may be repeated
    #[arg(long = "host", value_name = "HOST", required = true, help_heading = None)]
    pub(super) list: Vec<Host>,
}

/// A host in lower case, with a port unless it is the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host(String);

#[derive(Debug, thiserror::Error)]
#[error("not of the form HOST or HOST:PORT, as in git.example.com")]
pub(crate) struct NotAHost;

impl Host {
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        let (scheme, authority) = divide(url)?;
        normal(&scheme, authority).map(Self)
    }
}

impl FromStr for Host {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        normal("https", text).map(Self).ok_or(NotAHost)
    }
}

/// Whether `hosts` contains `authority` (host and optional port), over TLS or on this machine.
pub(crate) fn allow(hosts: &[Host], scheme: &str, authority: &str) -> bool {
    let Some(authority) = normal(scheme, authority) else {
        return false;
    };
    let safe = match scheme {
        "https" | "grpcs" => true,
        // As for a profile's URLs: unencrypted only to a loopback address or localhost.
        "http" | "grpc" => Origin::of(&format!("http://{authority}/")).is_ok(),
        _ => false,
    };
    safe && hosts.iter().any(|host| host.0 == authority)
}

pub(crate) fn allow_url(hosts: &[Host], url: &str) -> bool {
    divide(url).is_some_and(|(scheme, authority)| allow(hosts, &scheme, authority))
}

fn divide(url: &str) -> Option<(String, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some((scheme.to_ascii_lowercase(), authority))
}

/// `authority` in lower case without the scheme's default port; `None` if it is not a plain host.
fn normal(scheme: &str, authority: &str) -> Option<String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (inside, after) = rest.split_once(']')?;
            let plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.';
            if inside.is_empty() || !inside.bytes().all(plain) {
                return None;
            }
            let port = match after {
                "" => None,
                after => Some(after.strip_prefix(':')?),
            };
            (format!("[{inside}]"), port)
        }
        None => {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if host.is_empty() || !host.bytes().all(plain) {
                return None;
            }
            (host.to_owned(), port)
        }
    };
    let host = host.to_ascii_lowercase();
    let own = match scheme {
        "http" | "grpc" => 80,
        _ => 443,
    };
    match port {
        None => Some(host),
        // `u16` would take `+443` as well.
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => match port.parse::<u16>() {
            Ok(port) if port == own => Some(host),
            Ok(port) if port > 0 => Some(format!("{host}:{port}")),
            _ => None,
        },
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Vec<Host> {
        [
            "good.example",
            "git.example:8443",
            "127.0.0.1:8080",
            "localhost",
            "[::1]:1",
        ]
        .map(|host| host.parse().unwrap())
        .to_vec()
    }

    #[test]
    fn listed_host_is_allowed_over_tls_or_on_this_machine() {
        for url in [
            "https://good.example",
            "https://good.example/",
            "https://GOOD.example:443/a/b?c#d",
            "HTTPS://good.example/",
            "grpcs://good.example/Service/Method",
            "https://git.example:8443/r.git",
            "http://127.0.0.1:8080/",
            "http://localhost/",
            "http://localhost:80/",
            "http://[::1]:1/",
            "https://good.example?x",
            "https://good.example#x",
        ] {
            assert!(allow_url(&hosts(), url), "{url}");
        }
    }

    #[test]
    fn any_other_host_is_refused() {
        for url in [
            "https://evil.example/",
            "https://sub.good.example/",
            "https://good.example.evil.example/",
            "https://notgood.example/",
            "https://good.example:8443/",
            "https://git.example/",
            "http://good.example/",
            "grpc://good.example/",
            "ssh://good.example/",
            "good.example",
            "https://good.example@evil.example/",
            "https://evil.example@good.example/",
            "https://evil.example\\@good.example/",
            "https://good.example\\.evil.example/",
            "https://good.example%2eevil.example/",
            "https://good%2eexample/",
            "https://good.example\t/",
            "https://good.example\r/",
            "https://good.example\n/",
            " https://good.example/",
            "https:// good.example/",
            "https:///good.example/",
            "https://good.example./",
            "https://good.example:/",
            "https://good.example:+443/",
            "https://good.example:0443x/",
            "https://good.example:70000/",
            "https://ｇood.example/",
            "https://[::1]evil:1/",
            "https://[good.example]/",
            "",
        ] {
            assert!(!allow_url(&hosts(), url), "{url:?}");
        }
        assert!(!allow_url(&[], "https://good.example/"));
    }

    #[test]
    fn text_on_the_command_line_must_be_a_host() {
        for bad in [
            "",
            "https://good.example",
            "good.example/x",
            "*.example",
            "a b",
            "a:b",
            ":1",
        ] {
            assert!(bad.parse::<Host>().is_err(), "{bad}");
        }
    }
}
