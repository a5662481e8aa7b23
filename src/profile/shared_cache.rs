//! The meaning of `[shared_cache]`: addresses that may be used, and where its secrets come from.

use std::path::PathBuf;
use std::time::Duration;

use url::{Host, Url};

use crate::error::{Error, Kind};
use crate::profile::file::Config;
use crate::profile::file::schema::{SharedCacheTable, SourceTable};
use crate::profile::sources;
use crate::profile::{Environment, home};
use crate::term::text::{SHOWN_CHARACTERS, clean};
use crate::wire::origin::is_this_machine;

pub(crate) const URL_VARIABLE: &str = "TOK_SHARED_CACHE_URL";
pub(crate) const PASSWORD_VARIABLE: &str = "TOK_SHARED_CACHE_PASSWORD";
pub(crate) const KEY_VARIABLE: &str = "TOK_SHARED_CACHE_KEY";

/// Long enough for a handshake in another data centre, and short enough to wait for in vain.
const DEFAULT_TIMEOUT: Duration = Duration::from_millis(250);

/// A `[shared_cache]`, checked. It contains no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharedCache {
    /// At least one.
    pub(crate) urls: Vec<String>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<SourceTable>,
    /// The first seals; empty if the environment has the key.
    pub(crate) keys: Vec<SourceTable>,
    pub(crate) nodes: Nodes,
    pub(crate) ca_file: Option<PathBuf>,
    /// The certificate and its private key.
    pub(crate) client: Option<(PathBuf, PathBuf)>,
    pub(crate) timeout: Duration,
}

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
enum BadUrl {
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
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Credentials => Some("use the keys `username` and `password` of `[shared_cache]`"),
            Self::InTheClear => Some("use `rediss://`"),
            Self::NotUrl(_) => Some("write it like `rediss://cache.example.com:6380/0`"),
            _ => None,
        }
    }
}

impl SharedCache {
    /// Reads the table of `config` and `TOK_SHARED_CACHE_URL`. Reads no secret.
    pub(crate) fn of(config: &Config, environment: Environment<'_>) -> Result<Self, Error> {
        let table = config.shared_cache()?;
        let has_password = table.password.is_some() || environment(PASSWORD_VARIABLE).is_some();
        let nodes = nodes(config, &table)?;
        let urls = urls(config, &table, environment)?;
        let judged = check_all(&urls, &nodes, has_password);
        judged.map_err(|bad| {
            let hint = bad.hint();
            let error = Error::of(Kind::Config, bad);
            let error = hint.map_or(error.clone(), |hint| error.hint(hint));
            match environment(URL_VARIABLE) {
                Some(_) => error.about(crate::error::Subject::Key(URL_VARIABLE.to_owned())),
                None => config.about_shared_cache("url", error),
            }
        })?;
        let located =
            |key: &str, error: Error| config.about_shared_cache(key, error.without_outermost());
        let secrets = [("password", table.password.as_slice())];
        let keys = table.key.as_ref().map_or(&[][..], |keys| keys.as_slice());
        for (key, written) in secrets.into_iter().chain([("key", keys)]) {
            for source in written {
                sources::check(source, key, sources::ONE_SOURCE)
                    .and_then(|()| sources::check_store(source, key, key))
                    .map_err(|error| located(key, error))?;
                if !sources::is_given(source) {
                    let reason = "names no source: `env`, `file`, `credential` or `command`";
                    return Err(config.wrong_shared_cache(key, reason));
                }
            }
        }
        if keys.is_empty() && environment(KEY_VARIABLE).is_none() {
            let error = Error::new(Kind::Config, "missing: the key that seals shared entries");
            let hint = format!(
                "`tok shared-cache key > FILE` makes one; write `key = {{ file = \"FILE\" }}` below `[shared_cache]`, or set {KEY_VARIABLE}"
            );
            return Err(config.about_shared_cache("key", error.hint(hint)));
        }
        if table.username.is_some() && !has_password {
            return Err(config.wrong_shared_cache("username", "needs `password`"));
        }
        let path = |written: &String| config.folder().join(home::expanded(written.as_ref()));
        let client = match (&table.client_cert, &table.client_key) {
            (Some(certificate), Some(key)) => Some((path(certificate), path(key))),
            (None, None) => None,
            (certificate, _) => {
                let alone = if certificate.is_some() {
                    "client_cert"
                } else {
                    "client_key"
                };
                let reason = "`client_cert` and `client_key` go together";
                return Err(config.wrong_shared_cache(alone, reason));
            }
        };
        let timeout = match &table.timeout {
            None => DEFAULT_TIMEOUT,
            Some(written) if written.ms <= 0 => {
                return Err(config.wrong_shared_cache("timeout", "must be greater than zero"));
            }
            Some(written) => Duration::from_millis(written.ms.unsigned_abs()),
        };
        Ok(Self {
            urls,
            username: table.username,
            keys: keys.to_vec(),
            password: table.password,
            nodes,
            ca_file: table.ca_file.as_ref().map(path),
            client,
            timeout,
        })
    }
}

