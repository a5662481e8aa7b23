//! A token in the words of the programs that use one: each consumer documents a format, and its file writes exactly that.
//!
//! One file per consumer, and nothing of one in another; each is pure but for [`mod@file`], which is about nothing else than a file. What several
//! of them are asked by somebody else's program, namely whether a host may have the token at all, is decided in [`hosts`].

mod arguments;
mod asked;
pub mod bazel;
pub mod cargo;
pub mod curl;
pub mod docker;
pub mod dotenv;
pub mod file;
pub mod fish;
pub mod git;
pub mod github;
pub mod hosts;
pub mod kubectl;
pub mod powershell;
pub mod sh;
pub mod variable;
mod watch;

use std::io::Write;

use anyhow::Context;

use crate::clock::Now;
use crate::commands::get::{Fetch, get, header_lines};
use crate::commands::session::{Session, environment, write};
use crate::commands::spec::{self, Execute, Group, Spec};
use crate::error::{Error, Kind};
use crate::secret::Secret;
use variable::Variable;

pub(crate) const COMMAND: Spec = Spec {
    name: "for",
    about: "Print the token the way another program reads it",
    details: "",
    group: Group::Printing,
    examples: "\
C=$(tok for curl cint) && printf '%s\\n' \"$C\" | curl -K - URL
E=$(tok for sh cint) && eval \"$E\"",
    commands: COMMANDS,
    arguments: |command| spec::above(command, COMMANDS),
    run: |matches, session, out| spec::run_typed(COMMANDS, matches, session, out),
};

/// The programs a token is for.
const COMMANDS: &[&Spec] = &[
    &CURL,
    &SH,
    &FISH,
    &POWERSHELL,
    &DOTENV,
    &GITHUB,
    &FILE,
    &KUBECTL,
    &BAZEL,
    &GIT,
    &DOCKER,
    &CARGO,
];

const CURL: Spec = Spec {
    name: "curl",
    about: "A config that makes curl send the header: `curl -K -`",
    details: "A pipe goes on when tok fails, and curl then asks without a token. In a script:

  C=$(tok for curl cint) && printf '%s\\n' \"$C\" | curl -K - URL",
    examples: "\
C=$(tok for curl cint) && printf '%s\\n' \"$C\" | curl -K - URL",
    ..Spec::of::<Curl>()
};

const SH: Spec = Spec {
    name: "sh",
    about: "An `export` line for sh, bash and zsh",
    details: "`eval \"$(tok …)\"` hides that tok failed. In a script:

  E=$(tok for sh cint) && eval \"$E\"",
    examples: "\
E=$(tok for sh cint) && eval \"$E\"
E=$(tok for sh cint --name GH_TOKEN) && eval \"$E\"",
    ..Spec::of::<Sh>()
};

const FISH: Spec = Spec {
    name: "fish",
    about: "A `set` line for fish: `tok for fish cint | source`",
    examples: "tok for fish cint | source",
    ..Spec::of::<Fish>()
};

const POWERSHELL: Spec = Spec {
    name: "powershell",
    about: "An assignment for PowerShell: `tok for powershell cint | iex`",
    examples: "tok for powershell cint | iex",
    ..Spec::of::<Powershell>()
};

const DOTENV: Spec = Spec {
    name: "dotenv",
    about: "A NAME=value line, as in GitLab's dotenv reports",
    examples: "tok for dotenv cint > token.env",
    ..Spec::of::<Dotenv>()
};

const GITHUB: Spec = Spec {
    name: "github",
    about: "A masked step output (or variable) in GitHub Actions",
    examples: "tok for github cint",
    ..Spec::of::<Github>()
};

const FILE: Spec = Spec {
    name: "file",
    about: "A file that holds the token, kept fresh with --watch",
    examples: "\
tok for file cint token.txt
tok for file cint token.txt --watch",
    ..Spec::of::<File>()
};

const KUBECTL: Spec = Spec {
    name: "kubectl",
    about: "An ExecCredential: a credential plugin for Kubernetes clients",
    examples: "tok for kubectl cluster",
    ..Spec::of::<Kubectl>()
};

const BAZEL: Spec = Spec {
    name: "bazel",
    about: "A credential helper for Bazel",
    examples: "tok for bazel --host cache.example.com cint get",
    ..Spec::of::<Bazel>()
};

const GIT: Spec = Spec {
    name: "git",
    about: "A credential helper for git",
    details: "Answers for the hosts that --host names, and for no other.",
    examples: "\
git config --global credential.https://git.example.com.helper \\
  '!tok for git --host git.example.com cint'",
    ..Spec::of::<Git>()
};

