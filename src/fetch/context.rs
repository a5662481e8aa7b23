//! The state of a fetch: its secrets, steps, values and assertion, from which the next request is built.

use std::collections::BTreeMap;
use std::time::Instant;

use rustls::pki_types::CertificateDer;

use crate::clock::Now;
use crate::error::{Error, Kind, OrFail as _, Subject};
use crate::fetch::rotation::Rotation;
use crate::fetch::signature;
use crate::http::Http;
use crate::identity;
use crate::oauth::problem::Problem;
use crate::oauth::redact::Redactor;
use crate::oauth::signing::Signer;
use crate::oauth::step_output::Steps;
use crate::oauth::{assertion, request, response};
use crate::profile::assertion::{Assertion, SigningKey};
use crate::profile::plan::Plan;
use crate::profile::pointer::kind;
use crate::profile::rules::Response;
use crate::profile::template::{CLIENT_KEY, Name, REFRESH_TOKEN};
use crate::profile::{Environment, Profile};
use crate::secret::Secret;
use crate::secrets::{self, Found, Patience, pem_file};
use crate::term::notes::Notes;
use crate::token::Token;
use crate::wire::no_answer::NoAnswer;
use crate::wire::origin::Origin;
use crate::wire::request::Request;

#[derive(Clone, Copy)]
pub(super) struct Exchange<'a> {
    /// `None` for the token request.
    pub(super) step: Option<&'a str>,
    pub(super) plan: &'a Plan,
    pub(super) rules: &'a Response,
}

