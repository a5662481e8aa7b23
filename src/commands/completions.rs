//! `tok completions`: prints a script with which a shell asks tok for completions, profiles included.
//!
//! The script calls `tok -- WORDS…` with [`VARIABLE`] set to the shell's name. Both are required: an exported variable alone must not change
//! what `tok token` does, and no other command line starts with `--`.

use crate::commands::spec::{Execute, Group, Spec};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _,
};
use clap_complete::env::{EnvCompleter, Shells};

use crate::commands::session::{Session, environment, write};
use crate::error::{Error, Kind};
use crate::profile::catalogue;
use crate::profile::file::Config;
use crate::profile::file::schema::ProfileTable;
use crate::profile::{Overrides, Profile};

const VARIABLE: &str = "TOK_COMPLETE";

pub(crate) const COMMAND: Spec = Spec {
    name: "completions",
    about: "Print the completion script for a shell",
    group: Group::SettingUp,
    examples: "\
source <(tok completions bash)              # in ~/.bashrc
source <(tok completions zsh)               # in ~/.zshrc, after compinit
tok completions fish | source               # in config.fish
tok completions powershell | Out-String | Invoke-Expression
eval (tok completions elvish | slurp)",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The shell
    pub(crate) shell: ShellName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShellName {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

impl Execute for Args {
    fn run(&self, _session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let name = match self.shell {
            ShellName::Bash => "bash",
            ShellName::Zsh => "zsh",
            ShellName::Fish => "fish",
            ShellName::Powershell => "powershell",
            ShellName::Elvish => "elvish",
        };
        let mut script = Vec::new();
        shell(name)?
            .write_registration(VARIABLE, "tok", "tok", "tok", &mut script)
            .context("could not make the completion script")?;
        write(out, &String::from_utf8_lossy(&script))
    }
}

fn shell(name: &str) -> Result<&'static dyn EnvCompleter, Error> {
    const SHELLS: Shells<'static> = Shells::builtins();
    SHELLS
        .0
        .iter()
        .copied()
        .find(|shell| shell.is(name))
        .ok_or_else(|| {
            Error::new(
                Kind::Usage,
                format!("no completions for the shell `{name}`"),
            )
        })
}

/// Answers a shell that asks for completions; `false` if none did. `typed` begins with the program's name.
pub(crate) fn complete(
    typed: &[OsString],
    command_line: fn() -> clap::Command,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let [_, dashes, words @ ..] = typed else {
        return Ok(false);
    };
    if dashes != OsStr::new("--") {
        return Ok(false);
    }
    let Some(name) = std::env::var_os(VARIABLE) else {
        return Ok(false);
    };
    let words = words.to_vec();
    let mut command = with_completers(command_line());
    command.build();
    let here = std::env::current_dir().ok();
    let mut answer = Vec::new();
    shell(&name.to_string_lossy())?
        .write_complete(&mut command, words, here.as_deref(), &mut answer)
        .context("could not complete")?;
    write(out, &String::from_utf8_lossy(&answer))?;
    Ok(true)
}

fn with_completers(command: clap::Command) -> clap::Command {
    let is_about_secrets = ["set", "check", "delete"].contains(&command.get_name());
    let command = command.mut_args(|argument| {
        let value_name = argument
            .get_value_names()
            .and_then(<[_]>::first)
            .map(|name| name.as_str().to_owned())
            .unwrap_or_default();
        match (argument.get_id().as_str(), value_name.as_str()) {
            ("profile" | "profiles", _) => argument.add(ArgValueCompleter::new(profiles)),
            ("provider", _) | ("name", "PROVIDER") => {
                argument.add(ArgValueCompleter::new(providers))
            }
            ("name", _) if is_about_secrets => argument.add(ArgValueCompleter::new(secrets)),
            ("command", "COMMAND") => argument.add(ArgValueCompleter::new(commands)),
            ("command", "CMD") => argument.add(ArgValueCompleter::new(programs)),
            (_, "FILE") => argument.add(ArgValueCompleter::new(PathCompleter::file())),
            _ => argument,
        }
    });
    command.mut_subcommands(with_completers)
}

fn completed_line() -> Vec<OsString> {
    // The shell's line follows `tok --`.
    std::env::args_os().skip(2).collect()
}

fn beginning<'a>(
    typed: &OsStr,
    names: impl IntoIterator<Item = &'a str>,
) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    names
        .into_iter()
        .filter(|name| name.starts_with(&*typed))
        .map(CompletionCandidate::new)
        .collect()
}

