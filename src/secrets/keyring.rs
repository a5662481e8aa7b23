//! Secrets in the OS keyring (Secret Service, Keychain, Windows Credential Manager), every call on a deadline.
//!
//! The crate has no time-out, and a frozen daemon never answers. `{:?}` of its errors may contain the secret: never print one whole.

mod bus;

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::keyring::{Entry, Error as KeyringError};

use crate::error::{Error, Kind};
use crate::process::{crash, deadline};
use crate::secret::{NotASecret, Secret};
use crate::secrets::seconds_until;
use crate::term::progress::Progress;
use crate::term::text::{SHOWN_CHARACTERS, clean, without_numbers};

/// The service name of all tok entries.
pub const SERVICE: &str = "tok";

/// Turns the keyring off: Windows and macOS always have one, and it may prompt.
const SWITCH: &str = "TOK_KEYRING";

const DEADLINE_ALONE: Duration = Duration::from_secs(3);

const DEADLINE_WITH_A_PERSON: Duration = Duration::from_secs(60);

const ON_A_BUS: bool = cfg!(all(unix, not(target_vendor = "apple")));

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Failure {
    #[error("no keyring here: {SWITCH} is off")]
    Off,
    #[error("{SWITCH} can only be `off`")]
    BadSwitch,
    #[error("no keyring here{}", after_colon(.0))]
    Missing(Option<String>),
    #[error("the keyring is locked and could not be unlocked{}", after_colon(.0))]
    Locked(Option<String>),
    #[error("the keyring has no default collection to store secrets in")]
    NoCollection,
    #[error("the keyring is locked, and its prompt was dismissed")]
    Dismissed,
    #[error("the keyring could not be asked: no thread can be started")]
    NoThread,
    #[error("the keyring could not be used{}", after_colon(.0))]
    Unusable(Option<String>),
    #[error(transparent)]
    NotASecret(#[from] NotASecret),
    #[error("the entry is damaged")]
    DamagedEntry,
    #[error("the keyring itself is damaged")]
    Damaged,
    #[error("the keyring takes at most {0} characters")]
    TooLong(u32),
    #[error("{0} entries match, and tok does not guess which is meant")]
    Ambiguous(usize),
    #[error("the keyring refused")]
    Refused,
    #[error(
        "the keyring answered, but was not done within {0} s: it may be waiting to be unlocked"
    )]
    Busy(u64),
    #[error("the keyring could not be asked within {0} s: the session bus does not answer")]
    SilentBus(u64),
    #[error("the keyring did not answer within {0} s: its daemon hangs")]
    Hangs(u64),
}

fn after_colon(words: &Option<String>) -> String {
    words
        .as_ref()
        .map_or_else(String::new, |words| format!(": {words}"))
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let kind = match failure {
            Failure::BadSwitch => Kind::Usage,
            _ => Kind::Secret,
        };
        let hint = match failure {
            Failure::Off => "unset TOK_KEYRING to have it asked",
            Failure::BadSwitch => "unset it to have the keyring asked",
            Failure::Locked(_) | Failure::Busy(_) | Failure::Dismissed => "unlock the keyring",
            Failure::NoThread => "raise the limit on processes (`ulimit -u`), or end some",
            Failure::NoCollection => {
                "create one (in Seahorse: New > Password Keyring, then Set as Default)"
            }
            _ => return Self::of(kind, failure),
        };
        Self::of(kind, failure).hint(hint)
    }
}

pub(crate) fn is_locked(error: &Error) -> bool {
    matches!(
        error.reason(),
        Some(Failure::Locked(_) | Failure::Busy(_) | Failure::Dismissed)
    )
}

/// Whether `TOK_KEYRING` turns the keyring off; fails if it has an unknown value.
pub fn is_off() -> Result<bool, Error> {
    Ok(is_switched_off(std::env::var_os(SWITCH).as_deref())?)
}

/// Returns `None` if the entry does not exist or the keyring is turned off.
pub fn get(user: &str) -> Result<Option<Secret>, Error> {
    get_by(user, Instant::now() + DEADLINE_WITH_A_PERSON)
}

pub(super) fn get_by(user: &str, until: Instant) -> Result<Option<Secret>, Error> {
    if is_off()? {
        return Ok(None);
    }
    let Some(bytes) = call(user, until, |entry| entry.get_secret())? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        drop(zeroize::Zeroizing::new(error.into_bytes()));
        Failure::from(NotASecret::NotUtf8)
    })?;
    if text.is_empty() {
        return Err(Failure::from(NotASecret::Empty).into());
    }
    Ok(Some(Secret::new(text)))
}

/// Replaces all entries under `user`: other programs can make several, among which [`get`] would not choose.
pub fn set(user: &str, secret: &Secret) -> Result<(), Error> {
    let secret = secret.clone();
    change(user, move |entry| {
        let bytes = secret.expose().as_bytes();
        match entry.set_secret(bytes) {
            Err(KeyringError::Ambiguous(entries)) => match entries.split_first() {
                // The new secret first: whatever fails after it, it is not lost.
                Some((kept, others)) => {
                    kept.set_secret(bytes)?;
                    others
                        .iter()
                        .try_for_each(|entry| entry.delete_credential())
                }
                None => Ok(()),
            },
            set => set,
        }
    })
    .map(|_| ())
}

