//! Where secrets come from: the environment, the profile's source, then the keyring; the first that is set wins.
//!
//! An unset source passes to the next one; a failing source ends the search. There is never a plaintext fallback.

mod command;
pub mod environment;
mod failure;
mod file;
pub mod keyring;
mod member;
pub(crate) mod pem_file;
pub(crate) mod refresh_token;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use self::failure::Failure;
use crate::error::{Error, Kind, OrFail as _, Subject};
use crate::oauth::signing::pem;
use crate::profile::file::Config;
use crate::profile::file::schema::SourceTable;
use crate::profile::home;
use crate::profile::name::secret_variable;
use crate::profile::pointer::Pointer;
use crate::profile::template::REFRESH_TOKEN;
use crate::profile::{Environment, Profile};
use crate::secret::Secret;

/// A source of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `TOK_<PROFILE>_<NAME>`, or the variable that `{ env = "…" }` names.
    Environment(String),
    /// `{ file = "…" }`
    File(PathBuf),
    /// `{ credential = "…" }`: a file in the folder systemd names.
    Credential(String),
    /// `{ command = […] }`, and the variables that it does not inherit.
    Command(Vec<String>, Vec<OsString>),
    /// A JSON member of another source's text, as given by `pointer`.
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
            Self::Command(command, _) => {
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
    /// Whether more was removed than the usual trailing newline.
    pub is_trimmed: bool,
}

impl Given {
    fn of_lines(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Failure> {
        let line_end = match bytes.as_slice() {
            [.., b'\r', b'\n'] => 2,
            [.., b'\n'] => 1,
            _ => 0,
        };
        Self::of(bytes, line_end)
    }

    fn of_variable(text: String) -> Result<Self, Failure> {
        Self::of(Zeroizing::new(text.into_bytes()), 0)
    }

    fn of(mut bytes: Zeroizing<Vec<u8>>, expected: usize) -> Result<Self, Failure> {
        let length = bytes.len();
        if pem::is_pkcs12(&bytes) {
            return Err(Failure::Pkcs12);
        }
        let secret = Secret::from_line(std::mem::take(&mut *bytes))?;
        let text = secret.expose();
        // A key has line ends of its own.
        let is_trimmed = text.len() + expected < length && !text.contains('\n');
        Ok(Self { secret, is_trimmed })
    }
}

/// How long sources may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience(Instant);

/// Enough for a user to touch a key or type a passphrase.
const LONGEST: Duration = Duration::from_secs(60);

impl Default for Patience {
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

fn seconds_until(until: Instant) -> u64 {
    let left = until.saturating_duration_since(Instant::now());
    (left + Duration::from_millis(500)).as_secs()
}

impl Source {
    /// Returns the source that `table` of `config` names, if any.
    pub(crate) fn written(config: &Config, table: &SourceTable) -> Result<Option<Self>, Error> {
        let path = |path: &String| config.folder().join(home::expanded(path.as_ref()));
        let command = |command: &Vec<String>| {
            let config = || Some(config.clone());
            Self::Command(in_home(command), environment::withheld(&config))
        };
        let place = (table.env.clone().map(Self::Environment))
            .or_else(|| table.file.as_ref().map(path).map(Self::File))
            .or_else(|| table.credential.clone().map(Self::Credential))
            .or_else(|| table.command.as_ref().map(command));
        let pointer = table.pointer.as_deref().map(Pointer::parse);
        let pointer = pointer.transpose().or_fail(Kind::Config)?;
        Ok(place.map(|place| match pointer {
            Some(pointer) => Self::Member(Box::new(place), pointer),
            None => place,
        }))
    }

    /// Reads the secret, or `None` if it is not set.
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
            Self::Command(command, withheld) => Some(command::read(command, withheld, patience.0)?),
            Self::Keyring(user) => keyring::get_by(user, patience.0)?.map(|secret| Given {
                secret,
                is_trimmed: false,
            }),
        })
    }

    /// Returns the source itself, or the one that contains this member.
    #[must_use]
    pub fn place(&self) -> &Self {
        match self {
            Self::Member(place, _) => place.place(),
            place => place,
        }
    }

    pub(crate) fn absence(&self) -> String {
        match self {
            Self::Environment(variable) => format!("{variable} is not set"),
            Self::File(path) => format!("{} does not exist", path.display()),
            Self::Credential(name) => format!("no systemd credential {name}"),
            Self::Command(..) => format!("{self} gave nothing"),
            Self::Member(source, _) => source.absence(),
            Self::Keyring(_) if keyring::is_off().unwrap_or(false) => {
                "the keyring is not asked (TOK_KEYRING is off)".to_owned()
            }
            Self::Keyring(user) => format!("the keyring has no entry `{user}`"),
        }
    }
}

