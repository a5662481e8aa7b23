//! `tok forget`: deletes cached tokens, and the provider's last refusal or wait.

use crate::cache::entries::{Entries, Forgotten};
use crate::commands::session::Session;
use crate::commands::shared_entries::{self, SharedEntries};
use crate::commands::spec::{Execute, Group, Spec};
use crate::error::{Kind, OrFail, Subject};
use crate::fast::bookmark;
use crate::profile::Overrides;
use std::io::Write;

pub(crate) const COMMAND: Spec = Spec {
    name: "forget",
    about: "Drop cached tokens",
    group: Group::Cache,
    examples: "\
tok forget cint
tok forget cint --shared   # for all machines
tok forget --all",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The profile
    #[arg(required_unless_present = "all")]
    pub(crate) profile: Option<String>,

    /// Forget every profile's tokens
    #[arg(long, conflicts_with = "profile")]
    pub(crate) all: bool,

    /// At the shared cache too, so that every machine fetches anew
    #[arg(long)]
    pub(crate) shared: bool,
}

impl Execute for Args {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        let profile = self.profile.as_deref();
        // First: otherwise another process of this machine could take the token over again.
        if self.shared {
            forget_shared(session, profile)?;
        }
        bookmark::forget(profile);
        let forgotten = Entries::open()
            .and_then(|entries| {
                entries.map_or_else(
                    || Ok(Forgotten::default()),
                    |entries| entries.forget(profile),
                )
            })
            .or_fail(Kind::Unexpected)
            .map_err(|error| error.about(Subject::Action("could not forget everything".into())))?;
        if let Some(name) = profile
            && forgotten == Forgotten::default()
        {
            // Fails for an unknown name; a known profile may have nothing cached.
            session.config()?.profile(name)?;
        }
        session.notes().note(&summary(&forgotten, profile));
        Ok(())
    }
}

fn forget_shared(session: &Session, profile: Option<&str>) -> anyhow::Result<()> {
    let config = session.config()?;
    let profiles = match profile {
        Some(name) => vec![session.profile(&config, name, &Overrides::default())?],
        None => shared_entries::profiles(&config, None),
    };
    let entries = SharedEntries::open(&config)?;
    let mut forgotten = 0;
    for profile in &profiles {
        forgotten += entries.forget(profile, session)?;
    }
    session.notes().note(&match forgotten {
        0 => "the shared cache had no such token".to_owned(),
        1 => "dropped the token at the shared cache".to_owned(),
        count => format!("dropped {count} tokens at the shared cache"),
    });
    Ok(())
}

fn summary(forgotten: &Forgotten, profile: Option<&str>) -> String {
    let of = profile.map_or_else(String::new, |name| format!(" of `{name}`"));
    let waits = match forgotten.waits {
        0 => None,
        1 => Some("the wait that the provider asked for".to_owned()),
        count => Some(format!("{count} waits that providers asked for")),
    };
    match (forgotten.tokens, waits) {
        (0, None) => format!("no cached token{of}"),
        (0, Some(waits)) => format!("ended {waits}{of}"),
        (1, None) => format!("dropped the cached token{of}"),
        (1, Some(waits)) => format!("dropped the cached token{of}, and ended {waits}"),
        (count, None) => format!("dropped {count} cached tokens{of}"),
        (count, Some(waits)) => format!("dropped {count} cached tokens{of}, and ended {waits}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_names_tokens_and_waits() {
        let cases = [
            (0, 0, "no cached token of `p`"),
            (1, 0, "dropped the cached token of `p`"),
            (2, 0, "dropped 2 cached tokens of `p`"),
            (0, 1, "ended the wait that the provider asked for of `p`"),
            (
                1,
                1,
                "dropped the cached token of `p`, and ended the wait that the provider asked for",
            ),
            (
                2,
                2,
                "dropped 2 cached tokens of `p`, and ended 2 waits that providers asked for",
            ),
        ];
        for (tokens, waits, expected) in cases {
            let forgotten = Forgotten { tokens, waits };
            assert_eq!(summary(&forgotten, Some("p")), expected);
        }
    }
}
