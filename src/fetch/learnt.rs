//! What a fetch learns that nobody may see, besides its secrets, so that no message says it: a provider's words may hold whatever was sent to it or by it.

use crate::error::Error;
use crate::fetch::Fetch;
use crate::oauth::redact::Redactor;
use crate::oauth::request::Request;
use crate::oauth::response;
use crate::oauth::stepped::Steps;
use crate::profile::plan::Plan;
use crate::profile::rules::Response;
use crate::profile::template::{Name, Template};
use crate::secret::Secret;
use crate::wire::answer::Answer;
use crate::wire::origin::Origin;

impl Fetch<'_> {
    /// Remembers what `request`, which `plan` describes, sends that was computed from secrets: a hash of a password is often as good as the
    /// password.
    pub(super) fn learn_computed(&self, plan: &Plan, request: &Request) -> Result<(), Error> {
        for template in plan.templates() {
            if template.has_expression() && template.names().any(is_private) {
                let text = template.render(&|name| match name {
                    Name::Body => Ok(request.body.clone().unwrap_or_default()),
                    other => self.value(other),
                })?;
                self.learn(&text);
            }
        }
        Ok(())
    }

    /// Remembers every word of `text`.
    pub(super) fn learn(&self, text: &Secret) {
        let words = text.expose().split_whitespace().map(Secret::new);
        self.learnt.borrow_mut().extend(words);
    }

    /// Remembers what `answer` holds that nobody may see: the token, or what later requests take from a step.
    pub(super) fn learn_answered(&self, step: Option<&str>, answer: &Answer, rules: &Response) {
        let Some(step) = step else {
            let found = response::token_unchecked(answer, &self.answers.borrow(), rules);
            self.learnt.borrow_mut().extend(found);
            return;
        };
        let stepped = response::step_unchecked(answer, rules);
        let mut learnt = self.learnt.borrow_mut();
        let later = self.profile.plans();
        for name in later.flat_map(Plan::templates).flat_map(Template::names) {
            if let Name::Step(of, path) = name
                && of == step
            {
                let found = stepped.find(path).ok().and_then(response::text);
                let found = found.filter(|text| !is_origin(text));
                learnt.extend(found.map(Secret::new));
            }
        }
        // The token itself may be what this step answers.
        let steps = Steps::from([(step.to_owned(), stepped)]);
        learnt.extend(response::token_unchecked(
            answer,
            &steps,
            &self.profile.response,
        ));
    }

    /// `failure` without the secrets that a provider may have sent back in its message.
    pub(super) fn redacted(&self, failure: Error) -> Error {
        let redactor = self.redactor();
        failure.redacted(|text| redactor.apply(text))
    }

    pub(super) fn redactor(&self) -> Redactor {
        Redactor::new(
            self.profile.client_id.as_deref(),
            self.secrets
                .borrow()
                .values()
                .chain(self.learnt.borrow().iter()),
        )
    }
}

/// Whether `text` is a scheme, a host and perhaps a port, and nothing more: where a discovery sends the next request is no secret, and messages must be able to name it.
fn is_origin(text: &str) -> bool {
    Origin::of(text).is_ok_and(|origin| text.trim_end_matches('/') == origin.to_string())
}

/// Whether a name stands, or may stand, for something that nobody may see.
pub(super) fn is_private(name: &Name) -> bool {
    matches!(
        name,
        Name::Secret(_) | Name::Step(..) | Name::Value(_) | Name::Body | Name::Assertion
    )
}
