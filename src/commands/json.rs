//! `tok json`: prints the token and its properties as one JSON object.

use std::io::Write;

use crate::clock::Now;
use crate::commands::get::Fetch;
use crate::commands::print::print;
use crate::commands::session::Session;
use crate::commands::spec::{Execute, Group, Spec};
use crate::output;

pub(crate) const COMMAND: Spec = Spec {
    name: "json",
    about: "Print the token and what is known of it as one JSON object",
    group: Group::Printing,
    examples: "tok json cint | jq .expires_in",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) fetch: Fetch,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        print(session, &self.fetch, out, |profile, token, source| {
            Ok(output::json(&profile.name, token, source, &Now::read()))
        })
    }
}
