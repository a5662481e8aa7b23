//! `tok forget`: drops cached tokens, and with them what the provider last refused or asked to wait for.

use crate::cache::entries::Entries;
use crate::commands::session::Session;
use crate::commands::spec::{Execute, Group, Spec};
use crate::error::{Kind, OrFail, Subject};
use crate::fast::bookmark;
use std::io::Write;

pub(crate) const COMMAND: Spec = Spec {
    name: "forget",
    about: "Drop cached tokens",
    group: Group::Cache,
    examples: "\
tok forget cint
tok forget --all",
    ..Spec::of::<Args>()
};

/// What to forget.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The profile
    #[arg(required_unless_present = "all")]
    pub(crate) profile: Option<String>,

    /// Forget every profile's tokens
    #[arg(long, conflicts_with = "profile")]
    pub(crate) all: bool,
}

impl Execute for Args {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        let profile = self.profile.as_deref();
        bookmark::forget(profile);
        let forgotten = Entries::open()
            .and_then(|entries| entries.map_or(Ok(0), |entries| entries.forget(profile)))
            .or_fail(Kind::Unexpected)
            .map_err(|error| error.about(Subject::Action("could not forget everything".into())))?;
        let of = match profile {
            Some(name) => {
                if forgotten == 0 {
                    // A name that is nowhere is a mistake; one that is in the config has nothing cached.
                    session.config()?.profile(name)?;
                }
                format!(" of `{name}`")
            }
            None => String::new(),
        };
        session.notes().note(&match forgotten {
            0 => format!("there was no cached token{of}"),
            1 => format!("dropped the cached token{of}"),
            count => format!("dropped {count} cached tokens{of}"),
        });
        Ok(())
    }
}
