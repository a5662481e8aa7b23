//! The checks without network: keyring, secrets, cache folder, trusted roots, proxy variables.

use crate::cache;
use crate::commands::doctor::finding::Finding;
use crate::commands::doctor::provider::deadline;
use crate::commands::show::sources::places;
use crate::error::{Error, Kind, OrFail, Subject};
use crate::http::{Http, Tries};
use crate::identity::Asking;
use crate::oauth::assertion;
use crate::profile::identity::Identity;
use crate::profile::{Environment, Profile};
use crate::secret::Secret;
use crate::secrets::Patience;
use crate::secrets::{Source, keyring, pem_file};
use crate::term::notes::Notes;

/// Returns each secret that `profile` needs, with the source tok would use.
pub(super) fn secret_sources(profile: &Profile) -> Vec<(String, Option<Source>)> {
    profile
        .needed_secrets()
        .into_iter()
        .map(|name| {
            let source = places(profile, &name, &crate::commands::session::environment)
                .ok()
                .and_then(|places| places.into_iter().find(|place| place.wins))
                .map(|place| place.source);
            (name, source)
        })
        .collect()
}

pub(super) fn keyring() -> Finding {
    if keyring::is_off().unwrap_or(false) {
        return Finding::skipped("keyring", "TOK_KEYRING is off");
    }
    let round_trip = || {
        let number = random()?;
        let (user, secret) = (
            format!("doctor/{number:016x}@localhost"),
            Secret::new(format!("{number:032x}")),
        );
        keyring::set(&user, &secret)?;
        let read = keyring::get(&user);
        let deleted = keyring::delete(&user)?;
        match read? {
            Some(read) if read == secret && deleted => {
                Ok("an entry was stored, read back and removed".to_owned())
            }
            _ => Err(Error::new(
                Kind::Secret,
                "the keyring does not give back what was stored in it",
            )),
        }
    };
    Finding::new(
        "keyring",
        round_trip().map_err(|failure: Error| match failure.next_step() {
            Some(_) => failure,
            None => failure.hint(
                "without one (CI, a container), give secrets by TOK_<PROFILE>_CLIENT_SECRET or the profile's own source",
            ),
        }),
    )
}

fn random() -> Result<u64, Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .or_fail(Kind::Unexpected)
        .map_err(|error| error.about(Subject::Action("could not get random bytes".into())))?;
    Ok(u64::from_ne_bytes(bytes))
}

/// Looks for each secret. Commands are not run, because they may ask the user something.
pub(super) fn secrets(
    profile: &Profile,
    secrets: &[(String, Option<Source>)],
    keyring_works: bool,
    environment: Environment<'_>,
) -> Vec<Finding> {
    let check = |name: &str, source: &Option<Source>| {
        let check = format!("secret {name}");
        match source.as_ref().map(Source::place) {
            Some(Source::Command(..)) => {
                Finding::skipped(check, "a command gives it; only --fetch runs it")
            }
            Some(Source::Keyring(_)) if !keyring_works => {
                Finding::skipped(check, "would come from the keyring")
            }
            _ => Finding::new(
                check,
                crate::secrets::find(profile, name, environment, Patience::default()).and_then(
                    |found| {
                        let source = found.source.to_string();
                        let certificates = pem_file::of_assertions(profile, deadline(profile))?;
                        assertion::check(profile, name, &found.secret, &certificates)
                            .map_err(|failure| failure.about(Subject::Source(source.clone())))?;
                        Ok(source)
                    },
                ),
            ),
        }
    };
    secrets
        .iter()
        .map(|(name, source)| check(name, source))
        .collect()
}

/// Shows the claims that a provider's trust depends on. A command is not run, because it may ask the user something, and a
/// platform's service is not asked, because that sends it the job's credentials.
pub(super) fn identity(
    profile: &Profile,
    identity: &Identity,
    fetches: bool,
    notes: Notes,
) -> Finding {
    if !fetches && !identity.is_at_hand() {
        return Finding::skipped("identity", "only --fetch asks for it");
    }
    let until = deadline(profile);
    let shown = Http::new(profile, None, until, Tries::Several, notes).and_then(|http| {
        let asking = Asking {
            profile,
            environment: &crate::commands::session::environment,
            until,
            http: &http,
        };
        Ok(asking.identity()?.shown)
    });
    Finding::new("identity", shown)
}

