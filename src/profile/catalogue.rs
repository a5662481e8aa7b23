//! The providers tok knows by name: one TOML file each under `providers/`, in the format of a profile, built into the program.
//!
//! `provider = "cint"` takes everything but the credentials from here; the profile's own keys win.

use std::collections::BTreeMap;

use crate::error::{Error, Kind};
use crate::profile::file::schema::ProfileTable;
use crate::term::text::nearest;

/// A provider of the catalogue.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What people call it.
    pub title: String,
    /// The title of the documentation page its facts come from.
    pub docs: String,
    /// The variables that only the user knows, with what each is.
    pub needs: BTreeMap<String, String>,
    /// What a profile takes from it.
    pub table: ProfileTable,
}

macro_rules! catalogue {
    ($($name:literal)*) => {
        /// The name and text of each entry, sorted by name.
        const ENTRIES: &[(&str, &str)] = &[$(($name, include_str!(concat!("catalogue/", $name, ".toml")))),*];
    };
}

catalogue!(
    "airwallex" "amadeus" "auth0" "cardlytics" "cint" "databricks" "ebay" "entra" "fedex" "okta" "paypal" "salesforce" "shopify"
    "spotify" "tailscale" "twitch" "ups" "zoom"
);

/// The names of all providers, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|(name, _)| *name)
}

/// The provider called `name`.
///
/// # Errors
/// A message that names the nearest one when there is none of that name.
pub fn find(name: &str) -> Result<Entry, String> {
    match ENTRIES.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => read(text),
        None => Err(match nearest(name, names()) {
            Some(near) => format!("there is no provider `{name}`; did you mean `{near}`?"),
            None => format!(
                "there is no provider `{name}` (there are: {})",
                names().collect::<Vec<_>>().join(", ")
            ),
        }),
    }
}

/// The provider called `name`, which somebody typed.
///
/// # Errors
/// A usage failure whose hint names the nearest one, or all.
pub fn find_typed(name: &str) -> Result<Entry, Error> {
    if let Some((_, text)) = ENTRIES.iter().find(|(known, _)| *known == name) {
        return read(text).map_err(|message| Error::new(Kind::Unexpected, message));
    }
    let failure = Error::new(Kind::Usage, format!("there is no provider `{name}`"));
    Err(failure.hint(match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
    }))
}

fn read(text: &str) -> Result<Entry, String> {
    let mut table: toml::Table =
        toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let mut take = |key: &str| table.remove(key);
    let text_of = |value: Option<toml::Value>| match value {
        Some(toml::Value::String(text)) => Ok(text),
        _ => Err("a provider has a title and a documentation page"),
    };
    let (title, docs) = (text_of(take("title"))?, text_of(take("docs"))?);
    let needs = match take("needs") {
        Some(needs) => needs
            .try_into()
            .map_err(|error: toml::de::Error| error.message().to_owned())?,
        None => BTreeMap::new(),
    };
    let table = toml::Value::Table(table)
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    Ok(Entry {
        title,
        docs,
        needs,
        table,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_reads_and_holds_no_credentials() {
        for name in names() {
            let entry = find(name).unwrap_or_else(|message| panic!("{name}: {message}"));
            assert!(entry.table.token_url.is_some(), "{name}");
            assert!(
                entry.table.client_id.is_none() && entry.table.client_secret.is_none(),
                "{name}"
            );
            assert!(entry.table.provider.is_none(), "{name}");
        }
    }

    #[test]
    fn a_mistyped_name_finds_the_near_one() {
        assert!(find("spotfy").unwrap_err().contains("`spotify`"));
    }
}
