//! `tok show`: prints a profile's effective settings and their sources, without reading a secret.

pub(super) mod keys;
pub(super) mod sources;

use crate::commands::get::{Asking, profile_variable};
use crate::commands::spec::{Execute, Group, Spec};
use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::commands::get::overrides;
use crate::commands::session::{Session, environment, write};
use crate::curl::export;
use crate::error::Error;
use crate::fetch::issuer;
use crate::profile::Profile;
use crate::profile::layers::Layers;
use crate::term::colour::{ASIDE, NAME, for_stdout, paint};
use crate::term::table;
use keys::Key;
use sources::{Glance, Place, places};

pub(crate) const COMMAND: Spec = Spec {
    name: "show",
    about: "Show a profile as it is meant, and where each key comes from",
    group: Group::Profiles,
    examples: "\
tok show cint
tok show cint --scope read --json
tok show cint --curl",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The profile
    #[arg(env = profile_variable(), hide_env = true)]
    pub(crate) profile: String,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Print the token request as a curl command, with secrets as variables
    #[arg(long, conflicts_with = "json")]
    pub(crate) curl: bool,

    #[command(flatten)]
    pub(crate) asking: Asking,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let overrides = overrides(&self.asking);
        let config = session.config()?;
        let profile = session.profile(&config, &self.profile, &overrides)?;
        if self.curl {
            profile.check(&config)?;
            let profile = completed(profile, session)?;
            return write(out, &export::commands(&profile)?);
        }
        let layers = Layers::of(&config, &self.profile)?;
        let known = issuer::kept(&profile)
            .filter(|_| profile.is_discovered)
            .map(|metadata| profile.with_metadata(&metadata, &environment))
            .transpose()?;
        let profile = known.as_ref().unwrap_or(&profile);
        let keys = keys::keys(profile, known.is_some(), &layers, &overrides, &environment);
        let mut secrets = Vec::new();
        for name in profile.needed_secrets() {
            let places = places(profile, &name, &environment)?;
            secrets.push((name, places));
        }
        let answer = if self.json {
            let shown = json!({
                "profile": profile.name,
                "config": config.file(),
                "keys": keys.iter().map(key_json).collect::<Vec<_>>(),
                "secrets": secrets.iter().map(secret_json).collect::<Vec<_>>(),
            });
            format!("{shown}\n")
        } else {
            for_stdout(text(profile, &keys, &secrets))
        };
        write(out, &answer)
    }
}

/// The issuer's metadata is looked up if it is not in the cache: without it the request is unknown.
fn completed(profile: Profile, session: &Session) -> Result<Profile, Error> {
    if !profile.is_discovered {
        return Ok(profile);
    }
    let until = Instant::now() + Duration::from_millis(profile.timeout_ms.unsigned_abs());
    let metadata = issuer::metadata(&profile, until, session.notes())?;
    profile.with_metadata(&metadata, &environment)
}

fn text(profile: &Profile, keys: &[Key], secrets: &[(String, Vec<Place>)]) -> String {
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            vec![
                paint(NAME, &key.name),
                match key.value.is_null() {
                    true => "(not looked up yet)".to_owned(),
                    false => keys::spelled(&key.value),
                },
                paint(ASIDE, &key.from.to_string()),
            ]
        })
        .collect();
    let mut text = table::for_terminal(&rows);
    if !secrets.is_empty() {
        text.push_str("\nsecrets, each from the first place that has it:\n");
        let rows: Vec<_> = secrets
            .iter()
            .flat_map(|(name, places)| secret_rows(profile, name, places))
            .collect();
        text.push_str(&table::for_terminal(&rows));
    }
    text
}

fn secret_rows(profile: &Profile, name: &str, places: &[Place]) -> Vec<Vec<String>> {
    places
        .iter()
        .enumerate()
        .map(|(index, place)| {
            let name = if index == 0 {
                paint(NAME, name)
            } else {
                String::new()
            };
            vec![
                name,
                place.source.to_string(),
                paint(ASIDE, &place.remark(&profile.name)),
            ]
        })
        .collect()
}

fn key_json(key: &Key) -> Value {
    json!({ "key": key.name, "value": key.value, "from": key.from.to_string() })
}

fn secret_json((name, places): &(String, Vec<Place>)) -> Value {
    let places: Vec<Value> = places
        .iter()
        .map(|place| {
            let set = match place.glance {
                Glance::Set => Value::Bool(true),
                Glance::NotSet => Value::Bool(false),
                Glance::Unknown => Value::Null,
            };
            json!({ "source": place.source.to_string(), "set": set, "used": place.wins })
        })
        .collect();
    json!({ "secret": name, "sources": places })
}
