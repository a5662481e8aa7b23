//! A request of the client about a token: revocation (RFC 7009) and introspection (RFC 7662).

use std::time::Instant;

use crate::error::{Error, Kind, Subject};
use crate::fetch::context::{Context, Exchange};
use crate::fetch::{issuer, report, send};
use crate::http::{Http, Tries};
use crate::oauth::problem::Problem;
use crate::oauth::refusal::is_refusal;
use crate::oauth::response;
use crate::profile::metadata::Endpoint;
use crate::profile::plan::Plan;
use crate::profile::rules::Response;
use crate::profile::{Environment, Profile};
use crate::secret::Secret;
use crate::term::notes::Notes;
use crate::wire::answer::Answer;

/// A request about a token.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) endpoint: Endpoint,
    /// The token that it is about.
    pub(crate) token: &'a Secret,
    /// The profile whose token authorizes the request, instead of the client's credentials.
    pub(crate) bearer: Option<(&'a str, &'a Secret)>,
    pub(crate) environment: Environment<'a>,
    pub(crate) until: Instant,
    pub(crate) notes: Notes,
}

/// Sends the request and returns a success, whatever its body is.
///
/// # Errors
/// Fails if the profile has no such endpoint, or if the provider refuses or does not answer by the deadline.
pub(crate) fn call(call: Call<'_>) -> Result<Answer, Error> {
    let Call {
        environment,
        until,
        notes,
        ..
    } = call;
    let (key, own) = call.profile.own_url(call.endpoint)?;
    let (profile, url) = addressed(call, key, own)?;
    let named = |error: Error| error.profile(&profile.name);
    let plan = match call.bearer {
        None => profile.client_plan(&url, environment)?,
        Some((other, _)) => Plan::with_bearer(&url, other).map_err(named)?,
    };
    let rules = Response::standard()?;
    let mut context = Context::new(&profile, environment, until, notes);
    context.set_subject(call.token);
    if let Some((other, token)) = call.bearer {
        context.set_token_of(other, token);
    }
    let http = context
        .read_secrets(&[&plan], |client_key| {
            Http::new(&profile, client_key, until, Tries::Several, notes)
        })?
        .map_err(named)?;
    let exchange = Exchange {
        step: None,
        plan: &plan,
        rules: &rules,
    };
    let failed = |error: Error, context: &Context<'_>| {
        let may_be_elsewhere = matches!(
            error.reason(),
            Some(
                Problem::Refused {
                    status: 404 | 405 | 410,
                    ..
                } | Problem::Redirect { .. }
                    | Problem::UnexpectedStatus(_)
            )
        );
        let error = named(context.redacted(error.about(Subject::Key(key.to_owned()))));
        match may_be_elsewhere {
            true => error.hint(format!("check `{key}` against the provider's manual")),
            false => error,
        }
    };
    let answer = send(&mut context, &http, exchange).map_err(|error| failed(error, &context))?;
    let problem = match rules.is_success(answer.status) {
        false => response::failure(&answer, &rules, &context.redactor),
        // An empty body is a success too: RFC 7009 §2.2 gives it no meaning.
        true => match answer.json() {
            Ok(document) if is_refusal(&document) => {
                response::refused(&answer, &rules, &context.redactor, None)
            }
            _ => return Ok(answer),
        },
    };
    let error = report(&context, &plan, problem, &answer);
    Err(failed(error, &context))
}

/// Returns the profile with what its issuer publishes, and the URL of the endpoint.
fn addressed(
    call: Call<'_>,
    key: &'static str,
    own: Option<String>,
) -> Result<(Profile, String), Error> {
    let Call {
        profile, endpoint, ..
    } = call;
    if let Some(url) = own.clone().filter(|_| !profile.is_discovered) {
        return Ok((profile.clone(), url));
    }
    if profile.issuer.is_none() {
        return Err(profile.missing_url(key));
    }
    let metadata = issuer::metadata(profile, call.until, call.notes)?;
    let url = match own {
        Some(url) => url,
        None => profile
            .endpoint(&metadata, endpoint)
            .map_err(|error| match (error.kind(), error.next_step()) {
                (Kind::Config, None) => error.hint(format!(
                    "if the provider has one all the same, write `{key} = \"https://…\"`"
                )),
                _ => error,
            })?
            .to_owned(),
    };
    let complete = match profile.is_discovered {
        true => profile.with_metadata(&metadata, call.environment)?,
        false => profile.clone(),
    };
    Ok((complete, url))
}
