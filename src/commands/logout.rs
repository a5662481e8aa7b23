//! `tok logout`: ends a login at the provider, and forgets its tokens.

use std::io::Write;

use crate::commands::get::{pair, profile_variable};
use crate::commands::session::{Session, environment};
use crate::commands::spec::{Execute, Group, Spec};
use crate::fast::bookmark;
use crate::login::log_out;
use crate::profile::Overrides;

pub(crate) const COMMAND: Spec = Spec {
    name: "logout",
    about: "Revoke the refresh token of a login, and forget its tokens",
    details: "\
The refresh token is revoked at `revocation_url`, or where `issuer` says. If that fails, tok forgets it all the same,
and the exit code says that the provider was not told.",
    group: Group::Secrets,
    examples: "tok logout cint",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The profile
    #[arg(env = profile_variable(), hide_env = true)]
    pub(crate) profile: String,

    /// The value of a ${var.K} in the profile; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub(crate) var: Vec<(String, String)>,
}

impl Execute for Args {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        let config = session.config()?;
        let overrides = Overrides {
            vars: self.var.clone(),
            ..Overrides::default()
        };
        let profile = session.profile(&config, &self.profile, &overrides)?;
        profile.check(&config)?;
        bookmark::forget(Some(&profile.name));
        log_out(&profile, &environment, session.notes())?;
        Ok(())
    }
}
