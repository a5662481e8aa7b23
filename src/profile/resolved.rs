//! One profile, resolved: defaults filled in, the catalogue and the command line laid over one another, every value read.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::profile::assertion::Assertion;
use crate::profile::file::schema::{CacheKind, SourceTable};
use crate::profile::home;
use crate::profile::plan::Plan;
use crate::profile::rules::Response;
use crate::profile::template::{Name, Template};
use crate::secret::Secret;
use crate::wire::origin::{Origin, OriginError};

/// Reads an environment variable; passed down, so that code that depends on the environment can be tested.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The line that `tok header` prints unless a profile has another.
pub(crate) const DEFAULT_HEADER: &str = "Authorization: Bearer ${access_token}";

/// The longest a fetch may take if neither the profile nor the command line says.
pub(crate) const DEFAULT_TIMEOUT_MS: i64 = 30_000;

/// What the command line changes for one run.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--scope`, each perhaps several words; empty: the profile's.
    pub scope: Vec<String>,
    /// `--audience`
    pub audience: Option<String>,
    /// `--param K=V`
    pub params: Vec<(String, String)>,
    /// `--var K=V`
    pub vars: Vec<(String, String)>,
    /// `--timeout`, milliseconds
    pub timeout_ms: Option<i64>,
}

/// A profile, ready to use.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The client identifier (RFC 6749 §2.2).
    pub client_id: Option<String>,
    /// Requests before the token request.
    pub steps: Vec<Step>,
    /// The token request.
    pub token: Plan,
    /// How the answer is read.
    pub response: Response,
    /// The header lines to print; `None`: `Authorization: Bearer …`.
    pub header: Option<Vec<Template>>,
    /// The profile's `values` that the header lines name, computed at each print, and those that they name.
    pub header_values: Vec<(String, Template)>,
    /// Where each named secret comes from.
    pub secrets: BTreeMap<String, SourceTable>,
    /// Origins besides the token endpoint's that may receive secrets.
    pub origins: Vec<Origin>,
    /// Where the token is kept.
    pub cache: CacheKind,
    /// The longest a fetch may take, milliseconds.
    pub timeout_ms: i64,
    /// A PEM file with more roots to trust.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with the client's certificate chain.
    pub client_cert: Option<PathBuf>,
    /// A PEM file with its private key.
    pub client_key: Option<PathBuf>,
    /// The folder that relative paths in the config start from.
    pub folder: PathBuf,
    /// The values of the variables its templates name, resolved.
    pub vars: BTreeMap<String, String>,
    /// The environment variables its templates name, as they are now.
    pub env: BTreeMap<String, String>,
    /// The names in its `vars`, whether used or not.
    pub written_vars: Vec<String>,
}

/// A request before the token request.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name in later requests.
    pub name: String,
    /// The request.
    pub plan: Plan,
    /// How its answer is read; the token's locations in it mean nothing.
    pub response: Response,
}

/// Why a profile has no home origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HomeError {
    #[error(
        "the token endpoint's host is known only at run time; name the origin that may receive secrets in `origins`"
    )]
    KnownOnlyAtRunTime,
    #[error(transparent)]
    Origin(#[from] OriginError),
}

impl Profile {
    /// The value of a name that needs no secret and no answer.
    pub(crate) fn known_value(&self, name: &Name) -> Option<&str> {
        match name {
            Name::ClientId => self.client_id.as_deref(),
            Name::Var(name) => self.vars.get(name).map(String::as_str),
            Name::Env(name) => self.env.get(name).map(String::as_str),
            _ => None,
        }
    }

    /// `template` with every name replaced, if all of them are known before anything is sent.
    pub(crate) fn render_known(&self, template: &Template) -> Option<String> {
        let mut names = template.names();
        if !names.all(|name| self.known_value(name).is_some()) {
            return None;
        }
        let value = |name: &Name| Ok(Secret::new(self.known_value(name).unwrap_or_default()));
        let rendered = template.render(&value).ok()?;
        Some(rendered.expose().to_owned())
    }

    /// The URL of `plan` as far as it is known before anything is sent, if that is at least its host.
    pub(crate) fn known_host(&self, plan: &Plan) -> Option<String> {
        if let Some(url) = self.render_known(&plan.url) {
            return Some(url);
        }
        // The host is complete if something follows it; a secret in the path or query changes nothing about that.
        let start = plan.url.start(&|name| self.known_value(name));
        let (_, after) = start.split_once("://")?;
        after.contains(['/', '?', '#']).then_some(start)
    }

    /// The origin that keyring entries of this profile are bound to: the token endpoint's, or, if that is known only from an
    /// earlier step's answer, the first of `origins`.
    pub(crate) fn home(&self) -> Result<Origin, HomeError> {
        match self.known_host(&self.token) {
            Some(url) => Ok(Origin::of(&url)?),
            None => self
                .origins
                .first()
                .cloned()
                .ok_or(HomeError::KnownOnlyAtRunTime),
        }
    }

    /// Where the value of secret `name` is looked for besides the environment and the keyring.
    pub(crate) fn source(&self, name: &str) -> Option<&SourceTable> {
        self.secrets.get(name)
    }

    /// The file at `written`: relative to the config's folder, or from the home folder with `~/`.
    pub(crate) fn path(&self, written: &str) -> PathBuf {
        self.folder.join(home::expanded(written.as_ref()))
    }

    /// Its requests, in the order they are sent.
    pub(crate) fn plans(&self) -> impl Iterator<Item = &Plan> {
        let steps = self.steps.iter().map(|step| &step.plan);
        steps.chain([&self.token])
    }

    /// The assertions that its requests send, in their order.
    pub(crate) fn assertions(&self) -> impl Iterator<Item = &Assertion> {
        self.plans().filter_map(|plan| plan.assertion.as_ref())
    }

    /// The names of all secrets that a run may need, each once: those of the requests and of the header lines.
    pub(crate) fn needed_secrets(&self) -> Vec<String> {
        let values = self.header_values.iter().map(|(_, value)| value);
        let lines = self.header.iter().flatten().chain(values);
        let header = lines.flat_map(Template::names);
        let mut needed: Vec<String> = Vec::new();
        for name in self
            .plans()
            .flat_map(Plan::secrets)
            .chain(header.filter_map(Name::secret))
        {
            if !needed.iter().any(|known| known == name) {
                needed.push(name.to_owned());
            }
        }
        needed
    }
}
