//! What the environment says of proxies (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), where the HTTP client alone would go past it in silence.

use url::Url;

use crate::error::{Error, Kind};

/// The variables that name a proxy for `https`, the first that is set counts.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Refuses a proxy that the client could not use: it would connect directly instead, which is what whoever set the variable did not want.
///
/// # Errors
/// A config failure that names the variable and not its value, which may hold a password.
pub(super) fn check() -> Result<(), Error> {
    let set = VARIABLES.into_iter().find_map(|name| {
        let value = std::env::var_os(name)?.into_string().unwrap_or_default();
        Some((name, value)).filter(|(_, value)| !value.is_empty())
    });
    let Some((name, value)) = set else {
        return Ok(());
    };
    if is_usable(&value) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Config,
        format!("environment variable {name} names no proxy that tok can use"),
    )
    .hint("tok speaks to http and https proxies, as in http://proxy.example:3128; special characters in a password are percent-encoded"))
}

/// Whether `NO_PROXY` says that no host at all is to be reached through a proxy. (The client knows `*` for names, but not for addresses.)
pub(super) fn is_off() -> bool {
    ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(std::env::var_os)
        .is_some_and(|value| value == "*")
}

/// Whether `value` is the URL of an http or https proxy, the scheme left out or not, that every URL parser reads alike.
fn is_usable(value: &str) -> bool {
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%[]".contains(&byte);
    matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
        && authority.bytes().all(plain)
        && Url::parse(&format!("{scheme}://{authority}/")).is_ok_and(|url| url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_and_https_proxies_can_be_used() {
        for good in [
            "http://proxy.example:3128",
            "http://proxy.example:3128/",
            "https://user:p%40ss@proxy.example",
            "HTTP://proxy.example",
            "proxy.example:3128",
            "10.0.0.1:3128",
            "http://[::1]:3128",
        ] {
            assert!(is_usable(good), "{good}");
        }
        for bad in [
            "socks5://127.0.0.1:1080",
            "http://user:pa ss@proxy.example",
            "http://user:pa/ss@proxy.example",
            "http://user:pa#ss@proxy.example",
            "http://proxy.example:port",
            "http://",
            "://",
            "http://proxy.example/path",
            "http://pröxy.example",
        ] {
            assert!(!is_usable(bad), "{bad}");
        }
    }
}
