//! `tok login`: a user logs in once, and `tok token` prints tokens from then on.

use std::io::Write;
use std::time::Duration;

use crate::commands::get::{pair, profile_variable, some_time};
use crate::commands::session::{Session, environment};
use crate::commands::spec::{Execute, Group, Spec};
use crate::login::{Wish, log_in};
use crate::profile::Overrides;
use crate::profile::file::schema::DurationText;

pub(crate) const COMMAND: Spec = Spec {
    name: "login",
    about: "Log in with a browser or a code, and store the refresh token",
    details: "\
For profiles with `grant_type = \"authorization_code\"` (a browser on this machine) or `\"device_code\"` (a code that is
typed on any device). Nothing is printed to stdout.",
    group: Group::Secrets,
    examples: "\
tok login cint
tok login cint --no-browser   # only show the page",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(after_help = "\
BROWSER names the browser to open; in an SSH session or without a desktop, the page is only shown. Ctrl-C ends the login.
See docs/logins.md.")]
pub(crate) struct Args {
    /// The profile
    #[arg(env = profile_variable(), hide_env = true)]
    pub(crate) profile: String,

    /// Show the page, and open no browser
    #[arg(long)]
    pub(crate) no_browser: bool,

    /// The value of a ${var.K} in the profile; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub(crate) var: Vec<(String, String)>,

    /// Wait this long for you [default: 5m in a browser, else until the code expires]
    #[arg(long, value_name = "DURATION", value_parser = some_time)]
    pub(crate) timeout: Option<DurationText>,
}

impl Execute for Args {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        let config = session.config()?;
        let overrides = |login| Overrides {
            vars: self.var.clone(),
            login,
            ..Overrides::default()
        };
        let resolve = |login| session.profile(&config, &self.profile, &overrides(login));
        let (profile, login) = (resolve(false)?, resolve(true)?);
        profile.check(&config)?;
        login.check(&config)?;
        let most = self.timeout.map(|most| most.ms.unsigned_abs());
        let wish = Wish {
            most: most.map(Duration::from_millis),
            opens_browser: !self.no_browser,
        };
        log_in(&profile, &login, &environment, session.notes(), &wish)?;
        Ok(())
    }
}
