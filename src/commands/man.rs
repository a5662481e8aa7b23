//! `tok man`: the manual, made from the same text as `--help`, so that the two cannot disagree.

use crate::commands::spec::{Execute, Group, Spec};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::commands::session::{Session, write};
use crate::error::{Error, Kind};
use crate::term::text::nearest;

pub(crate) const COMMAND: Spec = Spec {
    name: "man",
    about: "Print a manual page",
    group: Group::SettingUp,
    examples: "\
tok man | man -l -
tok man secret set | man -l -
tok man --dir share/man/man1",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The command [default: tok itself]
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub(crate) command: Vec<String>,

    /// Write every page into this folder instead, for packagers
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut command = (session.command_line)().disable_help_flag(true);
        command.build();
        if let Some(folder) = &self.dir {
            return write_all(&command, folder);
        }
        let command = find(&command, &self.command)?;
        write(out, &page(command)?)
    }
}

/// The command that `path` names, `tok` itself for none.
fn find<'a>(root: &'a clap::Command, path: &[String]) -> Result<&'a clap::Command, Error> {
    let mut command = root;
    for name in path {
        command = command.find_subcommand(name).ok_or_else(|| {
            let failure = Error::new(Kind::Usage, format!("there is no command `{name}`"));
            let known = command.get_subcommands().map(clap::Command::get_name);
            match nearest(name, known) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint(format!(
                    "`{} --help` lists those there are",
                    command.get_bin_name().unwrap_or("tok")
                )),
            }
        })?;
    }
    Ok(command)
}

/// The page of `command`, in roff.
fn page(command: &clap::Command) -> anyhow::Result<String> {
    let name = page_name(command);
    let mut roff = Vec::new();
    clap_mangen::Man::new(command.clone())
        .title(name.to_uppercase())
        .manual("tok")
        .render(&mut roff)
        .context("could not make the page")?;
    Ok(String::from_utf8_lossy(&roff).into_owned())
}

/// `tok-secret-set`, as the pages of a command with commands are called.
fn page_name(command: &clap::Command) -> String {
    command
        .get_bin_name()
        .unwrap_or_else(|| command.get_name())
        .replace(' ', "-")
}

/// Writes the page of `command` and those of all commands under it into `folder`.
fn write_all(command: &clap::Command, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("could not make {}", folder.display()))?;
    let path = folder.join(format!("{}.1", page_name(command)));
    std::fs::write(&path, page(command)?)
        .with_context(|| format!("could not write {}", path.display()))?;
    for inner in command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set())
    {
        write_all(inner, folder)?;
    }
    Ok(())
}
