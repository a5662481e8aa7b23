//! The refresh token of a login: the secret `refresh_token`, which is replaced where it came from when the provider issues a new one.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::{Error, Subject};
use crate::process::replace_file;
use crate::profile::template::REFRESH_TOKEN;
use crate::profile::{Environment, Profile};
use crate::secret::Secret;
use crate::secrets::failure::Failure;
use crate::secrets::{
    Found, Patience, Source, command, environment, first_set, in_home, keyring, keyring_user,
};

/// How long a program may take to store a token that exists nowhere else yet: the run's own deadline does not apply.
const STORING: Duration = Duration::from_secs(30);

/// Where a refresh token can be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The keyring entry of this user name.
    Keyring(String),
    /// The profile's file.
    File(PathBuf),
    /// The profile's `command` and `store`, and the variables that they do not inherit.
    Command {
        read: Vec<String>,
        store: Vec<String>,
        withheld: Vec<OsString>,
    },
}

impl Place {
    /// Returns where the profile's refresh token is stored: its file or its `store`, else the keyring.
    pub(crate) fn of(profile: &Profile) -> Result<Self, Error> {
        let written = profile.source(REFRESH_TOKEN);
        if let Some(source) = written.filter(|source| source.pointer.is_none()) {
            if let Some(path) = &source.file {
                return Ok(Self::File(profile.path(path)));
            }
            if let (Some(read), Some(store)) = (&source.command, &source.store) {
                let config = || Some(profile.config.clone());
                return Ok(Self::Command {
                    read: in_home(read),
                    store: in_home(store),
                    withheld: environment::withheld(&config),
                });
            }
        }
        Ok(Self::Keyring(keyring_user(profile, REFRESH_TOKEN)?))
    }

    /// Returns the place's source, as [`find`](crate::secrets::find) names it.
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Keyring(user) => Source::Keyring(user.clone()),
            Self::File(path) => Source::File(path.clone()),
            Self::Command { read, withheld, .. } => Source::Command(read.clone(), withheld.clone()),
        }
    }

    /// Returns what tells this place from every other on the machine, for its lock.
    pub(crate) fn identity(&self) -> String {
        match self {
            Self::Keyring(user) => format!("keyring {user}"),
            // Two profiles may name one file in different ways.
            Self::File(path) => format!("file {}", target(path).display()),
            Self::Command { store, .. } => format!("command {store:?}"),
        }
    }

    /// Fails if a new token could not be stored here: writes `current` once more, or, without one, does all but that.
    /// A program is not run for it, because each run may leave a trace, such as a version in a password manager.
    pub(crate) fn prove(&self, current: Option<&Secret>) -> Result<(), Error> {
        match (self, current) {
            (Self::Command { .. }, _) => Ok(()),
            (_, Some(current)) => self.store(current),
            (Self::Keyring(user), None) => keyring::probe(user).map_err(|error| self.named(error)),
            (Self::File(path), None) => {
                can_replace(path).map_err(|error| self.named(Failure::NotReplaced(error).into()))
            }
        }
    }

    /// Replaces the token; after `Ok` it survives a crash.
    pub(crate) fn store(&self, token: &Secret) -> Result<(), Error> {
        match self {
            Self::Keyring(user) => keyring::set(user, token),
            Self::File(path) => {
                replace(path, token).map_err(|error| Failure::NotReplaced(error).into())
            }
            Self::Command {
                store, withheld, ..
            } => command::write(store, withheld, token, Instant::now() + STORING)
                .map_err(Error::from),
        }
        .map_err(|error| self.named(error))
    }

    /// Removes the token; returns whether tok could and there was one. What a program stored stays.
    pub(crate) fn forget(&self) -> Result<bool, Error> {
        match self {
            Self::Keyring(user) => keyring::delete(user),
            Self::File(path) => match std::fs::remove_file(target(path)) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(Failure::NotReplaced(error).into()),
            },
            Self::Command { .. } => Ok(false),
        }
        .map_err(|error| self.named(error))
    }

    fn named(&self, error: Error) -> Error {
        error.about(Subject::Source(self.to_string()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { store, .. } => {
                write!(f, "command {}", store.first().map_or("", String::as_str))
            }
            place => place.source().fmt(f),
        }
    }
}

/// Reads the token from the first source that has it, or `None` if none has.
pub(crate) fn read(
    profile: &Profile,
    environment: Environment<'_>,
    patience: Patience,
) -> Result<Option<Found>, Error> {
    first_set(profile, REFRESH_TOKEN, environment, patience).map(|(found, _)| found)
}

/// A link stays, so that the file is replaced where it really is.
fn target(path: &Path) -> PathBuf {
    let in_folder = || {
        let folder = std::fs::canonicalize(path.parent()?).ok()?;
        Some(folder.join(path.file_name()?))
    };
    std::fs::canonicalize(path)
        .ok()
        .or_else(in_folder)
        .unwrap_or_else(|| path.to_owned())
}

fn replace(path: &Path, token: &Secret) -> io::Result<()> {
    let mut line = token.clone();
    line.push("\n");
    replace_file::replace(&target(path), line.expose().as_bytes(), None, || Ok(()))
}

/// Makes and syncs a file beside `path` as large as any token, and removes it.
fn can_replace(path: &Path) -> io::Result<()> {
    #[derive(Debug)]
    enum Stopped {
        Proven,
        Failed(io::Error),
    }
    impl From<io::Error> for Stopped {
        fn from(error: io::Error) -> Self {
            Self::Failed(error)
        }
    }
    let (path, bytes) = (target(path), [0; 16 << 10]);
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    match replace_file::replace(&path, &bytes, None, || Err(Stopped::Proven)) {
        Err(Stopped::Failed(error)) => Err(error),
        Err(Stopped::Proven) | Ok(()) => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_where_its_link_leads_and_only_the_user_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        let new = Place::File(file.clone());
        new.prove(None).unwrap();
        assert!(!file.exists());
        let as_new = new.identity();
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let place = Place::File(link.clone());
        let before = place.identity();
        place.store(&Secret::new("t0ken")).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "t0ken\n");
        assert!(link.is_symlink());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            (place.identity(), &before),
            (Place::File(file).identity(), &as_new)
        );
        assert_ne!(before, Place::Keyring("p".into()).identity());
        let taken = Place::File(folder.path().to_owned());
        assert!(taken.prove(None).is_err());
        let nowhere = Place::File(folder.path().join("no").join("file"));
        let error = nowhere.prove(Some(&Secret::new("t0ken"))).unwrap_err();
        assert!(!error.to_string().contains("t0ken"), "{error}");
        assert_eq!(error.kind(), crate::error::Kind::Secret);
    }
}
