//! A resolved profile: defaults, provider and command line merged, every value read.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::profile::assertion::Assertion;
use crate::profile::file::Config;
use crate::profile::file::schema::{CacheKind, SourceTable};
use crate::profile::grants::Grant;
use crate::profile::home;
use crate::profile::identity::Identity;
use crate::profile::login::LoginPlan;
use crate::profile::plan::Plan;
use crate::profile::rules::Response;
use crate::profile::template::{CLIENT_KEY, Name, REFRESH_TOKEN, Template};
use crate::secret::Secret;
use crate::wire::origin::{Origin, OriginError};

/// Reads an environment variable; a parameter, so that tests can replace the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

pub(crate) const DEFAULT_HEADER: &str = "Authorization: Bearer ${access_token}";

pub(crate) const DEFAULT_TIMEOUT_MS: i64 = 30_000;

/// The command line's changes for one run.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--scope`, each possibly several words; if empty, the profile's.
    pub scope: Vec<String>,
    /// `--audience`
    pub audience: Option<String>,
    /// `--param K=V`
    pub params: Vec<(String, String)>,
    /// `--var K=V`
    pub vars: Vec<(String, String)>,
    /// `--timeout`, milliseconds
    pub timeout_ms: Option<i64>,
    /// Whether the token request is the one that ends a login.
    pub login: bool,
}

/// A profile, ready to use.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The profile's name.
    pub name: String,
    /// The issuer identifier, if the profile has one.
    pub issuer: Option<Template>,
    /// Where tokens are revoked, if the profile says so.
    pub revocation_url: Option<Template>,
    /// Where tokens are introspected, if the profile says so.
    pub introspection_url: Option<Template>,
    /// The profiles whose tokens the requests send (`${profile.NAME}`).
    pub others: BTreeMap<String, Profile>,
    /// Whether the issuer's metadata gives the token endpoint; until it is known, `token` has the issuer in its place.
    pub is_discovered: bool,
    /// The command line's changes, to resolve the profile again with the metadata.
    pub overrides: Overrides,
    /// The client identifier (RFC 6749 §2.2).
    pub client_id: Option<String>,
    /// Requests before the token request.
    pub steps: Vec<Step>,
    /// The token request.
    pub token: Plan,
    /// The grant, if tok completes its token request.
    pub grant: Option<&'static Grant>,
    /// What else a login sends; only for a login.
    pub login: Option<LoginPlan>,
    /// How the token answer is read.
    pub response: Response,
    /// The header lines to print, or `None` for `Authorization: Bearer …`.
    pub header: Option<Vec<Template>>,
    /// The `values` that the header lines refer to, computed at each print.
    pub header_values: Vec<(String, Template)>,
    /// Where each named secret comes from.
    pub secrets: BTreeMap<String, SourceTable>,
    /// Where the job's identity comes from.
    pub identity: Option<Identity>,
    /// Origins besides the token endpoint's that may receive secrets.
    pub origins: Vec<Origin>,
    /// Where the token is cached.
    pub cache: CacheKind,
    /// The time limit of a fetch, in milliseconds.
    pub timeout_ms: i64,
    /// A PEM file with additional root certificates.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with the client's certificate chain.
    pub client_cert: Option<PathBuf>,
    /// Whether servers are shown `client_cert`, with the secret `client_key`.
    pub shows_certificate: bool,
    /// The config it is from.
    pub config: Config,
    /// The variables that the templates use, resolved.
    pub vars: BTreeMap<String, String>,
    /// The environment variables that the templates use.
    pub env: BTreeMap<String, String>,
    /// The names in `vars`, used or not.
    pub written_vars: Vec<String>,
}

