//! `tok for`: a token in the form that another program reads.
//!
//! What each form is stands in [`crate::commands::for_`]; here is only who is asked for what, and in which order things are written.

mod asked;
mod watch;

use std::io::Write;

use anyhow::Context;

use crate::clock::Now;
use crate::commands::cli::{Consumer, Fetch, Github, InVariable};
use crate::commands::for_::variable::Variable;
use crate::commands::for_::{curl, dotenv, fish, github, kubectl, powershell, sh};
use crate::commands::get::{get, header_lines};
use crate::commands::{Session, environment, write};
use crate::error::{Error, Kind};
use crate::secret::Secret;

pub(super) fn run(
    session: &Session<'_>,
    consumer: &Consumer,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    match consumer {
        Consumer::Curl(fetch) => {
            let (profile, token, _) = get(session, fetch)?;
            write(out, curl::config(&header_lines(&profile, &token)?).expose())
        }
        Consumer::Sh(to) => {
            in_variable(session, to, out, |name, token| Ok(sh::export(name, token)))
        }
        Consumer::Fish(to) => {
            in_variable(session, to, out, |name, token| Ok(fish::set(name, token)))
        }
        Consumer::Powershell(to) => in_variable(session, to, out, |name, token| {
            Ok(powershell::assignment(name, token))
        }),
        Consumer::Dotenv(to) => in_variable(session, to, out, dotenv::line),
        Consumer::Github(to) => actions(session, to, out),
        Consumer::File(to) => watch::file(session, to),
        Consumer::Kubectl(fetch) => exec_credential(session, fetch, out),
        Consumer::Bazel(asks) => asked::bazel(session, asks, out),
        Consumer::Git(asks) => asked::git(session, asks, out),
        Consumer::Docker(asks) => asked::docker(session, asks, out),
        Consumer::Cargo(asks) => asked::cargo(session, asks, out),
    }
}

/// Writes the token as a variable, in the form that `form` gives it.
fn in_variable(
    session: &Session<'_>,
    to: &InVariable,
    out: &mut impl Write,
    form: impl Fn(&Variable, &Secret) -> Result<Secret, Error>,
) -> anyhow::Result<()> {
    let (profile, token, _) = get(session, &to.fetch)?;
    let text =
        form(&to.name, &token.access_token).map_err(|failure| failure.profile(&profile.name))?;
    write(out, text.expose())
}

/// Hides the token in the log before it goes anywhere else, then hands it to the steps that follow.
fn actions(session: &Session<'_>, to: &Github, out: &mut impl Write) -> anyhow::Result<()> {
    let (file, default) = if to.env {
        ("GITHUB_ENV", "TOK_TOKEN")
    } else {
        ("GITHUB_OUTPUT", "token")
    };
    let name = match &to.name {
        Some(name) => name.clone(),
        None => default.parse().map_err(anyhow::Error::msg)?,
    };
    let path = environment(file)
        .filter(|path| !path.is_empty())
        .ok_or_else(|| {
            Error::new(Kind::Usage, format!("{file} is not set"))
                .hint("this is for a step of GitHub Actions; elsewhere take `tok token`")
        })?;
    // The runner has made the file: a path at which there is none is a mistake. It is opened first, so that nothing is said in vain.
    let mut entries = std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .with_context(|| format!("could not open {}, which {file} names", path.display()))?;
    let mut random = [0; 8];
    getrandom::fill(&mut random).context("no random bytes for a delimiter")?;
    let token = get(session, &to.fetch)?.1.access_token;
    // Not `write`: if the runner did not get the mask, nothing may follow it.
    out.write_all(github::mask(&token).expose().as_bytes())
        .and_then(|()| out.flush())
        .context("could not write the mask to stdout")?;
    entries
        .write_all(
            github::entry(&name, &token, u64::from_ne_bytes(random))
                .expose()
                .as_bytes(),
        )
        .with_context(|| format!("could not write {file}"))
}

fn exec_credential(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let info = environment("KUBERNETES_EXEC_INFO");
    let version = kubectl::api_version(
        info.as_deref()
            .map(|info| info.to_string_lossy())
            .as_deref(),
    )?;
    let (_, token, _) = get(session, fetch)?;
    let expires = token.expires_at_unix_ms(&Now::read());
    write(
        out,
        kubectl::credential(version, &token.access_token, expires).expose(),
    )
}
