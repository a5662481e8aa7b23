//! `tok list`: one line per profile, with its provider and host.

use crate::commands::spec::{Execute, Group, Spec};
use std::io::Write;

use serde_json::{Value, json};

use crate::commands::session::{Session, environment, write};
use crate::error::Error;
use crate::profile::file::Config;
use crate::profile::layers::Layers;
use crate::profile::{Overrides, Profile};
use crate::term::colour::{ASIDE, NAME, for_stdout, paint};
use crate::term::table;

pub(crate) const COMMAND: Spec = Spec {
    name: "list",
    about: "List the profiles",
    group: Group::Profiles,
    examples: "\
tok list
tok list --json | jq -r '.[].profile'",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let config = session.config()?;
        let all = config.overview()?;
        let profiles: Vec<Listed> = all
            .profiles
            .into_iter()
            .map(|(name, table)| Listed::of(&config, name, table.err()))
            .collect();
        let mistakes = profiles
            .iter()
            .filter_map(|profile| profile.mistake.as_ref());
        for error in mistakes.chain(&all.problems) {
            session.notes().note(&error.to_string());
        }
        if self.json {
            let all: Vec<_> = profiles.iter().map(Listed::json).collect();
            return write(out, &format!("{}\n", json!(all)));
        }
        if profiles.is_empty() && all.problems.is_empty() {
            session.notes().note(&format!(
                "{} has no profile yet; one begins with `[profiles.NAME]`",
                config.file().display()
            ));
        }
        let mut rows: Vec<_> = profiles.iter().map(Listed::row).collect();
        if !rows.is_empty() {
            let headings = ["PROFILE", "PROVIDER", "HOST"];
            rows.insert(0, headings.map(|heading| paint(ASIDE, heading)).to_vec());
        }
        write(out, &for_stdout(table::for_terminal(&rows)))
    }
}

/// A profile in the list; an invalid one must not hide the others.
struct Listed {
    name: String,
    provider: Option<String>,
    /// Host and port of the token endpoint, if the profile resolves.
    host: Option<String>,
    mistake: Option<Error>,
}

impl Listed {
    fn of(config: &Config, name: String, mistake: Option<Error>) -> Self {
        let (layers, mistake) = match (Layers::of(config, &name), mistake) {
            (_, Some(mistake)) => (None, Some(mistake)),
            (Ok(layers), None) => (Some(layers), None),
            (Err(error), None) => (None, Some(error)),
        };
        let host = || {
            let profile = Profile::resolve(config, &name, &Overrides::default(), &environment);
            Some(profile.ok()?.home().ok()?.authority())
        };
        Self {
            host: layers.as_ref().and_then(|_| host()),
            provider: layers.and_then(|layers| layers.merged().provider),
            name,
            mistake,
        }
    }

    fn json(&self) -> Value {
        let mut shown =
            json!({ "profile": self.name, "provider": self.provider, "host": self.host });
        if let Some(mistake) = &self.mistake {
            shown["error"] = mistake.to_string().into();
        }
        shown
    }

    fn row(&self) -> Vec<String> {
        vec![
            paint(NAME, &self.name),
            self.provider.clone().unwrap_or_else(|| "-".to_owned()),
            self.host.clone().unwrap_or_else(|| "?".to_owned()),
        ]
    }
}
