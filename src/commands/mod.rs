//! The list of commands. Each has a file of its own with its arguments, help, examples and implementation.

mod add;
mod ask;
mod color;
mod completions;
mod curl;
mod doctor;
mod exec;
mod for_;
mod forget;
mod get;
mod global;
mod header;
mod help;
mod inspect;
mod json;
mod list;
mod long_help;
mod man;
mod print;
mod providers;
mod reject;
mod remove;
mod root;
mod schema;
mod secret;
mod session;
mod show;
mod spec;
mod status;
mod surroundings;
mod token;
mod wrong;

pub use secret::unseen;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::error::ErrorKind;

use crate::commands::color::Color;
use crate::commands::get::{Fetch, FetchOptions};
use crate::commands::global::Global;
use crate::commands::session::{Session, write};
use crate::commands::spec::{Execute, Spec};
use crate::error::{Kind, Silent};
use crate::fast::plain::{Form, Plain};
use crate::term::progress;

/// Every command, in the order of `tok --help` within its group.
const ALL: &[&Spec] = &[
    &token::COMMAND,
    &header::COMMAND,
    &json::COMMAND,
    &for_::COMMAND,
    &inspect::COMMAND,
    &curl::COMMAND,
    &exec::COMMAND,
    &secret::COMMAND,
    &list::COMMAND,
    &show::COMMAND,
    &providers::COMMAND,
    &add::COMMAND,
    &remove::COMMAND,
    &status::COMMAND,
    &forget::COMMAND,
    &reject::COMMAND,
    &doctor::COMMAND,
    &schema::COMMAND,
    &completions::COMMAND,
    &man::COMMAND,
    &help::COMMAND,
];

/// Does what `typed` (the program's name first) says, with the answer on stdout.
///
/// # Errors
/// Why it could not be done; nothing has been written then.
pub fn run(typed: &[OsString]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if completions::complete(typed, command_line, &mut out)? {
        return Ok(());
    }
    let mut reader = root::to_read(ALL);
    let read = reader.try_get_matches_from_mut(typed);
    // Taking the tree apart takes longer than reading a config, and the process ends soon.
    std::mem::forget(reader);
    let Ok(matches) = read else {
        drop(out);
        return usage(typed);
    };
    let global = Global::of(&matches)?;
    spec::run_typed(ALL, &matches, &session(global), &mut out)
}

/// Prints the token that `plain` asks for, as [`run`] does for the same command line.
///
/// # Errors
/// As [`run`].
pub fn print(plain: Plain) -> anyhow::Result<()> {
    let form = plain.form;
    let (global, fetch) = as_read_by_clap(plain);
    let (session, out) = (session(global), &mut io::stdout().lock());
    match form {
        Form::Token => token::Args { fetch }.run(&session, out),
        Form::Header => header::Args { fetch }.run(&session, out),
        Form::Json => json::Args { fetch }.run(&session, out),
    }
}

fn as_read_by_clap(plain: Plain) -> (Global, Fetch) {
    let global = Global {
        config: plain.config,
        verbose: false,
        quiet: plain.quiet,
        color: None,
    };
    let options = FetchOptions {
        min_ttl: plain.min_ttl,
        cached: plain.cached,
        ..FetchOptions::default()
    };
    let fetch = Fetch {
        profile: plain.profile,
        options,
    };
    (global, fetch)
}

fn session(global: Global) -> Session {
    global.color.unwrap_or_default().apply();
    if global.quiet || global.verbose {
        progress::turn_off();
    }
    Session {
        config: global.config,
        verbose: global.verbose,
        quiet: global.quiet,
        command_line,
        examples: |path| long_help::examples(ALL, path),
    }
}

/// The command line with all its help.
fn command_line() -> clap::Command {
    long_help::lay_over(root::to_show(ALL), ALL)
}

/// Help and version go to stdout and are a success; everything else is a wrong command line.
fn usage(typed: &[OsString]) -> anyhow::Result<()> {
    let words: Vec<String> = typed
        .iter()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    Color::among(&words).apply();
    // Parsed again with all the help, which a right command line does without.
    let Err(error) = command_line().try_get_matches_from(typed) else {
        return Ok(());
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            write(&mut anstream::stdout(), &error.render().ansi().to_string())
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // If stderr is gone the exit code still says it.
            let _ = write!(
                anstream::stderr(),
                "{}",
                long_help::short(command_line(), &words)
            );
            Err(Silent(Kind::Usage.exit_code()).into())
        }
        _ => {
            let path = long_help::path(ALL, &words);
            let is_profile = |word: &str| completions::has_profile(typed, word);
            Err(wrong::failure(&error, &path, &is_profile).into())
        }
    }
}

#[cfg(test)]
mod tests;
