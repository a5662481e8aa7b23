//! From a profile to a new token: steps, the token request, and its answer, without a cache.
//! Order of a request: values, assertion, build, origin check, derived secrets, send. A retry with a new assertion starts at the signature.

pub(crate) mod client;
mod context;
mod derived;
pub(crate) mod issuer;
pub(crate) mod login;
mod rotation;
mod signature;

use std::time::Instant;

use self::context::{Context, Exchange};
use crate::error::{Error, Kind, Subject};
use crate::http::{Http, Resend, Tries};
use crate::oauth::advice::{Advice, Asked};
use crate::oauth::problem::Problem;
use crate::oauth::request::{self, basic_encodings_differ};
use crate::oauth::{advice, response, transcript};
use crate::profile::plan::Plan;
use crate::profile::template::CLIENT_SECRET;
use crate::profile::{Environment, Profile};
use crate::secret::suspicion::suspicion;
use crate::term::notes::Notes;
use crate::token::Token;
use crate::wire::answer::Answer;

/// Returns the token of another profile, by the same deadline.
pub(crate) type TokenOf<'a> = &'a dyn Fn(&Profile) -> Result<Token, Error>;

pub(crate) fn fetch(
    profile: &Profile,
    environment: Environment<'_>,
    until: Instant,
    tries: Tries,
    notes: Notes,
    token_of: TokenOf<'_>,
) -> Result<Token, Error> {
    let completed;
    let profile = match profile.is_discovered {
        true => {
            completed = issuer::completed(profile, environment, until, notes)?;
            &completed
        }
        false => profile,
    };
    let named = |error: Error| error.profile(&profile.name);
    let plans: Vec<&Plan> = profile.plans().collect();
    let mut context = Context::new(profile, environment, until, notes);
    context.take_refresh_token()?;
    let http = context
        .read_secrets(&plans, |client_key| {
            Http::new(profile, client_key, until, tries, notes)
        })?
        .map_err(named)?;
    context.obtain_tokens(token_of).map_err(named)?;
    run_steps(&mut context, &http)?;
    let exchange = Exchange {
        step: None,
        plan: &profile.token,
        rules: &profile.response,
    };
    send(&mut context, &http, exchange)
        .and_then(|answer| {
            let read = response::token(&answer, &context.steps, exchange.rules, &context.redactor);
            let (token, mut remarks) =
                read.map_err(|problem| report(&context, exchange.plan, problem, &answer))?;
            context.check_issued(exchange, &answer)?;
            remarks.extend(context.new_refresh_token(exchange, &answer));
            for remark in remarks {
                notes.note(&format!("profile `{}`: {remark}", profile.name));
            }
            Ok(token)
        })
        .inspect_err(|error| {
            if profile.is_discovered && is_gone(error) {
                issuer::forget(profile);
            }
        })
        .map_err(|error| named(context.redacted(error)))
}

/// Whether the endpoint may have moved since its address was looked up.
fn is_gone(error: &Error) -> bool {
    matches!(
        error.reason(),
        Some(Problem::Refused {
            status: 404 | 405 | 410,
            ..
        })
    )
}

fn run_steps(context: &mut Context<'_>, http: &Http) -> Result<(), Error> {
    let profile = context.profile;
    for step in &profile.steps {
        let exchange = Exchange {
            step: Some(&step.name),
            plan: &step.plan,
            rules: &step.response,
        };
        let output = send(context, http, exchange)
            .and_then(|answer| {
                let output = response::step(&answer, exchange.rules, &context.redactor);
                let output =
                    output.map_err(|problem| report(context, exchange.plan, problem, &answer))?;
                context.check_issued(exchange, &answer)?;
                Ok(output)
            })
            .map_err(|error| context.redacted(error))
            .map_err(|error| {
                let about = Subject::Step(step.name.clone());
                error.about(about).profile(&profile.name)
            })?;
        context.steps.insert(step.name.clone(), output);
    }
    Ok(())
}

fn send(context: &mut Context<'_>, http: &Http, exchange: Exchange<'_>) -> Result<Answer, Error> {
    let Exchange { plan, rules, .. } = exchange;
    let notes = context.notes;
    context.compute_values(plan)?;
    let request = context.build(exchange, http)?;
    if notes.verbose {
        let shown = plan
            .map_sent(&|template| Ok(template.to_be_shown()))
            .and_then(|plan| request::build(&plan, rules.format, &|name| context.shown(name)))
            .map(|request| transcript::request(&request));
        context.trace("request", shown);
    }
    let is_made_anew = plan.assertion.is_some() || plan.uses_identity();
    let refreshes = exchange.step.is_none() && context.rotation.is_some();
    let resend = match refreshes {
        true => Resend::Unprocessed,
        false => Resend::Passing,
    };
    if let Some(rotation) = context.rotation.as_mut().filter(|_| refreshes) {
        rotation.sending()?;
    }
    let mut rebuild = || context.build(exchange, http);
    let outcome = http.send_again(
        &request,
        &|status| rules.is_success(status),
        resend,
        is_made_anew.then_some(&mut rebuild),
    );
    if refreshes {
        context.store_successor(&outcome, rules)?;
    }
    let answer = outcome?;
    context.derive_from_answer(exchange, &answer);
    if notes.verbose {
        transcript::answer(&answer, &context.redactor)
            .iter()
            .for_each(|line| notes.trace(line));
    }
    Ok(answer)
}

fn report(context: &Context<'_>, plan: &Plan, problem: Problem, answer: &Answer) -> Error {
    let profile = context.profile;
    let problem = match problem {
        Problem::Refused {
            status,
            words,
            unmet,
            ..
        } => {
            let secret = context.secrets.get(CLIENT_SECRET);
            let asked = Asked {
                plan,
                encodings_differ: profile
                    .client_id
                    .as_deref()
                    .zip(secret)
                    .is_some_and(|(id, secret)| basic_encodings_differ(id, secret.expose())),
                has_client_cert: profile.shows_certificate,
                clock_ahead_s: answer.clock_ahead_ms().unwrap_or(0) / 1000,
            };
            let suspicious = match status {
                400 | 401 | 403 => suspicious(context, plan),
                _ => None,
            };
            Problem::Refused {
                status,
                advice: suspicious.or_else(|| advice::advice(words.as_ref(), status, asked)),
                words,
                unmet,
            }
        }
        other => other,
    };
    let problem = match &context.rotation {
        Some(rotation) if std::ptr::eq(plan, &profile.token) => rotation.over(problem),
        _ => problem,
    };
    let error = problem.into_error(&profile.name);
    match (error.kind(), answer.retry_at()) {
        (Kind::Unreachable, Some(at)) => error.retry_at(at),
        _ => error,
    }
}

fn suspicious(context: &Context<'_>, plan: &Plan) -> Option<Advice> {
    let id = context.profile.client_id.as_deref();
    let id = id.into_iter().map(|id| ("client_id", id));
    let secrets = plan
        .secrets()
        .into_iter()
        .filter_map(|name| Some((name, context.secrets.get(name)?.expose())));
    id.chain(secrets).find_map(|(name, text)| {
        Some(Advice::Suspicious {
            name: name.to_owned(),
            what: suspicion(text)?,
        })
    })
}