pub(super) struct Context<'a> {
    pub(super) profile: &'a Profile,
    pub(super) notes: Notes,
    environment: Environment<'a>,
    pub(super) until: Instant,
    pub(super) secrets: BTreeMap<String, Secret>,
    pub(super) steps: Steps,
    values: BTreeMap<String, Secret>,
    tokens: BTreeMap<String, Secret>,
    subject: Option<Secret>,
    assertion: Option<Secret>,
    identity: Option<Secret>,
    certificates: Vec<CertificateDer<'static>>,
    pub(super) redactor: Redactor,
    pub(super) rotation: Option<Rotation<'a>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        profile: &'a Profile,
        environment: Environment<'a>,
        until: Instant,
        notes: Notes,
    ) -> Self {
        Self {
            profile,
            notes,
            environment,
            until,
            secrets: BTreeMap::new(),
            steps: Steps::new(),
            values: BTreeMap::new(),
            tokens: BTreeMap::new(),
            subject: None,
            assertion: None,
            identity: None,
            certificates: Vec::new(),
            redactor: Redactor::default(),
            rotation: None,
        }
    }

    /// Reads every secret before anything is sent: a missing one must not leave a session half open at the provider.
    /// If that may be slow (a keyring), `client` loads its trust store in parallel.
    pub(super) fn read_secrets(
        &mut self,
        plans: &[&Plan],
        client: impl Fn(Option<&Secret>) -> Result<Http, Error> + Sync,
    ) -> Result<Result<Http, Error>, Error> {
        let profile = self.profile;
        self.certificates = pem_file::of_assertions(profile, self.until)?;
        if profile.shows_certificate {
            self.read_each(&[CLIENT_KEY])?;
        }
        let client_key = self.secrets.get(CLIENT_KEY).cloned();
        let client = || client(client_key.as_ref());
        let names: Vec<&str> = plans.iter().flat_map(|plan| plan.secrets()).collect();
        let is_given = |name: &&str| secrets::is_given(profile, name, self.environment);
        let is_read = |name: &&str| self.secrets.contains_key(*name);
        if names.iter().all(|name| is_read(name) || is_given(name)) {
            self.read_each(&names)?;
            return Ok(client());
        }
        let host = profile.known_host(&profile.token);
        std::thread::scope(|scope| {
            let ready = std::thread::Builder::new().spawn_scoped(scope, || {
                let http = client()?;
                http.make_ready(host.as_deref().unwrap_or_default());
                Ok(http)
            });
            self.read_each(&names)?;
            Ok(match ready.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(client)) => client,
                // No thread could be started.
                Ok(Err(_)) | Err(_) => client(),
            })
        })
    }

    fn read_each(&mut self, names: &[&str]) -> Result<(), Error> {
        for &name in names {
            if self.secrets.contains_key(name) {
                continue;
            }
            let patience = Patience::until(self.until);
            let found = secrets::find(self.profile, name, self.environment, patience)?;
            self.add(name, found)?;
        }
        Ok(())
    }

    fn add(&mut self, name: &str, found: Found) -> Result<(), Error> {
        let (secret, source) = (found.secret, found.source);
        self.notes.trace(&format!("{name} from {source}"));
        if found.is_trimmed {
            self.notes.note(&format!(
                "{name} from {source}: the line ends or byte order mark around it are not sent"
            ));
        }
        assertion::check(self.profile, name, &secret, &self.certificates).map_err(|error| {
            error
                .about(Subject::Source(source.to_string()))
                .about(Subject::Secret(name.to_owned()))
                .profile(&self.profile.name)
        })?;
        self.redactor.add(secret.clone());
        self.secrets.insert(name.to_owned(), secret);
        Ok(())
    }

    /// Reads the refresh token of a profile that sends one, which no other process uses until this fetch is over.
    pub(super) fn take_refresh_token(&mut self) -> Result<(), Error> {
        let (profile, notes) = (self.profile, self.notes);
        if let Some((rotation, found)) =
            Rotation::begin(profile, self.environment, self.until, notes)?
        {
            self.rotation = Some(rotation);
            self.add(REFRESH_TOKEN, found)?;
        }
        Ok(())
    }

    /// Sets the token that a request is about.
    pub(super) fn set_subject(&mut self, token: &Secret) {
        self.redactor.add(token.clone());
        self.subject = Some(token.clone());
    }

    pub(super) fn set_token_of(&mut self, profile: &str, token: &Secret) {
        self.redactor.add(token.clone());
        self.tokens.insert(profile.to_owned(), token.clone());
    }

    /// Obtains the tokens of other profiles, once for the whole fetch.
    pub(super) fn obtain_tokens(
        &mut self,
        token_of: &dyn Fn(&Profile) -> Result<Token, Error>,
    ) -> Result<(), Error> {
        for (name, other) in &self.profile.others {
            let token = token_of(other)?.access_token;
            self.set_token_of(name, &token);
        }
        Ok(())
    }

    /// Adds a secret that no source has, such as a code that the provider gave a moment ago.
    pub(super) fn add_secret(&mut self, name: &str, secret: &Secret) {
        self.redactor.add(secret.clone());
        self.secrets.insert(name.to_owned(), secret.clone());
    }

    pub(super) fn compute_values(&mut self, plan: &Plan) -> Result<(), Error> {
        for (name, template) in &plan.values {
            if self.values.contains_key(name) {
                continue;
            }
            self.check_deadline()?;
            let value = template
                .render(&|name| self.value(name))
                .map_err(|error| error.about(Subject::Value(name.clone())))?;
            if template.names().any(is_private) {
                self.derive(template, value.clone());
            }
            self.values.insert(name.clone(), value);
        }
        Ok(())
    }

    pub(super) fn build(&mut self, exchange: Exchange<'_>, http: &Http) -> Result<Request, Error> {
        let Exchange { plan, rules, .. } = exchange;
        self.check_deadline()?;
        self.identify(plan, http)?;
        self.sign(plan)?;
        let request = request::build(plan, rules.format, &|name| self.value(name))?;
        self.may_receive_secrets(plan, &request)?;
        self.derive_from_request(plan, &request)?;
        Ok(request)
    }

    /// Called before each computation too: with a long answer it counts as much as waiting.
    fn check_deadline(&self) -> Result<(), Error> {
        if Instant::now() < self.until {
            return Ok(());
        }
        let origin = self.profile.home().or_fail(Kind::Config)?.to_string();
        let why = NoAnswer::TimedOut {
            timeout_ms: self.profile.timeout_ms,
        };
        Err(Problem::NoAnswer { origin, why }.into_error(&self.profile.name))
    }

    /// Obtains a new identity for each request: a platform's token is short-lived, and a provider may accept it only once.
    fn identify(&mut self, plan: &Plan, http: &Http) -> Result<(), Error> {
        self.identity = None;
        if !plan.uses_identity() {
            return Ok(());
        }
        let asking = identity::Asking {
            profile: self.profile,
            environment: self.environment,
            until: self.until,
            http,
        };
        let issued = asking.identity()?;
        self.notes.trace(&format!("identity from {}", issued.shown));
        self.redactor.add(issued.secret.clone());
        self.identity = Some(issued.secret);
        Ok(())
    }

    /// Signs a new assertion for each request, because a provider may reject a repeated one.
    fn sign(&mut self, plan: &Plan) -> Result<(), Error> {
        // An assertion must not contain an earlier one.
        self.assertion = None;
        let Some(assertion) = &plan.assertion else {
            return Ok(());
        };
        let signer = self.signer(assertion)?;
        let unique = crate::profile::template::uuid()?;
        let occasion = assertion::Occasion {
            now_ms: Now::read().unix_ms,
            unique: &unique,
        };
        let text =
            assertion::signing_input(assertion, &signer, occasion, &|name| self.value(name))?;
        if self.notes.verbose {
            let shown = assertion
                .map(&|template| Ok(template.to_be_shown()))
                .and_then(|assertion| {
                    assertion::parts(&assertion, &signer, occasion, &|name| self.shown(name))
                })
                .map(|(header, claims)| {
                    vec![format!("assertion {} {}", header.expose(), claims.expose())]
                });
            self.trace("assertion", shown);
        }
        let signature = match &assertion.key {
            SigningKey::Secret(_) => signer.sign(text.expose())?,
            SigningKey::Command(command) => {
                let (profile, algorithm) = (self.profile, signer.algorithm());
                signature::by_command(profile, command, algorithm, &text, self.until)?
            }
        };
        let signed = assertion::signed(text, &signature);
        self.redactor.add(signed.clone());
        self.assertion = Some(signed);
        Ok(())
    }

    fn signer(&self, assertion: &Assertion) -> Result<Signer, Error> {
        match (&assertion.key, assertion.algorithm) {
            (SigningKey::Command(_), Some(algorithm)) => {
                let signer = Signer::elsewhere(algorithm);
                assertion::certified(assertion, signer, &self.certificates)
            }
            (key, _) => {
                let name = key.secret().unwrap_or_default().to_owned();
                let key = self.value(&Name::Secret(name))?;
                assertion::signer(assertion, &key, &self.certificates)
            }
        }
    }

    pub(super) fn value(&self, name: &Name) -> Result<Secret, Error> {
        let known = match name {
            Name::Secret(name) => self.secrets.get(name).cloned(),
            Name::Step(step, pointer) => return self.step_value(step, pointer),
            Name::Assertion => self.assertion.clone(),
            Name::Identity => self.identity.clone(),
            Name::AccessToken => self.subject.clone(),
            Name::Profile(name) => self.tokens.get(name).cloned(),
            Name::Value(name) => self.values.get(name).cloned(),
            known => self.profile.known_value(known).map(Secret::new),
        };
        known
            .ok_or_else(|| Error::new(Kind::Unexpected, format!("`${{{name}}}` has no value here")))
    }

    /// Returns the text that a transcript shows for a name: its value, unless a secret may be in it.
    pub(super) fn shown(&self, name: &Name) -> Result<Secret, Error> {
        match name {
            Name::Secret(_)
            | Name::Step(..)
            | Name::Assertion
            | Name::Identity
            | Name::AccessToken
            | Name::Profile(_)
            | Name::Env(_)
            | Name::Value(_) => Ok(Secret::new(format!("<{name}>"))),
            known => self.value(known),
        }
    }

    pub(super) fn trace(&self, what: &str, lines: Result<Vec<String>, Error>) {
        let lines = lines.unwrap_or_else(|_| {
            vec![format!(
                "the {what} cannot be shown with names in the place of its secrets"
            )]
        });
        lines.iter().for_each(|line| self.notes.trace(line));
    }

    fn step_value(&self, step: &str, pointer: &[String]) -> Result<Secret, Error> {
        let output = self.steps.get(step).ok_or_else(|| {
            Error::new(
                Kind::Unexpected,
                format!("step `{step}` has not been made yet"),
            )
        })?;
        let rules = self.profile.steps.iter().find(|known| known.name == step);
        let is_optional = rules
            .zip(pointer.first())
            .and_then(|(step, first)| step.response.keep_named(first))
            .is_some_and(|keep| keep.optional);
        let problem = match output.find(pointer) {
            Err(_) if is_optional => return Ok(Secret::default()),
            Ok(value) => match response::text(&value) {
                Some(text) => return Ok(Secret::new(text)),
                None => Problem::StepHasOther {
                    step: step.to_owned(),
                    path: pointer.join("."),
                    found: kind(&value),
                },
            },
            Err(instead) => Problem::StepHasNo {
                step: step.to_owned(),
                path: pointer.join("."),
                instead,
            },
        };
        Err(problem.into_error(&self.profile.name))
    }

    /// Refuses to send secrets to an origin other than those of `token_url` and `origins`.
    fn may_receive_secrets(&self, plan: &Plan, request: &Request) -> Result<(), Error> {
        if !plan.carries_secrets() {
            return Ok(());
        }
        let origin = Origin::of(request.url.expose()).or_fail(Kind::Config)?;
        if self.profile.trusts(&origin).or_fail(Kind::Config)? {
            return Ok(());
        }
        Err(Error::new(
            Kind::Config,
            format!("{origin} would receive secrets, but the profile names it neither in `token_url` nor in `origins`"),
        )
        .hint(format!("if it is the provider's own, add `origins = [\"{origin}\"]`")))
    }
}

pub(super) fn is_private(name: &Name) -> bool {
    matches!(
        name,
        Name::Secret(_)
            | Name::Step(..)
            | Name::Value(_)
            | Name::Body
            | Name::Assertion
            | Name::Identity
            | Name::AccessToken
            | Name::Profile(_)
    )
}
