//! The list of commands. Each command's file has its arguments, help, examples and implementation.

mod add;
mod ask;
mod claims;
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
mod introspect;
mod json;
mod list;
mod login;
mod logout;
mod long_help;
mod man;
mod print;
mod providers;
mod reject;
mod remove;
mod revoke;
mod root;
mod schema;
mod secret;
mod session;
mod shared_cache;
mod shared_entries;
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

/// Within a group, in the order of `tok --help`.
const ALL: &[&Spec] = &[
    &token::COMMAND,
    &header::COMMAND,
    &json::COMMAND,
    &for_::COMMAND,
    &inspect::COMMAND,
    &introspect::COMMAND,
    &curl::COMMAND,
    &exec::COMMAND,
    &login::COMMAND,
    &logout::COMMAND,
    &secret::COMMAND,
    &list::COMMAND,
    &show::COMMAND,
    &providers::COMMAND,
    &add::COMMAND,
    &remove::COMMAND,
    &status::COMMAND,
    &forget::COMMAND,
    &reject::COMMAND,
    &revoke::COMMAND,
    &doctor::COMMAND,
    &schema::COMMAND,
    &shared_cache::COMMAND,
    &completions::COMMAND,
    &man::COMMAND,
    &help::COMMAND,
];

/// Runs the command line `typed` (the program's name first) and writes its output to stdout.
///
/// # Errors
/// Fails if the command does; stdout is empty then.
pub fn run(typed: &[OsString]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if completions::complete(typed, command_line, &mut out)? {
        return Ok(());
    }
    let mut reader = root::to_read(&named_in(typed));
    let read = reader.try_get_matches_from_mut(typed);
    // Dropping the tree takes longer than reading a config, and the process ends soon.
    std::mem::forget(reader);
    let Ok(mut matches) = read else {
        drop(out);
        return usage(typed);
    };
    let global = Global::of(&matches)?;
    spec::run_typed(ALL, &mut matches, &session(global), &mut out)
}

/// The commands whose names are among the words. Building all of them takes half as long as a whole cached print.
fn named_in(typed: &[OsString]) -> Vec<&'static Spec> {
    let is_named = |spec: &&Spec| typed.iter().any(|word| word == spec.name);
    ALL.iter().copied().filter(is_named).collect()
}

/// Prints the token that `plain` asks for, like [`run`] for the same command line.
///
/// # Errors
/// Same as [`run`].
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

fn command_line() -> clap::Command {
    long_help::lay_over(root::to_show(ALL), ALL)
}

/// Prints help and version to stdout and succeeds; fails for any other line that did not parse.
fn usage(typed: &[OsString]) -> anyhow::Result<()> {
    let words: Vec<String> = typed
        .iter()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    Color::among(&words).apply();
    // Parsed again with the help texts, which the first parse leaves out for speed.
    let Err(error) = command_line().try_get_matches_from(typed) else {
        return Ok(());
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            write(&mut anstream::stdout(), &error.render().ansi().to_string())
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // If stderr is closed, the exit code still tells.
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