/// Returns every source of the secret, in order; fails if the profile has no origin to bind a keyring entry to.
pub fn sources(profile: &Profile, name: &str) -> Result<Vec<Source>, Error> {
    let mut sources = vec![Source::Environment(secret_variable(&profile.name, name))];
    if let Some(written) = profile.source(name) {
        sources.extend(written_source(profile, written)?);
    }
    sources.push(Source::Keyring(keyring_user(profile, name)?));
    Ok(sources)
}

/// Returns the source that `written` names, if any.
pub(crate) fn written_source(
    profile: &Profile,
    written: &SourceTable,
) -> Result<Option<Source>, Error> {
    let written = Source::written(&profile.config, written);
    written.map_err(|error| error.profile(&profile.name))
}

/// Runs a program of the profile with `input` on its stdin, and returns what it prints.
pub(crate) fn run(
    profile: &Profile,
    command: &[String],
    input: &Secret,
    patience: Patience,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let withheld = environment::withheld(&|| Some(profile.config.clone()));
    Ok(command::run(
        &in_home(command),
        &withheld,
        Some(input),
        patience.0,
    )?)
}

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

/// Whether the secret is in tok's own variable, so that no slow source is asked.
#[must_use]
pub fn is_given(profile: &Profile, name: &str, environment: Environment<'_>) -> bool {
    environment(&secret_variable(&profile.name, name)).is_some()
}

/// Returns tok's own variable for the secret, if it is set.
pub(crate) fn given_in(
    profile: &Profile,
    name: &str,
    environment: Environment<'_>,
) -> Option<String> {
    is_given(profile, name, environment).then(|| secret_variable(&profile.name, name))
}

/// Returns the keyring entry's user name: profile, secret, and origins (token endpoint, then `+` others).
/// The origins keep an edited config from sending a stored secret to another host.
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

/// A secret and its source.
pub struct Found {
    /// The secret.
    pub secret: Secret,
    /// The source.
    pub source: Source,
    /// See [`Given::is_trimmed`].
    pub is_trimmed: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("not set: {0}")]
struct NotSet(String);

/// Returns the secret from the first source that has it; the error says where it was looked for and how to set it.
pub fn find(
    profile: &Profile,
    name: &str,
    environment: Environment<'_>,
    patience: Patience,
) -> Result<Found, Error> {
    match first_set(profile, name, environment, patience)? {
        (Some(found), _) => Ok(found),
        (None, sources) => {
            let absences: Vec<String> = sources.iter().map(Source::absence).collect();
            let error = Error::of(Kind::Secret, NotSet(absences.join(", ")));
            Err(error
                .hint(ways_out(profile, name))
                .about(Subject::Secret(name.to_owned()))
                .profile(&profile.name))
        }
    }
}

/// Returns the secret from the first source that has it, and all sources.
fn first_set(
    profile: &Profile,
    name: &str,
    environment: Environment<'_>,
    patience: Patience,
) -> Result<(Option<Found>, Vec<Source>), Error> {
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
            let found = Found {
                secret,
                source: source.clone(),
                is_trimmed,
            };
            return Ok((Some(found), sources));
        }
    }
    Ok((None, sources))
}

/// Adds what to do about `error`.
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

/// When only the keyring (last in `sources`) failed, users expect to read about the source in their profile.
fn written_but_absent(sources: &[Source], failed: &Source) -> Option<Subject> {
    match (sources, failed) {
        ([_, written, _], Source::Keyring(_)) => Some(Subject::Source(format!(
            "{}, and the keyring lookup failed",
            written.absence()
        ))),
        _ => None,
    }
}

/// Adds what the keyring needs, if known, and the way around it.
#[must_use]
pub fn with_way_out(failure: Error, profile: &Profile, name: &str) -> Error {
    let hint = match failure.next_step() {
        Some(step) => format!("{step}, or set {}", secret_variable(&profile.name, name)),
        None => ways_out(profile, name),
    };
    failure.hint(hint)
}

fn argument(name: &str) -> String {
    match name {
        crate::profile::template::CLIENT_SECRET => String::new(),
        other => format!(" {other}"),
    }
}

fn ways_out(profile: &Profile, name: &str) -> String {
    if name == REFRESH_TOKEN && profile.grant.is_some_and(|grant| grant.login.is_some()) {
        return profile.way_to_log_in();
    }
    let argument = argument(name);
    if keyring::is_off().unwrap_or(false) {
        return format!("set {}", secret_variable(&profile.name, name));
    }
    format!(
        "`tok secret set {}{argument}` stores it in the keyring; without a keyring (CI), set {}",
        profile.name,
        secret_variable(&profile.name, name)
    )
}
