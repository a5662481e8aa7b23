//! `tok providers`: lists the catalogue, and shows what an entry contains and needs.

use crate::commands::spec::{Execute, Group, Spec};
use std::io::Write;

use serde_json::{Value, json};

use crate::commands::session::{Session, write};
use crate::commands::show::keys::flat;
use crate::error::{Error, Kind};
use crate::profile::catalogue::{self, Entry};
use crate::profile::file::schema::AuthMethod;
use crate::term::colour::{NAME, for_stdout, paint};
use crate::term::table;

pub(crate) const COMMAND: Spec = Spec {
    name: "providers",
    about: "List the providers tok knows, or show one",
    group: Group::Profiles,
    examples: "\
tok providers
tok providers auth0",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The provider to show [default: list them all]
    #[arg(value_name = "PROVIDER")]
    pub(crate) name: Option<String>,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Execute for Args {
    fn run(&self, _session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let answer = match &self.name {
            None => all(self.json)?,
            Some(name) => one(name, &find(name)?, self.json),
        };
        write(out, &for_stdout(answer))
    }
}

fn find(name: &str) -> Result<Entry, Error> {
    catalogue::find(name).map_err(|error| error.into_error(Kind::Usage))
}

fn all(json: bool) -> Result<String, Error> {
    let mut entries = Vec::new();
    for name in catalogue::names() {
        entries.push((name, find(name)?));
    }
    if json {
        let all: Vec<_> = entries
            .iter()
            .map(|(name, entry)| json!({ "provider": name, "title": entry.title }))
            .collect();
        return Ok(format!("{}\n", json!(all)));
    }
    let rows: Vec<_> = entries
        .into_iter()
        .map(|(name, entry)| vec![paint(NAME, name), entry.title])
        .collect();
    Ok(table::for_terminal(&rows))
}

fn one(name: &str, entry: &Entry, json: bool) -> String {
    let keys = flat(&entry.table);
    if json {
        let keys: serde_json::Map<String, Value> = keys.into_iter().collect();
        let shown = json!({ "provider": name, "title": entry.title, "docs": entry.docs, "needs": entry.needs, "keys": keys });
        return format!("{shown}\n");
    }
    let mut text = format!("{}\n{}\n", paint(NAME, &entry.title), entry.docs);
    if !entry.needs.is_empty() {
        text.push_str("\nneeds, in `vars`:\n");
        let rows: Vec<_> = entry
            .needs
            .iter()
            .map(|(var, what)| vec![format!("  {}", paint(NAME, var)), what.clone()])
            .collect();
        text.push_str(&table::for_terminal(&rows));
    }
    text.push_str("\ngives:\n");
    let rows: Vec<_> = keys
        .iter()
        .map(|(key, value)| {
            vec![
                format!("  {}", paint(NAME, key)),
                crate::commands::show::keys::spelled(value),
            ]
        })
        .collect();
    text.push_str(&table::for_terminal(&rows));
    text.push_str(&format!("\na profile for it:\n{}", example(name, entry)));
    text
}

/// The shortest profile that uses `entry`.
fn example(name: &str, entry: &Entry) -> String {
    let mut lines = format!("  [profiles.{name}]\n  provider = \"{name}\"\n");
    let text = serde_json::to_string(&entry.table).unwrap_or_default();
    if entry.table.request.auth_method != Some(AuthMethod::None) || text.contains("${client_id}") {
        lines.push_str("  client_id = \"…\"\n");
    }
    if !entry.needs.is_empty() {
        let vars: Vec<_> = entry
            .needs
            .keys()
            .map(|var| format!("{var} = \"…\""))
            .collect();
        lines.push_str(&format!("  vars = {{ {} }}\n", vars.join(", ")));
    }
    if text.contains("${identity}") {
        lines.push_str("  identity = { from = \"…\" }\n");
    }
    lines
}