/// A request before the token request.
#[derive(Clone, Debug)]
pub struct Step {
    /// The name that later requests refer to.
    pub name: String,
    /// The request.
    pub plan: Plan,
    /// How the answer is read; its token locations are not used.
    pub response: Response,
}

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
    pub(crate) fn known_value(&self, name: &Name) -> Option<&str> {
        match name {
            Name::ClientId => self.client_id.as_deref(),
            Name::Var(name) => self.vars.get(name).map(String::as_str),
            Name::Env(name) => self.env.get(name).map(String::as_str),
            _ => None,
        }
    }

    pub(crate) fn render_known(&self, template: &Template) -> Option<String> {
        let mut names = template.names();
        if !names.all(|name| self.known_value(name).is_some()) {
            return None;
        }
        let value = |name: &Name| Ok(Secret::new(self.known_value(name).unwrap_or_default()));
        let rendered = template.render(&value).ok()?;
        Some(rendered.expose().to_owned())
    }

    pub(crate) fn known_host(&self, plan: &Plan) -> Option<String> {
        if let Some(url) = self.render_known(&plan.url) {
            return Some(url);
        }
        // Any text after the host completes it, so a secret in the path or query does not matter.
        let start = plan.url.start(&|name| self.known_value(name));
        let (_, after) = start.split_once("://")?;
        after.contains(['/', '?', '#']).then_some(start)
    }

    /// Returns the origin that keyring entries are bound to: the token endpoint's, or the first of `origins` if a step decides it.
    /// With `issuer` it is the issuer's, whatever the metadata says.
    pub(crate) fn home(&self) -> Result<Origin, HomeError> {
        if let Some(issuer) = self.issuer_url().filter(|_| self.is_discovered) {
            return Ok(Origin::of(&issuer)?);
        }
        match self.known_host(&self.token) {
            Some(url) => Ok(Origin::of(&url)?),
            None => self
                .origins
                .first()
                .cloned()
                .ok_or(HomeError::KnownOnlyAtRunTime),
        }
    }

    pub(crate) fn issuer_url(&self) -> Option<String> {
        self.render_known(self.issuer.as_ref()?)
    }

    /// Whether `origin` may receive secrets: that of `token_url` or `issuer`, or one of `origins`.
    pub(crate) fn trusts(&self, origin: &Origin) -> Result<bool, HomeError> {
        Ok(*origin == self.home()? || self.origins.contains(origin))
    }

    /// Whether the token request sends the secret `refresh_token`, which the provider may replace.
    pub(crate) fn refreshes(&self) -> bool {
        self.token.secrets().contains(&REFRESH_TOKEN)
    }

    /// Returns the command that gets a usable refresh token.
    pub(crate) fn way_to_log_in(&self) -> String {
        match self.grant {
            Some(grant) if grant.login.is_some() => format!("`tok login {}`", self.name),
            _ => format!("`tok secret set {} {REFRESH_TOKEN}`", self.name),
        }
    }

    pub(crate) fn source(&self, name: &str) -> Option<&SourceTable> {
        self.secrets.get(name)
    }

    pub(crate) fn path(&self, written: &str) -> PathBuf {
        self.config.folder().join(home::expanded(written.as_ref()))
    }

    pub(crate) fn plans(&self) -> impl Iterator<Item = &Plan> {
        let steps = self.steps.iter().map(|step| &step.plan);
        steps.chain([&self.token])
    }

    pub(crate) fn assertions(&self) -> impl Iterator<Item = &Assertion> {
        self.plans().filter_map(|plan| plan.assertion.as_ref())
    }

    pub(crate) fn needed_secrets(&self) -> Vec<String> {
        let values = self.header_values.iter().map(|(_, value)| value);
        let lines = self.header.iter().flatten().chain(values);
        let header = lines.flat_map(Template::names);
        let key = self.shows_certificate.then_some(CLIENT_KEY);
        let mut needed: Vec<String> = Vec::new();
        for name in self
            .plans()
            .flat_map(Plan::secrets)
            .chain(header.filter_map(Name::secret))
            .chain(key)
        {
            if !needed.iter().any(|known| known == name) {
                needed.push(name.to_owned());
            }
        }
        needed
    }
}
