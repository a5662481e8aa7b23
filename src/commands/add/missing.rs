//! What is missing in a draft before it is a profile, found by resolving it with placeholders; and its errors, without a line number in a
//! file that does not contain it yet.

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

/// The value of what is not known yet while the rest is checked. It is never written.
const UNKNOWN: &str = "unknown";

/// What is missing.
pub(super) struct Missing {
    pub(super) client_id: bool,
    pub(super) vars: Vec<String>,
}

impl Missing {
    /// Resolves `draft` with placeholders for what it asks for.
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
            .map_err(|failure| without_place(failure, &config, name))?;
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

/// The variables that have a value in `draft` or in the catalogue's entry.
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

/// The table that `draft` becomes.
pub(super) fn table(draft: &Draft, name: &str) -> Result<toml_edit::Table, Error> {
    draft.table().map_err(|message| {
        Error::new(Kind::Config, format!("profile `{name}`: {message}"))
            .hint("take it out of the request")
    })
}

/// `failure` of the profile `name` without file and line, because it is not in the file yet.
pub(super) fn without_place(failure: Error, config: &Config, name: &str) -> Error {
    if let [Subject::File(..), Subject::Profile(of), ..] = failure.subjects()
        && of == name
    {
        return failure.without_outermost();
    }
    let place = config.file().display().to_string();
    let profile = format!("profile `{name}`: ");
    failure.redacted(|text| {
        let message = text
            .strip_prefix(&place)
            .and_then(|rest| rest.split_once(": "))
            .map(|(_, message)| message);
        match message {
            Some(message) if message.starts_with(&profile) => message.to_owned(),
            // Another profile's fault is in the file.
            Some(message) if !message.starts_with("profile `") => format!("{profile}{message}"),
            _ => text.to_owned(),
        }
    })
}
