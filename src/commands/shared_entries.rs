//! The entries of profiles at the shared cache, for commands that look after them.

use crate::cache;
use crate::cache::entries::Entries;
use crate::cache::shared::{Identity, Level, Settings, Shown};
use crate::commands::session::{Session, environment};
use crate::error::Error;
use crate::profile::file::Config;
use crate::profile::file::schema::CacheKind;
use crate::profile::{Overrides, Profile};
use crate::secret::Secret;
use crate::secrets::Patience;

/// The shared cache of a config, with its secrets.
pub(crate) struct SharedEntries {
    config: Config,
    settings: Settings,
}

/// Returns the profiles of `config` with `cache = "shared"`, or only `wanted` if it is one.
pub(crate) fn profiles(config: &Config, wanted: Option<&str>) -> Vec<Profile> {
    let names = match wanted {
        Some(name) => vec![name.to_owned()],
        None => config
            .overview()
            .unwrap_or_default()
            .profiles
            .into_keys()
            .collect(),
    };
    names
        .iter()
        .filter_map(|name| Profile::resolve(config, name, &Overrides::default(), &environment).ok())
        .filter(|profile| profile.cache == CacheKind::Shared)
        .collect()
}

impl SharedEntries {
    /// Fails if `[shared_cache]` or one of its secrets is wrong.
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            settings: Settings::read(config, &environment, Patience::default())?,
            config: config.clone(),
        })
    }

    pub(crate) fn level(&self, identity: Identity, session: &Session) -> Level<'_> {
        Level::new(&self.settings, &self.config, identity, session.notes())
    }

    pub(crate) fn show(&self, profile: &Profile, session: &Session) -> Result<Shown, Error> {
        self.level(cache::identity(profile), session).show()
    }

    /// Removes the entries of `profile` as it is configured now, and those that this machine has entries of.
    pub(crate) fn forget(&self, profile: &Profile, session: &Session) -> Result<usize, Error> {
        let mut forgotten = 0;
        for identity in identities(profile) {
            forgotten += usize::from(self.level(identity, session).forget()?);
        }
        Ok(forgotten)
    }

    /// Removes those of the same entries that have the token `rejected`.
    pub(crate) fn reject(
        &self,
        profile: &Profile,
        rejected: &Secret,
        session: &Session,
    ) -> Result<bool, Error> {
        let mut any = false;
        for identity in identities(profile) {
            any |= self.level(identity, session).reject(rejected)?;
        }
        Ok(any)
    }

    /// The addresses, for a user.
    pub(crate) fn shown(&self) -> String {
        self.settings.shown()
    }
}

/// Another scope or parameter is another entry, whose name only its digest tells.
fn identities(profile: &Profile) -> Vec<Identity> {
    let current = cache::identity(profile);
    let entries = Entries::open().ok().flatten();
    let digests = entries.and_then(|entries| entries.digests(Some(&profile.name)).ok());
    let mut digests = digests.unwrap_or_default();
    digests.push(current.digest.clone());
    digests.sort_unstable();
    digests.dedup();
    let characters = current.characters;
    let identity = |digest| Identity { digest, characters };
    digests.into_iter().map(identity).collect()
}
