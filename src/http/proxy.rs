//! Chooses the proxy for a host from the environment, by curl's rules.
//!
//! Only `https` uses a proxy (plain http goes to this machine alone), so `HTTP_PROXY` and its CGI trap are irrelevant.

use std::ffi::OsString;
use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::error::{Error, Kind, Subject};
use crate::secret::Secret;

/// The first that is not empty counts.
const PROXIES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// The first that is not empty counts.
const EXEMPTIONS: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// curl's default for an `http` proxy.
const USUAL_PORT: u16 = 1080;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) host: Host<String>,
    pub(super) port: u16,
    pub(super) is_encrypted: bool,
    pub(super) credentials: Option<Secret>,
    /// The environment variable that names it.
    pub(super) variable: &'static str,
}

impl Proxy {
    /// Its host and port, as in an authority.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("not a proxy that tok can use")]
struct Unusable;

/// Returns `None` for a direct connection.
/// Fails if tok cannot use the proxy, rather than bypass it; the error omits the value, which may contain a password.
pub(super) fn for_host(
    host: &Host<String>,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<Proxy>, Error> {
    let first = |names: &'static [&str]| {
        names.iter().find_map(|name| {
            let value = variable(name).filter(|value| !value.is_empty())?;
            Some((*name, value))
        })
    };
    let Some((name, value)) = first(&PROXIES) else {
        return Ok(None);
    };
    if let Some((_, exempt)) = first(&EXEMPTIONS)
        && is_exempt(host, &exempt.to_string_lossy())
    {
        return Ok(None);
    }
    let proxy = value.to_str().and_then(|value| parse(name, value));
    let unusable = || {
        Error::of(Kind::Config, Unusable)
            .about(Subject::Source(format!("environment variable {name}")))
            .hint("tok speaks to http and https proxies, as in http://proxy.example:3128; special characters in a password are percent-encoded")
    };
    proxy.map(Some).ok_or_else(unusable)
}

fn parse(variable: &'static str, value: &str) -> Option<Proxy> {
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let is_encrypted = match scheme.to_ascii_lowercase().as_str() {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    let authority = rest
        .split_once('/')
        .map_or(rest, |(authority, _)| authority);
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%[]".contains(&byte);
    if !authority.bytes().all(is_plain) {
        return None;
    }
    let url = Url::parse(&format!("{scheme}://{authority}/")).ok()?;
    let host = url.host()?.to_owned();
    // `Url` does not distinguish a scheme's default port from a missing one.
    let port = match (url.port(), is_encrypted) {
        (Some(port), _) => port,
        (None, true) => 443,
        (None, false) if authority.ends_with(":80") => 80,
        (None, false) => USUAL_PORT,
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    let credentials = has_user.then(|| {
        let mut pair = Zeroizing::new(Vec::with_capacity(authority.len()));
        pair.extend(percent_decode_str(url.username()));
        pair.push(b':');
        pair.extend(percent_decode_str(url.password().unwrap_or_default()));
        let mut credentials = Secret::new("Basic ");
        credentials.push(Secret::new(STANDARD.encode(&*pair)).expose());
        credentials
    });
    Some(Proxy {
        host,
        port,
        is_encrypted,
        credentials,
        variable,
    })
}

fn is_exempt(host: &Host<String>, exempt: &str) -> bool {
    exempt == "*"
        || exempt
            .split([',', ' ', '\t'])
            .filter(|pattern| !pattern.is_empty())
            .any(|pattern| match host {
                Host::Domain(name) => is_domain(name, pattern),
                Host::Ipv4(address) => is_network_v4(*address, pattern),
                Host::Ipv6(address) => is_network_v6(*address, pattern),
            })
}

fn is_domain(name: &str, pattern: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).as_bytes();
    let pattern = pattern.strip_suffix('.').unwrap_or(pattern);
    let pattern = pattern.strip_prefix('.').unwrap_or(pattern).as_bytes();
    let Some(start) = name.len().checked_sub(pattern.len()) else {
        return false;
    };
    let (before, end) = name.split_at(start);
    !pattern.is_empty()
        && end.eq_ignore_ascii_case(pattern)
        && before.last().is_none_or(|byte| *byte == b'.')
}

/// Parses an address and its prefix length; 0 or a missing length means all bits.
fn network(pattern: &str, most: u32) -> Option<(&str, u32)> {
    let (address, bits) = pattern.split_once('/').unwrap_or((pattern, ""));
    let digits = bits.bytes().take_while(u8::is_ascii_digit).count();
    let bits = match bits.get(..digits).unwrap_or_default() {
        "" => 0,
        bits => bits.parse().ok()?,
    };
    (bits <= most).then_some((address, if bits == 0 { most } else { bits }))
}

fn is_network_v4(address: Ipv4Addr, pattern: &str) -> bool {
    network(pattern, 32).is_some_and(|(network, bits)| {
        network
            .parse::<Ipv4Addr>()
            .is_ok_and(|network| (network.to_bits() ^ address.to_bits()) >> (32 - bits) == 0)
    })
}

fn is_network_v6(address: Ipv6Addr, pattern: &str) -> bool {
    network(pattern, 128).is_some_and(|(network, bits)| {
        network
            .parse::<Ipv6Addr>()
            .is_ok_and(|network| (network.to_bits() ^ address.to_bits()) >> (128 - bits) == 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `direct`, `refused` or the proxy's address, for a host and variables; `tests/real/proxy.sh` runs the same table with curl.
    const TABLE: &str = include_str!("../../tests/real/proxy.txt");

    #[test]
    fn a_proxy_is_chosen_by_curls_rules() {
        let mut rows = 0;
        for row in TABLE
            .lines()
            .filter(|row| !row.is_empty() && !row.starts_with('#'))
        {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let [host, variables, expected, _] = cells[..] else {
                panic!("{row}");
            };
            let variable = |name: &str| {
                variables.split(';').map(str::trim).find_map(|pair| {
                    let (known, value) = pair.split_once('=')?;
                    (known == name).then(|| OsString::from(value.replace("\\t", "\t")))
                })
            };
            let host = Host::parse(host).unwrap();
            let chosen = match for_host(&host, &variable) {
                Ok(None) => "direct".to_owned(),
                Err(_) => "refused".to_owned(),
                Ok(Some(proxy)) => format!("{}:{}", proxy.host, proxy.port),
            };
            assert_eq!(chosen, expected, "{row}");
            rows += 1;
        }
        assert!(rows >= 40, "{rows}");
    }

    #[test]
    fn only_http_and_https_proxies_can_be_used() {
        for (good, is_encrypted, credentials) in [
            ("http://proxy.example:3128", false, None),
            ("http://proxy.example:3128/", false, None),
            (
                "https://user:p%40ss@proxy.example",
                true,
                Some("Basic dXNlcjpwQHNz"),
            ),
            ("http://user@proxy.example", false, Some("Basic dXNlcjo=")),
            ("HTTP://proxy.example", false, None),
            ("proxy.example:3128", false, None),
            ("10.0.0.1:3128", false, None),
            ("http://[::1]:3128", false, None),
        ] {
            let proxy = parse("HTTPS_PROXY", good).unwrap();
            assert_eq!(proxy.is_encrypted, is_encrypted, "{good}");
            assert_eq!(proxy.credentials, credentials.map(Secret::new), "{good}");
        }
        for bad in [
            "socks5://127.0.0.1:1080",
            "http://user:pa ss@proxy.example",
            "http://user:pa/ss@proxy.example",
            "http://user:pa#ss@proxy.example",
            "http://proxy.example:port",
            "http://",
            "://",
            "http://pröxy.example",
        ] {
            assert!(parse("HTTPS_PROXY", bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_unusable_proxy_is_named_by_its_variable_and_not_by_its_value() {
        let host = Host::parse("provider.example").unwrap();
        let variable = |name: &str| (name == "ALL_PROXY").then(|| "socks5://hunter2@x".into());
        let error = for_host(&host, &variable).unwrap_err();
        assert_eq!(
            error.to_string(),
            "environment variable ALL_PROXY: not a proxy that tok can use"
        );
    }
}
