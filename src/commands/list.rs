//! `tok list`: the profiles of the config, a line each, with the provider and the host that each goes to.

use crate::commands::spec::{Execute, Group, Spec};
use std::io::Write;

use serde_json::json;

use crate::commands::session::{Session, environment, write};
use crate::profile::file::Config;
use crate::profile::file::schema::ProfileTable;
use crate::profile::{Overrides, Profile};
use crate::term::colour::{NAME, for_stdout, paint};
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
        let profiles = config.profiles()?;
        if self.json {
            let all: Vec<_> = profiles
                .iter()
                .map(|(name, table)| {
                    json!({ "profile": name, "provider": table.provider, "host": host(&config, name) })
                })
                .collect();
            return write(out, &format!("{}\n", json!(all)));
        }
        if profiles.is_empty() {
            session.notes().note(&format!(
                "{} has no profile yet; one begins with `[profiles.NAME]`",
                config.file().display()
            ));
        }
        let rows: Vec<_> = profiles
            .iter()
            .map(|(name, table)| row(&config, name, table))
            .collect();
        write(out, &for_stdout(table::lines(&rows)))
    }
}

fn row(config: &Config, name: &str, table: &ProfileTable) -> Vec<String> {
    vec![
        paint(NAME, name),
        table.provider.clone().unwrap_or_else(|| "-".to_owned()),
        // What stands in its way is for `tok show NAME` to say: one bad profile must not hide the others.
        host(config, name).unwrap_or_else(|| "?".to_owned()),
    ]
}

/// The host (and port) of the token endpoint; none when the profile does not resolve here and now.
fn host(config: &Config, name: &str) -> Option<String> {
    let profile = Profile::resolve(config, name, &Overrides::default(), &environment).ok()?;
    Some(profile.home().ok()?.authority())
}
