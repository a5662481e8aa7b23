//! Reads a profile's templates: every name must exist and be allowed where it is.

mod assertion;
mod exchange;
mod login;
mod request;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Error;
use crate::profile::at::{At, wrong};
use crate::profile::file::schema::{Algorithm, AssertionTable, SignTable};
use crate::profile::parameter::Parameter;
use crate::profile::template::{Name, Template};
use crate::profile::vars::{DEEPEST, Vars};
use crate::term::text::nearest;
pub(super) use login::LoginKeys;
pub(super) use request::Request;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Where {
    Static,
    Request,
    Field,
    Inner,
    Header,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAllowed {
    #[error("`${{{name}}}`: there is no {kind} `{wanted}`{how}{}", did_you_mean(near.as_deref()))]
    Unknown {
        name: Box<Name>,
        kind: &'static str,
        wanted: String,
        how: String,
        near: Option<String>,
    },
    #[error("`${{{0}}}` is not allowed here, only `${{var.…}}` and `${{env.…}}`")]
    Static(Name),
    #[error("`${{client_id}}` is used, but the profile has no `client_id`")]
    NoClientId,
    #[error("`${{body}}` is allowed only in `headers`: it is the body of the same request")]
    Body,
    #[error("`${{assertion}}` is made only while fetching, not when a cached token is printed")]
    AssertionInHeader,
    #[error(
        "`${{assertion}}` is allowed only in the request itself, not in `values` or `assertion`"
    )]
    AssertionInItself,
    #[error("`${{identity}}` is used, but the profile has no `identity`")]
    NoIdentity,
    #[error("`${{identity}}` is read only while fetching, not when a cached token is printed")]
    IdentityInHeader,
    #[error(
        "`${{identity}}` is allowed only in the request itself, not in `values` or `assertion`"
    )]
    IdentityInItself,
    #[error("`${{{0}}}` is known only while fetching; keep it with `response.keep`")]
    StepInHeader(Name),
    #[error("`${{{0}}}` is known only while fetching")]
    ProfileInHeader(Name),
    #[error("`${{{0}}}` is allowed only in `header`")]
    OnlyInHeader(Name),
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

pub(super) struct Reader<'a> {
    pub(super) vars: Vars<'a>,
    pub(super) secrets: Vec<String>,
    pub(super) steps: Vec<String>,
    pub(super) values: BTreeMap<String, String>,
    pub(super) used_values: Vec<(String, Template)>,
    pub(super) signs: bool,
    pub(super) assertion: AssertionTable,
    pub(super) sign: Option<SignTable>,
    /// The algorithms that the issuer accepts for assertions, if it lists them.
    pub(super) offered: Vec<Algorithm>,
    pub(super) has_client_id: bool,
    pub(super) has_identity: bool,
    pub(super) has_client_cert: bool,
    pub(super) kept: Vec<String>,
}

