//! One file for each verb, and what all of them share: the config, the profile, and stdout.

mod add;
pub mod cli;
mod completions;
mod consumer;
mod doctor;
mod exec;
pub mod for_;
mod forget;
mod get;
mod inspect;
mod list;
mod man;
mod print;
mod providers;
mod reject;
mod secret;
mod show;
mod status;

pub use completions::complete;

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};

use anyhow::Context;

use crate::commands::cli::{Cli, Command};
use crate::error::Error;
use crate::profile::file::Config;
use crate::profile::{Overrides, Profile};
use crate::term::notes::Notes;
use crate::term::progress;

/// Does what the command line says, with answers to `out`.
///
/// # Errors
/// Why it could not be done; nothing has been written then.
pub fn run(cli: &Cli, out: &mut impl Write) -> anyhow::Result<()> {
    if cli.quiet || cli.verbose {
        progress::turn_off();
    }
    let session = Session { cli };
    match &cli.command {
        Command::Token(fetch) => print::token(&session, fetch, out),
        Command::Header(fetch) => print::header(&session, fetch, out),
        Command::Json(fetch) => print::json(&session, fetch, out),
        Command::Add(add) => add::run(&session, add, out),
        Command::For { consumer } => consumer::run(&session, consumer, out),
        Command::Status(status) => status::run(&session, status, out),
        Command::Forget(forget) => forget::run(&session, forget),
        Command::Reject(reject) => reject::run(&session, reject),
        Command::Exec(exec) => exec::run(&session, exec),
        Command::List(list) => list::run(&session, list, out),
        Command::Show(show) => show::run(&session, show, out),
        Command::Inspect(inspect) => inspect::run(&session, inspect, out),
        Command::Providers(providers) => providers::run(providers, out),
        Command::Doctor(doctor) => doctor::run(&session, doctor, out),
        Command::Completions(completions) => completions::run(completions, out),
        Command::Man(man) => man::run(man, out),
        Command::Secret(secret) => secret::run(&session, secret, out),
    }
}

/// What every verb starts from.
struct Session<'a> {
    cli: &'a Cli,
}

impl Session<'_> {
    fn config(&self) -> Result<Config, Error> {
        Config::load(&Config::path(self.cli.config.as_deref())?)
    }

    fn profile(
        &self,
        config: &Config,
        name: &str,
        overrides: &Overrides,
    ) -> Result<Profile, Error> {
        Profile::resolve(config, name, overrides, &environment)
    }

    fn notes(&self) -> Notes {
        Notes {
            quiet: self.cli.quiet,
            verbose: self.cli.verbose,
        }
    }
}

/// The process's environment.
fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Writes an answer whole. A reader that went away is not an error; a full disk is.
///
/// # Errors
/// When it cannot be written.
pub fn write(out: &mut impl Write, answer: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        crate::process::stdout::was_open(),
        "could not write to stdout: it is closed"
    );
    match out.write_all(answer.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("could not write to stdout"),
    }
}

/// Whether a person is at the other end of stdin.
fn stdin_is_terminal() -> bool {
    use io::IsTerminal;
    io::stdin().is_terminal()
}
