//! Attaches a profile's key to an error about its value; the config adds file and line.

use std::borrow::Cow;

use crate::error::{Error, Kind, Subject};

pub(super) trait At<T> {
    fn at(self, key: &str) -> Result<T, Error>;
}

impl<T, E: std::error::Error + Send + Sync + 'static> At<T> for Result<T, E> {
    fn at(self, key: &str) -> Result<T, Error> {
        self.map_err(|error| about(key, Error::of(Kind::Config, error)))
    }
}

pub(super) fn wrong(key: &str, reason: impl Into<Cow<'static, str>>) -> Error {
    about(key, Error::new(Kind::Config, reason))
}

fn about(key: &str, error: Error) -> Error {
    error.about(Subject::Key(key.to_owned()))
}