/// Removes every entry under `user`; returns whether there was one.
pub fn delete(user: &str) -> Result<bool, Error> {
    change(user, |entry| match entry.delete_credential() {
        Err(KeyringError::Ambiguous(entries)) => entries
            .iter()
            .try_for_each(|entry| entry.delete_credential()),
        deleted => deleted,
    })
    .map(|deleted| deleted.is_some())
}

/// Fails if [`set`] would: checked before a user types a secret that would be lost.
pub fn probe(user: &str) -> Result<(), Error> {
    change(user, |entry| match entry.get_secret() {
        Ok(bytes) => {
            drop(zeroize::Zeroizing::new(bytes));
            Ok(())
        }
        Err(KeyringError::BadDataFormat(bytes, _) | KeyringError::BadEncoding(bytes)) => {
            drop(zeroize::Zeroizing::new(bytes));
            Ok(())
        }
        Err(KeyringError::Ambiguous(_)) => Ok(()),
        Err(error) => Err(error),
    })
    .map(|_| ())
}

fn change(
    user: &str,
    operation: impl FnOnce(&Entry) -> ::keyring::Result<()> + Send + 'static,
) -> Result<Option<()>, Error> {
    if is_off()? {
        return Err(Failure::Off.into());
    }
    let until = Instant::now() + DEADLINE_WITH_A_PERSON;
    Ok(call(user, until, operation)?)
}

fn call<T: Send + 'static>(
    user: &str,
    until: Instant,
    operation: impl FnOnce(&Entry) -> ::keyring::Result<T> + Send + 'static,
) -> Result<Option<T>, Failure> {
    let until = match std::io::stderr().is_terminal() {
        true => until,
        false => until.min(Instant::now() + DEADLINE_ALONE),
    };
    let seconds = seconds_until(until);
    let user = user.to_owned();
    let has_answered = Arc::new(AtomicBool::new(false));
    let answers = Arc::clone(&has_answered);
    let progress = Progress::waiting_for("the keyring (is it asking you to unlock it?)");
    let answer = deadline::by(until, move || {
        if !deadline::can_start_thread() {
            return Err(Failure::NoThread);
        }
        let result = crash::in_keyring_library(Kind::Secret.exit_code(), || {
            let status = Entry::store_status();
            answers.store(true, Ordering::Relaxed);
            match status {
                Ok(()) => Entry::new(SERVICE, &user).and_then(|entry| operation(&entry)),
                Err(_) => Err(KeyringError::NoDefaultStore),
            }
        });
        match result {
            Ok(value) => Ok(Some(value)),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(failure(&error)),
        }
    });
    drop(progress);
    answer.unwrap_or_else(|| {
        let bus = bus_address();
        Err(late(
            has_answered.load(Ordering::Relaxed),
            bus::is_silent(bus.as_deref()),
            seconds,
        ))
    })
}

fn bus_address() -> Option<std::ffi::OsString> {
    std::env::var_os("DBUS_SESSION_BUS_ADDRESS").filter(|_| ON_A_BUS)
}

fn is_switched_off(value: Option<&OsStr>) -> Result<bool, Failure> {
    match value.map(OsStr::as_encoded_bytes) {
        None | Some(b"") => Ok(false),
        Some(b"off") => Ok(true),
        Some(_) => Err(Failure::BadSwitch),
    }
}

/// A daemon that accepts connections but never answers most likely waits for a user itself.
fn late(has_answered: bool, bus_is_silent: bool, seconds: u64) -> Failure {
    match (has_answered, bus_is_silent) {
        (true, _) => Failure::Busy(seconds),
        (false, true) => Failure::SilentBus(seconds),
        (false, false) => Failure::Hangs(seconds),
    }
}

/// The text cannot contain a secret.
fn failure(error: &KeyringError) -> Failure {
    match error {
        KeyringError::NoDefaultStore => {
            let bus = bus_address();
            Failure::Missing(match address_fault(bus.as_deref()) {
                Some(fault) => Some(fault.to_owned()),
                None => Entry::store_status().as_ref().err().and_then(cause),
            })
        }
        KeyringError::NoStorageAccess(inner) => {
            no_access(&**inner).unwrap_or_else(|| Failure::Locked(cause(error)))
        }
        KeyringError::PlatformFailure(_) => Failure::Unusable(cause(error)),
        KeyringError::BadEncoding(_) => NotASecret::NotUtf8.into(),
        KeyringError::BadDataFormat(..) => Failure::DamagedEntry,
        KeyringError::BadStoreFormat(_) => Failure::Damaged,
        KeyringError::TooLong(_, limit) => Failure::TooLong(*limit),
        KeyringError::Ambiguous(entries) => Failure::Ambiguous(entries.len()),
        _ => Failure::Refused,
    }
}

