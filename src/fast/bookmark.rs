//! A bookmark names the cache entry of a profile's last token, so that the config need not be read to print it again.
//!
//! It is used only while the config file is unchanged and no environment variable overrides a part of it.
//! With one profile it saves 0.20 of 0.56 million instructions (`cargo bench`: `tok header` beside `config edited a second ago`).

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cache;
use crate::cache::directory::{self, Directory};
use crate::cache::error::CacheError;
use crate::cache::key;
use crate::cache::store::{Found, Store};
use crate::profile::Profile;
use crate::profile::file::Config;
use crate::profile::file::schema::{CacheKind, TokenCharacters};
use crate::profile::file::state::State;
use crate::profile::name::{self, var_variable};

const ENDING: &str = "bookmark";

/// Identifies the sources (`build.rs`): another build may read a config differently.
const TOK: &str = env!("TOK_SOURCES");

/// A bookmark of another build is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bookmark {
    tok: String,
    config: String,
    state: State,
    entry: String,
    characters: TokenCharacters,
    header: Option<Vec<Vec<String>>>,
    pub(super) secret_variables: Vec<String>,
}

fn file_name(profile: &str) -> String {
    format!("{profile}.{ENDING}")
}

/// Removes every bookmark, or that of `profile`; without its entry a bookmark is useless.
pub(crate) fn forget(profile: Option<&str>) {
    let directory = directory::path().and_then(|path| Directory::open(&path));
    let Ok(Some(directory)) = directory else {
        return;
    };
    for name in directory.names().unwrap_or_default() {
        if let Some((owner, ENDING)) = name.split_once('.')
            && profile.is_none_or(|profile| profile == owner)
        {
            let _ = directory.remove(&name);
        }
    }
}

impl Bookmark {
    /// Returns `None` if the token depends on more than the config, or the header on more than the token.
    pub(super) fn of(profile: &Profile, config: &Config) -> Option<Self> {
        let by_config_alone = matches!(profile.cache, CacheKind::File | CacheKind::Shared)
            && profile.env.is_empty()
            && profile.others.is_empty()
            && !is_any_variable_set(&profile.name);
        if !by_config_alone {
            return None;
        }
        let header = match &profile.header {
            None => None,
            Some(lines) => Some(
                lines
                    .iter()
                    .map(|line| line.around_access_token(&|name| profile.known_value(name)))
                    .collect::<Option<_>>()?,
            ),
        };
        Some(Self {
            tok: TOK.to_owned(),
            config: config.file().to_str()?.to_owned(),
            state: config.settled_state()?,
            entry: cache::stem(profile),
            characters: profile.response.token_chars,
            header,
            secret_variables: super::secret_variables(profile),
        })
    }

    pub(super) fn header(&self) -> Option<&[Vec<String>]> {
        self.header.as_deref()
    }

    fn holds(&self, profile: &str, path: &Path, state: State) -> bool {
        self.tok == TOK
            && self.state == state
            && Path::new(&self.config) == path
            && !is_any_variable_set(profile)
    }

    pub(super) fn keep(&self, profile: &str) -> Result<(), CacheError> {
        let folder = Directory::create(&directory::path()?)?;
        let name = file_name(profile);
        if matches!(folder.read(&name), Ok(Some(content)) if read(content.line()).as_ref() == Some(self))
        {
            return Ok(());
        }
        folder.sweep();
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        folder.write_unsynced(&name, &bytes)
    }
}

/// Such a variable may change the request, and an unknown one deserves a note.
fn is_any_variable_set(profile: &str) -> bool {
    let prefix = var_variable(profile, "");
    std::env::vars_os().any(|(name, _)| {
        let start = name.as_encoded_bytes().get(..prefix.len());
        // Names have no case on Windows.
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    })
}

fn read(bytes: &[u8]) -> Option<Bookmark> {
    serde_json::from_slice(bytes).ok()
}

/// Returns the bookmark and its entry. On an error the caller reads the config.
pub(super) fn follow(profile: &str, path: &Path) -> Option<(Bookmark, Found)> {
    name::check(profile).ok()?;
    let folder = Directory::open_in_order(&directory::path().ok()?)?;
    let bookmark = read(folder.read(&file_name(profile)).ok()??.line())?;
    let state = Config::state_of(path)?;
    // The bookmark cannot lead out of this folder.
    let is_ours = key::profile_of(&bookmark.entry) == Some(profile);
    if !(is_ours && bookmark.holds(profile, path, state)) {
        return None;
    }
    let found = Store::File
        .read(&folder, &bookmark.entry, bookmark.characters)
        .ok()??;
    Some((bookmark, found))
}
