//! The programs that read a variable: the name, and an assignment described by a [`Form`].

use std::io::Write;
use std::str::FromStr;

use clap::{ArgMatches, FromArgMatches};

use crate::commands::for_::escaped;
use crate::commands::get::{Fetch, get};
use crate::commands::session::{Session, write};
use crate::error::{Error, Kind};
use crate::secret::Secret;

/// A variable's name (POSIX.1-2017 XBD §3.235), which every shell reads as a name only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable(String);

#[derive(Debug, thiserror::Error)]
#[error("not a variable name: use letters, digits and `_`, not starting with a digit")]
pub(crate) struct NotAVariable;

impl Variable {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Variable {
    type Err = NotAVariable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = !text.is_empty()
            && !text.starts_with(|first: char| first.is_ascii_digit())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_name.then(|| Self(text.to_owned())).ok_or(NotAVariable)
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// The variable's name
    #[arg(long, default_value = "TOK_TOKEN", help_heading = None)]
    name: Variable,

    #[command(flatten)]
    fetch: Fetch,
}

pub(super) struct Form {
    /// The text before the name, between name and token, and after the token.
    pub(super) around: [&'static str; 3],
    /// The replacement for a character of the token, if it needs one.
    pub(super) escape: fn(char) -> Option<&'static str>,
    pub(super) check: fn(&Secret) -> Result<(), Error>,
}

impl Form {
    pub(super) fn assign(&self, name: &Variable, token: &Secret) -> Result<Secret, Error> {
        (self.check)(token)?;
        let [before, between, after] = self.around;
        let mut out = Secret::default();
        for part in [before, name.as_str(), between] {
            out.push(part);
        }
        escaped::push(&mut out, token.expose(), self.escape);
        out.push(after);
        out.push("\n");
        Ok(out)
    }
}

pub(super) fn run(
    form: &Form,
    matches: &mut ArgMatches,
    session: &Session,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let args = Args::from_arg_matches_mut(matches)?;
    let (profile, token, _) = get(session, &args.fetch)?;
    let line = form
        .assign(&args.name, &token.access_token)
        .map_err(|error| error.profile(&profile.name))?;
    write(out, line.expose())
}

#[derive(Debug, thiserror::Error)]
#[error("the token has a quote, {characters}, which programs read differently in {format} files")]
struct ReadDifferently {
    characters: &'static str,
    format: &'static str,
}

/// Accepts printable ASCII without `special`, which `characters` describes.
pub(super) fn check_plain(
    token: &Secret,
    special: &[u8],
    characters: &'static str,
    format: &'static str,
) -> Result<(), Error> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !special.contains(&byte);
    match token.expose().bytes().all(is_plain) {
        true => Ok(()),
        false => Err(
            Error::of(Kind::Unusable, ReadDifferently { characters, format }).hint(
                "`tok for sh` quotes it for a shell, `tok for file` writes it to a file of its own",
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_name_is_only_a_name() {
        for good in ["TOK_TOKEN", "_", "a1", "token"] {
            assert_eq!(good.parse::<Variable>().unwrap().as_str(), good);
        }
        for bad in ["", "1a", "a-b", "a b", "a=b", "a;id", "a\nb", "é", "$(id)"] {
            assert!(bad.parse::<Variable>().is_err(), "{bad:?}");
        }
    }
}
