//! `tok completions`: prints a script with which a shell asks tok for completions, profiles included.
//!
//! The script calls `tok -- WORDS…` with [`VARIABLE`] set to the shell's name. Both are required: an exported variable alone must not change
//! what `tok token` does, and no other command line starts with `--`.

use crate::commands::spec::{Execute, Group, Spec};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{EnvCompleter, Shells};

use crate::commands::session::{Session, write};
use crate::error::{Error, Kind};
use crate::profile::catalogue;
use crate::profile::file::Config;
use crate::profile::file::schema::ProfileTable;

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
    let mut answer = Vec::new();
    shell(&name.to_string_lossy())?
        .write_complete(&mut command, words, None, &mut answer)
        .context("could not complete")?;
    write(out, &String::from_utf8_lossy(&answer))?;
    Ok(true)
}

fn with_completers(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|argument| match argument.get_id().as_str() {
        "profile" | "profiles" => argument.add(ArgValueCompleter::new(profiles)),
        "provider" => argument.add(ArgValueCompleter::new(providers)),
        "name"
            if argument
                .get_value_names()
                .is_some_and(|names| names.iter().any(|name| name == "PROVIDER")) =>
        {
            argument.add(ArgValueCompleter::new(providers))
        }
        _ => argument,
    });
    command.mut_subcommands(with_completers)
}

/// Profiles that begin with the typed text. Config errors are ignored: a completion must not print any.
fn profiles(typed: &OsStr) -> Vec<CompletionCandidate> {
    let words: Vec<OsString> = std::env::args_os().collect();
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
