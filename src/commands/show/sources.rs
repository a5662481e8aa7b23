//! Finds where a profile's secrets would come from, without reading one, running a command, or starting the keyring.

use crate::error::Error;
use crate::profile::{Environment, Profile};
use crate::secrets::{self, Source};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glance {
    Set,
    NotSet,
    /// Only opening it would tell.
    Unknown,
}

impl Glance {
    fn at(source: &Source, environment: Environment<'_>) -> Self {
        let set = match source {
            Source::Environment(variable) => environment(variable).is_some(),
            Source::File(path) => path.exists(),
            Source::Credential(name) => environment("CREDENTIALS_DIRECTORY")
                .is_some_and(|folder| std::path::Path::new(&folder).join(name).exists()),
            Source::Member(source, _) => return Self::at(source, environment),
            Source::Command(..) | Source::Keyring(_) => return Self::Unknown,
        };
        if set { Self::Set } else { Self::NotSet }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) source: Source,
    pub(crate) glance: Glance,
    /// Whether tok uses this source: the first that is set or unknown.
    pub(crate) wins: bool,
}

impl Place {
    pub(crate) fn remark(&self, profile: &str) -> String {
        match (self.glance, self.wins) {
            (Glance::Set, true) => "used".to_owned(),
            (Glance::Set, false) => "set, but not used".to_owned(),
            (Glance::NotSet, _) => "not set".to_owned(),
            (Glance::Unknown, false) => "not asked".to_owned(),
            (Glance::Unknown, true) => {
                format!("asked when a token is fetched (`tok secret check {profile}` asks now)")
            }
        }
    }
}

/// Returns every source of secret `name`, in order; fails if no origin is known to bind a keyring entry to.
pub(crate) fn places(
    profile: &Profile,
    name: &str,
    environment: Environment<'_>,
) -> Result<Vec<Place>, Error> {
    let mut taken = false;
    let sources = secrets::sources(profile, name)?;
    Ok(sources
        .into_iter()
        .map(|source| {
            let glance = Glance::at(&source, environment);
            let wins = !taken && glance != Glance::NotSet;
            taken |= wins;
            Place {
                source,
                glance,
                wins,
            }
        })
        .collect())
}
