//! What can be wrong with a resolved profile and its file without being noticed while it is read: URLs, expressions, names that clash.

use crate::error::Error;
use crate::profile::Profile;
use crate::profile::file::Config;
use crate::profile::name::{self, secret_variable, var_variable};
use crate::profile::template::{CLIENT_SECRET, PRIVATE_KEY};
use crate::wire::origin::{self, Origin};

/// See [`Profile::check`].
pub(super) fn profile(profile: &Profile, config: &Config) -> Result<(), Error> {
    check_names(profile, config)?;
    let wrong = |key: &str, message: &str| config.wrong(&profile.name, key, message);
    let plans = profile
        .steps
        .iter()
        .map(|step| (format!("steps.{}.url", step.name), &step.plan))
        .chain([("token_url".to_owned(), &profile.token)]);
    for (url_key, plan) in plans {
        for name in origin::names_in_host(&plan.url) {
            if profile
                .known_value(&name)
                .is_some_and(|value| !origin::stays_in_host(value))
            {
                return Err(wrong(
                    &url_key,
                    &format!(
                        "`${{{name}}}` stands in the host, so its value may hold no `/`, `\\`, `?`, `#` or `@`"
                    ),
                ));
            }
        }
        if let Some(url) = profile.known_host(plan) {
            Origin::of(&url).map_err(|message| wrong(&url_key, &message))?;
        }
        for template in plan.templates() {
            template
                .check()
                .map_err(|message| config.wrong_in(&profile.name, template.source(), &message))?;
        }
    }
    for template in profile.header.iter().flatten() {
        template
            .check()
            .map_err(|message| wrong("header", &message))?;
    }
    profile
        .home()
        .map_err(|message| wrong("token_url", &message))?;
    Ok(())
}

/// The names of the whole file: each good, and no two profiles reading one environment variable.
fn check_names(profile: &Profile, config: &Config) -> Result<(), Error> {
    let all = config.profiles()?;
    let own = variables(
        &profile.name,
        profile.secrets.keys().map(String::as_str),
        profile.vars.keys().map(String::as_str),
    );
    for (other, table) in &all {
        name::check(other).map_err(|_| config.wrong(other, "", name::RULE))?;
        if *other == profile.name {
            continue;
        }
        let theirs = variables(
            other,
            table.secrets.keys().map(String::as_str),
            table.vars.keys().map(String::as_str),
        );
        if let Some(variable) = own.iter().find(|variable| theirs.contains(variable)) {
            return Err(config.wrong(
                &profile.name,
                "",
                &format!("its environment variable {variable} is also that of profile `{other}`; rename one of them"),
            ));
        }
    }
    Ok(())
}

/// Every environment variable that a profile of this name reads by itself. The two secrets that need no declaration are always among them: whether it has
/// them may be said by a step, or in the catalogue.
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
