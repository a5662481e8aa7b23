//! The inputs of a request for an identity.

use std::time::Instant;

use crate::http::Http;
use crate::profile::{Environment, Profile};
use crate::secret::Secret;

/// The inputs of a request for an identity.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) environment: Environment<'a>,
    pub(crate) until: Instant,
    pub(crate) http: &'a Http,
}

/// An identity and the name of its source.
pub(super) type Named = (Secret, String);

impl Asking<'_> {
    /// Returns a variable that the platform sets, or `None` if it is unset, empty or not UTF-8.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let value = (self.environment)(name)?.into_string().ok()?;
        Some(value).filter(|value| !value.is_empty())
    }
}
