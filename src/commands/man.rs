//! `tok man`: prints the manual, made from the texts of `--help`.

use crate::commands::spec::{Execute, Group, Spec};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap_mangen::roff::{Roff, bold, roman};

use crate::commands::session::{Session, write};
use crate::commands::surroundings::{EXIT_CODES, FILES, VARIABLES};
use crate::error::{Error, Kind};
use crate::term::text::nearest;

/// When the text of the pages last changed.
const DATE: &str = "2026-11-25";

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
            return write_all(&command, folder, session);
        }
        let command = find(&command, &self.command)?;
        write(out, &page(command, session)?)
    }
}

/// Finds the command at `path`; an empty path is `tok` itself.
pub(crate) fn find<'a>(
    root: &'a clap::Command,
    path: &[String],
) -> Result<&'a clap::Command, Error> {
    let mut command = root;
    for name in path {
        command = command.find_subcommand(name).ok_or_else(|| {
            let failure = Error::new(Kind::Usage, format!("unknown command `{name}`"));
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

fn page(command: &clap::Command, session: &Session) -> anyhow::Result<String> {
    let name = page_name(command);
    let path: Vec<String> = command
        .get_bin_name()
        .unwrap_or_default()
        .split(' ')
        .skip(1)
        .map(str::to_owned)
        .collect();
    let mut roff = Vec::new();
    let man = clap_mangen::Man::new(command.clone())
        .title(name.to_uppercase())
        .date(DATE)
        .source(concat!("tok ", env!("CARGO_PKG_VERSION")))
        .manual("tok");
    let is_root = path.is_empty();
    let mut more = Roff::new();
    more.control("SH", ["EXAMPLES"]);
    literal(&mut more, (session.examples)(&path));
    if is_root {
        for (heading, rows) in [
            ("EXIT STATUS", EXIT_CODES),
            ("ENVIRONMENT", VARIABLES),
            ("FILES", FILES),
        ] {
            more.control("SH", [heading]);
            for (name, text) in rows {
                more.control("TP", []);
                more.text([bold(*name)]);
                more.text([roman(*text)]);
            }
        }
    }
    let render = |roff: &mut Vec<u8>| {
        man.render_title(roff)?;
        man.render_name_section(roff)?;
        man.render_synopsis_section(roff)?;
        man.render_description_section(roff)?;
        man.render_options_section(roff)?;
        if command.has_subcommands() {
            man.render_subcommands_section(roff)?;
        }
        more.to_writer(roff)
    };
    render(&mut roff).context("could not make the page")?;
    Ok(String::from_utf8_lossy(&roff).into_owned())
}

fn literal(roff: &mut Roff, lines: &str) {
    roff.control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

/// The page's name, such as `tok-secret-set`.
fn page_name(command: &clap::Command) -> String {
    command
        .get_bin_name()
        .unwrap_or_else(|| command.get_name())
        .replace(' ', "-")
}

fn write_all(command: &clap::Command, folder: &Path, session: &Session) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("could not make {}", folder.display()))?;
    let path = folder.join(format!("{}.1", page_name(command)));
    std::fs::write(&path, page(command, session)?)
        .with_context(|| format!("could not write {}", path.display()))?;
    for inner in command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set())
    {
        write_all(inner, folder, session)?;
    }
    Ok(())
}
