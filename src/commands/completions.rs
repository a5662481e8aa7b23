//! `tok completions`: a script by which a shell asks tok itself what could stand at the cursor, profiles of the config included.
//!
//! The script calls `tok -- WORDS…` with [`VARIABLE`] set to the shell's name. Both are needed, so that a variable somebody exported cannot
//! turn `tok token` into anything else: without a command before it, `--` is no command line of tok's otherwise.

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

/// The variable that says which shell asks.
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

/// A shell that tok has completions for.
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

/// Answers a shell that asks for completions; whether one did. `typed` begins with the program's name.
///
/// # Errors
/// When the shell is none that is known, or stdout takes no answer.
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

/// `command` with a completer on every argument that names a profile or a provider.
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

/// The profiles whose name begins with what is typed. Whatever is wrong with the config, a person at a prompt wants no error here.
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

/// The profiles of the config that `words` choose. None of them if the config is broken: that is for other commands to say.
fn known_profiles(words: &[OsString]) -> BTreeMap<String, Result<ProfileTable, Error>> {
    let chosen = chosen_config(words);
    Config::path(chosen.as_deref().map(Path::new))
        .and_then(|path| Config::load(&path)?.overview())
        .map(|all| all.profiles)
        .unwrap_or_default()
}

/// Whether the config that `words` choose has a profile of this name.
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

/// The config that the words typed so far choose.
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
