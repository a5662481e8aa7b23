//! Where secrets come from: the environment, then what the profile says, then the keyring; the first that is set.
//!
//! *Not set* is not *failed*: a source that is not set lets the next one speak, a source that fails ends the search. There is no
//! plaintext fallback.

mod command;
pub mod environment;
mod file;
pub mod keyring;
mod member;

use std::fmt;
use std::path::PathBuf;

use crate::error::{Error, Kind};
use crate::profile::home;
use crate::profile::name::secret_variable;
use crate::profile::pointer::Pointer;
use crate::profile::{Environment, Profile};
use crate::secret::Secret;

/// One place where a secret may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `TOK_<PROFILE>_<NAME>`, or the variable that `{ env = "…" }` names.
    Environment(String),
    /// `{ file = "…" }`
    File(PathBuf),
    /// `{ credential = "…" }`: a file in the folder systemd names.
    Credential(String),
    /// `{ command = […] }`
    Command(Vec<String>),
    /// A member of the JSON text that another place holds: `pointer` beside that place.
    Member(Box<Source>, Pointer),
    /// The OS keyring, under this user name.
    Keyring(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(variable) => write!(f, "environment variable {variable}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Credential(name) => write!(f, "systemd credential {name}"),
            Self::Command(command) => {
                write!(f, "command {}", command.first().map_or("", String::as_str))
            }
            Self::Member(source, pointer) => write!(f, "{} in {source}", pointer.source()),
            Self::Keyring(user) => write!(f, "keyring entry `{user}`"),
        }
    }
}

impl Source {
    /// The secret in this place; none where it is not set.
    ///
    /// # Errors
    /// A secret failure when the place is there but cannot be read, or holds nothing usable.
    pub fn read(&self, environment: Environment<'_>) -> Result<Option<Secret>, Error> {
        match self {
            Self::Member(source, pointer) => {
                let text = source.read(environment)?;
                return text
                    .map(|text| member::read(&text, pointer))
                    .transpose()
                    .map_err(|failure| failure.context(self));
            }
            Self::Environment(variable) => environment::read(variable, environment),
            Self::File(path) => file::read(path),
            Self::Credential(name) => file::read_credential(name, environment),
            Self::Command(command) => command::read(command, environment).map(Some),
            Self::Keyring(user) => keyring::get(user),
        }
        .map_err(|failure| failure.context(self))
    }

    /// The place itself, where this is a member of what stands there.
    #[must_use]
    pub fn place(&self) -> &Self {
        match self {
            Self::Member(place, _) => place.place(),
            place => place,
        }
    }

    /// Why there is nothing, for the message when no source had anything.
    fn absence(&self) -> String {
        match self {
            Self::Environment(variable) => format!("{variable} is not set"),
            Self::File(path) => format!("{} does not exist", path.display()),
            Self::Credential(name) => format!("there is no systemd credential {name}"),
            Self::Command(_) => format!("{self} gave nothing"),
            Self::Member(source, _) => source.absence(),
            Self::Keyring(user) => format!("the keyring has no entry `{user}`"),
        }
    }
}

/// Every place where secret `name` of `profile` is looked for, in order.
///
/// # Errors
/// A config failure when no origin is known to bind a keyring entry to.
pub fn sources(profile: &Profile, name: &str) -> Result<Vec<Source>, Error> {
    let mut sources = vec![Source::Environment(secret_variable(&profile.name, name))];
    if let Some(written) = profile.source(name) {
        let file = written.file.as_ref();
        let places = [
            written.env.clone().map(Source::Environment),
            file.map(|path| Source::File(profile.path(path))),
            written.credential.clone().map(Source::Credential),
            written.command.as_deref().map(in_home).map(Source::Command),
        ];
        let pointer = written.pointer.as_deref().map(Pointer::parse);
        let pointer = pointer
            .transpose()
            .map_err(|error| Error::of(Kind::Config, error).profile(&profile.name))?;
        sources.extend(places.into_iter().flatten().map(|place| match &pointer {
            Some(pointer) => Source::Member(Box::new(place), pointer.clone()),
            None => place,
        }));
    }
    sources.push(Source::Keyring(keyring_user(profile, name)?));
    Ok(sources)
}

