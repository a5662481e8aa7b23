//! `tok doctor`: checks each thing that a token needs, with a next step for each that fails.
//!
//! No secret leaves the machine unless `--fetch` makes a token request.

mod finding;
mod local;
mod provider;
mod shared;

use crate::commands::spec::{Execute, Group, Spec};
use std::io::Write;

use crate::commands::get::profile_variable;
use crate::commands::session::{Session, environment, write};
use crate::error::{Error, Kind};
use crate::profile::file::{Config, Overview};
use crate::profile::{Overrides, Profile};
use crate::secrets::Source;
use crate::term::colour::for_stdout;
use finding::{Finding, Outcome};

pub(crate) const COMMAND: Spec = Spec {
    name: "doctor",
    about: "Check config, keyring, caches, TLS, proxy, clock and provider",
    group: Group::SettingUp,
    examples: "\
tok doctor
tok doctor cint
tok doctor cint --fetch   # also makes a token request",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The profile whose provider to check as well
    #[arg(env = profile_variable(), hide_env = true)]
    pub(crate) profile: Option<String>,

    /// Fetch a token too; without this no secret is sent
    #[arg(long, requires = "profile")]
    pub(crate) fetch: bool,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let findings = examine(session, self);
        let answer = if self.json {
            finding::json(&findings)
        } else {
            for_stdout(finding::text(&findings))
        };
        write(out, &answer)?;
        let failed: Vec<Kind> = findings.iter().filter_map(Finding::failed).collect();
        match failed.first() {
            None => Ok(()),
            Some(kind) => Err(Error::new(
                *kind,
                format!("{} of {} checks failed", failed.len(), findings.len()),
            )
            .into()),
        }
    }
}

fn examine(session: &Session, doctor: &Args) -> Vec<Finding> {
    let mut findings = Vec::new();
    let config = match session.config() {
        Ok(config) => {
            let overview = config.overview();
            let is_read = overview.is_ok();
            findings.extend(config_findings(
                &config,
                doctor.profile.as_deref(),
                overview,
            ));
            is_read.then_some(config)
        }
        Err(failure) => {
            findings.push(Finding::new("config", Err(failure)));
            None
        }
    };
    let profile = match (&config, &doctor.profile) {
        (Some(config), Some(name)) => one_profile(config, name, &mut findings),
        (Some(config), None) => {
            for name in config.overview().unwrap_or_default().profiles.keys() {
                one_profile(config, name, &mut findings);
            }
            None
        }
        (None, _) => None,
    };
    let secrets = profile.as_ref().map(local::secret_sources);
    let needs_keyring = secrets.as_ref().is_none_or(|secrets| {
        secrets
            .iter()
            .any(|(_, source)| matches!(source, Some(Source::Keyring(_))))
    });
    let keyring = if needs_keyring {
        local::keyring()
    } else {
        Finding::skipped(
            "keyring",
            "not needed: this profile's secrets come from elsewhere",
        )
    };
    let keyring_works = matches!(keyring.outcome, Outcome::Fine(_));
    findings.push(keyring);
    if let (Some(profile), Some(secrets)) = (&profile, &secrets) {
        findings.extend(local::secrets(
            profile,
            secrets,
            keyring_works,
            &environment,
        ));
        if let Some(identity) = &profile.identity {
            let notes = session.notes();
            findings.push(local::identity(profile, identity, doctor.fetch, notes));
        }
    }
    findings.push(local::cache());
    if let Some(config) = &config {
        findings.extend(shared::examine(session, config, doctor.profile.as_deref()));
    }
    findings.push(local::roots());
    findings.push(local::proxy(&environment));
    match &profile {
        Some(profile) => findings.extend(provider::examine(
            profile,
            doctor.fetch,
            keyring_works,
            session.notes(),
        )),
        None if doctor.profile.is_none() => findings.push(Finding::skipped(
            "provider",
            "name a profile to check that its provider can be reached",
        )),
        None => {}
    }
    findings
}

/// Findings about the file. Mistakes in other profiles than `profile` are only named.
fn config_findings(
    config: &Config,
    profile: Option<&str>,
    overview: Result<Overview, Error>,
) -> Vec<Finding> {
    let at = config.file().display();
    let all = match overview {
        Ok(all) => all,
        Err(error) => return vec![Finding::new("config", Err(error))],
    };
    let mut text = match all.profiles.len() {
        1 => format!("{at}, 1 profile"),
        count => format!("{at}, {count} profiles"),
    };
    let others = all
        .profiles
        .iter()
        .filter(|(name, _)| profile.is_some_and(|own| own != *name));
    let broken: Vec<String> = others
        .filter(|(_, table)| table.is_err())
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    if !broken.is_empty() {
        text = format!(
            "{text}; mistakes in {}, see `tok doctor`",
            broken.join(", ")
        );
    }
    let problems = all.problems.into_iter();
    std::iter::once(Finding::new("config", Ok(text)))
        .chain(problems.map(|error| Finding::new("config", Err(error))))
        .collect()
}

/// Adds a finding about profile `name`, and returns the profile if it is valid.
fn one_profile(config: &Config, name: &str, findings: &mut Vec<Finding>) -> Option<Profile> {
    let resolved = Profile::resolve(config, name, &Overrides::default(), &environment)
        .and_then(|profile| profile.check(config).map(|()| profile));
    let said = match &resolved {
        Ok(profile) => Ok(match profile.home() {
            Ok(origin) => format!("{name}, for {origin}"),
            Err(_) => name.to_owned(),
        }),
        Err(failure) => Err(failure.clone()),
    };
    findings.push(Finding::new("profile", said));
    resolved.ok()
}
