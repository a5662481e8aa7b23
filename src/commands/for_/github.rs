//! GitHub Actions: a command that masks the token in the log, and an entry in an output file.
//!
//! Format: "Workflow commands for GitHub Actions". In a command's value `%`, CR and LF are
//! percent-encoded (actions/toolkit, `escapeData`).

use std::fs::OpenOptions;
use std::io::Write;

use anyhow::Context;

use crate::commands::for_::escaped;
use crate::commands::for_::variable::Variable;
use crate::commands::get::{Fetch, get};
use crate::commands::session::{Session, environment};
use crate::commands::spec::{Execute, Spec};
use crate::error::{Error, Kind};
use crate::secret::Secret;

pub(super) const COMMAND: Spec = Spec {
    name: "github",
    about: "A masked step output (or variable) in GitHub Actions",
    examples: "tok for github cint",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Args {
    /// The name of the output or variable [default: token, TOK_TOKEN]
    #[arg(long, help_heading = None)]
    name: Option<Variable>,

    /// Set a variable for later steps instead of an output
    #[arg(long, help_heading = None)]
    env: bool,

    #[command(flatten)]
    fetch: Fetch,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let (file, default) = if self.env {
            ("GITHUB_ENV", "TOK_TOKEN")
        } else {
            ("GITHUB_OUTPUT", "token")
        };
        let name = match &self.name {
            Some(name) => name.clone(),
            None => default.parse()?,
        };
        let path = environment(file)
            .filter(|path| !path.is_empty())
            .ok_or_else(|| {
                Error::new(Kind::Usage, format!("{file} is not set"))
                    .hint("run this in a step of GitHub Actions; elsewhere use `tok token`")
            })?;
        // The runner creates the file. It is opened before anything is fetched or printed.
        let mut entries = OpenOptions::new()
            .append(true)
            .open(&path)
            .with_context(|| format!("could not open {}, which {file} names", path.display()))?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).context("no random bytes for a delimiter")?;
        let token = get(session, &self.fetch)?.1.access_token;
        // Not `write`, which ignores a closed stdout: an unmasked token must not reach later steps.
        out.write_all(mask(&token).expose().as_bytes())
            .and_then(|()| out.flush())
            .context("could not write the mask to stdout")?;
        let entry = entry(&name, &token, u64::from_ne_bytes(random));
        entries
            .write_all(entry.expose().as_bytes())
            .with_context(|| format!("could not write {file}"))
    }
}

fn mask(token: &Secret) -> Secret {
    let mut out = Secret::default();
    out.push("::add-mask::");
    escaped::push(&mut out, token.expose(), |character| match character {
        '%' => Some("%25"),
        '\r' => Some("%0D"),
        '\n' => Some("%0A"),
        _ => None,
    });
    out.push("\n");
    out
}

/// The entry that sets `name` to the token. No token can contain a `random` delimiter on purpose.
fn entry(name: &Variable, token: &Secret, random: u64) -> Secret {
    let delimiter = format!("tok_{random:016x}");
    let mut out = Secret::default();
    for part in [
        name.as_str(),
        "<<",
        &delimiter,
        "\n",
        token.expose(),
        "\n",
        &delimiter,
        "\n",
    ] {
        out.push(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_is_the_token_as_the_runner_decodes_it() {
        let cases = [
            ("abc", "::add-mask::abc\n"),
            ("a%0Ab", "::add-mask::a%250Ab\n"),
            ("a\r\nb", "::add-mask::a%0D%0Ab\n"),
        ];
        for (token, expected) in cases {
            assert_eq!(mask(&Secret::new(token)).expose(), expected);
        }
    }

    #[test]
    fn entry_is_between_two_delimiters() {
        let name = "token".parse().unwrap();
        assert_eq!(
            entry(&name, &Secret::new("a=b"), 255).expose(),
            "token<<tok_00000000000000ff\na=b\ntok_00000000000000ff\n"
        );
    }
}
