//! `tok revoke`: tells the provider that the cached token is no longer needed (RFC 7009), and drops it.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::cache::entries::Entries;
use crate::commands::get::{Asking, overrides, profile_variable};
use crate::commands::session::{Session, environment};
use crate::commands::spec::{Execute, Group, Spec};
use crate::error::{Kind, OrFail as _, Subject};
use crate::fetch::client::{Call, call};
use crate::get::{Options, Run, cached};
use crate::profile::metadata::Endpoint;

pub(crate) const COMMAND: Spec = Spec {
    name: "revoke",
    about: "Revoke the cached token at the provider and drop it",
    details: "\
The token stays in the cache if the provider refuses or does not answer. Without
a cached token nothing is sent. The endpoint is `revocation_url`, or comes from
`issuer`.",
    group: Group::Cache,
    examples: "\
tok revoke cint
tok revoke cint --scope read   # the token that was fetched with this scope",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The profile
    #[arg(env = profile_variable(), hide_env = true)]
    pub(crate) profile: String,

    #[command(flatten)]
    pub(crate) asking: Asking,
}

impl Execute for Args {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        let config = session.config()?;
        let profile = session.profile(&config, &self.profile, &overrides(&self.asking))?;
        profile.check(&config)?;
        let (notes, name) = (session.notes(), &profile.name);
        let found = cached(Run {
            profile: &profile,
            config: &config,
            options: Options::default(),
            environment: &environment,
            notes,
        });
        let Some(token) = found else {
            notes.note(&format!(
                "there is no cached token of `{name}`; nothing was revoked"
            ));
            return Ok(());
        };
        let until = Instant::now() + Duration::from_millis(profile.timeout_ms.unsigned_abs());
        call(Call {
            profile: &profile,
            endpoint: Endpoint::Revocation,
            token: &token.access_token,
            bearer: None,
            environment: &environment,
            until,
            notes,
        })?;
        Entries::open()
            .and_then(|entries| match entries {
                Some(entries) => entries.reject(name, &token.access_token, until),
                None => Ok(false),
            })
            .or_fail(Kind::Unexpected)
            .map_err(|error| {
                let what = "the token is revoked, but could not be dropped from the cache";
                error
                    .about(Subject::Action(what.into()))
                    .hint(format!("`tok forget {name}` drops it"))
            })?;
        notes.note(&format!("revoked and dropped the cached token of `{name}`"));
        Ok(())
    }
}
