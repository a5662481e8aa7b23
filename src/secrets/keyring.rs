//! Secrets in the OS keyring (Secret Service, Keychain, Windows Credential Manager), every call on a deadline.
//!
//! The crate has no time-out of its own, and a frozen or silent daemon never answers; so each call runs on a thread of its own, which is
//! left behind when the time is up. An error's `{:?}` may hold the secret's bytes: errors are told apart here, by variant, and never printed whole.

mod bus;

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use ::keyring::{Entry, Error as KeyringError};

use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::term::progress::Progress;
use crate::term::text::{SHOWN_CHARACTERS, clean};

/// The service all of tok's entries are filed under.
pub const SERVICE: &str = "tok";

/// The variable that turns the keyring off, for a run that must not wait for one: on Windows and macOS there always is a keyring, and it may ask
/// somebody who is not there.
const SWITCH: &str = "TOK_KEYRING";

/// How long a call may take when nobody is there to answer a prompt.
const DEADLINE_ALONE: Duration = Duration::from_secs(3);

/// How long a call may take when a person may have to unlock the keyring first.
const DEADLINE_WITH_A_PERSON: Duration = Duration::from_secs(60);

/// Whether the keyring is reached over the session bus.
const ON_A_BUS: bool = cfg!(all(unix, not(target_vendor = "apple")));

/// The secret under `user`; none when there is no such entry.
///
/// # Errors
/// A secret failure when the keyring cannot be reached, is turned off or locked, does not answer in time, or holds no text; a usage failure when
/// `TOK_KEYRING` says anything but `off`.
pub fn get(user: &str) -> Result<Option<Secret>, Error> {
    let secret = call(user, |entry| entry.get_secret())?;
    match secret {
        None => Ok(None),
        Some(bytes) => match String::from_utf8(bytes) {
            Ok(text) if text.is_empty() => Err(Error::new(Kind::Secret, "the secret is empty")),
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(error) => {
                // The bytes come back with the error: into a Secret-like buffer, so that they are zeroed.
                drop(zeroize::Zeroizing::new(error.into_bytes()));
                Err(Error::new(Kind::Secret, "the secret is not UTF-8 text"))
            }
        },
    }
}

