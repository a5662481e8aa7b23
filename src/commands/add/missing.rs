//! Finds the missing keys of a draft by resolving it with placeholders.

use std::cell::RefCell;

use crate::commands::session::environment;
use crate::error::{Error, Kind, Subject};
use crate::profile::catalogue;
use crate::profile::draft::Draft;
use crate::profile::file::Config;
use crate::profile::file::schema::AuthMethod;
use crate::profile::name::var_variable;
use crate::profile::plan::Plan;
use crate::profile::template::{Name, Template};
use crate::profile::{Overrides, Profile};

/// The placeholder for a missing value while the rest is checked. It is never written.
const UNKNOWN: &str = "unknown";

pub(super) struct Missing {
    pub(super) client_id: bool,
    pub(super) vars: Vec<String>,
}

impl Missing {
    pub(super) fn of(draft: &Draft, config: &Config, name: &str) -> Result<Self, Error> {
        let mut probe = draft.clone();
        probe.client_id.get_or_insert_with(|| UNKNOWN.to_owned());
        let config = config.with_profile(name, table(&probe, name)?)?;
        let written = written_vars(draft);
        let prefix = var_variable(name, "");
        let asked = RefCell::new(Vec::new());
        let placeholder = |variable: &str| {
            let set = environment(variable);
            let is_missing = set.is_none()
                && variable.starts_with(&prefix)
                && !written
                    .iter()
                    .any(|var| var_variable(name, var) == variable);
            if !is_missing {
                return set;
            }
            asked.borrow_mut().push(variable.to_owned());
            Some(UNKNOWN.into())
        };
        let profile = Profile::resolve(&config, name, &Overrides::default(), &placeholder)
            .and_then(|profile| profile.check(&config).map(|()| profile))
            .map_err(|failure| without_location(failure, name))?;
        let vars = profile
            .vars
            .keys()
            .filter(|var| asked.borrow().contains(&var_variable(name, var)))
            .cloned()
            .collect();
        Ok(Self {
            client_id: draft.client_id.is_none() && uses_client_id(&profile),
            vars,
        })
    }
}

fn written_vars(draft: &Draft) -> Vec<String> {
    let entry = draft
        .provider
        .as_deref()
        .and_then(|name| catalogue::find(name).ok());
    let of_entry = entry
        .into_iter()
        .flat_map(|entry| entry.table.vars.into_keys());
    draft
        .vars
        .iter()
        .map(|(name, _)| name.clone())
        .chain(of_entry)
        .collect()
}

fn uses_client_id(profile: &Profile) -> bool {
    let names_it = |template: &Template| template.names().any(|name| *name == Name::ClientId);
    let uses_it = |plan: &Plan| {
        plan.auth_method != AuthMethod::None || plan.templates().into_iter().any(names_it)
    };
    profile.plans().any(uses_it) || profile.header.iter().flatten().any(names_it)
}

pub(super) fn table(draft: &Draft, name: &str) -> Result<toml_edit::Table, Error> {
    draft.table().map_err(|error| {
        Error::of(Kind::Config, error)
            .profile(name)
            .hint("take it out of the request")
    })
}

/// Removes file and line from an error about profile `name`, which is not in the file yet.
pub(super) fn without_location(error: Error, name: &str) -> Error {
    match error.subjects() {
        [Subject::File(..), Subject::Profile(of), ..] if of == name => error.without_outermost(),
        _ => error,
    }
}
