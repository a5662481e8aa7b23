//! From a profile to a new token: secrets, the steps, the token request, the answer. Knows nothing of caches.
//!
//! Each request is made in this order, for each needs what comes before it: its `values` are settled, its assertion is signed, it is built (and checked: may it
//! receive secrets), what was computed for it is learnt, and it is sent. A try that needs a new assertion is signed, built and learnt anew; the `values` stay.

mod learnt;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Instant;

use crate::clock::Now;
use crate::error::{Error, Kind};
use crate::http::{Http, Remake, Tries};
use crate::oauth::advice::{Asked, advice};
use crate::oauth::request::{self, Request, basic_encodings_differ};
use crate::oauth::signing::Signer;
use crate::oauth::stepped::Steps;
use crate::oauth::{assertion, response, transcript};
use crate::profile::plan::Plan;
use crate::profile::rules::Response;
use crate::profile::template::{CLIENT_SECRET, Name, Template};
use crate::profile::{Environment, Profile};
use crate::secret::Secret;
use crate::secrets;
use crate::term::notes::Notes;
use crate::token::Token;
use crate::wire::answer::Answer;
use crate::wire::origin::Origin;

/// Fetches a token for `profile`, which was checked, by `until`.
///
/// # Errors
/// Whatever stands between a profile and a token; the message names the profile and, where it was one, the step.
pub fn fetch(
    profile: &Profile,
    environment: Environment<'_>,
    until: Instant,
    tries: Tries,
    notes: Notes,
) -> Result<Token, Error> {
    let fetch = Fetch {
        profile,
        environment,
        notes,
        secrets: RefCell::default(),
        answers: RefCell::default(),
        learnt: RefCell::default(),
        values: RefCell::default(),
        assertion: RefCell::default(),
    };
    let named = |failure: Error| failure.profile(&profile.name);
    let http = fetch
        .secrets_beside(|| Http::new(profile, until, tries, notes))?
        .map_err(named)?;
    for step in &profile.steps {
        let stepped = fetch
            .send(&http, Some(&step.name), &step.plan, &step.response)
            .and_then(|answer| {
                response::step(&answer, &step.response, &fetch.redactor()).map_err(|failure| {
                    fetch.with_advice(failure, &step.plan, &step.response, &answer)
                })
            })
            .map_err(|failure| {
                named(
                    fetch
                        .redacted(failure)
                        .context(format!("step `{}`", step.name)),
                )
            })?;
        fetch
            .answers
            .borrow_mut()
            .insert(step.name.clone(), stepped);
    }
    let answer = fetch
        .send(&http, None, &profile.token, &profile.response)
        .map_err(|failure| named(fetch.redacted(failure)))?;
    let token = response::token(
        &answer,
        &fetch.answers.borrow(),
        &profile.response,
        &fetch.redactor(),
    );
    token.map_err(|failure| {
        let advised = fetch.with_advice(failure, &profile.token, &profile.response, &answer);
        named(fetch.redacted(advised))
    })
}

/// What to do when a step's answer has not what a later request needs.
const WHERE_IN_A_STEP: &str =
    "set what follows `step.NAME.` to where it is in the answer; -v shows that, without secrets";

/// What a fetch has gathered so far.
struct Fetch<'a> {
    profile: &'a Profile,
    environment: Environment<'a>,
    notes: Notes,
    secrets: RefCell<BTreeMap<String, Secret>>,
    answers: RefCell<Steps>,
    values: RefCell<BTreeMap<String, Secret>>,
    /// The assertion of the request being made.
    assertion: RefCell<Option<Secret>>,
    /// What else nobody may see: the token, what steps gave for later requests, what was computed from secrets.
    learnt: RefCell<Vec<Secret>>,
}

