//! `tok forget`: drops cached tokens, and with them what the provider last refused or asked to wait for.

use crate::cache::entries::Shelf;
use crate::commands::Session;
use crate::commands::cli::Forget;
use crate::error::{Error, Kind};

pub(super) fn run(session: &Session<'_>, forget: &Forget) -> anyhow::Result<()> {
    let profile = forget.profile.as_deref();
    let forgotten = Shelf::open()
        .and_then(|shelf| shelf.map_or(Ok(0), |shelf| shelf.forget(profile)))
        .map_err(|trouble| {
            Error::new(
                Kind::Unexpected,
                format!("could not forget everything: {trouble}"),
            )
        })?;
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
