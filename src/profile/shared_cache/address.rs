//! The addresses of an engine: which may be used, and why not.

use url::{Host, Url};

use crate::term::text::{SHOWN_CHARACTERS, clean};
use crate::wire::origin::is_this_machine;

/// The kind of the addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Nodes {
    /// The engine itself.
    Single,
    /// Sentinels, and the name of their primary.
    Sentinels(String),
    /// Nodes of a Cluster.
    Cluster,
}

/// Why an address cannot be used. Texts contain no user name or password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadUrl {
    #[error("`{}` is not a URL", clean(.0, SHOWN_CHARACTERS))]
    NotUrl(String),
    #[error("must begin with `redis://`, `rediss://` or `redis+unix://`, not `{}://`", clean(.0, SHOWN_CHARACTERS))]
    Scheme(String),
    #[error("a user name or password must not be in the URL")]
    Credentials,
    #[error("names no host")]
    NoHost,
    #[error("`#…` has no meaning here")]
    Fragment,
    #[error("`?…` has no meaning here")]
    Query,
    #[error("its path is not the number of a database, as in `rediss://cache.example.com/0`")]
    Database,
    #[error("must name a socket, as in `redis+unix:///run/redis/redis.sock`")]
    NoSocket,
    #[cfg(not(unix))]
    #[error("this platform has no Unix sockets")]
    NoUnix,
    #[error("would send the password in the clear")]
    InTheClear,
    #[error("several addresses need `cluster = true` or `sentinel = \"NAME\"`")]
    Several,
    #[error("a Cluster has only database 0")]
    ClusterDatabase,
    #[error("Sentinels and a Cluster are reached over TCP")]
    NotTcp,
    #[error("all addresses must have the same scheme and database")]
    Different,
}

impl BadUrl {
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Credentials => Some("use the keys `username` and `password` of `[shared_cache]`"),
            Self::InTheClear => Some("use `rediss://`"),
            Self::NotUrl(_) => Some("write it like `rediss://cache.example.com:6380/0`"),
            _ => None,
        }
    }
}

pub(super) fn check(urls: &[String], nodes: &Nodes, has_password: bool) -> Result<(), BadUrl> {
    let mut known: Option<(String, String)> = None;
    for url in urls {
        let url = check_one(url, has_password)?;
        let is_single = *nodes == Nodes::Single;
        if url.scheme() == "redis+unix" && !is_single {
            return Err(BadUrl::NotTcp);
        }
        if *nodes == Nodes::Cluster && !matches!(url.path(), "" | "/" | "/0") {
            return Err(BadUrl::ClusterDatabase);
        }
        let own = (url.scheme().to_owned(), url.path().to_owned());
        match &known {
            None => known = Some(own),
            Some(_) if is_single => return Err(BadUrl::Several),
            Some(known) if *known != own => return Err(BadUrl::Different),
            Some(_) => {}
        }
    }
    Ok(())
}

fn check_one(text: &str, has_password: bool) -> Result<Url, BadUrl> {
    let Ok(url) = Url::parse(text) else {
        // A text that is not a URL could contain anything before an `@`.
        return Err(match text.contains('@') {
            true => BadUrl::Credentials,
            false => BadUrl::NotUrl(text.to_owned()),
        });
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadUrl::Credentials);
    }
    if url.fragment().is_some() {
        return Err(BadUrl::Fragment);
    }
    if url.query().is_some() {
        return Err(BadUrl::Query);
    }
    if url.scheme() == "redis+unix" {
        #[cfg(not(unix))]
        return Err(BadUrl::NoUnix);
        #[cfg(unix)]
        return match url.path().len() > 1 && url.host_str().unwrap_or_default().is_empty() {
            true => Ok(url),
            false => Err(BadUrl::NoSocket),
        };
    }
    if !matches!(url.scheme(), "redis" | "rediss") {
        // `user:password@host` is a URL with a scheme of its own.
        if text.contains('@') {
            return Err(BadUrl::Credentials);
        }
        return Err(BadUrl::Scheme(url.scheme().to_owned()));
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    let Some(host) = host.and_then(|host| Host::parse(host).ok()) else {
        return Err(BadUrl::NoHost);
    };
    let host = match &host {
        Host::Domain(name) => Host::Domain(name.as_str()),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    };
    if has_password && url.scheme() == "redis" && !is_this_machine(&host) {
        return Err(BadUrl::InTheClear);
    }
    match url.path().trim_start_matches('/') {
        "" => Ok(url),
        number if number.parse::<u16>().is_ok() => Ok(url),
        _ => Err(BadUrl::Database),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_judged_before_anything_is_sent() {
        let sentinels = Nodes::Sentinels("main".to_owned());
        let one = Nodes::Single;
        let cases: [(&[&str], &Nodes, bool, Option<BadUrl>); 24] = [
            (&["redis://127.0.0.1"], &one, true, None),
            (&["redis://localhost:7000/3"], &one, true, None),
            (&["redis://[::1]:7000/3"], &one, true, None),
            (&["redis://cache.example"], &one, false, None),
            (
                &["redis://cache.example"],
                &one,
                true,
                Some(BadUrl::InTheClear),
            ),
            (&["rediss://cache.example:6380/0"], &one, true, None),
            #[cfg(unix)]
            (&["redis+unix:///run/r.sock"], &one, true, None),
            #[cfg(not(unix))]
            (
                &["redis+unix:///run/r.sock"],
                &one,
                true,
                Some(BadUrl::NoUnix),
            ),
            #[cfg(unix)]
            (&["redis+unix://"], &one, true, Some(BadUrl::NoSocket)),
            #[cfg(not(unix))]
            (&["redis+unix://"], &one, true, Some(BadUrl::NoUnix)),
            (
                &["cache.example:6379"],
                &one,
                false,
                Some(BadUrl::Scheme("cache.example".into())),
            ),
            (
                &["https://c.example"],
                &one,
                false,
                Some(BadUrl::Scheme("https".into())),
            ),
            (
                &["nonsense"],
                &one,
                false,
                Some(BadUrl::NotUrl("nonsense".into())),
            ),
            (
                &["redis://me:s3cret@c.example"],
                &one,
                false,
                Some(BadUrl::Credentials),
            ),
            (
                &["me:s3cret@c.example:x"],
                &one,
                false,
                Some(BadUrl::Credentials),
            ),
            (
                &["rediss://c.example#insecure"],
                &one,
                false,
                Some(BadUrl::Fragment),
            ),
            (
                &["rediss://c.example?protocol=resp3"],
                &one,
                false,
                Some(BadUrl::Query),
            ),
            (&["rediss://"], &one, false, Some(BadUrl::NoHost)),
            (
                &["rediss://c.example/x"],
                &one,
                false,
                Some(BadUrl::Database),
            ),
            (
                &["redis://a", "redis://b"],
                &one,
                false,
                Some(BadUrl::Several),
            ),
            (&["redis://a", "redis://b"], &sentinels, false, None),
            (
                &["redis://a", "rediss://b"],
                &sentinels,
                false,
                Some(BadUrl::Different),
            ),
            (&["redis://a/1", "redis://b/1"], &sentinels, false, None),
            (&["redis://a", "redis://b"], &Nodes::Cluster, false, None),
            (
                &["redis://a/1"],
                &Nodes::Cluster,
                false,
                Some(BadUrl::ClusterDatabase),
            ),
            (&[], &one, false, None),
        ];
        for (urls, nodes, has_password, expected) in cases {
            let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
            let judged = check(&urls, nodes, has_password);
            assert_eq!(judged.err(), expected, "{urls:?}");
        }
    }
}
