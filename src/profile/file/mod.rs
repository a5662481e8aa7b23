//! The config file: finds it, checks its permissions, and reads it.
//!
//! It is never looked for in the working directory, as a config names commands to run and where secrets go.

mod assertion;
pub(crate) mod edit;
mod hint;
mod identity;
mod json_schema;
mod key_source;
mod locate;
mod owner;
mod read;
mod request;
mod response;
pub mod schema;
mod section;
pub mod shared_cache;
mod source;
pub(crate) mod state;
mod tables;
mod values;

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::clock::Now;
use crate::error::{Error, Kind, Subject};
use crate::profile::home;
use state::State;

pub(crate) use json_schema::json_schema;
pub(crate) use read::{Mistake, SHARED, document};
pub use tables::Overview;

/// Far beyond any real config.
const LARGEST_BYTES: u64 = 16 << 20;

/// A config file, read but not yet parsed.
#[derive(Clone, Debug)]
pub struct Config {
    path: PathBuf,
    text: String,
    /// `None` if a later change might not alter the state.
    state: Option<State>,
}

impl Config {
    /// Returns the config's path: `chosen` (`--config`), else `TOK_CONFIG`, else `tok/config.toml` in `XDG_CONFIG_HOME` or the platform's folder.
    ///
    /// # Errors
    /// Fails without a home folder.
    pub fn path(chosen: Option<&Path>) -> Result<PathBuf, Error> {
        if let Some(path) = chosen {
            return Ok(home::expanded(path));
        }
        if let Some(path) = std::env::var_os("TOK_CONFIG").filter(|path| !path.is_empty()) {
            return Ok(home::expanded(path.as_ref()));
        }
        let folder = absolute_folder("XDG_CONFIG_HOME")
            .or_else(|| directories::BaseDirs::new().map(|dirs| dirs.config_dir().to_owned()));
        folder
            .map(|folder| folder.join("tok").join("config.toml"))
            .ok_or_else(|| {
                Error::new(Kind::Config, "no home folder to look for a config in")
                    .hint("name the file with --config FILE or TOK_CONFIG")
            })
    }

    /// Opens and reads the file at `path`, refusing one that others may write.
    ///
    /// # Errors
    /// Fails with an error that names the path.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let unreadable = |error| {
            Error::of(Kind::Config, error).about(Subject::Action(
                format!("could not read {}", path.display()).into(),
            ))
        };
        let mut opened = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::new(
                Kind::Config,
                format!("no config at {}", path.display()),
            )
            .hint("`tok add NAME` makes one with a first profile; --config FILE or TOK_CONFIG names another file"),
            // Windows cannot open a folder.
            _ if path.is_dir() => is_folder(path),
            _ => unreadable(error),
        })?;
        let read_at = Now::read();
        let metadata = opened.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(is_folder(path));
        }
        owner::check(path, &metadata)?;
        let mut bytes =
            Vec::with_capacity(usize::try_from(metadata.len().min(LARGEST_BYTES)).unwrap_or(0));
        Read::by_ref(&mut opened)
            .take(LARGEST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() as u64 > LARGEST_BYTES {
            return Err(Error::new(
                Kind::Config,
                format!(
                    "{} is larger than {} MiB",
                    path.display(),
                    LARGEST_BYTES >> 20
                ),
            ));
        }
        let not_utf8 = |line| {
            Error::new(Kind::Config, "not UTF-8 text")
                .about(Subject::File(path.to_owned(), Some(line)))
                .hint("save the file as UTF-8")
        };
        // UTF-16 without a byte order mark is valid UTF-8 if its text is ASCII.
        if bytes.iter().take(2).any(|byte| *byte == 0) {
            return Err(not_utf8(1));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            not_utf8(1 + valid.iter().filter(|byte| **byte == b'\n').count())
        })?;
        Ok(Self {
            path: path.to_owned(),
            text,
            state: State::of(&metadata).filter(|state| state.is_settled(&read_at)),
        })
    }

    /// Returns the file's state without reading it; `None` if it may not be trusted or has no reliable state.
    #[must_use]
    pub(crate) fn state_of(path: &Path) -> Option<State> {
        // A pipe would wait for a writer.
        if !std::fs::metadata(path).ok()?.is_file() {
            return None;
        }
        // Opened first: a network file system answers `stat` from memory, and revalidates on open.
        let metadata = File::open(path).ok()?.metadata().ok()?;
        owner::check(path, &metadata).ok()?;
        State::of(&metadata)
    }

    /// Returns the state the file was read in, if any later change alters it.
    #[must_use]
    pub(crate) fn settled_state(&self) -> Option<State> {
        self.state
            .filter(|_| state::tells_of_every_change(&self.path))
    }

    /// Creates a config with this text, for the file at `path`.
    #[must_use]
    pub fn of_text(path: impl Into<PathBuf>, text: &str) -> Self {
        Self {
            path: path.into(),
            text: text.to_owned(),
            state: None,
        }
    }

    /// Returns the path it was read from.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.path
    }

    /// Returns the folder that its relative paths start from.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

fn is_folder(path: &Path) -> Error {
    Error::new(
        Kind::Config,
        format!("{} is a folder, not a config file", path.display()),
    )
    .hint("name the file in it with --config FILE or TOK_CONFIG")
}

/// Returns the folder that an XDG variable names; a relative one counts as unset (XDG Base Directory Specification).
#[must_use]
pub fn absolute_folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}