impl Fetch<'_> {
    /// Reads every secret before anything is sent: one that is missing must not leave a session half open at the provider. Where one must be
    /// waited for, as in a keyring, `client` is made ready in the meantime: its trust store takes about as long.
    fn secrets_beside(
        &self,
        client: impl Fn() -> Result<Http, Error> + Sync,
    ) -> Result<Result<Http, Error>, Error> {
        let names: Vec<&str> = self.profile.plans().flat_map(Plan::secrets).collect();
        let read_all = || {
            names
                .iter()
                .try_for_each(|name| self.secret(name).map(|_| ()))
        };
        let is_given = |name: &&str| secrets::is_given(self.profile, name, self.environment);
        if names.iter().all(is_given) {
            read_all()?;
            return Ok(client());
        }
        let host = self.profile.known_host(&self.profile.token);
        std::thread::scope(|scope| {
            let readied = std::thread::Builder::new().spawn_scoped(scope, || {
                let http = client()?;
                http.make_ready(host.as_deref().unwrap_or_default());
                Ok(http)
            });
            read_all()?;
            Ok(match readied.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(client)) => client,
                // No room for a thread: one after the other, then. (A panic in it ends the process; only a test, which has no such hook, comes here by one.)
                Ok(Err(_)) | Err(_) => client(),
            })
        })
    }

    /// Makes the request of a step, or, without one, the token request.
    fn send(
        &self,
        http: &Http,
        step: Option<&str>,
        plan: &Plan,
        rules: &Response,
    ) -> Result<Answer, Error> {
        let format = rules.format;
        self.settle_values(plan)?;
        // A request that is made anew is another one: it is checked as the first was.
        let make = || {
            self.sign(plan)?;
            let request = request::build(plan, format, &|name| self.value(name))?;
            self.may_receive_secrets(plan, &request)?;
            self.learn_computed(plan, &request)?;
            Ok(request)
        };
        let request = make()?;
        if self.notes.verbose {
            let shown = plan
                .map_sent(&|template| Ok(template.to_be_shown()))
                .and_then(|plan| {
                    let shown = request::build(&plan, format, &|name| self.shown(name))?;
                    Ok(transcript::request(&shown))
                });
            self.trace_shown("request", shown);
        }
        let anew: Option<Remake<'_>> = plan.assertion.is_some().then_some(&make);
        let answer = http.send(&request, &|status| rules.is_success(status), anew)?;
        self.learn_answered(step, &answer, rules);
        if self.notes.verbose {
            transcript::answer(&answer, &self.redactor())
                .iter()
                .for_each(|line| self.notes.trace(line));
        }
        Ok(answer)
    }

    fn value(&self, name: &Name) -> Result<Secret, Error> {
        match name {
            Name::Secret(name) => self.secret(name),
            Name::Step(step, pointer) => self.answered(step, pointer),
            Name::Assertion => self
                .assertion
                .borrow()
                .clone()
                .ok_or_else(|| Error::new(Kind::Unexpected, "the assertion is not signed yet")),
            Name::Value(name) => self.values.borrow().get(name).cloned().ok_or_else(|| {
                Error::new(
                    Kind::Unexpected,
                    format!("value `{name}` is not settled yet"),
                )
            }),
            known => self
                .profile
                .known_value(known)
                .map(Secret::new)
                .ok_or_else(|| {
                    Error::new(
                        Kind::Unexpected,
                        format!("`${{{known}}}` has no value here"),
                    )
                }),
        }
    }

    /// What stands for a name in a transcript: itself where it is no secret.
    fn shown(&self, name: &Name) -> Result<Secret, Error> {
        match name {
            Name::Secret(_) | Name::Step(..) | Name::Assertion => {
                Ok(Secret::new(format!("<{name}>")))
            }
            // A value may be made of secrets.
            Name::Env(_) | Name::Value(_) => Ok(Secret::new(format!("<{name}>"))),
            known => self.value(known),
        }
    }

    /// Traces the lines that show `what` is sent; where they cannot be made, that, for what is sent is none the worse.
    fn trace_shown(&self, what: &str, lines: Result<Vec<String>, Error>) {
        let lines = lines.unwrap_or_else(|_| {
            vec![format!(
                "the {what} cannot be shown with names in the place of its secrets"
            )]
        });
        lines.iter().for_each(|line| self.notes.trace(line));
    }

    /// Evaluates those of the profile's `values` that `plan` names, unless an earlier request of this run did: each is one value per run.
    fn settle_values(&self, plan: &Plan) -> Result<(), Error> {
        for (name, template) in &plan.values {
            if self.values.borrow().contains_key(name) {
                continue;
            }
            let value = template
                .render(&|name| self.value(name))
                .map_err(|failure| failure.context(format!("value `{name}`")))?;
            if template.names().any(learnt::is_private) {
                self.learn(&value);
            }
            self.values.borrow_mut().insert(name.clone(), value);
        }
        Ok(())
    }

    /// Signs the assertion that `plan` sends, if it sends one: anew each time, for a provider may take none twice.
    fn sign(&self, plan: &Plan) -> Result<(), Error> {
        // None may be made of an earlier one.
        self.assertion.take();
        let Some(assertion) = &plan.assertion else {
            return Ok(());
        };
        let key = self.secret(&assertion.key)?;
        let unique = crate::profile::template::uuid()?;
        let occasion = assertion::Occasion {
            now_ms: Now::read().unix_ms,
            unique: &unique,
        };
        let signed = assertion::sign(assertion, &key, occasion, &|name| self.value(name))?;
        if self.notes.verbose {
            let alg = Signer::new(&key, assertion.algorithm)?.algorithm().name();
            let shown = |name: &Name| self.shown(name);
            let shown = assertion
                .map(&|template| Ok(template.to_be_shown()))
                .and_then(|assertion| {
                    let (header, claims) = assertion::parts(&assertion, alg, occasion, &shown)?;
                    let line = format!("assertion {} {}", header.expose(), claims.expose());
                    Ok(vec![line])
                });
            self.trace_shown("assertion", shown);
        }
        self.learn(&signed);
        *self.assertion.borrow_mut() = Some(signed);
        Ok(())
    }

    fn secret(&self, name: &str) -> Result<Secret, Error> {
        if let Some(secret) = self.secrets.borrow().get(name) {
            return Ok(secret.clone());
        }
        let (secret, source) = secrets::find(self.profile, name, self.environment)?;
        self.notes.trace(&format!("{name} from {source}"));
        assertion::check(self.profile, name, &secret).map_err(|failure| {
            let profile = &self.profile.name;
            failure
                .context(source)
                .context(format!("profile `{profile}`: {name}"))
        })?;
        self.secrets
            .borrow_mut()
            .insert(name.to_owned(), secret.clone());
        Ok(secret)
    }

    fn answered(&self, step: &str, pointer: &[String]) -> Result<Secret, Error> {
        let answers = self.answers.borrow();
        let answer = answers.get(step).ok_or_else(|| {
            Error::new(
                Kind::Unexpected,
                format!("step `{step}` has not been made yet"),
            )
        })?;
        let value = answer.find(pointer).map_err(|nowhere| {
            Error::new(
                Kind::Unusable,
                format!(
                    "the answer of step `{step}` has no `{}`: {nowhere}",
                    pointer.join(".")
                ),
            )
            .hint(WHERE_IN_A_STEP)
        })?;
        response::text(value).map(Secret::new).ok_or_else(|| {
            Error::new(
                Kind::Unusable,
                format!(
                    "`{}` in the answer of step `{step}` is {}",
                    pointer.join("."),
                    crate::profile::pointer::kind(value)
                ),
            )
            .hint(WHERE_IN_A_STEP)
        })
    }

    /// Refuses to send secrets anywhere but to the token endpoint's origin as the profile writes it, and to those in `origins`. What a step answered counts
    /// as one where it is sent in a parameter or header: it is often a token. In a URL it is where a discovery puts the host.
    fn may_receive_secrets(&self, plan: &Plan, request: &Request) -> Result<(), Error> {
        let in_url = plan.url.names().filter(|name| is_answer(name)).count();
        let all = plan.templates().into_iter().flat_map(Template::names);
        let carries_answers = all.filter(|name| is_answer(name)).count() > in_url;
        if plan.secrets().is_empty() && !carries_answers {
            return Ok(());
        }
        let config = |message: String| Error::new(Kind::Config, message);
        let origin = Origin::of(request.url.expose()).map_err(config)?;
        let home = self.profile.home().map_err(config)?;
        if origin == home || self.profile.origins.contains(&origin) {
            return Ok(());
        }
        Err(Error::new(
            Kind::Config,
            format!("{origin} would receive secrets, but the profile names it neither in `token_url` nor in `origins`"),
        )
        .hint(format!("if it is the provider's own, add `origins = [\"{origin}\"]`")))
    }

    /// A refusal of `plan` with what to do about it, where tok knows that.
    fn with_advice(&self, failure: Error, plan: &Plan, rules: &Response, answer: &Answer) -> Error {
        if failure.kind() != Kind::Refused {
            return failure;
        }
        let secrets = self.secrets.borrow();
        let encodings_differ = self
            .profile
            .client_id
            .as_deref()
            .zip(secrets.get(CLIENT_SECRET))
            .is_some_and(|(id, secret)| basic_encodings_differ(id, secret.expose()));
        let asked = Asked {
            profile: &self.profile.name,
            plan,
            encodings_differ,
        };
        let refusal = response::refusal(answer, rules, &self.redactor());
        match advice(refusal.as_ref(), answer.status, asked) {
            Some(advice) => failure.hint(advice),
            None => failure,
        }
    }
}

/// Whether `name` stands for what an earlier step answered.
fn is_answer(name: &Name) -> bool {
    matches!(name, Name::Step(..))
}
