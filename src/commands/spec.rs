//! What a command is: its name, its help, its arguments, and what it does with them.

use std::io::Write;

use clap::builder::Resettable;
use clap::{ArgMatches, Args, Command};

use crate::commands::global::Global;
use crate::commands::session::Session;
use crate::error::{Error, Kind};

/// A command. Each is a constant in a file of its own, and a line in the list that it belongs to.
pub(crate) struct Spec {
    /// The word that is typed.
    pub(crate) name: &'static str,
    /// What it does, in one line.
    pub(crate) about: &'static str,
    /// What `--help` says after that line.
    pub(crate) details: &'static str,
    /// The heading it is listed under; a command below another has none.
    pub(crate) group: Group,
    /// Command lines to learn from, one or more.
    pub(crate) examples: &'static str,
    /// The commands below it.
    pub(crate) commands: &'static [&'static Spec],
    /// Adds the arguments.
    pub(crate) arguments: fn(Command) -> Command,
    /// Does what was asked for.
    pub(crate) run: fn(&ArgMatches, &Session, &mut dyn Write) -> anyhow::Result<()>,
}

/// The headings of `tok --help`, in their order there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Printing,
    Running,
    Secrets,
    Profiles,
    Cache,
    SettingUp,
    /// Not listed by tok itself.
    Inner,
}

/// Arguments that know what to do.
pub(crate) trait Execute: Args {
    /// Does it, with answers to `out`.
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()>;
}

impl Spec {
    /// A command that takes `A`, to be completed with its name and help.
    pub(crate) const fn of<A: Execute>() -> Self {
        Self {
            name: "",
            about: "",
            details: "",
            group: Group::Inner,
            examples: "",
            commands: &[],
            arguments: add::<A>,
            run: |matches, session, out| A::from_arg_matches(matches)?.run(session, out),
        }
    }

    /// As clap needs it to read a command line: its arguments are built only if this command is the one that was typed.
    pub(crate) fn to_read(&self) -> Command {
        Command::new(self.name).defer(self.arguments)
    }

    /// With all its help and everything below it, for `--help`, pages and completions.
    pub(crate) fn to_show(&self) -> Command {
        let command = Command::new(self.name).about(self.about);
        let command = match self.details {
            "" => command,
            details => command.long_about(format!("{}\n\n{details}", self.about)),
        };
        (self.arguments)(command)
    }
}

/// Adds the arguments of `A`. A command with help keeps it; one without is only read, and gets the global options.
pub(crate) fn add<A: Args>(command: Command) -> Command {
    let details = command.get_long_about().cloned();
    match command.get_about().cloned() {
        Some(about) => A::augment_args(command)
            .about(about)
            .long_about(Resettable::from(details)),
        None => to_read(A::augment_args(command)),
    }
}

/// Puts `commands` below `command`, one of which has to be typed. A command with help gets them with theirs.
pub(crate) fn above(command: Command, commands: &[&Spec]) -> Command {
    let command = command
        .subcommand_required(true)
        .arg_required_else_help(true);
    match command.get_about() {
        Some(_) => command.subcommands(commands.iter().map(|spec| spec.to_show())),
        None => to_read(command.subcommands(commands.iter().map(|spec| spec.to_read()))),
    }
}

/// `command` with the global options and without those that ask for help: a command line with one of them is read again, with all the help.
fn to_read(command: Command) -> Command {
    Global::augment_args(command)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
}

/// Runs the one of `commands` that was typed.
pub(crate) fn run_typed(
    commands: &[&Spec],
    matches: &ArgMatches,
    session: &Session,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let typed = matches.subcommand().and_then(|(name, matches)| {
        let spec = commands.iter().find(|spec| spec.name == name)?;
        Some((spec, matches))
    });
    match typed {
        Some((spec, matches)) => (spec.run)(matches, session, out),
        None => Err(Error::new(Kind::Usage, "there is no command").into()),
    }
}
