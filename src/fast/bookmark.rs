//! Where a profile's token was found last time: so that printing it again takes one look at whether the config has changed, and none at what
//! is in the config, however long it is.
//!
//! A shortcut and never a second truth: it holds nothing that the config does not say, it is believed only while the config file is in the
//! state in which it was read and no environment variable has come in between, and whatever is out of the ordinary leads back to reading the
//! config.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cache;
use crate::cache::directory::{self, Directory};
use crate::cache::error::CacheError;
use crate::cache::key;
use crate::cache::store::{Found, Store};
use crate::profile::file::Config;
use crate::profile::file::schema::CacheKind;
use crate::profile::file::state::State;
use crate::profile::name::{self, var_variable};
use crate::profile::{Environment, Profile};

/// The ending of the file.
const ENDING: &str = "bookmark";

/// Which tok this is, by its sources (`build.rs`): what a profile comes to may differ in another.
const TOK: &str = env!("TOK_SOURCES");

/// What a bookmark says. One by another tok is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookmark {
    tok: String,
    config: String,
    state: State,
    entry: String,
    /// The texts around the token in each header line; none for the usual one.
    pub header: Option<Vec<Vec<String>>>,
}

/// A token that was found by its bookmark, and how it is to be printed.
#[derive(Debug)]
pub(crate) struct AtHand {
    /// The entry, and the file it was in.
    pub(crate) found: Found,
    /// As [`Bookmark::header`].
    pub(crate) header: Option<Vec<Vec<String>>>,
}

fn file_name(profile: &str) -> String {
    format!("{profile}.{ENDING}")
}

/// Removes every bookmark, or that of `profile`. One that stays leads nowhere once its entry is gone.
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
    /// The bookmark for `profile`, read from `config` as it is; none when its token is not found by the config alone, or its
    /// header needs more than the token.
    #[must_use]
    pub fn of(profile: &Profile, config: &Config) -> Option<Self> {
        let by_config_alone = profile.cache == CacheKind::File
            && profile.env.is_empty()
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
            header,
        })
    }

    /// Whether what it says of the config at `path`, which is in `state`, still holds.
    fn holds(&self, profile: &str, path: &Path, state: State) -> bool {
        self.tok == TOK
            && self.state == state
            && Path::new(&self.config) == path
            && !is_any_variable_set(profile)
    }

    /// Puts it in place for `profile`, unless it is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn keep(&self, profile: &str) -> Result<(), CacheError> {
        let folder = Directory::create(&directory::path()?)?;
        let name = file_name(profile);
        // One that cannot be trusted is replaced like an old one.
        if matches!(folder.read(&name), Ok(Some(content)) if read(content.line()).as_ref() == Some(self))
        {
            return Ok(());
        }
        // What was never finished; if another process is just finishing it, that one goes without.
        folder.sweep();
        // Strings and numbers always serialize; were it not so, an empty file is no bookmark.
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        folder.write_unsynced(&name, &bytes)
    }
}

/// Whether the environment sets a variable of `profile`: it may change the request, and one that the profile does not have deserves a note.
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

/// The entry that the bookmark of `profile` leads to, where the config is at `path`; none when there is no such entry, or no bookmark that
/// holds. Whatever is wrong is left to whoever reads the config then.
pub(crate) fn follow(profile: &str, path: &Path) -> Option<AtHand> {
    name::check(profile).ok()?;
    let folder = Directory::open_in_order(&directory::path().ok()?)?;
    let bookmark = read(folder.read(&file_name(profile)).ok()??.line())?;
    let state = Config::state_of(path)?;
    // The entry is looked for in this folder and nowhere else, whatever is written there.
    let is_ours = key::profile_of(&bookmark.entry) == Some(profile);
    if !(is_ours && bookmark.holds(profile, path, state)) {
        return None;
    }
    Some(AtHand {
        found: Store::File.read(&folder, &bookmark.entry).ok()??,
        header: bookmark.header,
    })
}
