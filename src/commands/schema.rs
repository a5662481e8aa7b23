//! `tok schema`: the JSON Schema of the config, for editors and validators.

use std::io::Write;

use crate::commands::session::{Session, write};
use crate::commands::spec::{Execute, Group, Spec};
use crate::profile::file::json_schema;

pub(crate) const COMMAND: Spec = Spec {
    name: "schema",
    about: "Print the JSON Schema of the config, for editors",
    group: Group::SettingUp,
    examples: "\
tok schema > ~/.config/tok/schema.json
tok schema | check-jsonschema --schemafile - ci/tok.toml",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {}

impl Execute for Args {
    fn run(&self, _session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        write(out, &format!("{:#}\n", json_schema()))
    }
}
