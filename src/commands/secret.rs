//! `tok secret`: stores, checks and deletes secrets in the keyring, and never prints one.

mod prompt;

use std::io::{self, Read, Write};

use anyhow::Context;

pub use self::prompt::unseen;
use crate::commands::get::profile_variable;
use crate::commands::session::{Session, environment, stdin_is_terminal, write};
use crate::commands::spec::{self, Execute, Group, Spec};
use crate::error::{Error, Kind, Subject};
use crate::profile::name::secret_variable;
use crate::profile::template::CLIENT_SECRET;
use crate::profile::{Overrides, Profile};
use crate::secret::Secret;
use crate::secret::suspicion::suspicion;
use crate::secrets::{self, Patience, keyring};
use crate::term::text::nearest;

/// The longest accepted secret: more is a wrong file.
const LONGEST_BYTES: usize = 64 * 1024;

pub(crate) const COMMAND: Spec = Spec {
    name: "secret",
    about: "Store, check or delete a secret in the OS keyring",
    details: "",
    group: Group::Secrets,
    examples: "\
tok secret set cint                     # asks, without echo
op read op://vault/cint/secret | tok secret set cint",
    commands: COMMANDS,
    arguments: |command| spec::above(command, COMMANDS),
    run: |matches, session, out| spec::run_typed(COMMANDS, matches, session, out),
};

/// No option takes a secret: every user of the machine can read a process's arguments.
const COMMANDS: &[&Spec] = &[&SET, &CHECK, &DELETE];

const SET: Spec = Spec {
    name: "set",
    about: "Store a secret, typed at a prompt without echo, or from stdin",
    details: "One trailing newline on stdin is removed.",
    examples: "\
tok secret set cint
pass show cint | tok secret set cint",
    ..Spec::of::<Set>()
};

const CHECK: Spec = Spec {
    name: "check",
    about: "Say whether a secret is set, and where; never shows it",
    examples: "tok secret check cint",
    ..Spec::of::<Check>()
};

const DELETE: Spec = Spec {
    name: "delete",
    about: "Remove a secret from the keyring",
    examples: "tok secret delete cint",
    ..Spec::of::<Delete>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct SecretName {
    /// The profile
    #[arg(env = profile_variable(), hide_env = true)]
    profile: String,

    /// The secret's name [default: every secret that the profile uses]
    name: Option<String>,
}

impl SecretName {
    fn resolve(&self, session: &Session) -> Result<(Profile, Vec<String>), Error> {
        let config = session.config()?;
        let profile = session.profile(&config, &self.profile, &Overrides::default())?;
        profile.check(&config)?;
        let names = match &self.name {
            Some(name) if name == CLIENT_SECRET || profile.source(name).is_some() => {
                vec![name.clone()]
            }
            Some(name) => return Err(unknown(&profile, name)),
            None => profile.needed_secrets(),
        };
        match names.is_empty() {
            true => Err(Error::new(Kind::Config, "it uses no secret")
                .hint(format!(
                    "name one that it may use later: `tok secret set {} {CLIENT_SECRET}`",
                    profile.name
                ))
                .profile(&profile.name)),
            false => Ok((profile, names)),
        }
    }
}

fn unknown(profile: &Profile, name: &str) -> Error {
    let known = profile
        .secrets
        .keys()
        .map(String::as_str)
        .chain([CLIENT_SECRET]);
    // The name is not shown: it may be the secret itself, typed in the wrong place.
    let error = Error::new(
        Kind::Usage,
        format!("profile `{}` has no secret of this name", profile.name),
    );
    match nearest(name, known) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!(
            "declare the name in the profile: `secrets = {{ NAME = {{}} }}`; the secret itself is typed at a prompt or read from stdin: `tok secret set {}`",
            profile.name
        )),
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Set {
    #[command(flatten)]
    secret: SecretName,
}

impl Execute for Set {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        let (profile, names) = self.secret.resolve(session)?;
        if let ([_, _, ..], false) = (names.as_slice(), stdin_is_terminal()) {
            return Err(Error::new(
                Kind::Usage,
                format!("the profile uses several secrets: {}", names.join(", ")),
            )
            .hint(format!(
                "name the one on stdin: `tok secret set {} NAME`",
                profile.name
            ))
            .profile(&profile.name)
            .into());
        }
        names
            .iter()
            .try_for_each(|name| set(session, &profile, name))
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Check {
    #[command(flatten)]
    secret: SecretName,
}

impl Execute for Check {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let (profile, names) = self.secret.resolve(session)?;
        let mut first_error = None;
        for name in &names {
            if let Err(error) = check(&profile, name, out) {
                first_error.get_or_insert(error);
            }
        }
        first_error.map_or(Ok(()), Err)
    }
}

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Delete {
    #[command(flatten)]
    secret: SecretName,
}

impl Execute for Delete {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        let (profile, names) = self.secret.resolve(session)?;
        names
            .iter()
            .try_for_each(|name| delete(session, &profile, name))
    }
}

