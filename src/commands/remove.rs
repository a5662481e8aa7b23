//! `tok remove`: removes a profile from the config, its cached tokens, and its secrets in the keyring.

use std::io::Write;

use crate::cache::entries::Entries;
use crate::commands::ask;
use crate::commands::session::{Session, environment, stdin_is_terminal};
use crate::commands::spec::{Execute, Group, Spec};
use crate::error::{Error, Kind, OrFail};
use crate::fast::bookmark;
use crate::profile::file::Config;
use crate::profile::{Overrides, Profile};
use crate::secrets::{self, keyring};

pub(crate) const COMMAND: Spec = Spec {
    name: "remove",
    about: "Remove a profile, its cached tokens and its secrets",
    details: "The comment right above the profile goes with it; the rest of the file stays
as it is. Secrets are removed from the keyring only.",
    group: Group::Profiles,
    examples: "\
tok remove cint
tok remove cint --yes   # in a script",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Args {
    /// The profile
    #[arg(id = "profile", value_name = "PROFILE")]
    name: String,

    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl Execute for Args {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        let name = self.name.as_str();
        let before = session.config()?;
        if !before.has_profile(name)? {
            before.profile(name)?;
        }
        let after = before.without_profile(name)?;
        refuse_if_needed(&before, &after, name)?;
        let path = before.file().display();
        if !self.yes {
            if !stdin_is_terminal() {
                return Err(Error::new(
                    Kind::Usage,
                    format!("removing `{name}` from {path} needs a confirmation"),
                )
                .hint(format!("`tok remove {name} --yes`"))
                .into());
            }
            let question = format!(
                "Remove `{name}` from {path}, with its cached tokens and its secrets in the keyring?"
            );
            if !ask::yes(&question, false)? {
                return Err(Error::new(Kind::Usage, "nothing was removed").into());
            }
        }
        // The edited config no longer tells which secrets the profile had.
        let entries = keyring_entries(&before, name);
        after.replace(&before)?;
        let notes = session.notes();
        notes.note(&format!("removed profile `{name}` from {path}"));
        bookmark::forget(Some(name));
        let forgotten = Entries::open()
            .and_then(|entries| {
                entries
                    .map(|entries| entries.forget(Some(name)))
                    .transpose()
            })
            .or_fail(Kind::Unexpected);
        match forgotten {
            Ok(Some(forgotten)) if forgotten.tokens > 0 => {
                notes.note(&format!("removed cached tokens: {}", forgotten.tokens));
            }
            Ok(_) => {}
            Err(error) => notes.note(&format!("could not remove its cached tokens: {error}")),
        }
        for user in if keyring::is_off()? {
            Vec::new()
        } else {
            entries
        } {
            match keyring::delete(&user) {
                Ok(true) => notes.note(&format!("removed keyring entry `{user}`")),
                Ok(false) => {}
                Err(error) => {
                    // The next entry would wait for the keyring's timeout again.
                    notes.note(&format!("did not look for keyring entry `{user}`: {error}"));
                    break;
                }
            }
        }
        Ok(())
    }
}

fn refuse_if_needed(before: &Config, after: &Config, name: &str) -> Result<(), Error> {
    let others = after.overview()?.profiles;
    let is_fine = |config: &Config, name: &str| {
        Profile::resolve(config, name, &Overrides::default(), &environment).is_ok()
    };
    let needs_it = |other: &&String| is_fine(before, other) && !is_fine(after, other);
    match others.keys().find(needs_it) {
        Some(other) => Err(Error::new(
            Kind::Config,
            format!("profile `{other}` needs profile `{name}`"),
        )
        .hint(format!("remove `{other}` first, or its line `extends`"))),
        None => Ok(()),
    }
}

/// Returns the keyring entries that may exist; empty if the profile cannot be resolved.
fn keyring_entries(config: &Config, name: &str) -> Vec<String> {
    let Ok(profile) = Profile::resolve(config, name, &Overrides::default(), &environment) else {
        return Vec::new();
    };
    let declared = profile.secrets.keys().cloned();
    let mut secrets: Vec<String> = profile
        .needed_secrets()
        .into_iter()
        .chain(declared)
        .collect();
    secrets.sort_unstable();
    secrets.dedup();
    secrets
        .iter()
        .filter_map(|secret| secrets::keyring_user(&profile, secret).ok())
        .collect()
}
