//! Finds variables on the command line and in the environment that a profile does not have, most often mistyped names.

use crate::error::{Error, Kind};
use crate::profile::name::{var_variable, variable};
use crate::profile::resolved::{Overrides, Profile};
use crate::profile::vars::VariableError;
use crate::term::text::nearest;

pub(super) fn check_options(profile: &Profile, overrides: &Overrides) -> Result<(), Error> {
    match overrides.vars.iter().find(|(var, _)| !has(profile, var)) {
        Some((var, _)) => Err(option(&profile.name, var, nearest(var, known(profile)))),
        None => Ok(()),
    }
}

pub(super) fn mistyped(error: &Error, overrides: &Overrides) -> Option<(String, String)> {
    let VariableError::NoValue { name, .. } = error.reason()? else {
        return None;
    };
    let given = overrides.vars.iter().map(|(var, _)| var.as_str());
    nearest(name, given).map(|var| (var.to_owned(), name.clone()))
}

pub(super) fn option(profile: &str, var: &str, near: Option<&str>) -> Error {
    let error = Error::new(Kind::Usage, format!("`--var {var}`: unknown variable"));
    let error = match near {
        Some(near) => error.hint(format!("did you mean `--var {near}=…`?")),
        None => error.hint(format!(
            "`tok show {profile}` lists its variables under `vars`"
        )),
    };
    error.profile(profile)
}

impl Profile {
    /// `others` are the other profiles, whose variables may begin alike.
    pub(crate) fn unused_variables(
        &self,
        set: impl Iterator<Item = String>,
        others: impl Fn() -> Vec<String>,
    ) -> Vec<String> {
        let prefix = var_variable(&self.name, "");
        let mut used: Vec<String> = known(self)
            .map(|var| var_variable(&self.name, var))
            .collect();
        used.sort_unstable();
        let mut unused: Vec<String> = set
            .filter(|name| name.starts_with(&prefix) && used.binary_search(name).is_err())
            .collect();
        if unused.is_empty() {
            return unused;
        }
        for other in others().iter().filter(|other| **other != self.name) {
            let theirs = variable(&format!("tok_{other}_"));
            if theirs.len() > prefix.len() {
                unused.retain(|name| !name.starts_with(&theirs));
            }
        }
        unused.sort_unstable();
        let near = |name: &str| match nearest(name, used.iter().map(String::as_str)) {
            Some(near) => format!("; did you mean {near}?"),
            None => String::new(),
        };
        let note = |name: &String| {
            let profile = &self.name;
            format!(
                "{name} has no effect: profile `{profile}` has no such variable{}",
                near(name)
            )
        };
        unused.iter().map(note).collect()
    }
}

fn known(profile: &Profile) -> impl Iterator<Item = &str> {
    let names = profile.vars.keys().chain(&profile.written_vars);
    names.map(String::as_str)
}

fn has(profile: &Profile, var: &str) -> bool {
    known(profile).any(|known| known == var)
}
