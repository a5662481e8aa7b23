//! Marks: alphanumeric placeholders for the values that the shell fills in; no encoding changes them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::unshown;
use crate::error::Error;
use crate::profile::Profile;
use crate::profile::file::schema::BasicEncoding;
use crate::profile::identity::Identity;
use crate::profile::name::secret_variable;
use crate::profile::plan::Plan;
use crate::profile::template::{CLIENT_SECRET, Name, Standin, Template, percent_encode};
use crate::secret::Secret;

/// The variable for an identity that is not in one already.
const IDENTITY: &str = "IDENTITY";

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Variable(String),
    Call(String, Vec<String>),
}

pub(super) struct Marks {
    prefix: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(super) struct State {
    words: Vec<Word>,
    pub(super) variables: Vec<String>,
    pub(super) answers: BTreeMap<(String, Vec<String>), String>,
    given: usize,
}

impl State {
    fn mark(&mut self, prefix: &str, word: Word) -> String {
        self.given += 1;
        let index = self.words.iter().position(|known| *known == word);
        let index = index.unwrap_or_else(|| {
            self.words.push(word);
            self.words.len() - 1
        });
        format!("{prefix}{index}z")
    }
}

impl Marks {
    pub(super) fn new(profile: &Profile) -> Self {
        // The profile's own text must not contain the prefix.
        let text = format!("{profile:?}");
        let mut prefix = "tokMark".to_owned();
        while text.contains(&prefix) {
            prefix.push('k');
        }
        Self {
            prefix,
            state: Arc::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn template(
        &self,
        profile: &Profile,
        template: &Template,
    ) -> Result<Template, Error> {
        let (prefix, state) = (self.prefix.clone(), Arc::clone(&self.state));
        let given_before = self.state().given;
        let standin: Standin = Arc::new(move |function, arguments| {
            let depends = ["uuid", "now", "totp"].contains(&function)
                || arguments.iter().any(|argument| argument.contains(&prefix));
            depends.then(|| {
                state
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .mark(&prefix, Word::Call(function.to_owned(), arguments.to_vec()))
            })
        });
        let rendered = template.render_calling(&|name| self.value(profile, name), Some(&standin));
        let refusal = |what: &str, why| Err(unshown::refusal(profile, what, why));
        let state = self.state();
        for word in &state.words {
            if let Word::Call(name, arguments) = word
                && let Some(why) = unshown::why_not_called(name, arguments)
            {
                return refusal(name, why);
            }
        }
        let source = template.source();
        if state.given > given_before && !template.only_calls_and_joins() {
            return refusal(source, "a shell would compare or cut the value otherwise");
        }
        match rendered? {
            (_, true) => refusal(source, "a shell knows texts and no numbers"),
            (text, false) => Ok(Template::literal(text.expose())),
        }
    }

    fn value(&self, profile: &Profile, name: &Name) -> Result<Secret, Error> {
        let mut state = self.state();
        let variable = match name {
            Name::Secret(secret) => secret_variable(&profile.name, secret),
            // An environment variable may hold a secret, so the command names it instead of containing its value.
            Name::Env(variable) => variable.clone(),
            Name::Identity => match profile.identity.as_ref() {
                Some(Identity { source, .. })
                    if source.env.is_some() && source.pointer.is_none() =>
                {
                    source.env.clone().unwrap_or_default()
                }
                _ => IDENTITY.to_owned(),
            },
            // Set it with `TOKEN_OF_B=$(tok token b)`.
            Name::Profile(other) => crate::profile::name::variable(&format!("token_of_{other}")),
            Name::Step(step, path) => {
                let key = (step.clone(), unshown::in_body(profile, step, path)?);
                let count = state.answers.len() + 1;
                let variable = state
                    .answers
                    .entry(key)
                    .or_insert_with(|| format!("answered_{count}"))
                    .clone();
                return Ok(Secret::new(
                    state.mark(&self.prefix, Word::Variable(variable)),
                ));
            }
            Name::Value(_) => {
                let why = "the command would compute it again in each place";
                return Err(unshown::refusal(profile, &format!("${{{name}}}"), why));
            }
            Name::Body => {
                let why = "the body is known only when the shell has put it together";
                return Err(unshown::refusal(profile, &format!("${{{name}}}"), why));
            }
            Name::Assertion => {
                let why = "no shell can sign it without showing its key to the machine";
                return Err(unshown::refusal(profile, &format!("${{{name}}}"), why));
            }
            known => {
                return Ok(Secret::new(profile.known_value(known).unwrap_or_default()));
            }
        };
        if !state.variables.contains(&variable) {
            state.variables.push(variable.clone());
        }
        Ok(Secret::new(
            state.mark(&self.prefix, Word::Variable(variable)),
        ))
    }

    /// Basic credentials (RFC 7617, or RFC 6749 §2.3.1).
    pub(super) fn basic(&self, profile: &Profile, plan: &Plan) -> String {
        let id = profile.client_id.as_deref().unwrap_or_default();
        let secret = self
            .value(profile, &Name::Secret(CLIENT_SECRET.to_owned()))
            .map(|secret| secret.expose().to_owned())
            .unwrap_or_default();
        let call = |name: &str, argument: String| {
            let word = Word::Call(name.to_owned(), vec![argument]);
            self.state().mark(&self.prefix, word)
        };
        let pair = match plan.basic_encoding {
            BasicEncoding::Raw => format!("{id}:{secret}"),
            BasicEncoding::Rfc6749 => format!(
                "{}:{}",
                percent_encode(id).expose(),
                call("urlencode", secret)
            ),
        };
        format!("Basic {}", call("base64", pair))
    }

    /// Splits `text` at its marks: text is `Ok`, a mark's replacement is `Err`.
    pub(super) fn pieces(&self, text: &str, each: &mut dyn FnMut(Result<&str, Word>)) {
        let mut rest = text;
        while let Some(at) = rest.find(&self.prefix) {
            let after = &rest[at + self.prefix.len()..];
            let digits = after.find('z').unwrap_or(after.len());
            let word = after[..digits]
                .parse::<usize>()
                .ok()
                .and_then(|index| self.state().words.get(index).cloned());
            if at > 0 {
                each(Ok(&rest[..at]));
            }
            if let Some(word) = word {
                each(Err(word));
            }
            rest = after.get(digits + 1..).unwrap_or_default();
        }
        if !rest.is_empty() {
            each(Ok(rest));
        }
    }
}