fn set(session: &Session, profile: &Profile, name: &str) -> anyhow::Result<()> {
    let user = secrets::keyring_user(profile, name)?;
    let failed = |error: Error| {
        let error = error.about(Subject::Source(format!("keyring entry `{user}`")));
        match error.next_step() {
            Some(_) => secrets::with_way_out(error, profile, name),
            None => error.hint(format!(
                "if you have no keyring (CI), set {} instead",
                secret_variable(&profile.name, name)
            )),
        }
    };
    let secret = if stdin_is_terminal() {
        // Without a keyring the typed secret would be lost.
        keyring::probe(&user).map_err(failed)?;
        let typed = unseen(
            session.notes(),
            &format!("Secret for `{user}` (not shown): "),
        )?;
        if typed.is_empty() {
            let error = Error::new(Kind::Secret, "the secret is empty; nothing was stored");
            return Err(error.into());
        }
        typed
    } else {
        from_stdin()?
    };
    keyring::set(&user, &secret).map_err(failed)?;
    session
        .notes()
        .note(&format!("stored keyring entry `{user}`"));
    Ok(())
}

fn from_stdin() -> anyhow::Result<Secret> {
    let mut bytes = Vec::with_capacity(4096);
    io::stdin()
        .lock()
        .take(LONGEST_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .context("could not read stdin")?;
    if bytes.len() > LONGEST_BYTES {
        return Err(Error::new(Kind::Secret, "stdin: longer than 64 KiB, so not a secret").into());
    }
    Secret::from_line(bytes).map_err(|why| {
        Error::new(Kind::Secret, format!("stdin: {why}; nothing was stored"))
            .hint("give it on stdin, or run this on a terminal to type it")
            .into()
    })
}

/// Writes a line for each source, in order; tok uses the first that has the secret.
fn check(profile: &Profile, name: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut lines = String::new();
    let mut used = false;
    let mut failure = None;
    for source in secrets::sources(profile, name)? {
        let says = match source.read(&environment, Patience::default()) {
            Ok(Some(_)) if used => "set, but not used".to_owned(),
            Ok(Some(given)) => {
                used = true;
                match suspicion(given.secret.expose()) {
                    Some(suspicion) => format!("set, but it {suspicion}"),
                    None => "set".to_owned(),
                }
            }
            Ok(None) => "not set".to_owned(),
            Err(error) => {
                let says = error.to_string();
                let says = says
                    .strip_prefix(&format!("{source}: "))
                    .map_or(says.clone(), str::to_owned);
                if !used && failure.is_none() {
                    let error = error
                        .about(Subject::Secret(name.to_owned()))
                        .profile(&profile.name);
                    failure = Some(secrets::with_next_step(error, &source, profile, name));
                }
                says
            }
        };
        lines.push_str(&format!("{source}: {says}\n"));
    }
    write(out, &lines)?;
    match (used, failure) {
        (_, Some(failure)) => Err(failure.into()),
        (true, None) => Ok(()),
        (false, None) => secrets::find(profile, name, &environment, Patience::default())
            .map(|_| ())
            .map_err(Into::into),
    }
}

fn delete(session: &Session, profile: &Profile, name: &str) -> anyhow::Result<()> {
    let user = secrets::keyring_user(profile, name)?;
    let deleted = keyring::delete(&user)
        .map_err(|error| error.about(Subject::Source(format!("keyring entry `{user}`"))))?;
    let said = if deleted { "removed" } else { "there was no" };
    session
        .notes()
        .note(&format!("{said} keyring entry `{user}`"));
    Ok(())
}