const DOCKER: Spec = Spec {
    name: "docker",
    about: "A credential helper for docker",
    details: "As an executable `docker-credential-cint` on the PATH:

  #!/bin/sh
  exec tok for docker --host registry.example.com cint \"$@\"",
    examples: "tok for docker --host registry.example.com cint get",
    ..Spec::of::<Docker>()
};

const CARGO: Spec = Spec {
    name: "cargo",
    about: "A token provider for cargo: `cargo:token-from-stdout`",
    details: "  credential-provider = [\"cargo:token-from-stdout\", \"tok\", \"for\",
    \"cargo\", \"--host\", \"registry.example.com\", \"cint\"]",
    examples: "tok for cargo --host registry.example.com cint",
    ..Spec::of::<Cargo>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Curl {
    #[command(flatten)]
    asks: Fetch,
}

impl Execute for Curl {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let (profile, token, _) = get(session, &self.asks)?;
        write(out, curl::config(&header_lines(&profile, &token)?).expose())
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Sh {
    #[command(flatten)]
    asks: arguments::InVariable,
}

impl Execute for Sh {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        in_variable(session, &self.asks, out, |name, token| {
            Ok(sh::export(name, token))
        })
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Fish {
    #[command(flatten)]
    asks: arguments::InVariable,
}

impl Execute for Fish {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        in_variable(session, &self.asks, out, |name, token| {
            Ok(fish::set(name, token))
        })
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Powershell {
    #[command(flatten)]
    asks: arguments::InVariable,
}

impl Execute for Powershell {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        in_variable(session, &self.asks, out, |name, token| {
            Ok(powershell::assignment(name, token))
        })
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Dotenv {
    #[command(flatten)]
    asks: arguments::InVariable,
}

impl Execute for Dotenv {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        in_variable(session, &self.asks, out, dotenv::line)
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Github {
    #[command(flatten)]
    asks: arguments::Github,
}

impl Execute for Github {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        actions(session, &self.asks, out)
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct File {
    #[command(flatten)]
    asks: arguments::InFile,
}

impl Execute for File {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        watch::file(session, &self.asks)
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Kubectl {
    #[command(flatten)]
    asks: Fetch,
}

impl Execute for Kubectl {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        exec_credential(session, &self.asks, out)
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Bazel {
    #[command(flatten)]
    asks: arguments::Bazel,
}

impl Execute for Bazel {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        asked::bazel(session, &self.asks, out)
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Git {
    #[command(flatten)]
    asks: arguments::Login,
}

impl Execute for Git {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        asked::git(session, &self.asks, out)
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Docker {
    #[command(flatten)]
    asks: arguments::Login,
}

impl Execute for Docker {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        asked::docker(session, &self.asks, out)
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Cargo {
    #[command(flatten)]
    asks: arguments::Cargo,
}

impl Execute for Cargo {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        asked::cargo(session, &self.asks, out)
    }
}

/// Writes the token as a variable, in the form that `form` gives it.
fn in_variable(
    session: &Session,
    to: &arguments::InVariable,
    out: &mut dyn Write,
    form: impl Fn(&Variable, &Secret) -> Result<Secret, Error>,
) -> anyhow::Result<()> {
    let (profile, token, _) = get(session, &to.fetch)?;
    let text =
        form(&to.name, &token.access_token).map_err(|failure| failure.profile(&profile.name))?;
    write(out, text.expose())
}

/// Hides the token in the log before it goes anywhere else, then hands it to the steps that follow.
fn actions(session: &Session, to: &arguments::Github, out: &mut dyn Write) -> anyhow::Result<()> {
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

fn exec_credential(session: &Session, fetch: &Fetch, out: &mut dyn Write) -> anyhow::Result<()> {
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

/// Appends `text`, each character that `escape` has something for replaced by it.
fn push_escaped(out: &mut Secret, text: &str, escape: impl Fn(char) -> Option<&'static str>) {
    let mut buffer = [0; 4];
    for character in text.chars() {
        out.push(escape(character).unwrap_or_else(|| character.encode_utf8(&mut buffer)));
    }
}

/// A line that sets `name` to `token` in single quotes, `before` and `between` being the shell's words around the name. `escape` is what the
/// shell wants for a character that is not itself within such quotes.
fn set_in_quotes(
    before: &str,
    name: &Variable,
    between: &str,
    token: &Secret,
    escape: impl Fn(char) -> Option<&'static str>,
) -> Secret {
    let mut out = Secret::default();
    for part in [before, name.as_str(), between, "'"] {
        out.push(part);
    }
    push_escaped(&mut out, token.expose(), escape);
    out.push("'\n");
    out
}
