//! Where secrets come from: the environment, then what the profile says, then the keyring; the first that is set.
//!
//! *Not set* is not *failed*: a source that is not set lets the next one speak, a source that fails ends the search. There is no
//! plaintext fallback.

mod command;
pub mod environment;
mod failure;
mod file;
pub mod keyring;
mod member;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use self::failure::Failure;
use crate::error::{Error, Kind, Subject};
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

/// A secret as its source gave it.
pub struct Given {
    /// The secret.
    pub secret: Secret,
    /// Whether more was removed from it than the one line end that files and commands add.
    pub is_trimmed: bool,
}

impl Given {
    /// From a file or command.
    fn of_lines(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Failure> {
        let line_end = match bytes.as_slice() {
            [.., b'\r', b'\n'] => 2,
            [.., b'\n'] => 1,
            _ => 0,
        };
        Self::of(bytes, line_end)
    }

    /// From a variable.
    fn of_variable(text: String) -> Result<Self, Failure> {
        Self::of(Zeroizing::new(text.into_bytes()), 0)
    }

    fn of(mut bytes: Zeroizing<Vec<u8>>, expected: usize) -> Result<Self, Failure> {
        let length = bytes.len();
        let secret = Secret::from_line(std::mem::take(&mut *bytes))?;
        let text = secret.expose();
        // The lines of a key end as they like.
        let is_trimmed = text.len() + expected < length && !text.contains('\n');
        Ok(Self { secret, is_trimmed })
    }
}

/// How long sources may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience(Instant);

/// How long a source may take at most: enough for a person to touch a key or type a passphrase.
const LONGEST: Duration = Duration::from_secs(60);

impl Default for Patience {
    /// A minute from now.
    fn default() -> Self {
        Self(Instant::now() + LONGEST)
    }
}

impl Patience {
    /// A minute from now, but not beyond `until`.
    #[must_use]
    pub fn until(until: Instant) -> Self {
        Self(until.min(Self::default().0))
    }
}

/// The seconds that are left until `until`, rounded.
fn seconds_until(until: Instant) -> u64 {
    let left = until.saturating_duration_since(Instant::now());
    (left + Duration::from_millis(500)).as_secs()
}

impl Source {
    /// The secret in this place, or `None` if it is not set.
    ///
    /// # Errors
    /// Fails if the place is there but cannot be read in time, or contains nothing usable.
    pub fn read(
        &self,
        environment: Environment<'_>,
        patience: Patience,
    ) -> Result<Option<Given>, Error> {
        self.read_unnamed(environment, patience)
            .map_err(|error| error.about(Subject::Source(self.to_string())))
    }

    fn read_unnamed(
        &self,
        environment: Environment<'_>,
        patience: Patience,
    ) -> Result<Option<Given>, Error> {
        Ok(match self {
            Self::Member(source, pointer) => {
                let Some(given) = source.read(environment, patience)? else {
                    return Ok(None);
                };
                Some(Given {
                    secret: member::read(&given.secret, pointer)?,
                    is_trimmed: false,
                })
            }
            Self::Environment(variable) => environment::read(variable, environment)?,
            Self::File(path) => file::read(path, patience.0)?,
            Self::Credential(name) => file::read_credential(name, environment, patience.0)?,
            Self::Command(command) => Some(command::read(command, patience.0)?),
            Self::Keyring(user) => keyring::get_by(user, patience.0)?.map(|secret| Given {
                secret,
                is_trimmed: false,
            }),
        })
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
            Self::Keyring(_) if keyring::is_off().unwrap_or(false) => {
                "the keyring is not asked (TOK_KEYRING is off)".to_owned()
            }
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

/// Whether secret `name` of `profile` is in tok's own variable for it, so that no source takes long.
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

/// A secret and where it was found.
pub struct Found {
    /// The secret.
    pub secret: Secret,
    /// Its source.
    pub source: Source,
    /// See [`Given::is_trimmed`].
    pub is_trimmed: bool,
}

/// No source has the secret.
#[derive(Debug, thiserror::Error)]
#[error("not set: {0}")]
struct NotSet(String);

/// Secret `name` of `profile`, from the first place where it is set.
///
/// # Errors
/// Fails if a source fails or none has it; the error says where it was looked for and how to set it.
pub fn find(
    profile: &Profile,
    name: &str,
    environment: Environment<'_>,
    patience: Patience,
) -> Result<Found, Error> {
    let sources = sources(profile, name)?;
    let named = |error: Error| {
        error
            .about(Subject::Secret(name.to_owned()))
            .profile(&profile.name)
    };
    for source in &sources {
        let given = source.read(environment, patience).map_err(|error| {
            let error = match written_but_absent(&sources, source) {
                Some(absence) => error.about(absence),
                None => error,
            };
            named(with_next_step(error, source, profile, name))
        })?;
        if let Some(Given { secret, is_trimmed }) = given {
            let source = source.clone();
            return Ok(Found {
                secret,
                source,
                is_trimmed,
            });
        }
    }
    let absences: Vec<String> = sources.iter().map(Source::absence).collect();
    let error = Error::of(Kind::Secret, NotSet(absences.join(", ")));
    Err(named(error.hint(ways_out(profile, name))))
}

/// `error` of `source` with what to do about it.
#[must_use]
pub fn with_next_step(error: Error, source: &Source, profile: &Profile, name: &str) -> Error {
    match source {
        Source::Keyring(_) => with_way_out(error, profile, name),
        _ if error.next_step().is_some() => error,
        _ => error.hint(format!(
            "fix that, or set {}, which takes precedence; `tok secret check {}{}` goes through all sources",
            secret_variable(&profile.name, name),
            profile.name,
            argument(name)
        )),
    }
}

/// Why the profile's own source had nothing, if it is the keyring, last of `sources`, that failed: a user who wrote a source into the profile
/// expects to read about that one.
fn written_but_absent(sources: &[Source], failed: &Source) -> Option<Subject> {
    match (sources, failed) {
        ([_, written, _], Source::Keyring(_)) => Some(Subject::Source(format!(
            "{}, and the keyring lookup failed",
            written.absence()
        ))),
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
    if keyring::is_off().unwrap_or(false) {
        return format!("set {}", secret_variable(&profile.name, name));
    }
    format!(
        "`tok secret set {}{argument}` stores it in the keyring; where there is none (CI), set {}",
        profile.name,
        secret_variable(&profile.name, name)
    )
}
