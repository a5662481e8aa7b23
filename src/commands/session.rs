//! The state every command starts from: the global options, the config, the profile, and stdout.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::error::Error;
use crate::output;
use crate::profile::file::Config;
use crate::profile::{Overrides, Profile};
use crate::term::notes::Notes;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) config: Option<PathBuf>,
    pub(crate) verbose: bool,
    pub(crate) quiet: bool,
    pub(crate) command_line: fn() -> clap::Command,
    /// Returns the examples of the command at a path, such as `secret set`.
    pub(crate) examples: fn(&[String]) -> &'static str,
}

impl Session {
    pub(crate) fn config_path(&self) -> Result<PathBuf, Error> {
        Config::path(self.config.as_deref())
    }

    pub(crate) fn config(&self) -> Result<Config, Error> {
        Config::load(&self.config_path()?)
    }

    pub(crate) fn profile(
        &self,
        config: &Config,
        name: &str,
        overrides: &Overrides,
    ) -> Result<Profile, Error> {
        Profile::resolve(config, name, overrides, &environment)
    }

    pub(crate) fn notes(&self) -> Notes {
        Notes {
            quiet: self.quiet,
            verbose: self.verbose,
        }
    }
}

pub(crate) fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

pub(crate) fn write(out: &mut dyn Write, answer: &str) -> anyhow::Result<()> {
    Ok(output::write(out, answer)?)
}

pub(crate) fn stdin_is_terminal() -> bool {
    use io::IsTerminal;
    io::stdin().is_terminal()
}
