//! The secrets of `[shared_cache]`, and an engine to connect to.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::cache::shared::engine::{Engine, EngineError};
use crate::cache::shared::redis::{Address, Redis};
use crate::cache::shared::seal::{KEY_BYTES, Sealer};
use crate::error::{Error, Kind, OrFail as _, Subject, io_text};
use crate::oauth::signing::pem;
use crate::profile::Environment;
use crate::profile::file::Config;
use crate::profile::file::schema::SourceTable;
use crate::profile::shared_cache::{KEY_VARIABLE, PASSWORD_VARIABLE, SharedCache};
use crate::secret::Secret;
use crate::secrets::{Patience, Source};

/// Everything that a connection needs.
#[derive(Debug)]
pub(crate) struct Settings {
    address: Address,
    /// The first seals.
    pub(super) keys: Vec<Sealer>,
}

impl Settings {
    /// Reads every secret and file that `shared` names.
    ///
    /// # Errors
    /// Names the key of `[shared_cache]` and the source. The kind is `Config` or `Secret`.
    pub(crate) fn read(
        config: &Config,
        environment: Environment<'_>,
        patience: Patience,
    ) -> Result<Self, Error> {
        let shared = SharedCache::of(config, environment)?;
        let read = |key: &str, variable: &str, table: &SourceTable| {
            secret(config, key, variable, table, environment, patience)
        };
        let password = match &shared.password {
            Some(table) => Some(read("password", PASSWORD_VARIABLE, table)?),
            None => variable(PASSWORD_VARIABLE, environment, patience)?,
        };
        let keys = match variable(KEY_VARIABLE, environment, patience)? {
            Some(key) => vec![
                sealer(&key).map_err(|error| error.about(Subject::Key(KEY_VARIABLE.to_owned())))?,
            ],
            None => {
                let keys = shared.keys.iter().map(|table| {
                    let key = read("key", KEY_VARIABLE, table)?;
                    sealer(&key).map_err(|error| config.about_shared_cache("key", error))
                });
                keys.collect::<Result<_, _>>()?
            }
        };
        let file = |key: &'static str, path: &Path| {
            let bytes = std::fs::read(path).map(Zeroizing::new).map_err(|error| {
                let text = format!("{} could not be read: {}", path.display(), io_text(&error));
                config.wrong_shared_cache(key, text)
            })?;
            Ok::<_, Error>(Secret::new(String::from_utf8_lossy(&bytes)))
        };
        let checked = |key: &'static str, path: &Path, is_good: &dyn Fn(&Secret) -> bool| {
            let text = file(key, path)?;
            match is_good(&text) {
                true => Ok(text),
                false => {
                    let reason = format!("{} has no PEM of that kind", path.display());
                    Err(config.wrong_shared_cache(key, reason))
                }
            }
        };
        let has_certificate =
            |text: &Secret| pem::certificates(text).is_some_and(|found| !found.is_empty());
        let has_key = |text: &Secret| pem::private_key(text).is_ok();
        let ca = shared.ca_file.as_deref();
        let ca = ca.map(|path| checked("ca_file", path, &has_certificate));
        let client = shared.client.as_ref().map(|(certificate, key)| {
            Ok::<_, Error>((
                checked("client_cert", certificate, &has_certificate)?,
                checked("client_key", key, &has_key)?,
            ))
        });
        Ok(Self {
            address: Address {
                ca: ca.transpose()?,
                client: client.transpose()?,
                urls: shared.urls,
                nodes: shared.nodes,
                username: shared.username,
                password,
                timeout: shared.timeout,
            },
            keys,
        })
    }

    pub(super) fn urls(&self) -> &[String] {
        &self.address.urls
    }

    pub(super) fn timeout(&self) -> std::time::Duration {
        self.address.timeout
    }

    /// The addresses, for a user.
    pub(crate) fn shown(&self) -> String {
        self.address.urls.join(" ")
    }

    pub(super) fn connector(
        &self,
    ) -> impl FnOnce() -> Result<Box<dyn Engine>, EngineError> + Send + 'static {
        let address = self.address.clone();
        move || Ok(Box::new(Redis::connect(&address)?) as Box<dyn Engine>)
    }
}

fn variable(
    name: &str,
    environment: Environment<'_>,
    patience: Patience,
) -> Result<Option<Secret>, Error> {
    let given = Source::Environment(name.to_owned()).read(environment, patience)?;
    Ok(given.map(|given| given.secret))
}

fn secret(
    config: &Config,
    key: &str,
    name: &str,
    table: &SourceTable,
    environment: Environment<'_>,
    patience: Patience,
) -> Result<Secret, Error> {
    if let Some(secret) = variable(name, environment, patience)? {
        return Ok(secret);
    }
    let located = |error: Error| config.about_shared_cache(key, error);
    let source = Source::written(config, table).map_err(located)?;
    let given = match &source {
        Some(source) => source.read(environment, patience).map_err(located)?,
        None => None,
    };
    given.map(|given| given.secret).ok_or_else(|| {
        let place = source.map_or_else(String::new, |source| format!("{source} "));
        let error = Error::new(Kind::Secret, format!("{place}is not there"));
        located(error.hint(format!("create it, or set {name}, which takes precedence")))
    })
}

#[derive(Debug, thiserror::Error)]
#[error("must be {KEY_BYTES} bytes in base64")]
struct NotAKey;

fn sealer(key: &Secret) -> Result<Sealer, Error> {
    let decoded = STANDARD.decode(key.expose().trim()).map(Zeroizing::new);
    let sealer = decoded.ok().and_then(|bytes| Sealer::new(&bytes));
    sealer
        .ok_or(NotAKey)
        .or_fail(Kind::Secret)
        .map_err(|error| error.hint("`tok shared-cache key` makes one"))
}
