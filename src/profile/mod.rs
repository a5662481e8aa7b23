//! One profile, resolved: defaults filled in, the catalogue and the command line laid over one another, every value read.
//!
//! [`Profile::resolve`] does what even a cached token needs and no more. [`Profile::check`] does the rest (URLs, expressions, the whole file),
//! before anything is sent.

pub mod assertion;
pub mod catalogue;
mod check;
pub mod draft;
pub mod file;
pub mod name;
mod nested;
pub mod place;
pub mod plan;
pub mod pointer;
mod reader;
mod request;
mod resolve;
pub mod rules;
mod sources;
pub mod template;
mod vars;
mod wrong;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::error::Error;
use crate::profile::file::Config;
use crate::profile::file::schema::{CacheKind, SourceTable};
use crate::profile::template::{Name, Template};
use crate::secret::Secret;
use crate::wire::origin::Origin;
use assertion::Assertion;
use plan::Plan;
use rules::Response;

/// Reads an environment variable; handed down, so that what depends on the environment can be tested.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The longest a fetch may take when neither profile nor command line say.
pub const DEFAULT_TIMEOUT_MS: i64 = 30_000;

/// What the command line changes for one run.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--scope`, each perhaps several words; none: the profile's.
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
    /// What it is called.
    pub name: String,
    /// The client identifier (RFC 6749 §2.2).
    pub client_id: Option<String>,
    /// Requests before the token request.
    pub steps: Vec<Step>,
    /// The token request.
    pub token: Plan,
    /// How the answer is read.
    pub response: Response,
    /// The header lines to print; none: `Authorization: Bearer …`.
    pub header: Option<Vec<Template>>,
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
}

/// A request before the token request.
#[derive(Clone, Debug)]
pub struct Step {
    /// What later requests call it.
    pub name: String,
    /// The request.
    pub plan: Plan,
    /// How its answer is read; the token's places in it mean nothing.
    pub response: Response,
}

impl Profile {
    /// Profile `name` of `config`, with `overrides` laid over it.
    ///
    /// # Errors
    /// A config failure that names file, line and key.
    pub fn resolve(
        config: &Config,
        name: &str,
        overrides: &Overrides,
        environment: Environment<'_>,
    ) -> Result<Self, Error> {
        resolve::profile(config, name, overrides, environment)
    }

    /// Everything about the profile that can be wrong without being noticed by [`resolve`](Self::resolve), and what in the rest of the file
    /// concerns it: to be called before a secret is read or anything is sent.
    ///
    /// # Errors
    /// A config failure that names file, line and key.
    pub fn check(&self, config: &Config) -> Result<(), Error> {
        check::profile(self, config)
    }

    /// The value of a name that needs no secret and no answer; none for the others.
    #[must_use]
    pub fn known_value(&self, name: &Name) -> Option<&str> {
        match name {
            Name::ClientId => self.client_id.as_deref(),
            Name::Var(name) => self.vars.get(name).map(String::as_str),
            Name::Env(name) => self.env.get(name).map(String::as_str),
            _ => None,
        }
    }

    /// `template` with every name replaced, where all of them are known before anything is sent; none where one is not.
    #[must_use]
    pub fn render_known(&self, template: &Template) -> Option<String> {
        if !template
            .names()
            .all(|name| self.known_value(name).is_some())
        {
            return None;
        }
        let rendered =
            template.render(&|name| Ok(Secret::new(self.known_value(name).unwrap_or_default())));
        rendered.ok().map(|text| text.expose().to_owned())
    }

    /// The URL of `plan` as far as it is known before anything is sent, if that is at least its host.
    #[must_use]
    pub fn known_host(&self, plan: &Plan) -> Option<String> {
        if let Some(url) = self.render_known(&plan.url) {
            return Some(url);
        }
        // A secret in the path or query leaves no doubt about the host, which is whole where something stands after it.
        let start = plan.url.start(&|name| self.known_value(name));
        let (_, after) = start.split_once("://")?;
        after.contains(['/', '?', '#']).then_some(start)
    }

    /// The origin that keyring entries of this profile are bound to: the token endpoint's, or, where that is known only from an
    /// earlier step's answer, the first of `origins`.
    ///
    /// # Errors
    /// A message when there is no such origin.
    pub fn home(&self) -> Result<Origin, String> {
        match self.known_host(&self.token) {
            Some(url) => Origin::of(&url),
            None => self.origins.first().cloned().ok_or_else(|| {
                "the token endpoint's host is known only at run time; name the origin that may receive secrets in `origins`".to_owned()
            }),
        }
    }

    /// Where the value of secret `name` is looked for besides the environment: none for a name the profile does not have.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&SourceTable> {
        self.secrets.get(name)
    }

    /// Its requests, in the order they are sent.
    pub fn plans(&self) -> impl Iterator<Item = &Plan> {
        plans(&self.steps, &self.token)
    }

    /// The assertions that its requests send, in their order.
    pub fn assertions(&self) -> impl Iterator<Item = &Assertion> {
        assertions(&self.steps, &self.token)
    }

    /// The names of all secrets that a run may need, each once: those of the requests and of the header lines.
    #[must_use]
    pub fn needed_secrets(&self) -> Vec<String> {
        let mut needed: Vec<String> = Vec::new();
        let in_requests = self.plans().flat_map(|plan| {
            plan.secrets()
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
        let in_header = self
            .header
            .iter()
            .flatten()
            .flat_map(Template::names)
            .filter_map(|name| match name {
                Name::Secret(name) => Some(name.clone()),
                _ => None,
            });
        for name in in_requests.chain(in_header) {
            if !needed.contains(&name) {
                needed.push(name);
            }
        }
        needed
    }

    /// Every input of the requests that decides which token comes back, secrets left out, as labelled texts in a fixed order.
    #[must_use]
    pub fn inputs(&self) -> Vec<(String, String)> {
        let mut inputs = vec![(
            "client_id".to_owned(),
            self.client_id.clone().unwrap_or_default(),
        )];
        for (name, value) in &self.vars {
            inputs.push((format!("var {name}"), value.clone()));
        }
        for (name, value) in &self.env {
            // A variable may hold something its owner would not want in a file: its digest tells two values apart as well.
            inputs.push((format!("env {name}"), crate::cache::key::digest_text(value)));
        }
        for step in &self.steps {
            step.plan
                .inputs(&format!("step {} ", step.name), &mut inputs);
            inputs.push((
                format!("step {} response", step.name),
                format!("{:?}", step.response),
            ));
        }
        self.token.inputs("", &mut inputs);
        inputs.push(("response".to_owned(), format!("{:?}", self.response)));
        if let Some(path) = &self.client_cert {
            inputs.push(("client_cert".to_owned(), path.display().to_string()));
        }
        inputs
    }
}

fn plans<'a>(steps: &'a [Step], token: &'a Plan) -> impl Iterator<Item = &'a Plan> {
    steps.iter().map(|step| &step.plan).chain([token])
}

fn assertions<'a>(steps: &'a [Step], token: &'a Plan) -> impl Iterator<Item = &'a Assertion> {
    plans(steps, token).filter_map(|plan| plan.assertion.as_ref())
}
