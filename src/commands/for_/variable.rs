//! The programs that read a variable: the name, and an assignment described by a [`Form`].

use std::io::Write;
use std::str::FromStr;

use clap::{ArgMatches, FromArgMatches};

use crate::commands::for_::escaped;
use crate::commands::get::{Fetch, get};
use crate::commands::session::{Session, write};
use crate::error::{Error, Kind};
use crate::secret::Secret;

/// The name of an environment variable: ASCII letters, digits and `_`, not starting with a digit (POSIX.1-2017 XBD §3.235), which no
/// shell takes for anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable(String);

/// The text is not such a name.
#[derive(Debug, thiserror::Error)]
#[error("not a variable's name: letters, digits and `_`, the first no digit")]
pub(crate) struct NotAVariable;

impl Variable {
    /// The name.
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

/// How a program writes an assignment.
pub(super) struct Form {
    /// The text before the name, between name and token, and after the token.
    pub(super) around: [&'static str; 3],
    /// What a character of the token becomes, if not itself.
    pub(super) escape: fn(char) -> Option<&'static str>,
    /// Refuses a token that cannot be written in this form.
    pub(super) check: fn(&Secret) -> Result<(), Error>,
}

impl Form {
    /// The assignment, with a line end.
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

/// Prints the assignment that the arguments ask for.
pub(super) fn run(
    form: &Form,
    matches: &ArgMatches,
    session: &Session,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let args = Args::from_arg_matches(matches)?;
    let (profile, token, _) = get(session, &args.fetch)?;
    let line = form
        .assign(&args.name, &token.access_token)
        .map_err(|error| error.profile(&profile.name))?;
    write(out, line.expose())
}

/// A token that is not written, because programs that read `format` differ in how they read it.
#[derive(Debug, thiserror::Error)]
#[error("the token has a quote, {characters}, which readers of {format} files take differently")]
struct ReadDifferently {
    characters: &'static str,
    format: &'static str,
}

/// Accepts a token of printable ASCII without quotes and `special`, which `characters` names.
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