pub(super) fn cache() -> Finding {
    let probed = cache::probe().or_fail(Kind::Unexpected);
    Finding::new(
        "cache",
        probed.map(|path| path.display().to_string()).map_err(|error| {
            error.hint("tok works without a cache but asks the provider each time; XDG_CACHE_HOME moves it")
        }),
    )
}

#[cfg(all(unix, not(target_vendor = "apple")))]
#[derive(Debug, thiserror::Error)]
enum NoRoots {
    #[error("the system trusts no CA")]
    NotInstalled,
    #[error("the system trusts no CA: could not read {}", .path.display())]
    Unreadable {
        path: std::path::PathBuf,
        #[source]
        error: std::io::Error,
    },
    // Not a source: its text contains its own source already.
    #[error("the system trusts no CA: {0}")]
    Invalid(rustls_native_certs::Error),
}

#[cfg(all(unix, not(target_vendor = "apple")))]
impl NoRoots {
    fn of(error: Option<rustls_native_certs::Error>) -> Self {
        use rustls_native_certs::ErrorKind;
        match error {
            None => Self::NotInstalled,
            Some(error) => match error.kind {
                ErrorKind::Io { inner, path } => Self::Unreadable { path, error: inner },
                _ => Self::Invalid(error),
            },
        }
    }
}

#[cfg(all(unix, not(target_vendor = "apple")))]
pub(super) fn roots() -> Finding {
    let loaded = rustls_native_certs::load_native_certs();
    let found = if loaded.certs.is_empty() {
        let reason = NoRoots::of(loaded.errors.into_iter().next());
        Err(Error::of(Kind::Unreachable, reason)
            .hint("install the package `ca-certificates`, or set SSL_CERT_FILE"))
    } else {
        Ok(match loaded.certs.len() {
            1 => "the system trusts 1 CA".to_owned(),
            count => format!("the system trusts {count} CAs"),
        })
    };
    Finding::new("tls roots", found)
}

/// The system verifies each certificate here, so tok has no list to count.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
pub(super) fn roots() -> Finding {
    Finding::skipped(
        "tls roots",
        "the system itself decides which certificates are trusted",
    )
}

const PROXY_VARIABLES: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

pub(super) fn proxy(environment: Environment<'_>) -> Finding {
    let mut set = Vec::new();
    for variable in PROXY_VARIABLES {
        let Some(value) = environment(variable).filter(|value| !value.is_empty()) else {
            continue;
        };
        let value = value.to_string_lossy();
        // As in curl, a proxy without a scheme is an http proxy.
        let url = if value.contains("://") {
            value.into_owned()
        } else {
            format!("http://{value}")
        };
        match url::Url::parse(&url) {
            Ok(url) if url.has_host() => {
                let port = url
                    .port()
                    .map_or_else(String::new, |port| format!(":{port}"));
                set.push(format!(
                    "{variable} = {}://{}{port}",
                    url.scheme(),
                    url.host_str().unwrap_or_default()
                ));
            }
            _ => {
                return Finding::new(
                    "proxy",
                    Err(Error::new(Kind::Unreachable, format!("{variable} is not a proxy URL"))
                        .hint(format!("write it like {variable}=http://proxy.example.com:3128, or unset it"))),
                );
            }
        }
    }
    if set.is_empty() {
        return Finding::new("proxy", Ok("none set".to_owned()));
    }
    for variable in ["NO_PROXY", "no_proxy"] {
        if let Some(value) = environment(variable) {
            set.push(format!("{variable} = {}", value.to_string_lossy()));
        }
    }
    Finding::new("proxy", Ok(set.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Outcome;
    use std::ffi::OsString;

    #[test]
    fn proxy_credentials_are_not_shown() {
        let environment = |name: &str| {
            (name == "https_proxy").then(|| OsString::from("http://me:s3cret@p.example:3128/"))
        };
        assert_eq!(
            proxy(&environment).outcome,
            Outcome::Fine("https_proxy = http://p.example:3128".into())
        );
        let bad = |name: &str| (name == "HTTPS_PROXY").then(|| OsString::from("s3cret@:x"));
        let Outcome::Failed(failure) = proxy(&bad).outcome else {
            panic!("not a URL");
        };
        assert!(!failure.to_string().contains("s3cret"));
        assert_eq!(proxy(&|_| None).outcome, Outcome::Fine("none set".into()));
    }
}
