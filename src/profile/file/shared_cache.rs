//! The `[shared_cache]` table as written: where the engine is, and where its secrets come from.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use toml::de::DeTable;

use crate::error::{Error, Kind, Subject};
use crate::profile::file::Config;
use crate::profile::file::locate;
use crate::profile::file::read::{Fault, read};
use crate::profile::file::schema::SourceTable;
use crate::profile::file::section::{self, Part};
use crate::profile::file::values::{DurationText, OneOrMany};

pub(super) const SECTION: &str = "shared_cache";

/// `[shared_cache]`: the engine of `cache = "shared"`, a Redis or Valkey that many machines use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SharedCacheTable {
    /// `redis://`, `rediss://` (TLS) or `redis+unix://`; a list of nodes with `sentinel` or `cluster`. `TOK_SHARED_CACHE_URL` wins.
    pub url: Option<OneOrMany>,
    /// The ACL user; without it, the engine's default user.
    pub username: Option<String>,
    /// Where the password comes from; `TOK_SHARED_CACHE_PASSWORD` wins. The password itself must not be here.
    pub password: Option<SourceTable>,
    /// Where the key comes from that seals every entry, 32 bytes in base64 (`tok shared-cache key`); `TOK_SHARED_CACHE_KEY` wins.
    /// A list while a key is replaced: the first seals, all open.
    pub key: Option<Sources>,
    /// The name of the primary at the Sentinels that `url` names.
    pub sentinel: Option<String>,
    /// Whether `url` names nodes of a Cluster.
    pub cluster: Option<bool>,
    /// A PEM file with the CAs to trust instead of the system's, relative to this file.
    pub ca_file: Option<String>,
    /// A PEM file with the certificate for mutual TLS, relative to this file.
    pub client_cert: Option<String>,
    /// A PEM file with the private key of `client_cert`, relative to this file.
    pub client_key: Option<String>,
    /// How long to wait for a connection and for each answer; the default is 250ms.
    pub timeout: Option<DurationText>,
}

/// One source of a secret, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Sources {
    /// `{ file = "a" }`
    One(SourceTable),
    /// `[{ file = "a" }, { env = "B" }]`
    Many(Vec<SourceTable>),
}

impl Sources {
    /// The sources, however they were written.
    #[must_use]
    pub fn as_slice(&self) -> &[SourceTable] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl<'de> Deserialize<'de> for Sources {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Sources;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table like { file = \"…\" }, or a list of them")
            }
            fn visit_str<E: de::Error>(self, _: &str) -> Result<Sources, E> {
                Err(E::custom(Fault::SecretItself))
            }
            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Sources, A::Error> {
                SourceTable::deserialize(MapAccessDeserializer::new(table)).map(Sources::One)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Sources, A::Error> {
                let mut many = Vec::new();
                while let Some(one) = list.next_element()? {
                    many.push(one);
                }
                Ok(Sources::Many(many))
            }
        }
        from.deserialize_any(Reader)
    }
}

impl Config {
    /// Returns the table `[shared_cache]`, empty if the file has none. A mistake elsewhere in the file does not matter.
    pub(crate) fn shared_cache(&self) -> Result<SharedCacheTable, Error> {
        let whole = Part::whole(&self.text);
        let (document, errors) = DeTable::parse_recoverable(&self.text);
        let inside = errors
            .iter()
            .find(|error| error.span().is_some_and(|span| self.is_inside(span.start)));
        if let Some(error) = inside {
            return Err(self.not_toml(&whole, error));
        }
        let Some((key, table)) = document.get_ref().get_key_value(SECTION) else {
            return Ok(SharedCacheTable::default());
        };
        read(table).map_err(|mut mistake| {
            mistake.path.insert(0, SECTION.to_owned());
            mistake.at.get_or_insert(key.span().start);
            self.mistake(&whole, None, mistake)
        })
    }

    /// Adds the key of `[shared_cache]` that `error` is about, and its line.
    pub(crate) fn about_shared_cache(&self, key: &str, error: Error) -> Error {
        let (document, _) = DeTable::parse_recoverable(&self.text);
        let written = document.get_ref().get_key_value(SECTION);
        let at = written.map(|(section, table)| {
            let own = table.get_ref().as_table();
            own.and_then(|own| own.get_key_value(key))
                .map_or(section.span().start, |(key, _)| key.span().start)
        });
        let line = at.map(|at| locate::line_at(&self.text, at));
        error
            .about(Subject::Key(format!("{SECTION}.{key}")))
            .about(Subject::File(self.path.clone(), line))
    }

    pub(crate) fn wrong_shared_cache(&self, key: &str, reason: impl Into<String>) -> Error {
        self.about_shared_cache(key, Error::new(Kind::Config, reason.into()))
    }

    fn is_inside(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let headers = before.lines().rev().map(str::trim_start);
        headers
            .filter(|line| line.starts_with('['))
            .map(section::is_shared_cache)
            .next()
            .unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<SharedCacheTable, Error> {
        Config::of_text("c.toml", text).shared_cache()
    }

    #[test]
    fn table_is_read_whatever_is_wrong_with_the_profiles() {
        let own = "[shared_cache]\nurl = 'rediss://c.example'\nkey = { file = 'k' }\n";
        for text in [
            own.to_owned(),
            format!("[profiles.a]\nx = = 1\n{own}"),
            format!("{own}[profiles.a]\ntoken_url = 7\n[profiles.b\n"),
        ] {
            let table = table(&text).unwrap();
            assert_eq!(table.url, Some(OneOrMany::One("rediss://c.example".into())));
            assert_eq!(table.key.unwrap().as_slice().len(), 1);
        }
        assert_eq!(table("[profiles.a]\n"), Ok(SharedCacheTable::default()));
    }

    #[test]
    fn mistakes_name_line_and_key() {
        let cases = [
            ("[shared_cache]\nurl = redis://x\n", "c.toml:2: "),
            (
                "\n[shared_cache]\nuri = 'redis://x'\n",
                "c.toml:3: `shared_cache`: unknown key `uri`",
            ),
            (
                "[shared_cache]\npassword = 'p'\n",
                "c.toml:2: `shared_cache.password`: a secret must not be in the config itself",
            ),
            (
                "[shared_cache]\nkey = 'k'\n",
                "c.toml:2: `shared_cache.key`: a secret must not be in the config itself",
            ),
            (
                "[shared_cache]\nkey = ['k']\n",
                "c.toml:2: `shared_cache.key`: a secret must not be in the config itself",
            ),
            (
                "[shared_cache]\ntimeout = 'soon'\n",
                "c.toml:2: `shared_cache.timeout`: ",
            ),
            ("shared_cache = 1\n", "c.toml:1: `shared_cache`: "),
        ];
        for (text, expected) in cases {
            let error = table(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