/// `command` with a program that begins with `~/` in the home folder.
fn in_home(command: &[String]) -> Vec<String> {
    let mut command = command.to_vec();
    if let Some(program) = command.first_mut()
        && program.starts_with("~/")
        && let Some(path) = home::expanded(program.as_ref()).to_str()
    {
        *program = path.to_owned();
    }
    command
}

/// Whether secret `name` of `profile` is in tok's own variable for it, so that nobody has to be asked.
#[must_use]
pub fn is_given(profile: &Profile, name: &str, environment: Environment<'_>) -> bool {
    environment(&secret_variable(&profile.name, name)).is_some()
}

/// The user name of a keyring entry: profile, secret, and the origins it is bound to (the token endpoint's, and with a `+` each further one
/// that the profile sends secrets to), so that an edited config cannot send a stored secret to another host.
///
/// # Errors
/// A config failure when no origin is known.
pub fn keyring_user(profile: &Profile, name: &str) -> Result<String, Error> {
    let home = profile
        .home()
        .map_err(|error| Error::of(Kind::Config, error).profile(&profile.name))?;
    let mut others: Vec<String> = profile
        .origins
        .iter()
        .filter(|origin| **origin != home)
        .map(|origin| format!("+{}", origin.authority()))
        .collect();
    others.sort_unstable();
    others.dedup();
    Ok(format!(
        "{}/{name}@{}{}",
        profile.name,
        home.authority(),
        others.concat()
    ))
}

/// Secret `name` of `profile`, from the first place where it is set.
///
/// # Errors
/// A secret failure that says where it was looked for and how to set it.
pub fn find(
    profile: &Profile,
    name: &str,
    environment: Environment<'_>,
) -> Result<(Secret, Source), Error> {
    let sources = sources(profile, name)?;
    let context = format!("profile `{}`: {name}", profile.name);
    for source in &sources {
        let found = source.read(environment).map_err(|failure| {
            let failure = match written_but_absent(&sources, source) {
                Some(absence) => failure.context(absence),
                None => failure,
            }
            .context(&context);
            match source {
                Source::Keyring(_) => with_way_out(failure, profile, name),
                _ if failure.next_step().is_some() => failure,
                _ => failure.hint(format!(
                    "mend that, or set {}, which comes before it; `tok secret check {}{}` goes through all sources",
                    secret_variable(&profile.name, name),
                    profile.name,
                    argument(name)
                )),
            }
        })?;
        if let Some(secret) = found {
            return Ok((secret, source.clone()));
        }
    }
    let absences: Vec<String> = sources.iter().map(Source::absence).collect();
    Err(
        Error::new(Kind::Secret, format!("not set: {}", absences.join(", ")))
            .context(context)
            .hint(ways_out(profile, name)),
    )
}

/// Why the profile's own source had nothing, where it is the keyring, last of `sources`, that failed: who wrote a source into the profile
/// expects that one to be spoken of.
fn written_but_absent(sources: &[Source], failed: &Source) -> Option<String> {
    match (sources, failed) {
        ([_, written, _], Source::Keyring(_)) => {
            Some(format!("{}, and the keyring is no help", written.absence()))
        }
        _ => None,
    }
}

/// `failure` of the keyring with what to do about it: what the keyring itself needs, where that is known, and the way around it.
#[must_use]
pub fn with_way_out(failure: Error, profile: &Profile, name: &str) -> Error {
    let hint = match failure.next_step() {
        Some(step) => format!("{step}, or set {}", secret_variable(&profile.name, name)),
        None => ways_out(profile, name),
    };
    failure.hint(hint)
}

/// What `tok secret` takes after the profile: nothing for the client secret, else the secret's name.
fn argument(name: &str) -> String {
    match name {
        crate::profile::template::CLIENT_SECRET => String::new(),
        other => format!(" {other}"),
    }
}

/// The two ways to give tok a secret: for a person with a keyring, and for a machine without.
fn ways_out(profile: &Profile, name: &str) -> String {
    let argument = argument(name);
    format!(
        "`tok secret set {}{argument}` stores it in the keyring; where there is none (CI), set {}",
        profile.name,
        secret_variable(&profile.name, name)
    )
}
