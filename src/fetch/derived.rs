//! Redaction of secrets that come up during a fetch: a provider may repeat anything that was sent to it or by it.

use crate::error::Error;
use crate::fetch::context::{Context, Exchange, is_private};
use crate::oauth::exchange;
use crate::oauth::problem::Problem;
use crate::oauth::remark::Remark;
use crate::oauth::response;
use crate::oauth::step_output::Steps;
use crate::profile::plan::Plan;
use crate::profile::rules::Response;
use crate::profile::template::{Name, REFRESH_TOKEN, Template};
use crate::secret::Secret;
use crate::wire::answer::Answer;
use crate::wire::origin::Origin;
use crate::wire::request::Request;

impl Context<'_> {
    /// Remembers what `request` sends that was computed from secrets: a hash of a password is often as good as the password.
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
                self.derive(template, text);
            }
        }
        Ok(())
    }

    /// Redacts `text` except for the parts that `template` gives without secrets.
    pub(super) fn derive(&mut self, template: &Template, text: Secret) {
        let public = template.to_be_shown().render(&|name| self.shown(name));
        self.redactor.add_computed(text, public.unwrap_or_default());
    }

    pub(super) fn derive_from_answer(&mut self, exchange: Exchange<'_>, answer: &Answer) {
        let rules = exchange.rules;
        let Some(step) = exchange.step else {
            if let Some(token) = response::token_unchecked(answer, &self.steps, rules) {
                self.redactor.add(token);
            }
            return;
        };
        let output = response::step_unchecked(answer, rules);
        let later = self.profile.plans();
        for name in later.flat_map(Plan::templates).flat_map(Template::names) {
            if let Name::Step(of, path) = name
                && of == step
            {
                let found = output
                    .find(path)
                    .ok()
                    .and_then(|value| response::text(&value));
                if let Some(text) = found.map(Secret::new) {
                    // The origin of a discovered URL is not a secret, and messages must be able to name it.
                    let origin = Origin::of(text.expose()).map(|origin| origin.to_string());
                    self.redactor
                        .add_computed(text, Secret::new(origin.unwrap_or_default()));
                }
            }
        }
        // The token itself may come from this step.
        let steps = Steps::from([(step.to_owned(), output)]);
        if let Some(token) = response::token_unchecked(answer, &steps, &self.profile.response) {
            self.redactor.add(token);
        }
    }

    /// Stores the new refresh token of a refresh before anything else is done with the answer.
    pub(super) fn store_successor(
        &mut self,
        outcome: &Result<Answer, Error>,
        rules: &Response,
    ) -> Result<(), Error> {
        let Some(rotation) = &self.rotation else {
            return Ok(());
        };
        if let Ok(answer) = outcome
            && let Some(new) = response::successor(answer, rules)
        {
            self.redactor.add(new);
        }
        if let Some(remark) = rotation.settle(outcome, rules)? {
            let profile = &self.profile.name;
            self.notes.note(&format!("profile `{profile}`: {remark}"));
        }
        Ok(())
    }

    /// Refuses a token of a type that is not for an API, or that was not asked for (RFC 8693 §2.2.1).
    pub(super) fn check_issued(&self, made: Exchange<'_>, answer: &Answer) -> Result<(), Error> {
        let Some(wanted) = &made.plan.exchange else {
            return Ok(());
        };
        let requested = wanted.requested.as_ref();
        let requested = requested.map(|template| template.render(&|name| self.value(name)));
        let requested = requested.transpose()?;
        exchange::check(answer, made.rules, requested.as_ref().map(Secret::expose))
            .map_err(|problem| problem.into_error(&self.profile.name))
    }

    pub(super) fn new_refresh_token(
        &self,
        exchange: Exchange<'_>,
        answer: &Answer,
    ) -> Option<Remark> {
        if self.rotation.is_some() {
            return None;
        }
        let mut parameters = exchange.plan.parameters.iter();
        let sends_one = parameters.any(|(name, _)| name == REFRESH_TOKEN);
        let new = response::unkept_refresh_token(answer, exchange.rules)?;
        let is_known = self
            .secrets
            .values()
            .any(|secret| secret.expose() == new.expose());
        (!is_known).then_some(match sends_one {
            true => Remark::OtherRefreshToken,
            false => Remark::RefreshToken,
        })
    }

    pub(super) fn redacted(&self, error: Error) -> Error {
        let redactor = &self.redactor;
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
}
