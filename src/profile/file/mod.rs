//! The config file: where it is, whether it may be trusted, and what it says of a profile.
//!
//! Never looked for in the working directory: a config names commands to run and where secrets go.

mod assertion;
pub mod edit;
mod locate;
mod owner;
mod request;
mod response;
pub mod schema;
mod section;
pub mod state;
mod values;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::clock::Now;
use crate::error::{Error, Kind, Subject};
use crate::term::text::nearest;
use schema::ProfileTable;
use state::State;

/// The largest config that is read: no honest one comes near it.
const LARGEST_BYTES: u64 = 16 << 20;

/// A config file, read but not yet understood.
#[derive(Debug)]
pub struct Config {
    path: PathBuf,
    text: String,
    /// The state it was read in, once that is sure to tell it from any other.
    state: Option<State>,
}

impl Config {
    /// Where the config is: `chosen` (`--config`, `TOK_CONFIG`), else `tok/config.toml` under `XDG_CONFIG_HOME` or the platform's
    /// config folder.
    ///
    /// # Errors
    /// A config failure when there is no home to look in.
    pub fn path(chosen: Option<&Path>) -> Result<PathBuf, Error> {
        if let Some(path) = chosen {
            return Ok(path.to_owned());
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
    /// A config failure that names the path.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let at = path.display();
        let failed = |message: String| Error::new(Kind::Config, message);
        let is_folder = || {
            failed(format!("{at} is a folder, not a config file"))
                .hint("name the file in it with --config FILE or TOK_CONFIG")
        };
        let mut file = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => failed(format!("there is no config at {at}")).hint(format!(
                "write one, for example\n\n      [profiles.example]\n      token_url = \"https://auth.example.com/oauth/token\"\n      client_id = \"…\"\n\n  into {at}, or name another with --config FILE or TOK_CONFIG"
            )),
            // Windows does not open one.
            _ if path.is_dir() => is_folder(),
            _ => failed(format!("could not read {at}: {error}")),
        })?;
        let read_at = Now::read();
        let metadata = file
            .metadata()
            .map_err(|error| failed(format!("could not read {at}: {error}")))?;
        if metadata.is_dir() {
            return Err(is_folder());
        }
        owner::check(path, &metadata)?;
        let mut bytes =
            Vec::with_capacity(usize::try_from(metadata.len().min(LARGEST_BYTES)).unwrap_or(0));
        Read::by_ref(&mut file)
            .take(LARGEST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| failed(format!("could not read {at}: {error}")))?;
        if bytes.len() as u64 > LARGEST_BYTES {
            return Err(failed(format!(
                "{at} is larger than {} MiB",
                LARGEST_BYTES >> 20
            )));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let line = 1 + error.as_bytes()[..error.utf8_error().valid_up_to()]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            failed(format!("{at}:{line}: not UTF-8 text"))
        })?;
        Ok(Self {
            path: path.to_owned(),
            text,
            state: State::of(&metadata).filter(|state| state.is_settled(&read_at)),
        })
    }

    /// The state of the file at `path`, which is not read; none when it may not be trusted, or cannot be told from another state.
    #[must_use]
    pub fn state_of(path: &Path) -> Option<State> {
        // A pipe would wait for a writer.
        if !std::fs::metadata(path).ok()?.is_file() {
            return None;
        }
        // Opened, and not only asked about: a network file system answers from memory, and looks again when a file is opened.
        let metadata = File::open(path).ok()?.metadata().ok()?;
        owner::check(path, &metadata).ok()?;
        State::of(&metadata)
    }

    /// The state that the file was read in, if no change since can have left it looking the same.
    #[must_use]
    pub fn settled_state(&self) -> Option<State> {
        self.state
            .filter(|_| state::tells_of_every_change(&self.path))
    }

    /// A config whose text is `text`, and which stands, or will stand, at `path`.
    #[must_use]
    pub fn of_text(path: impl Into<PathBuf>, text: &str) -> Self {
        Self {
            path: path.into(),
            text: text.to_owned(),
            state: None,
        }
    }

    /// The path it was read from.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.path
    }

    /// The folder that relative paths in it start from.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The table of profile `name`, as written. Reads no more of the file than it must, so what is wrong with other profiles may go
    /// unnoticed; [`profiles`](Self::profiles) notices.
    ///
    /// # Errors
    /// A config failure with file, line and key when the file cannot be understood or does not name the profile.
    pub fn profile(&self, name: &str) -> Result<ProfileTable, Error> {
        let part = section::find(&self.text, name)
            .and_then(|part| toml::from_str::<schema::File>(&part).ok());
        let mut profiles = match part {
            Some(part) => part.profiles,
            None => self.profiles()?,
        };
        match profiles.remove(name) {
            Some(table) => Ok(table),
            None => Err(self.no_such_profile(name, &profiles)),
        }
    }

    /// The tables of all profiles, as written, by name.
    ///
    /// # Errors
    /// A config failure with file, line and key.
    pub fn profiles(&self) -> Result<BTreeMap<String, ProfileTable>, Error> {
        toml::from_str::<schema::File>(&self.text)
            .map(|file| file.profiles)
            .map_err(|error| self.not_understood(&error))
    }

    /// `error` about profile `name` and this file, at the line of the key that it is about.
    #[must_use]
    pub(crate) fn located(&self, name: &str, error: Error) -> Error {
        let key = error.subjects().iter().find_map(|subject| match subject {
            Subject::Key(key) => Some(key.as_str()),
            _ => None,
        });
        let line = locate::line_of_key(&self.text, name, key.unwrap_or_default());
        error
            .profile(name)
            .about(Subject::File(self.path.clone(), line))
    }

    /// As [`located`](Self::located), about the key whose value is the text `written`, if the profile has it.
    #[must_use]
    pub(crate) fn located_at_text(&self, name: &str, written: &str, error: Error) -> Error {
        let key = locate::key_of_text(&self.text, name, written);
        let error = match key {
            Some(key) => error.about(Subject::Key(key)),
            None => error,
        };
        self.located(name, error)
    }

    fn no_such_profile(&self, name: &str, profiles: &BTreeMap<String, ProfileTable>) -> Error {
        let at = self.path.display();
        // Profiles outside the part that was read count too when a name is looked for.
        let all = self.profiles().unwrap_or_default();
        let names: Vec<&str> = all
            .keys()
            .chain(profiles.keys())
            .map(String::as_str)
            .collect();
        let failure = Error::new(
            Kind::Config,
            format!("there is no profile `{name}` in {at}"),
        );
        match nearest(name, names.iter().copied()) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None if all.is_empty() => {
                failure.hint("the file names no profile yet; one begins with `[profiles.NAME]`")
            }
            None => failure.hint(format!(
                "there are: {}",
                all.keys()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        }
    }

    fn not_understood(&self, error: &toml::de::Error) -> Error {
        let at = self.path.display();
        let line = error.span().map_or_else(String::new, |span| {
            format!(":{}", locate::line_at(&self.text, span.start))
        });
        let message = error.message().replace('\n', ", ");
        if let Some((unknown, known)) = locate::unknown_key(&message) {
            let failure = Error::new(Kind::Config, format!("{at}{line}: unknown key `{unknown}`"));
            return match nearest(&unknown, known.iter().map(String::as_str)) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint(format!("known here are: {}", known.join(", "))),
            };
        }
        let key = error
            .span()
            .and_then(|span| locate::key_at(&self.text, span.start))
            .map_or_else(String::new, |key| format!("`{key}`: "));
        if locate::is_secret_itself(&message) {
            return Error::new(
                Kind::Config,
                format!("{at}{line}: {key}a secret does not stand in the config itself, only where it comes from"),
            )
            .hint("take it out and store it with `tok secret set PROFILE`, or name its source, as in `client_secret = { file = \"…\" }`");
        }
        let message = locate::in_our_words(&message);
        Error::new(Kind::Config, format!("{at}{line}: {key}{message}"))
    }
}

