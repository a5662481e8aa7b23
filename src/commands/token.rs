//! `tok token`: prints the access token.

use std::io::Write;

use crate::commands::get::Fetch;
use crate::commands::print::print;
use crate::commands::session::Session;
use crate::commands::spec::{Execute, Group, Spec};
use crate::output;

pub(crate) const COMMAND: Spec = Spec {
    name: "token",
    about: "Print the access token",
    group: Group::Printing,
    examples: "\
TOKEN=$(tok token cint)
tok token cint --min-ttl 10m --timeout 5s",
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
        print(session, &self.fetch, out, |_, token, _| {
            Ok(output::raw(token))
        })
    }
}