impl Reader<'_> {
    pub(super) fn template(
        &mut self,
        key: &str,
        source: &str,
        within: Where,
    ) -> Result<Template, Error> {
        let template = Template::parse(source).at(key)?;
        for name in template.names() {
            self.allowed(name, within).at(key)?;
            self.signs |= *name == Name::Assertion;
        }
        self.vars.take_in(&template).at(key)?;
        for name in template.names() {
            if let Name::Value(value) = name {
                self.use_value(value, within, &mut Vec::new())?;
            }
        }
        Ok(template)
    }

    /// A URL that is known before anything is fetched.
    pub(super) fn optional_url(
        &mut self,
        key: &str,
        source: Option<&str>,
    ) -> Result<Option<Template>, Error> {
        source
            .map(|source| Ok(self.template(key, source, Where::Static)?.into_url()))
            .transpose()
    }

    fn use_value(
        &mut self,
        name: &str,
        within: Where,
        outer: &mut Vec<String>,
    ) -> Result<(), Error> {
        let key = format!("values.{name}");
        if outer.iter().any(|known| known == name) {
            outer.push(name.to_owned());
            return Err(wrong(
                &key,
                format!(
                    "values refer to one another in a circle: {}",
                    outer.join(" → ")
                ),
            ));
        }
        if self.used_values.iter().any(|(known, _)| known == name) {
            return Ok(());
        }
        if outer.len() > DEEPEST {
            let reason = format!("values refer to one another more than {DEEPEST} levels deep");
            return Err(wrong(&key, reason));
        }
        let source = self.values.get(name).cloned().unwrap_or_default();
        let template = Template::parse(&source).at(&key)?;
        outer.push(name.to_owned());
        for inner in template.names() {
            let inside = match within {
                Where::Header => Where::Header,
                _ => Where::Inner,
            };
            self.allowed(inner, inside).at(&key)?;
            if let Name::Value(inner) = inner {
                self.use_value(inner, within, outer)?;
            }
        }
        outer.pop();
        self.vars.take_in(&template).at(&key)?;
        self.used_values.push((name.to_owned(), template));
        Ok(())
    }

    pub(super) fn parameter(
        &mut self,
        key: &str,
        value: &Value,
        within: Where,
    ) -> Result<Parameter, Error> {
        Ok(match value {
            Value::String(text) => Parameter::Text(self.template(key, text, within)?),
            Value::Array(items) => Parameter::List(
                items
                    .iter()
                    .map(|item| self.parameter(key, item, within))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(members) => Parameter::Table(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), self.parameter(key, member, within)?)))
                    .collect::<Result<_, Error>>()?,
            ),
            plain => Parameter::Plain(plain.clone()),
        })
    }

    pub(super) fn allowed(&self, name: &Name, within: Where) -> Result<(), NotAllowed> {
        let known = |list: &mut dyn Iterator<Item = &String>, wanted: &str, kind, how: String| {
            let list: Vec<&str> = list.map(String::as_str).collect();
            if list.contains(&wanted) {
                return Ok(());
            }
            Err(NotAllowed::Unknown {
                name: Box::new(name.clone()),
                kind,
                wanted: wanted.to_owned(),
                how,
                near: nearest(wanted, list).map(str::to_owned),
            })
        };
        match name {
            Name::Var(_) | Name::Env(_) => Ok(()),
            _ if within == Where::Static => Err(NotAllowed::Static(name.clone())),
            Name::ClientId if self.has_client_id => Ok(()),
            Name::ClientId => Err(NotAllowed::NoClientId),
            Name::Secret(secret) => {
                let how = format!("; declare it with `secrets = {{ {secret} = {{}} }}`");
                known(&mut self.secrets.iter(), secret, "secret", how)
            }
            Name::Body if within != Where::Field => Err(NotAllowed::Body),
            Name::Assertion if within == Where::Header => Err(NotAllowed::AssertionInHeader),
            Name::Assertion if within == Where::Inner => Err(NotAllowed::AssertionInItself),
            Name::Identity if within == Where::Header => Err(NotAllowed::IdentityInHeader),
            Name::Identity if within == Where::Inner => Err(NotAllowed::IdentityInItself),
            Name::Identity if !self.has_identity => Err(NotAllowed::NoIdentity),
            Name::Body | Name::Assertion | Name::Identity => Ok(()),
            Name::Value(value) => {
                let how = format!("; write it as `values = {{ {value} = \"…\" }}`");
                known(&mut self.values.keys(), value, "value", how)
            }
            Name::Profile(_) if within == Where::Header => {
                Err(NotAllowed::ProfileInHeader(name.clone()))
            }
            // Whether the profile exists is checked when it is resolved.
            Name::Profile(_) => Ok(()),
            Name::Step(..) if within == Where::Header => {
                Err(NotAllowed::StepInHeader(name.clone()))
            }
            Name::Step(step, _) => {
                known(&mut self.steps.iter(), step, "earlier step", String::new())
            }
            Name::AccessToken | Name::Kept(_) if within != Where::Header => {
                Err(NotAllowed::OnlyInHeader(name.clone()))
            }
            Name::AccessToken => Ok(()),
            Name::Kept(kept) => {
                let how = "; name its pointer in `response.keep`".to_owned();
                known(&mut self.kept.iter(), kept, "kept member", how)
            }
        }
    }
}
