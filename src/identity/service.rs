//! A platform's service that issues identities over HTTP: where it may be, and what its answers mean.

use std::time::{Duration, Instant};

use url::Url;

use crate::error::{Error, Kind, OrFail as _};
use crate::http::Http;
use crate::identity::asking::Asking;
use crate::identity::failure::Failure;
use crate::oauth::redact::Redactor;
use crate::oauth::refusal::Refusal;
use crate::profile::pointer::Pointer;
use crate::secret::Secret;
use crate::wire::answer::Answer;
use crate::wire::origin::Origin;
use crate::wire::request::Request;

/// A metadata server answers within milliseconds, or after a few retries while it starts.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Service<'a> {
    /// As messages call it.
    pub(super) name: &'static str,
    /// Where the identity is in its JSON answer, as an RFC 6901 pointer; `None` if the answer is the identity itself.
    pub(super) member: Option<&'static str>,
    /// What the request sends that must not be shown.
    pub(super) secret: Option<&'a Secret>,
    /// The next step after a refusal.
    pub(super) hint: &'static str,
}

impl Service<'_> {
    pub(super) fn ask(&self, http: &Http, request: &Request) -> Result<Secret, Error> {
        let answer = http.send(request, &|status| status == 200, None)?;
        self.read(&answer)
    }

    /// Asks a service on this machine or beside it, for at most [`PATIENCE`]: elsewhere nothing answers at all.
    pub(super) fn ask_here(&self, asking: &Asking<'_>, request: &Request) -> Result<Secret, Error> {
        let until = asking.until.min(Instant::now() + PATIENCE);
        let http = asking.http.for_link_local(until)?;
        let answer = http
            .send(request, &|status| status == 200, None)
            .map_err(|error| self.silent(&error))?;
        self.read(&answer)
    }

    fn silent(&self, error: &Error) -> Error {
        let failure = Failure::Silent {
            platform: self.name,
            why: error.to_string(),
        };
        Error::of(Kind::Secret, failure).hint(
            "only the platform's own machines have it; elsewhere, use the `identity` of that platform (docs/keyless.md), or another profile",
        )
    }

    fn read(&self, answer: &Answer) -> Result<Secret, Error> {
        if answer.status != 200 {
            return Err(self.refused(answer));
        }
        let unusable = |why: &'static str| {
            let platform = self.name;
            Error::of(Kind::Unusable, Failure::Unusable { platform, why })
                .hint("check that a proxy or another page does not answer in its place")
        };
        let Some(member) = self.member else {
            let text = answer.text();
            let is_jwt = text.trim().split('.').count() == 3 && !text.trim().contains(' ');
            return match is_jwt {
                true => Ok(Secret::new(text.trim())),
                false => Err(unusable("is not a JWT")),
            };
        };
        let document = answer.json().map_err(|_| unusable("is not JSON"))?;
        let pointer = Pointer::parse(member).or_fail(Kind::Unexpected)?;
        let found = pointer.find(&document).ok();
        let text = found.as_ref().and_then(|found| found.as_str());
        match text {
            Some(text) if !text.is_empty() => Ok(Secret::new(text)),
            _ => Err(unusable("has no token where it should be")),
        }
    }

    fn refused(&self, answer: &Answer) -> Error {
        let redactor = Redactor::new(self.secret.into_iter());
        let words = Refusal::in_answer(answer).map(|words| words.shown(&redactor).to_string());
        let failure = Failure::Refused {
            platform: self.name,
            status: answer.status,
            words,
        };
        match answer.status {
            408 | 429 | 500..=599 => {
                let error = Error::of(Kind::Unreachable, failure).hint("try again later");
                match answer.retry_at() {
                    Some(at) => error.retry_at(at),
                    None => error,
                }
            }
            _ => Error::of(Kind::Secret, failure).hint(self.hint),
        }
    }
}

/// Checks a URL that a variable holds: whatever sets the variable must not choose where the job's credentials go.
pub(super) fn url(
    asking: &Asking<'_>,
    variable: &'static str,
    value: &str,
    domains: &'static [&'static str],
) -> Result<Url, Error> {
    let elsewhere = |shown: String| {
        let failure = Failure::Elsewhere {
            variable,
            shown: shown.clone(),
            domains: domains.join(" or "),
        };
        Error::of(Kind::Config, failure).hint(format!(
            "if it is your own server of this platform, add `origins = [\"{shown}\"]`"
        ))
    };
    let url = Url::parse(value).map_err(|_| Error::of(Kind::Config, Failure::NotUrl(variable)))?;
    let origin = Origin::of_url(&url).or_fail(Kind::Config)?;
    let is_platform = domains.iter().any(|domain| origin.is_below(domain));
    if is_platform || asking.profile.origins.contains(&origin) {
        return Ok(url);
    }
    Err(elsewhere(origin.to_string()))
}

/// Checks the URL of a service beside this machine: plain http leaves it only by a link-local address.
pub(super) fn local_url(variable: &'static str, value: &str) -> Result<Url, Error> {
    let url = Url::parse(value).map_err(|_| Error::of(Kind::Config, Failure::NotUrl(variable)))?;
    match Origin::beside(&url) {
        Ok(_) => Ok(url),
        Err(_) => Err(Error::of(Kind::Config, Failure::NotBeside(variable))
            .hint(format!("unset {variable} if this is not Azure App Service"))),
    }
}

pub(super) fn with_query<'a>(
    mut url: Url,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Secret {
    for (name, value) in pairs {
        url.query_pairs_mut().append_pair(name, value);
    }
    Secret::new(url.as_str())
}

pub(super) fn bearer(token: &Secret) -> Secret {
    let mut field = Secret::new("Bearer ");
    field.push(token.expose());
    field
}
