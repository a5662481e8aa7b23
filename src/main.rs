//! Parse, run, print one error, end with the code that says what a script can do about it.

#![cfg_attr(all(target_os = "linux", target_env = "gnu", not(test)), no_main)]

#[cfg(all(target_os = "linux", target_env = "gnu", not(test)))]
#[path = "process/start.rs"]
mod start;

use std::io::{self, Write};

use clap::Parser;
use clap::error::ErrorKind;
use tok::commands;
use tok::commands::cli::{Cli, Color, help, wrong};
use tok::error;
use tok::fast::plain;
use tok::process::crash;
use tok::process::hardening;

#[cfg(not(all(target_os = "linux", target_env = "gnu", not(test))))]
fn main() -> std::process::ExitCode {
    tok().into()
}

/// The program; its exit code.
fn tok() -> u8 {
    hardening::apply();
    crash::ends_with(error::Kind::Unexpected.exit_code());
    match run() {
        Ok(()) => 0,
        Err(error) => {
            // If even stderr is gone there is nobody to tell; the exit code still says it.
            let _ = error::report(&error, &mut anstream::stderr());
            error::exit_code(&error)
        }
    }
}

fn run() -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if let Some(cli) = plain::read(std::env::args_os().skip(1)) {
        return commands::run(&cli, &mut out);
    }
    if commands::complete(std::env::args_os(), &mut out)? {
        return Ok(());
    }
    match Cli::try_parse() {
        Ok(cli) => {
            cli.color.apply();
            commands::run(&cli, &mut out)
        }
        Err(_) => {
            drop(out);
            usage()
        }
    }
}

/// Help and version go to stdout and are a success; everything else is a wrong command line.
fn usage() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    Color::among(&words).apply();
    // Parsed again with all the help, which a right command line does without.
    let Err(error) = help::command().try_get_matches_from(std::env::args_os()) else {
        return Ok(());
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            commands::write(&mut anstream::stdout(), &error.render().ansi().to_string())
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // As below: if stderr is gone the exit code still says it.
            let _ = write!(anstream::stderr(), "{}", help::short(&words));
            Err(error::Silent(error::Kind::Usage.exit_code()).into())
        }
        _ => Err(wrong::failure(&error, &words).into()),
    }
}
