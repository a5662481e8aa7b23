//! The built-in providers: one TOML file each under `catalogue/`, in the format of a profile.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Kind};
use crate::profile::file::schema::ProfileTable;
use crate::profile::file::{Mistake, document};
use crate::term::text::{SHOWN_CHARACTERS, clean, nearest};

/// A built-in provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The provider's name for people.
    pub title: String,
    /// The title of the documentation page that the facts come from.
    pub docs: String,
    /// Descriptions of the variables that only the user knows.
    #[serde(default)]
    pub needs: BTreeMap<String, String>,
    /// The keys that profiles inherit.
    #[serde(rename = "*shared")]
    pub table: ProfileTable,
}

macro_rules! catalogue {
    ($($name:literal)*) => {
        const ENTRIES: &[(&str, &str)] = &[$(($name, include_str!(concat!("catalogue/", $name, ".toml")))),*];
    };
}

catalogue!(
    "airwallex" "amadeus" "auth0" "cardlytics" "cint" "databricks" "ebay" "entra" "fedex" "google-impersonation" "google-sts" "okta" "openbao-jwt" "paypal" "salesforce" "shopify"
    "spotify" "tailscale" "twitch" "ups" "zoom"
);

/// Returns all names, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|(name, _)| *name)
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum NoProvider {
    #[error("unknown provider `{}`", clean(.0, SHOWN_CHARACTERS))]
    Unknown(String),
    #[error("the built-in provider `{0}` cannot be read")]
    Damaged(&'static str, #[source] Mistake),
}

impl NoProvider {
    pub(crate) fn into_error(self, kind: Kind) -> Error {
        let hint = match &self {
            Self::Damaged(..) => return Error::of(Kind::Unexpected, self),
            Self::Unknown(name) => match nearest(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
            },
        };
        Error::of(kind, self).hint(hint)
    }
}

/// The provider called `name`.
///
/// # Errors
/// Fails if the catalogue has no such name.
pub(crate) fn find(name: &str) -> Result<Entry, NoProvider> {
    match ENTRIES.iter().find(|(known, _)| *known == name) {
        Some((name, text)) => document(text).map_err(|error| NoProvider::Damaged(name, error)),
        None => Err(NoProvider::Unknown(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_valid_and_has_no_credentials() {
        for name in names() {
            let entry = find(name).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert!(entry.table.token_url.is_some(), "{name}");
            assert!(
                entry.table.client_id.is_none() && entry.table.client_secret.is_none(),
                "{name}"
            );
            assert!(entry.table.provider.is_none(), "{name}");
        }
    }

    #[test]
    fn a_mistyped_name_gets_a_suggestion() {
        let error = find("spotfy").unwrap_err().into_error(Kind::Usage);
        assert_eq!(error.next_step(), Some("did you mean `spotify`?"));
    }
}
