//! `tok header`: prints the header lines that the provider's APIs want.

use std::io::Write;

use crate::commands::get::{Fetch, header_lines};
use crate::commands::print::print;
use crate::commands::session::Session;
use crate::commands::spec::{Execute, Group, Spec};

pub(crate) const COMMAND: Spec = Spec {
    name: "header",
    about: "Print the header line (or lines) that the provider's APIs want",
    group: Group::Printing,
    examples: "\
H=$(tok header cint) && curl -H \"$H\" https://api.example.com/
tok header cint | curl -H @- https://api.example.com/",
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
        print(session, &self.fetch, out, |profile, token, _| {
            header_lines(profile, token)
        })
    }
}
