//! Secrets that come up during a fetch, and their redaction: a provider's words may contain anything that was sent to it or by it.

use crate::error::Error;
use crate::fetch::context::{Context, Exchange};
use crate::oauth::problem::Problem;
use crate::oauth::redact::Redactor;
use crate::oauth::response;
use crate::oauth::step_output::Steps;
use crate::profile::plan::Plan;
use crate::profile::template::{Name, Template};
use crate::secret::Secret;
use crate::wire::answer::Answer;
use crate::wire::origin::Origin;
use crate::wire::request::Request;

impl Context<'_> {
    /// Remembers what `request`, built from `plan`, sends that was computed from secrets: a hash of a password is often as good as the password.
    pub(super) fn derive_from_request(
        &mut self,
        plan: &Plan,
        request: &Request,
    ) -> Result<(), Error> {
        for template in plan.templates() {
            if template.has_expression() && template.names().any(is_private) {
                let text = template.render(&|name| match name {
                    Name::Body => Ok(request.body.clone().unwrap_or_default()),
                    other => self.value(other),
                })?;
                self.derive(&text);
            }
        }
        Ok(())
    }

    /// Remembers every word of `text`.
    pub(super) fn derive(&mut self, text: &Secret) {
        let words = text.expose().split_whitespace().map(Secret::new);
        self.derived.extend(words);
    }

    /// Remembers the secrets in `answer`: the token, or what later requests take from a step.
    pub(super) fn derive_from_answer(&mut self, exchange: Exchange<'_>, answer: &Answer) {
        let rules = exchange.rules;
        let Some(step) = exchange.step else {
            let found = response::token_unchecked(answer, &self.steps, rules);
            self.derived.extend(found);
            return;
        };
        let output = response::step_unchecked(answer, rules);
        let later = self.profile.plans();
        for name in later.flat_map(Plan::templates).flat_map(Template::names) {
            if let Name::Step(of, path) = name
                && of == step
            {
                let found = output.find(path).ok().and_then(response::text);
                let found = found.filter(|text| !is_origin(text));
                self.derived.extend(found.map(Secret::new));
            }
        }
        // The token itself may come from this step.
        let steps = Steps::from([(step.to_owned(), output)]);
        self.derived.extend(response::token_unchecked(
            answer,
            &steps,
            &self.profile.response,
        ));
    }

    /// `error` without the secrets that a provider may have repeated.
    pub(super) fn redacted(&self, error: Error) -> Error {
        let redactor = self.redactor();
        let Some(problem) = error.reason::<Problem>() else {
            return error.redacted(|text| redactor.apply(text));
        };
        let problem = problem.clone().redacted(&|text| redactor.apply(&text));
        let shown = problem.into_error(&self.profile.name);
        let shown = match error.retry_at_unix_ms() {
            Some(at) => shown.retry_at(at),
            None => shown,
        };
        let subjects = error.subjects().iter().rev().cloned();
        subjects.fold(shown, Error::about)
    }

    pub(super) fn redactor(&self) -> Redactor {
        Redactor::new(
            self.profile.client_id.as_deref(),
            self.secrets.values().chain(&self.derived),
        )
    }
}

/// Whether `text` is a scheme, a host and perhaps a port, and nothing more: the target of a discovery is not a secret, and messages must be
/// able to name it.
fn is_origin(text: &str) -> bool {
    Origin::of(text).is_ok_and(|origin| text.trim_end_matches('/') == origin.to_string())
}

/// Whether the value of a name must not, or may not, be shown.
pub(super) fn is_private(name: &Name) -> bool {
    matches!(
        name,
        Name::Secret(_) | Name::Step(..) | Name::Value(_) | Name::Body | Name::Assertion
    )
}