#[cfg(all(unix, not(target_vendor = "apple")))]
fn no_access(error: &(dyn std::error::Error + 'static)) -> Option<Failure> {
    match error.downcast_ref::<secret_service::Error>()? {
        secret_service::Error::NoResult => Some(Failure::NoCollection),
        secret_service::Error::Prompt => Some(Failure::Dismissed),
        _ => None,
    }
}

#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn no_access(_: &(dyn std::error::Error + 'static)) -> Option<Failure> {
    None
}

/// Returns the fault in the bus address, for which the platform's errors are all alike.
/// An address is `transport:key=value`, with `,` between pairs and `;` between addresses (D-Bus Specification, *Server Addresses*).
fn address_fault(address: Option<&OsStr>) -> Option<&'static str> {
    let address = address?.to_string_lossy();
    if address.is_empty() {
        return Some("DBUS_SESSION_BUS_ADDRESS is empty");
    }
    let is_address = |text: &str| {
        text.split_once(':').is_some_and(|(transport, pairs)| {
            !transport.is_empty()
                && transport.chars().all(|c| c.is_ascii_alphanumeric())
                && pairs.split(',').all(|pair| pair.contains('='))
        })
    };
    let first = address.split(';').next().unwrap_or_default();
    (!is_address(first)).then_some("DBUS_SESSION_BUS_ADDRESS is not the address of a bus")
}

fn cause(error: &KeyringError) -> Option<String> {
    match error {
        KeyringError::PlatformFailure(inner) | KeyringError::NoStorageAccess(inner) => {
            let words = clean(&without_numbers(&inner.to_string()), SHOWN_CHARACTERS);
            let words = ["zbus error: ", "SS error: "]
                .iter()
                .find_map(|library| words.strip_prefix(library))
                .unwrap_or(&words);
            let plain = words
                .split_once(": ")
                .filter(|(name, _)| name.starts_with("org.freedesktop.DBus.Error."));
            Some(plain.map_or(words, |(_, said)| said).to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_named_and_told_from_an_empty_one() {
        let empty = Some("DBUS_SESSION_BUS_ADDRESS is empty");
        let garbage = Some("DBUS_SESSION_BUS_ADDRESS is not the address of a bus");
        for (address, expected) in [
            (None, None),
            (Some(""), empty),
            (Some(" "), garbage),
            (Some("%%%;;=,"), garbage),
            (Some("/run/user/1000/bus"), garbage),
            (Some("unix"), garbage),
            (Some("unix:"), garbage),
            (Some("unix:path"), garbage),
            (Some(":path=/run/bus"), garbage),
            (Some("unix:path=/run/user/1000/bus"), None),
            (Some("unix:abstract=/tmp/dbus-x,guid=0123"), None),
            (Some("tcp:host=localhost,port=1;unix:path=/run/bus"), None),
        ] {
            assert_eq!(
                address_fault(address.map(OsStr::new)),
                expected,
                "{address:?}"
            );
        }
    }

    #[test]
    fn the_keyring_is_turned_off_by_one_word_and_no_other_is_taken_for_it() {
        for (value, expected) in [(None, false), (Some(""), false), (Some("off"), true)] {
            assert_eq!(
                is_switched_off(value.map(OsStr::new)),
                Ok(expected),
                "{value:?}"
            );
        }
        for other in ["on", "OFF", "0", "of"] {
            let failure = is_switched_off(Some(OsStr::new(other))).unwrap_err();
            assert_eq!(Error::from(failure).kind(), Kind::Usage, "{other}");
        }
    }

    #[test]
    fn a_daemon_that_waits_for_a_person_is_told_from_one_that_hangs() {
        assert_eq!(late(true, false, 3), Failure::Busy(3));
        assert_eq!(late(false, false, 60), Failure::Hangs(60));
        assert_eq!(late(false, true, 3), Failure::SilentBus(3));
        let hint = |failure| Error::from(failure).next_step().map(str::to_owned);
        assert_eq!(
            hint(Failure::Busy(3)).as_deref(),
            Some("unlock the keyring")
        );
        assert_eq!(hint(Failure::Hangs(60)), None);
    }

    #[test]
    fn no_description_of_an_error_holds_what_the_entry_held() {
        let bytes = || b"hunter2\xff".to_vec();
        let boxed = || -> Box<dyn std::error::Error + Send + Sync> { "platform words".into() };
        let errors = [
            KeyringError::BadEncoding(bytes()),
            KeyringError::BadDataFormat(bytes(), boxed()),
            KeyringError::NoStorageAccess(boxed()),
            KeyringError::PlatformFailure(boxed()),
            KeyringError::TooLong("hunter2".into(), 2560),
            KeyringError::Invalid("hunter2".into(), "hunter2".into()),
            KeyringError::Ambiguous(Vec::new()),
        ];
        for error in errors {
            let failure = failure(&error);
            assert!(!format!("{failure} {failure:?}").contains("hunter2"));
            assert_eq!(Error::from(failure).kind(), Kind::Secret);
        }
    }
}