fn nodes(config: &Config, table: &SharedCacheTable) -> Result<Nodes, Error> {
    match (&table.sentinel, table.cluster) {
        (Some(_), Some(true)) => Err(config.wrong_shared_cache(
            "cluster",
            "an engine is behind Sentinels or a Cluster, not both",
        )),
        (Some(name), _) if name.is_empty() => {
            Err(config.wrong_shared_cache("sentinel", "is empty"))
        }
        (Some(name), _) => Ok(Nodes::Sentinels(name.clone())),
        (None, Some(true)) => Ok(Nodes::Cluster),
        (None, _) => Ok(Nodes::Single),
    }
}

fn urls(
    config: &Config,
    table: &SharedCacheTable,
    environment: Environment<'_>,
) -> Result<Vec<String>, Error> {
    let urls: Vec<String> = match environment(URL_VARIABLE) {
        Some(text) => text
            .to_string_lossy()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        None => table
            .url
            .as_ref()
            .map_or_else(Vec::new, |urls| urls.as_slice().to_vec()),
    };
    if urls.is_empty() {
        let error = Error::new(Kind::Config, "missing: the address of the shared cache");
        let hint = format!(
            "write `url = \"rediss://…\"` below `[shared_cache]`, or set {URL_VARIABLE}; `cache = \"file\"` does without"
        );
        return Err(config.about_shared_cache("url", error.hint(hint)));
    }
    Ok(urls)
}

fn check_all(urls: &[String], nodes: &Nodes, has_password: bool) -> Result<(), BadUrl> {
    let mut known: Option<(String, String)> = None;
    for url in urls {
        let url = check(url, has_password)?;
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

fn check(text: &str, has_password: bool) -> Result<Url, BadUrl> {
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
    use std::ffi::OsString;

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
            let judged = check_all(&urls, nodes, has_password);
            assert_eq!(judged.err(), expected, "{urls:?}");
        }
    }

    fn of(text: &str, variables: &[(&str, &str)]) -> Result<SharedCache, Error> {
        let environment = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        SharedCache::of(&Config::of_text("/etc/c.toml", text), &environment)
    }

    #[test]
    fn mistakes_name_the_key_and_the_line() {
        let url = "[shared_cache]\nurl = 'rediss://c.example'\n";
        let cases = [
            (String::new(), "/etc/c.toml: `shared_cache.url`: missing"),
            (
                "[shared_cache]\nkey = { env = 'K' }\n".into(),
                "/etc/c.toml:1: `shared_cache.url`: missing",
            ),
            (url.into(), "/etc/c.toml:1: `shared_cache.key`: missing"),
            (
                format!("{url}key = {{}}\n"),
                "/etc/c.toml:3: `shared_cache.key`: names no source",
            ),
            (
                format!("{url}key = []\n"),
                "/etc/c.toml:3: `shared_cache.key`: missing",
            ),
            (
                format!("{url}key = {{ env = 'K', file = 'k' }}\n"),
                "/etc/c.toml:3: `shared_cache.key`: a secret has one source",
            ),
            (
                format!("{url}password = {{}}\n"),
                "/etc/c.toml:3: `shared_cache.password`: names no source",
            ),
            (
                format!("{url}key = {{ env = 'K' }}\nusername = 'u'\n"),
                "/etc/c.toml:4: `shared_cache.username`: needs `password`",
            ),
            (
                format!("{url}key = {{ env = 'K' }}\nclient_cert = 'u'\n"),
                "/etc/c.toml:4: `shared_cache.client_cert`: `client_cert` and `client_key` go together",
            ),
            (
                format!("{url}key = {{ env = 'K' }}\ntimeout = '0s'\n"),
                "/etc/c.toml:4: `shared_cache.timeout`: must be greater than zero",
            ),
            (
                format!("{url}key = {{ env = 'K' }}\nsentinel = 'm'\ncluster = true\n"),
                "/etc/c.toml:5: `shared_cache.cluster`: an engine is behind",
            ),
        ];
        for (text, expected) in cases {
            let error = of(&text, &[]).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
            assert_eq!(error.kind(), Kind::Config);
        }
    }

    #[test]
    fn the_example_is_valid() {
        let shared = of(include_str!("../../config.example.toml"), &[]).unwrap();
        assert_eq!(shared.urls, ["rediss://cache.example.com:6380/0"]);
        assert_eq!((shared.keys.len(), shared.timeout), (1, DEFAULT_TIMEOUT));
    }

    #[test]
    fn variables_win_and_need_no_table() {
        let set = [(URL_VARIABLE, "redis://a redis://b"), (KEY_VARIABLE, "k")];
        let shared = of("[shared_cache]\nurl = 'x'\ncluster = true\n", &set).unwrap();
        assert_eq!(shared.urls, ["redis://a", "redis://b"]);
        assert!(of("", &[(URL_VARIABLE, "redis://a"), (KEY_VARIABLE, "k")]).is_ok());
        let error = of(
            "",
            &[(URL_VARIABLE, "redis://u:s3cret@a"), (KEY_VARIABLE, "k")],
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "`TOK_SHARED_CACHE_URL`: a user name or password must not be in the URL"
        );
    }
}
