//! `tok add`: writes a profile, from an example request, the catalogue or flags, and stores its secrets.
//!
//! Nothing is stored or written before the profile is resolved and checked as for `tok token`.

mod discover;
mod google;
mod keys;
mod missing;
mod questions;
mod store;

use crate::commands::spec::{Execute, Group, Spec};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use zeroize::Zeroizing;

use self::keys::{Keys, apply};
use self::missing::{table, without_location};
use self::questions::fill_in;
use self::store::{secrets_to_store, store};
use crate::clock::Now;
use crate::commands::ask;
use crate::commands::session::{Session, environment, stdin_is_terminal, write};
use crate::curl::import::import;
use crate::error::{Error, Kind, OrFail as _, Subject};
use crate::get::{Options, Run, acquire};
use crate::profile::catalogue;
use crate::profile::draft::Draft;
use crate::profile::file::{Config, edit};
use crate::profile::{Overrides, Profile, name};
use crate::secret::Secret;

pub(crate) const COMMAND: Spec = Spec {
    name: "add",
    about: "Write a profile into the config",
    group: Group::Profiles,
    examples: "\
tok add cint --provider cint --client-id 0a1b2c
tok add api --issuer https://idp.example.com --client-id 0a1b2c
tok add mine --from-curl < request.txt
tok add mine --from-curl --try   # opens $EDITOR
tok add gcp --google-credentials credentials.json",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(after_help = "\
Secrets in a request go into the keyring and never into the file. Without a
terminal nothing is asked: what is missing is named, with its flag.")]
pub(crate) struct Args {
    /// The profile's name
    pub(crate) name: String,

    /// Read the example request of a manual from stdin, or in $VISUAL/$EDITOR
    #[arg(long, conflicts_with = "provider")]
    pub(crate) from_curl: bool,

    /// Start from a provider of the built-in catalogue
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,

    /// Read a credential file of Google: `external_account` or `service_account`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["provider", "from_curl"])]
    pub(crate) google_credentials: Option<PathBuf>,

    /// Replace a profile of this name
    #[arg(long)]
    pub(crate) force: bool,

    /// Print the profile; write and store nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Fetch a token at the end
    #[arg(long = "try", conflicts_with = "dry_run")]
    pub(crate) attempt: bool,

    #[command(flatten)]
    pub(crate) keys: Keys,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        name::check(&self.name)
            .map_err(|message| Error::new(Kind::Usage, format!("profile {message}")))?;
        let path = Config::path(session.config.as_deref())?;
        let before = edit::open(&path)?;
        if before.has_profile(&self.name)? && !self.force {
            return Err(Error::new(
                Kind::Config,
                format!(
                    "profile `{}` already exists in {}",
                    self.name,
                    path.display()
                ),
            )
            .hint("choose another name, or replace it with --force")
            .into());
        }
        let person = stdin_is_terminal();
        let Start { mut draft, found } = Start::of(session, self, person)?;
        fill_in(&mut draft, &before, self, person, session.notes())?;

        if !self.dry_run {
            discover::look_up(&mut draft, &before, &self.name, person, session.notes())?;
        }

        let table = table(&draft, &self.name)?;
        let shown = edit::shown(&self.name, table.clone());
        let after = before.with_profile(&self.name, table)?;
        let profile = Profile::resolve(&after, &self.name, &Overrides::default(), &environment)
            .and_then(|profile| profile.check(&after).map(|()| profile))
            .map_err(|failure| without_location(failure, &self.name))?;

        if self.dry_run {
            return write(out, &shown);
        }
        if !session.quiet {
            // A closed stderr is not an error here.
            let _ = write!(std::io::stderr(), "{shown}");
        }
        if person && !ask::yes(&format!("Write this to {}?", path.display()), true)? {
            return Err(Error::new(Kind::Usage, "nothing was written").into());
        }
        let to_store = secrets_to_store(session, &profile, &draft, found, person)?;
        after.replace(&before)?;
        session.notes().note(&format!("wrote {}", path.display()));
        store(session, &profile, to_store)?;
        match self.attempt {
            true => attempt(session, &profile, &after),
            false => Ok(()),
        }
    }
}

struct Start {
    draft: Draft,
    found: Vec<(String, Secret)>,
}

impl Start {
    fn of(session: &Session, add: &Args, person: bool) -> anyhow::Result<Self> {
        let mut start = Self {
            draft: Draft::default(),
            found: Vec::new(),
        };
        if add.from_curl {
            let text = ask::request(person)?;
            let import = import(&text).map_err(|error| {
                Error::of(Kind::Usage, error)
                    .about(Subject::Action("the request cannot be read".into()))
                    .hint("give the manual's curl command on stdin, or say the same with flags (`tok add --help`)")
            })?;
            for note in &import.notes {
                session.notes().note(note);
            }
            start.draft = import.draft;
            start.found = import.secrets;
        } else if let Some(provider) = &add.provider {
            catalogue::find(provider).map_err(|error| error.into_error(Kind::Usage))?;
            start.draft.provider = Some(provider.clone());
        }
        if let Some(path) = &add.google_credentials {
            let import = google_credentials(path, &add.keys.scope)?;
            start.draft = import.draft;
            start.found = import.secrets;
            let scope = std::mem::take(&mut start.draft.scope);
            apply(&mut start.draft, &add.keys);
            // `--scope` is where this kind of credentials has it.
            start.draft.scope = scope;
        } else {
            apply(&mut start.draft, &add.keys);
        }
        Ok(start)
    }
}

fn google_credentials(path: &Path, scopes: &[String]) -> Result<google::Import, Error> {
    let at = || Subject::File(path.to_owned(), None);
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .or_fail(Kind::Usage)
        .map_err(|error| error.about(at()))?;
    let scopes: Vec<String> = scopes
        .iter()
        .flat_map(|text| text.split_ascii_whitespace())
        .map(str::to_owned)
        .collect();
    google::read(&text, &scopes).or_fail(Kind::Usage).map_err(|error| {
        error
            .about(at())
            .hint("give the file that the console or `gcloud` wrote, or say the same with flags (docs/keyless.md)")
    })
}

fn attempt(session: &Session, profile: &Profile, config: &Config) -> anyhow::Result<()> {
    let (token, _) = acquire(Run {
        profile,
        config,
        options: Options {
            refresh: true,
            ..Options::default()
        },
        environment: &environment,
        notes: session.notes(),
    })
    .context("the profile is written, but trying it failed")?;
    let left_s = token.left_ms(&Now::read()).unwrap_or(0) / 1000;
    session
        .notes()
        .note(&format!("got a token that lives {left_s} s"));
    Ok(())
}