/// The folder that an XDG variable names; a relative one counts as unset (XDG Base Directory Specification).
#[must_use]
pub fn absolute_folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::of_text("c.toml", text)
    }

    #[test]
    fn what_is_wrong_is_said_with_line_key_and_nearest_name() {
        let cases = [
            (
                "[profiles.a]\ntoken_ur = 'x'\n",
                "c.toml:2: unknown key `token_ur`",
                "`token_url`",
            ),
            (
                "[profile.a]\n",
                "c.toml:1: unknown key `profile`",
                "`profiles`",
            ),
            (
                "[profiles.a]\nclient_id = 7\n",
                "c.toml:2: `client_id`: expected a string, not integer `7`",
                "",
            ),
            (
                "[profiles.a]\nencoding = 'xml'\n",
                "c.toml:2: `encoding`: `xml` is none of `form`, `json`, `query`, `none`",
                "",
            ),
            (
                "[profiles.a]\nresponse = { rot = '/x' }\n",
                "c.toml:2: unknown key `rot`",
                "`root`",
            ),
            ("[profiles.a\n", "c.toml:1: ", ""),
            (
                "[profiles.a]\ntimeout = 'soon'\n",
                "c.toml:2: `timeout`: `soon` is no length of time",
                "",
            ),
            (
                "[profiles.a]\nparams = { d = 2020-01-01 }\n",
                "c.toml:2: `params`: `d` holds a date",
                "",
            ),
            (
                "[profiles.b]\n",
                "there is no profile `a` in c.toml",
                "there are: b",
            ),
            (
                "[profiles.aa]\n",
                "there is no profile `a` in c.toml",
                "`aa`",
            ),
            (
                "",
                "there is no profile `a` in c.toml",
                "names no profile yet",
            ),
        ];
        for (text, message, hint) in cases {
            let failure = config(text).profile("a").unwrap_err();
            assert!(
                failure.to_string().starts_with(message),
                "{text:?}: {failure}"
            );
            assert!(
                failure.next_step().unwrap_or("").contains(hint),
                "{text:?}: {failure:?}"
            );
            assert_eq!(failure.kind(), Kind::Config);
        }
    }

    #[test]
    fn a_semantic_error_names_the_line_of_its_key() {
        let config =
            config("[profiles.a]\nclient_id = 'x'\n[profiles.a.response]\nroot = 'data'\n");
        let wrong = |key: &str, reason: &'static str| {
            Error::new(Kind::Config, reason).about(Subject::Key(key.to_owned()))
        };
        let failure = config.located("a", wrong("response.root", "no pointer"));
        assert_eq!(
            failure.to_string(),
            "c.toml:4: profile `a`: `response.root`: no pointer"
        );
        let failure = config.located("a", wrong("token_url", "missing"));
        assert_eq!(
            failure.to_string(),
            "c.toml:1: profile `a`: `token_url`: missing"
        );
    }
}
