//! The values behind `${var.NAME}` and `${env.NAME}`, in order: command line, environment, profile.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::profile::name::var_variable;
use crate::profile::resolved::{Environment, Overrides};
use crate::profile::template::{Name, Template, TemplateError};
use crate::term::text::nearest;

/// In KiB; variables that each refer to another twice would otherwise fill the memory.
const LONGEST_KIB: usize = 64;

/// Each level takes stack.
pub(super) const DEEPEST: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum VariableError {
    #[error("environment variable {0}, used as `${{env.{0}}}`, is not set")]
    NotSet(String),
    #[error("environment variable {0} is not UTF-8 text")]
    NotText(String),
    #[error(
        "`${{var.{name}}}`{} has no value: set it with `vars = {{ {name} = \"…\" }}`, --var {name}=… or {variable}{}",
        need.as_ref().map_or_else(String::new, |need| format!(" ({need})")),
        near.as_ref().map_or_else(String::new, |near| format!("; did you mean `var.{near}`?"))
    )]
    NoValue {
        name: String,
        need: Option<String>,
        variable: String,
        near: Option<String>,
    },
    #[error("`vars.{0}` gives a text longer than {LONGEST_KIB} KiB")]
    TooLong(String),
    #[error("vars refer to one another more than {DEEPEST} levels deep")]
    TooDeep,
    #[error("vars refer to one another in a circle: {0}")]
    Circle(String),
    #[error("`vars.{0}` may contain only `${{var.…}}` and `${{env.…}}`")]
    NotPlain(String),
    #[error(transparent)]
    Template(#[from] TemplateError),
}

pub(super) struct Vars<'a> {
    profile: &'a str,
    written: &'a BTreeMap<String, String>,
    needs: &'a BTreeMap<String, String>,
    overrides: &'a Overrides,
    environment: Environment<'a>,
    pub(super) vars: BTreeMap<String, String>,
    pub(super) env: BTreeMap<String, String>,
}

impl<'a> Vars<'a> {
    pub(super) fn new(
        profile: &'a str,
        written: &'a BTreeMap<String, String>,
        needs: &'a BTreeMap<String, String>,
        overrides: &'a Overrides,
        environment: Environment<'a>,
    ) -> Self {
        Self {
            profile,
            written,
            needs,
            overrides,
            environment,
            vars: BTreeMap::new(),
            env: BTreeMap::new(),
        }
    }

    pub(super) fn take_in(&mut self, template: &Template) -> Result<(), VariableError> {
        self.take_in_within(template, &mut Vec::new())
    }

