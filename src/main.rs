//! Parse, run, print one error, end with the code that says what a script can do about it.

#![cfg_attr(all(target_os = "linux", target_env = "gnu", not(test)), no_main)]

#[cfg(all(target_os = "linux", target_env = "gnu", not(test)))]
#[path = "fast/start.rs"]
mod start;

use std::io;

use tok::fast::{self, plain};
use tok::process::{crash, hardening};
use tok::{commands, error};

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
            // If even stderr is gone, the exit code still says it.
            let _ = error::report(&error, &mut anstream::stderr());
            error::exit_code(&error)
        }
    }
}

fn run() -> anyhow::Result<()> {
    let environment = |name: &str| std::env::var_os(name);
    match plain::read(std::env::args_os().skip(1), &environment) {
        Some(plain) if fast::cached(&plain, &mut io::stdout().lock())? => Ok(()),
        Some(plain) => commands::print(plain),
        None => commands::run(&std::env::args_os().collect::<Vec<_>>()),
    }
}
