//! The tables that make up a profile: its own, those it extends, its provider's, and the defaults.

use std::collections::BTreeMap;

use crate::error::{Error, Kind, Subject};
use crate::profile::at::wrong;
use crate::profile::catalogue;
use crate::profile::file::Config;
use crate::profile::file::schema::ProfileTable;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    Own,
    Extended(String),
    Catalogue(String),
    Defaults,
}

/// Strongest first.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    pub(crate) tables: Vec<(Layer, ProfileTable)>,
    pub(crate) needs: BTreeMap<String, String>,
}

impl Layers {
    /// Provider-specific tables override the defaults for all profiles.
    pub(crate) fn of(config: &Config, name: &str) -> Result<Self, Error> {
        let (own, defaults) = config.tables(name)?;
        let mut base = own.extends.clone();
        let mut layers = Self {
            tables: vec![(Layer::Own, own)],
            ..Self::default()
        };
        let mut chain = vec![name.to_owned()];
        while let Some(extended) = base {
            let by = chain.last().map_or(name, String::as_str);
            if chain.contains(&extended) {
                let circle = format!("{} → {extended}", chain.join(" → "));
                let message = format!("profiles must not extend each other in a circle: {circle}");
                return Err(config.located(by, wrong("extends", message)));
            }
            if !config.has(&extended) {
                return Err(config.no_base(by, &extended));
            }
            let (table, _) = config.tables(&extended)?;
            base = table.extends.clone();
            chain.push(extended.clone());
            layers.tables.push((Layer::Extended(extended), table));
        }
        let tables = layers.tables.iter().map(|(_, table)| table);
        let provider = tables
            .chain([&defaults])
            .find_map(|table| table.provider.clone());
        if let Some(provider) = provider {
            let entry = catalogue::find(&provider).map_err(|error| {
                let about = Subject::Key("provider".to_owned());
                config.located(name, error.into_error(Kind::Config).about(about))
            })?;
            layers.needs = entry.needs;
            layers
                .tables
                .push((Layer::Catalogue(provider), entry.table));
        }
        layers.tables.push((Layer::Defaults, defaults));
        Ok(layers)
    }

    pub(crate) fn merged(self) -> ProfileTable {
        let tables = self.tables.into_iter().map(|(_, table)| table);
        tables.reduce(ProfileTable::over).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(text: &str, name: &str) -> Result<Layers, Error> {
        Layers::of(&Config::of_text("c.toml", text), name)
    }

    #[test]
    fn a_profile_wins_over_its_base_its_provider_and_the_defaults_in_this_order() {
        let text = "[defaults]\ntimeout = '9s'\nauth_method = 'none'\nparams = { d = 1, x = 1 }\n\
            [profiles.base]\nprovider = 'cint'\nclient_id = 'b'\nparams = { b = 2, x = 2 }\nsecrets = { k = { env = 'B' } }\n\
            [profiles.p]\nextends = 'base'\nclient_id = 'p'\nparams = { x = 3 }\nsecrets = { k = { file = 'p' } }\n";
        let merged = layers(text, "p").unwrap();
        let order: Vec<Layer> = merged
            .tables
            .iter()
            .map(|(layer, _)| layer.clone())
            .collect();
        assert_eq!(
            order,
            [
                Layer::Own,
                Layer::Extended("base".to_owned()),
                Layer::Catalogue("cint".to_owned()),
                Layer::Defaults
            ]
        );
        let table = merged.merged();
        assert_eq!(table.client_id.as_deref(), Some("p"));
        assert_eq!(table.timeout.map(|timeout| timeout.ms), Some(9_000));
        assert!(table.token_url.is_some());
        assert_ne!(
            table.request.auth_method,
            Some(crate::profile::file::schema::AuthMethod::None)
        );
        let params = serde_json::to_value(&table.request.params).unwrap();
        assert_eq!(
            (
                &params["d"],
                &params["b"],
                &params["x"],
                &params["auth_scopes"]
            ),
            (&1.into(), &2.into(), &3.into(), &"app:api".into())
        );
        assert_eq!(table.secrets["k"].env, None);
        assert_eq!(table.secrets["k"].file.as_deref(), Some("p"));
    }

    #[test]
    fn circles_and_unknown_names_are_refused_at_that_profile_only() {
        let text = "[profiles.a]\nextends = 'b'\n[profiles.b]\nextends = 'a'\n[profiles.c]\nextends = 'd'\n[profiles.e]\nextends = 'e'\n[profiles.ok]\nclient_id = 'i'\n";
        for (name, message, hint) in [
            (
                "a",
                "c.toml:4: profile `b`: `extends`: profiles must not extend each other in a circle: a → b → a",
                "",
            ),
            (
                "c",
                "c.toml:6: profile `c`: `extends`: no profile `d` in c.toml",
                "there are: a, b, c, e, ok",
            ),
            (
                "e",
                "c.toml:8: profile `e`: `extends`: profiles must not extend each other in a circle: e → e",
                "",
            ),
        ] {
            let error = layers(text, name).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(
                error.next_step().unwrap_or_default().contains(hint),
                "{error:?}"
            );
        }
        assert!(layers(text, "ok").is_ok());
    }
}
