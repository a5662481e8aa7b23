//! `tok reject`: drops the cached token only if it is the one on stdin, so that many workers with a 401 cause one fetch.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::cache::entries::Entries;
use crate::commands::get::profile_variable;
use crate::commands::session::{Session, stdin_is_terminal};
use crate::commands::shared_entries::{self, SharedEntries};
use crate::commands::spec::{Execute, Group, Spec};
use crate::error::{Error, Kind, OrFail, Subject};
use crate::profile::DEFAULT_TIMEOUT_MS;
use crate::secret::{NotASecret, Secret};

/// tok accepts no longer token from a provider either.
const LONGEST_BYTES: u64 = 1 << 20;

pub(crate) const COMMAND: Spec = Spec {
    name: "reject",
    about: "Drop the cached token if it is the one on stdin",
    group: Group::Cache,
    examples: "printf %s \"$TOKEN\" | tok reject cint   # after the API answered 401",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The profile
    #[arg(env = profile_variable(), hide_env = true)]
    pub(crate) profile: String,
}

impl Execute for Args {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        let name = self.profile.as_str();
        let rejected = from_stdin(name)?;
        // First: otherwise another process of this machine could take the token over again.
        let shared = reject_shared(session, name, &rejected);
        let until = Instant::now() + Duration::from_millis(DEFAULT_TIMEOUT_MS.unsigned_abs());
        let dropped = Entries::open()
            .and_then(|entries| {
                entries.map_or(Ok(false), |entries| entries.reject(name, &rejected, until))
            })
            .or_fail(Kind::Unexpected)
            .map_err(|error| {
                error.about(Subject::Action("could not drop the rejected token".into()))
            })?;
        let is_shared = shared?;
        if is_shared {
            session.notes().note(&format!(
                "dropped the token of `{name}` at the shared cache"
            ));
        }
        if dropped {
            session
                .notes()
                .note(&format!("dropped the cached token of `{name}`"));
        } else if !is_shared {
            // Fails for an unknown name; a known profile may simply have another token by now.
            session.config()?.profile(name)?;
            session.notes().note(&format!(
                "the rejected token is not the cached one of `{name}`; nothing was dropped"
            ));
        }
        Ok(())
    }
}

/// Removes the token at the shared cache too, if the profile uses it.
fn reject_shared(session: &Session, name: &str, rejected: &Secret) -> Result<bool, Error> {
    // Without a config there may still be a cached token to drop.
    let Ok(config) = session.config() else {
        return Ok(false);
    };
    match shared_entries::profiles(&config, Some(name)).first() {
        Some(profile) => SharedEntries::open(&config)?.reject(profile, rejected, session),
        None => Ok(false),
    }
}

fn from_stdin(name: &str) -> anyhow::Result<Secret> {
    let usage = |message: String| {
        Error::new(Kind::Usage, message).hint(format!(
            "give it the rejected token on stdin: `printf %s \"$TOKEN\" | tok reject {name}`"
        ))
    };
    if stdin_is_terminal() {
        return Err(usage("stdin is a terminal".to_owned()).into());
    }
    let mut bytes = Vec::with_capacity(64 << 10);
    io::stdin()
        .lock()
        .take(LONGEST_BYTES + 1)
        .read_to_end(&mut bytes)
        .context("could not read stdin")?;
    if bytes.len() as u64 > LONGEST_BYTES {
        return Err(usage("stdin is longer than 1 MiB, so it is not a token".to_owned()).into());
    }
    Secret::from_line(bytes).map_err(|why| {
        let what = match why {
            NotASecret::Empty => "stdin is empty",
            NotASecret::NotUtf8 => "stdin is not UTF-8 text, so it is not a token",
        };
        usage(what.to_owned()).into()
    })
}
