//! `tok man`: the manual, made from the same text as `--help`, so that the two cannot disagree.

use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::commands::cli::{Man, help};
use crate::commands::write;
use crate::error::{Error, Kind};
use crate::term::text::nearest;

pub(super) fn run(man: &Man, out: &mut impl Write) -> anyhow::Result<()> {
    let mut command = help::command().disable_help_flag(true);
    command.build();
    if let Some(folder) = &man.dir {
        return write_all(&command, folder);
    }
    let command = find(&command, &man.command)?;
    write(out, &page(command)?)
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
