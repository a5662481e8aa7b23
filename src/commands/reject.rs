//! `tok reject`: drops the cached token only if it is the one on stdin, so that many workers with a 401 cause one fetch.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::cache::entries::Entries;
use crate::commands::get::profile_variable;
use crate::commands::session::{Session, stdin_is_terminal};
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
        let until = Instant::now() + Duration::from_millis(DEFAULT_TIMEOUT_MS.unsigned_abs());
        let dropped = Entries::open()
            .and_then(|entries| {
                entries.map_or(Ok(false), |entries| entries.reject(name, &rejected, until))
            })
            .or_fail(Kind::Unexpected)
            .map_err(|error| {
                error.about(Subject::Action("could not drop the rejected token".into()))
            })?;
        if dropped {
            session
                .notes()
                .note(&format!("dropped the cached token of `{name}`"));
        } else {
            // Fails for an unknown name; a known profile may simply have another token by now.
            session.config()?.profile(name)?;
            session.notes().note(&format!(
                "the rejected token is not the cached one of `{name}`; nothing was dropped"
            ));
        }
        Ok(())
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
        return Err(usage("stdin is longer than 1 MiB, so it is no token".to_owned()).into());
    }
    Secret::from_line(bytes).map_err(|why| {
        let what = match why {
            NotASecret::Empty => "stdin is empty",
            NotASecret::NotUtf8 => "stdin is not UTF-8 text, so it is no token",
        };
        usage(what.to_owned()).into()
    })
}
