//! The global options, accepted before and after the command.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Error, FromArgMatches};

use crate::commands::color::Color;

const EVERYWHERE: &str = "Everywhere";

#[derive(Debug, Default, Args)]
#[group(skip)]
pub(crate) struct Global {
    /// The config file [default: tok/config.toml in your config folder]
    #[arg(
        long,
        help_heading = EVERYWHERE,
        value_name = "FILE"
    )]
    pub(crate) config: Option<PathBuf>,

    /// Show the conversation with the provider, without secrets
    #[arg(short, long, help_heading = EVERYWHERE, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// Say nothing but errors
    #[arg(short, long, help_heading = EVERYWHERE)]
    pub(crate) quiet: bool,

    /// When to use colour
    #[arg(
        long,
        help_heading = EVERYWHERE,
        value_name = "WHEN"
    )]
    pub(crate) color: Option<Color>,
}

impl Global {
    /// Reads the options of every level; the last of several values counts.
    pub(crate) fn of(matches: &ArgMatches) -> Result<Self, Error> {
        let outer = Self::from_arg_matches(matches)?;
        let Some((_, inner)) = matches.subcommand() else {
            return Ok(outer);
        };
        let inner = Self::of(inner)?;
        Ok(Self {
            config: inner.config.or(outer.config),
            verbose: inner.verbose || outer.verbose,
            quiet: inner.quiet || outer.quiet,
            color: inner.color.or(outer.color),
        })
    }
}