    fn take_in_within(
        &mut self,
        template: &Template,
        outer: &mut Vec<String>,
    ) -> Result<(), VariableError> {
        for name in template.names() {
            match name {
                Name::Env(name) if !self.env.contains_key(name) => {
                    let value = self.environment(name)?;
                    let value = value.ok_or_else(|| VariableError::NotSet(name.clone()))?;
                    self.env.insert(name.clone(), value);
                }
                Name::Var(name) if !self.vars.contains_key(name) => {
                    let value = self.var(name, outer)?;
                    self.vars.insert(name.clone(), value);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn environment(&self, name: &str) -> Result<Option<String>, VariableError> {
        let value = (self.environment)(name).map(OsString::into_string);
        value
            .transpose()
            .map_err(|_| VariableError::NotText(name.to_owned()))
    }

    fn var(&mut self, name: &str, outer: &mut Vec<String>) -> Result<String, VariableError> {
        let mut given = self.overrides.vars.iter().rev();
        if let Some((_, value)) = given.find(|(key, _)| key == name) {
            return Ok(value.clone());
        }
        let variable = var_variable(self.profile, name);
        if let Some(value) = self.environment(&variable)? {
            return Ok(value);
        }
        let Some(written) = self.written.get(name) else {
            let near = nearest(name, self.written.keys().map(String::as_str));
            return Err(VariableError::NoValue {
                name: name.to_owned(),
                need: self.needs.get(name).cloned(),
                variable,
                near: near.map(str::to_owned),
            });
        };
        let is_circle = outer.iter().any(|known| known == name);
        outer.push(name.to_owned());
        if is_circle {
            return Err(VariableError::Circle(outer.join(" → ")));
        }
        if outer.len() > DEEPEST {
            return Err(VariableError::TooDeep);
        }
        let template = Template::parse(written)?;
        let is_plain = |name: &Name| matches!(name, Name::Var(_) | Name::Env(_));
        if template.has_expression() || !template.names().all(is_plain) {
            return Err(VariableError::NotPlain(name.to_owned()));
        }
        self.take_in_within(&template, outer)?;
        outer.pop();
        let known = |name: &Name| match name {
            Name::Var(name) => self.vars.get(name),
            Name::Env(name) => self.env.get(name),
            _ => None,
        };
        let length: usize = template.names().filter_map(known).map(String::len).sum();
        if length > LONGEST_KIB << 10 {
            return Err(VariableError::TooLong(name.to_owned()));
        }
        Ok(template.start(&|name| known(name).map(String::as_str)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(written: &[(&str, &str)], template: &str) -> Result<String, String> {
        let written = written
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let overrides = Overrides {
            vars: vec![("o".into(), "option".into())],
            ..Overrides::default()
        };
        let environment = |name: &str| match name {
            "TOK_P_VAR_E" => Some(OsString::from("environment")),
            "HOST" => Some(OsString::from("h")),
            _ => None,
        };
        let needs = [("domain".to_owned(), "your company's host".to_owned())].into();
        let mut vars = Vars::new("p", &written, &needs, &overrides, &environment);
        vars.take_in(&Template::parse(template).unwrap())
            .map_err(|error| error.to_string())?;
        Ok(vars
            .vars
            .into_iter()
            .chain(vars.env)
            .map(|(k, v)| format!("{k}={v}"))
            .collect::<Vec<_>>()
            .join(" "))
    }

    #[test]
    fn the_option_wins_over_the_environment_and_that_over_the_profile() {
        let written = [("o", "w"), ("e", "w"), ("w", "w")];
        assert_eq!(
            resolve(&written, "${var.o}${var.e}${var.w}").unwrap(),
            "e=environment o=option w=w"
        );
    }

    #[test]
    fn vars_may_refer_to_vars_and_to_the_environment_but_not_in_a_circle() {
        let chain = [("a", "x${var.b}"), ("b", "y${env.HOST}")];
        assert_eq!(resolve(&chain, "${var.a}").unwrap(), "a=xyh b=yh HOST=h");
        let circle = [("a", "${var.b}"), ("b", "${var.a}")];
        assert!(
            resolve(&circle, "${var.a}")
                .unwrap_err()
                .contains("a → b → a")
        );
        let itself = [("a", "${var.a}")];
        assert!(resolve(&itself, "${var.a}").unwrap_err().contains("a → a"));
    }

    #[test]
    fn forty_doublings_end_in_an_error() {
        let names: Vec<String> = (0..=40).map(|index| format!("v{index}")).collect();
        let texts: Vec<String> = (0..40)
            .map(|index| format!("${{var.v{0}}}${{var.v{0}}}", index + 1))
            .chain(["x".to_owned()])
            .collect();
        let written: Vec<(&str, &str)> = names
            .iter()
            .zip(&texts)
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        let message = resolve(&written, "${var.v0}").unwrap_err();
        assert!(message.contains("longer than 64 KiB"), "{message}");
    }

    #[test]
    fn a_long_chain_ends_in_an_error() {
        let names: Vec<String> = (0..=100_000).map(|index| format!("v{index}")).collect();
        let texts: Vec<String> = names
            .iter()
            .map(|name| format!("${{var.{name}}}"))
            .collect();
        let written: Vec<(&str, &str)> = names
            .iter()
            .zip(&texts[1..])
            .map(|(name, next)| (name.as_str(), next.as_str()))
            .collect();
        let message = resolve(&written, "${var.v0}").unwrap_err();
        assert!(message.contains("100 levels deep"), "{message}");
    }

    #[test]
    fn a_variable_without_a_value_is_named_with_the_ways_to_set_it() {
        let message = resolve(&[("tenant", "x")], "${var.tennant}").unwrap_err();
        for expected in [
            "--var tennant=",
            "TOK_P_VAR_TENNANT",
            "did you mean `var.tenant`?",
        ] {
            assert!(message.contains(expected), "{message}");
        }
        assert!(resolve(&[], "${env.UNSET}").unwrap_err().contains("UNSET"));
        assert!(
            resolve(&[("a", "${client_secret}")], "${var.a}")
                .unwrap_err()
                .contains("vars.a")
        );
    }
}
