//! Checks a resolved profile and its file for everything that reading it does not notice: URLs, expressions, names that clash.

use crate::error::{Error, Kind, OrFail as _};
use crate::profile::at::At;
use crate::profile::file::Config;
use crate::profile::host::names_in_host;
use crate::profile::name::{self, secret_variable, var_variable};
use crate::profile::resolved::Profile;
use crate::profile::template::url::stays_in_host;
use crate::profile::template::{CLIENT_SECRET, PRIVATE_KEY, TemplateError};
use crate::wire::origin::Origin;

impl Profile {
    /// Checks everything about the profile that [`resolve`](Self::resolve) does not notice, and what in the rest of the file
    /// concerns it. Call it before a secret is read or anything is sent.
    ///
    /// # Errors
    /// A config error about file, line and key.
    pub fn check(&self, config: &Config) -> Result<(), Error> {
        check_names(self, config)?;
        let steps = self.steps.iter();
        let plans = steps
            .map(|step| (format!("steps.{}.url", step.name), &step.plan))
            .chain([("token_url".to_owned(), &self.token)]);
        for (url_key, plan) in plans {
            for name in names_in_host(&plan.url) {
                let value = self.known_value(&name);
                if value.is_some_and(|value| !stays_in_host(value)) {
                    let refused = Err(TemplateError::EndsHost(name.to_string())).at(&url_key);
                    return refused.map_err(|error| config.located(&self.name, error));
                }
            }
            if let Some(url) = self.known_host(plan) {
                let origin = Origin::of(&url).at(&url_key);
                origin.map_err(|error| config.located(&self.name, error))?;
            }
            for template in plan.templates() {
                template.check().or_fail(Kind::Config).map_err(|error| {
                    config.located_at_text(&self.name, template.source(), error)
                })?;
            }
        }
        for template in self.header.iter().flatten() {
            let checked = template.check().at("header");
            checked.map_err(|error| config.located(&self.name, error))?;
        }
        let home = self.home().at("token_url");
        home.map_err(|error| config.located(&self.name, error))?;
        Ok(())
    }
}

/// Checks the names of the whole file: each is valid, and no two profiles read one environment variable.
fn check_names(profile: &Profile, config: &Config) -> Result<(), Error> {
    let all = config.profiles()?;
    let own = variables(
        &profile.name,
        profile.secrets.keys().map(String::as_str),
        profile.vars.keys().map(String::as_str),
    );
    for (other, table) in &all {
        name::check(other)
            .map_err(|_| config.located(other, Error::new(Kind::Config, name::RULE)))?;
        if *other == profile.name {
            continue;
        }
        let theirs = variables(
            other,
            table.secrets.keys().map(String::as_str),
            table.vars.keys().map(String::as_str),
        );
        if let Some(variable) = own.iter().find(|variable| theirs.contains(variable)) {
            let reason = format!(
                "its environment variable {variable} is also that of profile `{other}`; rename one of them"
            );
            return Err(config.located(&profile.name, Error::new(Kind::Config, reason)));
        }
    }
    Ok(())
}

/// Every environment variable that a profile of this name reads. The two secrets that need no declaration are always among them: a step or
/// the catalogue may use them.
fn variables<'a>(
    profile: &str,
    secrets: impl Iterator<Item = &'a str>,
    vars: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    [CLIENT_SECRET, PRIVATE_KEY]
        .into_iter()
        .chain(secrets)
        .map(|secret| secret_variable(profile, secret))
        .chain(vars.map(|var| var_variable(profile, var)))
        .collect()
}
