//! A file of `tests/cli/endpoints/`, as `tests/cli/endpoints.rs` describes it: read, and made a config for the local provider.

use std::collections::BTreeMap;
use std::path::PathBuf;

use local_provider::Assertions;
use serde::Deserialize;

/// The client secret: every character that form and Basic treat in their own ways.
pub const SECRET: &str = "s+/=";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    pub about: String,
    #[serde(default)]
    pub anonymous: bool,
    pub profile: toml::Table,
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    pub key: Option<String>,
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    pub exchange: Vec<Exchange>,
    pub gives: Gives,
    pub refusal: Option<Refusal>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    pub sent: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
    pub assertion: Option<Assertion>,
    #[serde(default = "ok")]
    pub status: u16,
    #[serde(default)]
    pub answer_headers: Vec<(String, String)>,
    #[serde(default)]
    pub answer: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    pub audience: Option<String>,
    pub lifetime: i64,
    pub header: toml::Table,
    pub claims: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gives {
    pub token: String,
    pub expires_in: i64,
    pub header: Option<Vec<String>>,
    #[serde(default)]
    pub kept: toml::Table,
    pub note: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    pub status: u16,
    #[serde(default)]
    pub answer: String,
    #[serde(default = "refused")]
    pub code: i32,
    pub words: Vec<String>,
}

fn ok() -> u16 {
    200
}

fn refused() -> i32 {
    5
}

/// Every endpoint, by name, sorted.
pub fn endpoints() -> Vec<(String, Endpoint)> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "cli", "endpoints"]
        .iter()
        .collect();
    let mut all: Vec<(String, Endpoint)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let endpoint = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, endpoint)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

impl Endpoint {
    /// The PEM text of its private key, if it has one.
    pub fn private_key(&self) -> Option<String> {
        self.key.as_deref().map(|name| pem(&format!("{name}.pem")))
    }

    /// Who judges its assertions.
    pub fn assertions(&self) -> Assertions {
        match self.key.as_deref().and_then(|name| name.split('.').next()) {
            Some(key) => Assertions::of_key(&pem(&format!("{key}.public.pem"))),
            None => Assertions::of_secret(SECRET),
        }
    }
}

fn pem(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "keys", name]
        .iter()
        .collect();
    std::fs::read_to_string(path).unwrap()
}

/// A config with the endpoint's profile as `p`, its hosts replaced.
pub fn config(endpoint: &Endpoint, here: &str) -> String {
    let mut profile = endpoint.profile.clone();
    if !endpoint.anonymous && !profile.contains_key("client_id") {
        profile.insert("client_id".into(), "my-id".into());
    }
    if let Some(provider) = profile.get("provider").and_then(toml::Value::as_str) {
        // The catalogue's own URL, with another host.
        let entry = format!(
            "{}/src/profile/catalogue/{provider}.toml",
            env!("CARGO_MANIFEST_DIR")
        );
        let entry: toml::Table = toml::from_str(&std::fs::read_to_string(entry).unwrap()).unwrap();
        for key in ["token_url", "steps"] {
            if let Some(value) = entry.get(key) {
                profile.insert(key.into(), value.clone());
            }
        }
    }
    move_here(&mut profile, "token_url", here);
    if let Some(toml::Value::Array(steps)) = profile.get_mut("steps") {
        for step in steps {
            move_here(step.as_table_mut().unwrap(), "url", here);
        }
    }
    let mut profiles = toml::Table::new();
    profiles.insert("p".into(), toml::Value::Table(profile));
    let mut config = toml::Table::new();
    config.insert("profiles".into(), toml::Value::Table(profiles));
    toml::to_string(&config)
        .unwrap()
        .replace("{provider}", here)
}

/// Replaces scheme and host of the URL under `key`, if it has them.
fn move_here(table: &mut toml::Table, key: &str, here: &str) {
    if let Some(toml::Value::String(url)) = table.get_mut(key)
        && let Some(rest) = url.strip_prefix("https://")
    {
        let path = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
        *url = format!("{here}{path}");
    }
}