/// Stores `secret` under `user`, replacing what was there: also several entries, which other programs can make and of which [`get`] would
/// not choose one.
///
/// # Errors
/// As [`get`].
pub fn set(user: &str, secret: &Secret) -> Result<(), Error> {
    let secret = secret.clone();
    call(user, move |entry| {
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

/// Removes the secret under `user`, in however many entries; whether there was one.
///
/// # Errors
/// As [`get`].
pub fn delete(user: &str) -> Result<bool, Error> {
    call(user, |entry| match entry.delete_credential() {
        Err(KeyringError::Ambiguous(entries)) => entries
            .iter()
            .try_for_each(|entry| entry.delete_credential()),
        deleted => deleted,
    })
    .map(|deleted| deleted.is_some())
}

/// Runs `operation` on the entry of `user`, on a thread of its own; none when there is no such entry.
fn call<T: Send + 'static>(
    user: &str,
    operation: impl FnOnce(&Entry) -> ::keyring::Result<T> + Send + 'static,
) -> Result<Option<T>, Error> {
    if is_off(std::env::var_os(SWITCH).as_deref())? {
        return Err(Error::new(
            Kind::Secret,
            format!("there is no keyring here: {SWITCH} is off"),
        )
        .hint(format!("unset {SWITCH} to have it asked")));
    }
    let (send, receive) = mpsc::channel();
    let user = user.to_owned();
    let has_answered = Arc::new(AtomicBool::new(false));
    let answers = Arc::clone(&has_answered);
    std::thread::spawn(move || {
        let status = Entry::store_status();
        answers.store(true, Ordering::Relaxed);
        let result = match status {
            Ok(()) => Entry::new(SERVICE, &user).and_then(|entry| operation(&entry)),
            Err(_) => Err(KeyringError::NoDefaultStore),
        };
        // The receiver is gone when the deadline has passed; then nobody wants the answer.
        let _ = send.send(match result {
            Ok(value) => Ok(Some(value)),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(describe(&error)),
        });
    });
    let deadline = if std::io::stderr().is_terminal() {
        DEADLINE_WITH_A_PERSON
    } else {
        DEADLINE_ALONE
    };
    let waiting = Progress::waiting_for("the keyring (is it asking you to unlock it?)");
    let answer = receive.recv_timeout(deadline);
    drop(waiting);
    match answer {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err({
            let bus = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").filter(|_| ON_A_BUS);
            late(
                has_answered.load(Ordering::Relaxed),
                bus::is_silent(bus.as_deref()),
                deadline,
            )
        }),
        Err(RecvTimeoutError::Disconnected) => Err(Error::new(
            Kind::Secret,
            "the keyring's client failed without a word",
        )),
    }
}

/// Whether `value`, that of [`SWITCH`], turns the keyring off.
///
/// # Errors
/// A usage failure when it says something else: whoever set it meant something.
fn is_off(value: Option<&OsStr>) -> Result<bool, Error> {
    match value.map(OsStr::as_encoded_bytes) {
        None | Some(b"") => Ok(false),
        Some(b"off") => Ok(true),
        Some(_) => Err(
            Error::new(Kind::Usage, format!("{SWITCH} can only be `off`"))
                .hint("unset it to have the keyring asked"),
        ),
    }
}

/// What it means that the time is up: a daemon that takes connections and then keeps tok waiting most likely waits for a person itself.
fn late(has_answered: bool, bus_is_silent: bool, deadline: Duration) -> Error {
    let seconds = deadline.as_secs();
    if has_answered {
        Error::new(
            Kind::Secret,
            format!(
                "the keyring answered, but was not done within {seconds} s: it may be waiting to be unlocked"
            ),
        )
        .hint("unlock the keyring")
    } else if bus_is_silent {
        Error::new(
            Kind::Secret,
            format!(
                "the keyring could not be asked within {seconds} s: the session bus does not answer"
            ),
        )
    } else {
        Error::new(
            Kind::Secret,
            format!("the keyring did not answer within {seconds} s: its daemon hangs"),
        )
    }
}

/// What a keyring error means, in words that cannot hold a secret.
fn describe(error: &KeyringError) -> Error {
    let message = match error {
        KeyringError::NoDefaultStore => {
            let bus = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").filter(|_| ON_A_BUS);
            let cause = match address_trouble(bus.as_deref()) {
                Some(trouble) => format!(": {trouble}"),
                None => Entry::store_status()
                    .as_ref()
                    .err()
                    .map(cause)
                    .unwrap_or_default(),
            };
            format!("there is no keyring here{cause}")
        }
        KeyringError::NoStorageAccess(_) => format!(
            "the keyring is locked and could not be unlocked{}",
            cause(error)
        ),
        KeyringError::PlatformFailure(_) => {
            format!("the keyring could not be used{}", cause(error))
        }
        KeyringError::BadEncoding(_) => "the secret is not UTF-8 text".to_owned(),
        KeyringError::BadDataFormat(..) => "the entry is damaged".to_owned(),
        KeyringError::BadStoreFormat(_) => "the keyring itself is damaged".to_owned(),
        KeyringError::TooLong(_, limit) => format!("the keyring takes at most {limit} characters"),
        KeyringError::Ambiguous(entries) => format!(
            "{} entries match, and tok does not guess which is meant",
            entries.len()
        ),
        _ => "the keyring refused".to_owned(),
    };
    let failure = Error::new(Kind::Secret, message);
    match error {
        // Nothing can be stored in it either.
        KeyringError::NoStorageAccess(_) => failure.hint("unlock the keyring"),
        _ => failure,
    }
}

/// What is wrong with the session bus's address in the environment; none when it is not set or looks like one.
///
/// The platform has the same words for all of these, and they do not say where the address comes from. An address is `transport:key=value`,
/// with more pairs after a `,` and more addresses after a `;` (D-Bus Specification, *Server Addresses*).
fn address_trouble(address: Option<&OsStr>) -> Option<&'static str> {
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

/// `: ` and the platform's own words, for the variants that carry no data.
fn cause(error: &KeyringError) -> String {
    match error {
        KeyringError::PlatformFailure(inner) | KeyringError::NoStorageAccess(inner) => {
            let words = clean(&inner.to_string(), SHOWN_CHARACTERS);
            // The name of a library helps nobody at a prompt.
            let words = ["zbus error: ", "SS error: "]
                .iter()
                .find_map(|library| words.strip_prefix(library))
                .unwrap_or(&words);
            // Nor does the name that D-Bus has for an error, before what it says of it.
            let plain = words
                .split_once(": ")
                .filter(|(name, _)| name.starts_with("org.freedesktop.DBus.Error."));
            format!(": {}", plain.map_or(words, |(_, said)| said))
        }
        _ => String::new(),
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
                address_trouble(address.map(OsStr::new)),
                expected,
                "{address:?}"
            );
        }
    }

    #[test]
    fn the_keyring_is_turned_off_by_one_word_and_no_other_is_taken_for_it() {
        for (value, expected) in [(None, false), (Some(""), false), (Some("off"), true)] {
            assert_eq!(
                is_off(value.map(OsStr::new)).unwrap(),
                expected,
                "{value:?}"
            );
        }
        for other in ["on", "OFF", "0", "of"] {
            let failure = is_off(Some(OsStr::new(other))).unwrap_err();
            assert_eq!(failure.kind(), Kind::Usage, "{other}");
        }
    }

    #[test]
    fn a_daemon_that_waits_for_a_person_is_told_from_one_that_hangs() {
        let waits = late(true, false, DEADLINE_ALONE);
        assert!(waits.to_string().contains("unlocked"), "{waits}");
        assert_eq!(waits.next_step(), Some("unlock the keyring"));
        let hangs = late(false, false, DEADLINE_WITH_A_PERSON);
        assert!(
            hangs.to_string().contains("within 60 s: its daemon"),
            "{hangs}"
        );
        let silent = late(false, true, DEADLINE_ALONE);
        assert!(
            silent.to_string().contains("bus does not answer"),
            "{silent}"
        );
        // Then the way around it is the way out, and the caller knows it.
        assert_eq!(hangs.next_step(), None);
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
            let failure = describe(&error);
            assert_eq!(failure.kind(), Kind::Secret);
            assert!(!failure.to_string().contains("hunter2"), "{failure}");
        }
    }
}
