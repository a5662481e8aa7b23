//! Which environment variables tok reads for the profiles of a config, and which of them hold secrets.

use std::collections::BTreeSet;

use crate::profile::file::Config;
use crate::profile::name::{secret_variable, var_variable, variable};
use crate::profile::template::CLIENT_SECRET;
use crate::profile::{Environment, Overrides, Profile};

/// The variables of a config's profiles.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    secrets: BTreeSet<String>,
    vars: BTreeSet<String>,
    /// How the variables of each profile begin.
    starts: BTreeSet<String>,
    /// The same of the profiles that cannot be read: all of these may hold secrets.
    unread: BTreeSet<String>,
}

impl Variables {
    /// None where the file as a whole cannot be read.
    pub(crate) fn of(config: &Config, environment: Environment<'_>) -> Self {
        let mut all = Self::default();
        let profiles = match config.overview() {
            Ok(overview) if overview.problems.is_empty() => overview.profiles,
            _ => return all,
        };
        for name in profiles.keys() {
            let start = variable(&format!("tok_{name}_"));
            match Profile::resolve(config, name, &Overrides::default(), environment) {
                Ok(profile) => all.add(&profile),
                Err(_) => _ = all.unread.insert(start.clone()),
            }
            all.starts.insert(start);
        }
        all
    }

    fn add(&mut self, profile: &Profile) {
        let needed = profile.needed_secrets();
        let names = profile.secrets.keys().chain(&needed).map(String::as_str);
        let own = names
            .chain([CLIENT_SECRET])
            .map(|secret| secret_variable(&profile.name, secret));
        let named = profile.secrets.values();
        let identity = profile.identity.as_ref().map(|identity| &identity.source);
        let named = named.chain(identity);
        self.secrets
            .extend(own.chain(named.filter_map(|source| source.env.clone())));
        let vars = profile.vars.keys().chain(&profile.written_vars);
        self.vars
            .extend(vars.map(|var| var_variable(&profile.name, var)));
    }

    /// Whether `name` is the variable of a profile's var, and no secret's.
    pub(crate) fn is_var(&self, name: &str) -> bool {
        self.vars.contains(name) && !self.may_be_secret(name)
    }

    /// Whether `name` is where `tok exec` puts the token or the header of a profile, and no secret's.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        let start = ["TOKEN", "HEADER"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        start.is_some_and(|start| self.starts.contains(start)) && !self.may_be_secret(name)
    }

    fn may_be_secret(&self, name: &str) -> bool {
        let is_unread = self.unread.iter().any(|start| name.starts_with(start));
        is_unread || self.secrets.contains(name)
    }
}