/// The secrets of the profile on the line.
fn secrets(typed: &OsStr) -> Vec<CompletionCandidate> {
    let line = completed_line();
    let mut words = line.iter().skip_while(|word| *word != "secret").skip(2);
    let profile = words.find(|word| !word.to_string_lossy().starts_with('-'));
    let names = profile.and_then(|profile| {
        let chosen = chosen_config(&line);
        let config = Config::load(&Config::path(chosen.as_deref().map(Path::new)).ok()?).ok()?;
        let name = profile.to_str()?;
        let profile = Profile::resolve(&config, name, &Overrides::default(), &environment).ok()?;
        Some(profile.needed_secrets())
    });
    let names = names.unwrap_or_default();
    beginning(typed, names.iter().map(String::as_str))
}

/// tok's commands, or those of the command that is already on the line.
fn commands(typed: &OsStr) -> Vec<CompletionCandidate> {
    let line = completed_line();
    let mut level = super::ALL;
    // After `tok man` or `tok help`, without the word that is being typed.
    for word in line
        .iter()
        .skip(2)
        .take(line.len().saturating_sub(3))
        .filter(|word| !word.to_string_lossy().starts_with('-'))
    {
        level = level
            .iter()
            .find(|spec| *word == spec.name)
            .map_or(&[], |spec| spec.commands);
    }
    beginning(typed, level.iter().map(|spec| spec.name))
}

/// Programs in the PATH for the first word of a command, files for the others.
fn programs(typed: &OsStr) -> Vec<CompletionCandidate> {
    let line = completed_line();
    let is_first = line.iter().rev().nth(1).is_some_and(|word| word == "--")
        && line.get(1).is_some_and(|command| command == "exec");
    if !is_first || typed.to_string_lossy().contains(std::path::is_separator) {
        return PathCompleter::any().complete(typed);
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let names: BTreeSet<String> = std::env::split_paths(&folders)
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    beginning(typed, names.iter().map(String::as_str))
}

/// Profiles that begin with the typed text. Config errors are ignored: a completion must not print any.
fn profiles(typed: &OsStr) -> Vec<CompletionCandidate> {
    let words = completed_line();
    // The engine offers the values of the first argument that takes several, even after `--`.
    if words.iter().any(|word| word == "--") {
        return programs(typed);
    }
    known_profiles(&words)
        .into_iter()
        .filter(|(name, _)| name.starts_with(&*typed.to_string_lossy()))
        .map(|(name, table)| {
            let table = table.unwrap_or_default();
            let about = table.provider.or(table.token_url).map(Into::into);
            CompletionCandidate::new(name).help(about)
        })
        .collect()
}

fn known_profiles(words: &[OsString]) -> BTreeMap<String, Result<ProfileTable, Error>> {
    let chosen = chosen_config(words);
    Config::path(chosen.as_deref().map(Path::new))
        .and_then(|path| Config::load(&path)?.overview())
        .map(|all| all.profiles)
        .unwrap_or_default()
}

pub(crate) fn has_profile(words: &[OsString], name: &str) -> bool {
    known_profiles(words).contains_key(name)
}

fn providers(typed: &OsStr) -> Vec<CompletionCandidate> {
    catalogue::names()
        .filter(|name| name.starts_with(&*typed.to_string_lossy()))
        .map(|name| {
            let title = catalogue::find(name).ok().map(|entry| entry.title.into());
            CompletionCandidate::new(name).help(title)
        })
        .collect()
}

fn chosen_config(words: &[OsString]) -> Option<OsString> {
    let mut chosen = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        if word == "--config" {
            chosen = words.next().cloned().or(chosen);
        } else if let Some(path) = word.strip_prefix("--config=") {
            chosen = Some(path.into());
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_chosen_on_the_line_is_the_one_completed_from() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(
            chosen_config(&words("tok --config a token")),
            Some("a".into())
        );
        assert_eq!(
            chosen_config(&words("tok token --config=b")),
            Some("b".into())
        );
    }
}
