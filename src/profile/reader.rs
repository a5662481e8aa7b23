//! Templates as a profile writes them, read: every name must be one that there is and that may stand where it does.

use std::collections::BTreeMap;

use crate::profile::file::schema::AssertionTable;
use crate::profile::template::{Name, Template};
use crate::profile::vars::Vars;
use crate::profile::wrong::{At, Wrong};

/// Where a template stands decides what it may name.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Stand {
    /// Before anything is known but variables.
    Static,
    /// In a request.
    Request,
    /// In a request's header field.
    Field,
    /// In what a request is made of: the profile's `values`, and the assertion.
    Inner,
    /// In a printed header line.
    Header,
}

/// Reads templates, knowing which names there are.
pub(super) struct Reader<'a> {
    pub(super) vars: Vars<'a>,
    pub(super) secrets: Vec<String>,
    pub(super) steps: Vec<String>,
    /// The profile's `values`, as written.
    pub(super) values: BTreeMap<String, String>,
    /// Those that the plan being read has named so far.
    pub(super) used_values: Vec<(String, Template)>,
    /// Whether the plan being read names the assertion.
    pub(super) signs: bool,
    /// The profile's `assertion`, as written.
    pub(super) assertion: AssertionTable,
    pub(super) has_client_id: bool,
    pub(super) kept: Vec<String>,
}

impl Reader<'_> {
    /// Reads `source`, which stands under `key`, in a place of this kind.
    pub(super) fn template(
        &mut self,
        key: &str,
        source: &str,
        place: Stand,
    ) -> Result<Template, Wrong> {
        let template = Template::parse(source).at(key)?;
        for name in template.names() {
            self.allowed(name, place).at(key)?;
            self.signs |= *name == Name::Assertion;
        }
        self.vars.take_in(&template).at(key)?;
        for name in template.names() {
            if let Name::Value(value) = name {
                self.use_value(value, &mut Vec::new())?;
            }
        }
        Ok(template)
    }

    /// Reads one of the profile's `values`, and those that it names, unless this plan has it already.
    fn use_value(&mut self, name: &str, within: &mut Vec<String>) -> Result<(), Wrong> {
        let key = format!("values.{name}");
        if within.iter().any(|outer| outer == name) {
            within.push(name.to_owned());
            return Err(Wrong::new(
                key,
                format!(
                    "values refer to one another in a circle: {}",
                    within.join(" → ")
                ),
            ));
        }
        if self.used_values.iter().any(|(known, _)| known == name) {
            return Ok(());
        }
        let source = self.values.get(name).cloned().unwrap_or_default();
        let template = Template::parse(&source).at(&key)?;
        within.push(name.to_owned());
        for inner in template.names() {
            self.allowed(inner, Stand::Inner).at(&key)?;
            if let Name::Value(inner) = inner {
                self.use_value(inner, within)?;
            }
        }
        within.pop();
        self.vars.take_in(&template).at(&key)?;
        self.used_values.push((name.to_owned(), template));
        Ok(())
    }

    /// Whether `name` may stand in a place of this kind, and is known there.
    pub(super) fn allowed(&self, name: &Name, place: Stand) -> Result<(), String> {
        let known = |list: &[String], wanted: &String, what: &str, how: &str| {
            if list.contains(wanted) {
                return Ok(());
            }
            let near = crate::term::text::nearest(wanted, list.iter().map(String::as_str));
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Err(format!(
                "`${{{name}}}`: there is no {what} `{wanted}`{how}{near}"
            ))
        };
        match name {
            Name::Var(_) | Name::Env(_) => Ok(()),
            _ if place == Stand::Static => Err(format!(
                "`${{{name}}}` cannot stand here, only `${{var.…}}` and `${{env.…}}`"
            )),
            Name::ClientId if self.has_client_id => Ok(()),
            Name::ClientId => {
                Err("`${client_id}` stands here, but the profile has no `client_id`".to_owned())
            }
            Name::Secret(secret) => known(
                &self.secrets,
                secret,
                "secret",
                &format!("; declare it with `secrets = {{ {secret} = {{}} }}`"),
            ),
            Name::Body if place != Stand::Field => Err(
                "`${body}` can stand only in `headers`: it is the body of the request that they go with"
                    .to_owned(),
            ),
            Name::Body => Ok(()),
            Name::Assertion if place == Stand::Header => Err(
                "`${assertion}` is made only while fetching, not when a cached token is printed"
                    .to_owned(),
            ),
            Name::Assertion if place == Stand::Inner => Err(
                "`${assertion}` can stand only in the request itself: not in `values`, and not in `assertion`"
                    .to_owned(),
            ),
            Name::Assertion => Ok(()),
            Name::Value(_) if place == Stand::Header => Err(format!(
                "`${{{name}}}` is known only while fetching, not when a cached token is printed"
            )),
            Name::Value(value) => {
                let names: Vec<String> = self.values.keys().cloned().collect();
                known(
                    &names,
                    value,
                    "value",
                    &format!("; write it as `values = {{ {value} = \"…\" }}`"),
                )
            }
            Name::Step(..) if place == Stand::Header => Err(format!(
                "`${{{name}}}` is known only while fetching; keep it with `response.keep`"
            )),
            Name::Step(step, _) => known(&self.steps, step, "earlier step", ""),
            Name::AccessToken | Name::Kept(_) if place != Stand::Header => {
                Err(format!("`${{{name}}}` can stand only in `header`"))
            }
            Name::AccessToken => Ok(()),
            Name::Kept(kept) => known(
                &self.kept,
                kept,
                "kept member",
                "; name its pointer in `response.keep`",
            ),
        }
    }
}
