//! The meaning of `[shared_cache]`: addresses that may be used, and where its secrets come from.

mod address;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, Kind};
use crate::profile::file::Config;
use crate::profile::file::schema::SourceTable;
use crate::profile::file::shared_cache::SharedCacheTable;
use crate::profile::sources;
use crate::profile::{Environment, home};

pub(crate) use self::address::Nodes;

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

impl SharedCache {
    /// Reads the table of `config` and `TOK_SHARED_CACHE_URL`. Reads no secret.
    pub(crate) fn of(config: &Config, environment: Environment<'_>) -> Result<Self, Error> {
        let table = config.shared_cache()?;
        let has_password = table.password.is_some() || environment(PASSWORD_VARIABLE).is_some();
        let nodes = nodes(config, &table)?;
        let urls = urls(config, &table, environment)?;
        let judged = address::check(&urls, &nodes, has_password);
        judged.map_err(|bad| {
            let hint = bad.hint();
            let error = Error::of(Kind::Config, bad);
            let error = hint.map_or(error.clone(), |hint| error.hint(hint));
            match url_variable(environment) {
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

/// An empty variable counts as unset.
fn url_variable(environment: Environment<'_>) -> Option<OsString> {
    environment(URL_VARIABLE).filter(|url| !url.is_empty())
}

fn urls(
    config: &Config,
    table: &SharedCacheTable,
    environment: Environment<'_>,
) -> Result<Vec<String>, Error> {
    let urls: Vec<String> = match url_variable(environment) {
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let unset = [(URL_VARIABLE, ""), (KEY_VARIABLE, "k")];
        let written = of("[shared_cache]\nurl = 'redis://c'\n", &unset).unwrap();
        assert_eq!(written.urls, ["redis://c"]);
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
