//! Parse, run, print one error, end with the code that says what a script can do about it.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use tok::cli::Cli;
use tok::{commands, crash, failure, hardening};

fn main() -> ExitCode {
    hardening::apply();
    crash::contained(tok).unwrap_or(failure::Kind::Unexpected.exit_code().into())
}

fn tok() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match commands::run(&cli, &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If even stderr is gone there is nobody to tell; the exit code still says it.
            let _ = failure::report(&error, &mut io::stderr().lock());
            failure::exit_code(&error).into()
        }
    }
}

/// Help and version go to stdout and are a success; everything else is a wrong command line.
fn usage(error: &clap::Error) -> ExitCode {
    // Who closed the pipe does not want to read it.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => failure::Kind::Usage.exit_code().into(),
    }
}
