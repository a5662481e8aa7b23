//! The requests of a login: for the codes, and for the tokens once the user has approved.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::error::{Error, Kind, Subject};
use crate::fetch::context::{Context, Exchange};
use crate::fetch::{TokenOf, is_gone, report, run_steps, send};
use crate::http::{Http, Tries};
use crate::oauth::grants::device_code::Poll;
use crate::oauth::problem::Problem;
use crate::oauth::{request, response};
use crate::process::deferral::Deferral;
use crate::profile::login::LoginPlan;
use crate::profile::parameter::Parameter;
use crate::profile::plan::Plan;
use crate::profile::template::{Name, Template};
use crate::profile::{Environment, Profile};
use crate::secret::Secret;
use crate::term::notes::Notes;
use crate::token::Token;

/// The tokens of a login.
pub(crate) struct Tokens {
    pub(crate) token: Token,
    pub(crate) refresh_token: Option<Secret>,
    /// How long the refresh token lives, if the answer states it.
    pub(crate) refresh_token_lifetime_ms: Option<i64>,
    /// The answer exists only once, so Ctrl-C waits until it is stored.
    _signals: Deferral,
}

/// Why the token endpoint gives no tokens.
pub(crate) enum NotGranted {
    /// The user has not decided, or has decided against it.
    Undecided(Poll),
    /// The provider could not be reached, or is in trouble.
    Passing(Error),
    Failed(Error),
}

/// The secrets and steps of one login. Its profile is one that was resolved for a login.
pub(crate) struct Conversation<'a> {
    profile: &'a Profile,
    context: Context<'a>,
    http: Http,
}

impl<'a> Conversation<'a> {
    /// Reads every secret and makes the steps of the profile.
    pub(crate) fn open(
        profile: &'a Profile,
        environment: Environment<'a>,
        notes: Notes,
        token_of: TokenOf<'_>,
    ) -> Result<Self, Error> {
        let until = until(profile);
        let mut context = Context::new(profile, environment, until, notes);
        let login = profile.login.iter().map(|login| &login.authorization);
        let plans: Vec<&Plan> = profile.plans().chain(login).collect();
        let http = context
            .read_secrets(&plans, |client_key| {
                Http::new(profile, client_key, until, Tries::Several, notes)
            })?
            .map_err(|error| error.profile(&profile.name))?;
        context.obtain_tokens(token_of)?;
        run_steps(&mut context, &http)?;
        Ok(Self {
            profile,
            context,
            http,
        })
    }

    /// Sends the device authorization request or the pushed authorization request, and returns the answer.
    pub(crate) fn authorize(&mut self, login: &LoginPlan, plan: &Plan) -> Result<Value, Error> {
        self.allow_time(Tries::Several);
        let exchange = Exchange {
            step: None,
            plan,
            rules: &login.response,
        };
        let output = send(&mut self.context, &self.http, exchange).and_then(|answer| {
            let output = response::step(&answer, exchange.rules, &self.context.redactor);
            output.map_err(|problem| report(&self.context, plan, problem, &answer))
        });
        match output {
            Ok(output) => Ok(output.document),
            Err(error) => {
                let is_gone = is_gone(&error);
                let error = self.context.redacted(error);
                let error = error.about(Subject::Action("could not begin the login".into()));
                let error = error.profile(&self.profile.name);
                Err(match is_gone {
                    true => error.hint(format!(
                        "check `{}` against the provider's manual",
                        login.key
                    )),
                    false => error,
                })
            }
        }
    }

    /// Returns the URL of a page, which contains no secret.
    pub(crate) fn url(&self, plan: &Plan) -> Result<String, Error> {
        let rules = &self.profile.response;
        let request = request::build(plan, rules.format, &|name| match name {
            Name::Secret(_) | Name::Assertion => Err(Error::new(
                Kind::Config,
                "the page for the browser would contain a secret",
            )),
            name => self.context.value(name),
        });
        let request = request.map_err(|error| self.named(error))?;
        Ok(request.url.expose().to_owned())
    }

    /// Asks the token endpoint for the tokens, with `secret` in the parameter of its name and `others` besides it.
    pub(crate) fn exchange(
        &mut self,
        secrets: &[(&str, &Secret)],
        others: &[(&str, &str)],
        tries: Tries,
    ) -> Result<Tokens, NotGranted> {
        self.allow_time(tries);
        let mut plan = self.profile.token.clone();
        for (name, secret) in secrets {
            self.context.add_secret(name, secret);
            let template = Template::parse(&format!("${{secret.{name}}}"));
            let template = template.map_err(|error| failed(Error::of(Kind::Unexpected, error)))?;
            set(&mut plan, name, template);
        }
        for (name, value) in others {
            set(&mut plan, name, Template::literal(value));
        }
        let exchange = Exchange {
            step: None,
            plan: &plan,
            rules: &self.profile.response,
        };
        let signals = Deferral::begin();
        let answer = send(&mut self.context, &self.http, exchange);
        let answer = answer.map_err(|error| self.not_granted(error))?;
        let read = response::token(
            &answer,
            &self.context.steps,
            exchange.rules,
            &self.context.redactor,
        );
        match read {
            Ok((token, remarks)) => {
                let name = &self.profile.name;
                for remark in remarks {
                    self.context
                        .notes
                        .note(&format!("profile `{name}`: {remark}"));
                }
                let refresh_token = response::successor(&answer, exchange.rules);
                Ok(Tokens {
                    token,
                    refresh_token,
                    refresh_token_lifetime_ms: response::refresh_lifetime_ms(
                        &answer,
                        exchange.rules,
                    ),
                    _signals: signals,
                })
            }
            Err(problem) => Err(match poll(&problem) {
                Some(poll) => NotGranted::Undecided(poll),
                None => self.not_granted(report(&self.context, &plan, problem, &answer)),
            }),
        }
    }

    fn not_granted(&self, error: Error) -> NotGranted {
        let error = self.named(error);
        match error.kind() {
            Kind::Unreachable => NotGranted::Passing(error),
            _ => NotGranted::Failed(error),
        }
    }

    /// Removes every secret of the login from the texts of `error`.
    pub(crate) fn redacted(&self, error: Error) -> Error {
        self.context.redacted(error)
    }

    fn named(&self, error: Error) -> Error {
        self.context.redacted(error).profile(&self.profile.name)
    }

    /// The profile's `timeout` applies to each request, not to the time that the user takes.
    fn allow_time(&mut self, tries: Tries) {
        let until = until(self.profile);
        self.context.until = until;
        self.http.allow(until, tries);
    }
}

fn until(profile: &Profile) -> Instant {
    Instant::now() + Duration::from_millis(profile.timeout_ms.unsigned_abs())
}

fn failed(error: Error) -> NotGranted {
    NotGranted::Failed(error)
}

fn set(plan: &mut Plan, name: &str, template: Template) {
    plan.parameters.retain(|(known, _)| known != name);
    let parameter = Parameter::Text(template);
    plan.parameters.push((name.to_owned(), parameter));
}

fn poll(problem: &Problem) -> Option<Poll> {
    match problem {
        // Some servers answer `slow_down` with 429.
        Problem::Refused { words, .. } | Problem::InTrouble { words, .. } => {
            Poll::of(words.as_ref()?.code.as_deref()?)
        }
        _ => None,
    }
}
