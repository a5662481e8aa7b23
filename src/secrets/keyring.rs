//! Secrets in the OS keyring (Secret Service, Keychain, Windows Credential Manager), every call on a deadline.
//!
//! The crate has no time-out of its own, and a frozen or silent daemon never answers; so each call runs on a thread of its own, which is
//! left behind when the time is up. An error's `{:?}` may hold the secret's bytes: errors are told apart here, by variant, and never printed whole.

use std::io::IsTerminal;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use ::keyring::{Entry, Error};

use crate::failure::{Failure, Kind};
use crate::secret::Secret;
use crate::text::{SHOWN_CHARACTERS, clean};
use crate::waiting::Waiting;

/// The service all of tok's entries are filed under.
pub const SERVICE: &str = "tok";

/// How long a call may take when nobody is there to answer a prompt.
const DEADLINE_ALONE: Duration = Duration::from_secs(3);

/// How long a call may take when a person may have to unlock the keyring first.
const DEADLINE_WITH_A_PERSON: Duration = Duration::from_secs(60);

/// The secret under `user`; none when there is no such entry.
///
/// # Errors
/// A secret failure when the keyring cannot be reached, is locked, does not answer in time, or holds no text.
pub fn get(user: &str) -> Result<Option<Secret>, Failure> {
    let secret = call(user, |entry| entry.get_secret())?;
    match secret {
        None => Ok(None),
        Some(bytes) => match String::from_utf8(bytes) {
            Ok(text) if text.is_empty() => Err(Failure::new(Kind::Secret, "the secret is empty")),
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(error) => {
                // The bytes come back with the error: into a Secret-like buffer, so that they are zeroed.
                drop(zeroize::Zeroizing::new(error.into_bytes()));
                Err(Failure::new(Kind::Secret, "the secret is not UTF-8 text"))
            }
        },
    }
}

/// Stores `secret` under `user`, replacing what was there.
///
/// # Errors
/// As [`get`].
pub fn set(user: &str, secret: &Secret) -> Result<(), Failure> {
    let secret = secret.clone();
    call(user, move |entry| {
        entry.set_secret(secret.expose().as_bytes())
    })
    .map(|_| ())
}

/// Removes the secret under `user`; whether there was one.
///
/// # Errors
/// As [`get`].
pub fn delete(user: &str) -> Result<bool, Failure> {
    call(user, |entry| entry.delete_credential()).map(|deleted| deleted.is_some())
}

/// Runs `operation` on the entry of `user`, on a thread of its own; none when there is no such entry.
fn call<T: Send + 'static>(
    user: &str,
    operation: impl FnOnce(&Entry) -> ::keyring::Result<T> + Send + 'static,
) -> Result<Option<T>, Failure> {
    let (send, receive) = mpsc::channel();
    let user = user.to_owned();
    std::thread::spawn(move || {
        let result = match Entry::store_status() {
            Ok(()) => Entry::new(SERVICE, &user).and_then(|entry| operation(&entry)),
            Err(_) => Err(Error::NoDefaultStore),
        };
        // The receiver is gone when the deadline has passed; then nobody wants the answer.
        let _ = send.send(match result {
            Ok(value) => Ok(Some(value)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(describe(&error)),
        });
    });
    let deadline = if std::io::stderr().is_terminal() {
        DEADLINE_WITH_A_PERSON
    } else {
        DEADLINE_ALONE
    };
    let waiting = Waiting::on("the keyring (is it asking you to unlock it?)");
    let answer = receive.recv_timeout(deadline);
    drop(waiting);
    match answer {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err(Failure::new(
            Kind::Secret,
            format!(
                "the keyring did not answer within {} s (locked, or its daemon hangs)",
                deadline.as_secs()
            ),
        )),
        Err(RecvTimeoutError::Disconnected) => Err(Failure::new(
            Kind::Secret,
            "the keyring's client failed without a word",
        )),
    }
}

/// What a keyring error means, in words that cannot hold a secret.
fn describe(error: &Error) -> Failure {
    let message = match error {
        Error::NoDefaultStore => {
            let cause = Entry::store_status()
                .as_ref()
                .err()
                .map(cause)
                .unwrap_or_default();
            format!("there is no keyring here{cause}")
        }
        Error::NoStorageAccess(_) => format!(
            "the keyring is locked and could not be unlocked{}",
            cause(error)
        ),
        Error::PlatformFailure(_) => format!("the keyring could not be used{}", cause(error)),
        Error::BadEncoding(_) => "the secret is not UTF-8 text".to_owned(),
        Error::BadDataFormat(..) => "the entry is damaged".to_owned(),
        Error::BadStoreFormat(_) => "the keyring itself is damaged".to_owned(),
        Error::TooLong(_, limit) => format!("the keyring takes at most {limit} characters"),
        Error::Ambiguous(entries) => format!("{} entries match; remove all but one", entries.len()),
        _ => "the keyring refused".to_owned(),
    };
    Failure::new(Kind::Secret, message)
}

/// `: ` and the platform's own words, for the variants that carry no data.
fn cause(error: &Error) -> String {
    match error {
        Error::PlatformFailure(inner) | Error::NoStorageAccess(inner) => {
            let words = clean(&inner.to_string(), SHOWN_CHARACTERS);
            // The name of a library helps nobody at a prompt.
            format!(": {}", words.strip_prefix("zbus error: ").unwrap_or(&words))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_description_of_an_error_holds_what_the_entry_held() {
        let bytes = || b"hunter2\xff".to_vec();
        let boxed = || -> Box<dyn std::error::Error + Send + Sync> { "platform words".into() };
        let errors = [
            Error::BadEncoding(bytes()),
            Error::BadDataFormat(bytes(), boxed()),
            Error::NoStorageAccess(boxed()),
            Error::PlatformFailure(boxed()),
            Error::TooLong("hunter2".into(), 2560),
            Error::Invalid("hunter2".into(), "hunter2".into()),
            Error::Ambiguous(Vec::new()),
        ];
        for error in errors {
            let failure = describe(&error);
            assert_eq!(failure.kind(), Kind::Secret);
            assert!(!failure.message().contains("hunter2"), "{failure}");
        }
    }
}
