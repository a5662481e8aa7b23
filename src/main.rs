//! Parses, runs, prints one error, and exits with a code that scripts can act on.

#![cfg_attr(all(target_os = "linux", target_env = "gnu", not(test)), no_main)]

#[cfg(all(target_os = "linux", target_env = "gnu", not(test)))]
#[path = "fast/start.rs"]
mod start;

use std::io;

use tok::program::{self, Kind, crash, hardening, plain};

#[cfg(not(all(target_os = "linux", target_env = "gnu", not(test))))]
fn main() -> std::process::ExitCode {
    tok().into()
}

fn tok() -> u8 {
    hardening::apply();
    crash::ends_with(Kind::Unexpected.exit_code());
    match run() {
        Ok(()) => 0,
        Err(error) => {
            let _ = program::report(&error, &mut anstream::stderr());
            program::exit_code(&error)
        }
    }
}

fn run() -> anyhow::Result<()> {
    let environment = |name: &str| std::env::var_os(name);
    match plain::read(std::env::args_os().skip(1), &environment) {
        Some(plain) if program::cached(&plain, &mut io::stdout().lock())? => Ok(()),
        Some(plain) => program::print(plain),
        None => program::run(&std::env::args_os().collect::<Vec<_>>()),
    }
}
