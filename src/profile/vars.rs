//! The values behind `${var.NAME}` and `${env.NAME}`: the command line, then the environment, then the profile.

use std::collections::BTreeMap;

use crate::profile::name::var_variable;
use crate::profile::template::{Name, Template};
use crate::profile::{Environment, Overrides};
use crate::secret::Secret;

/// The variables a profile may use, each resolved when it is first asked for.
pub(super) struct Vars<'a> {
    profile: &'a str,
    written: &'a BTreeMap<String, String>,
    needs: &'a BTreeMap<String, String>,
    overrides: &'a Overrides,
    environment: Environment<'a>,
    /// Every variable that was asked for, with its value.
    pub(super) vars: BTreeMap<String, String>,
    /// Every environment variable that was asked for, with its value.
    pub(super) env: BTreeMap<String, String>,
}

impl<'a> Vars<'a> {
    /// The variables of `profile`, which wrote `written`; `needs` says what those are that a catalogue entry leaves to the user.
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

    /// Resolves every `var.` and `env.` that `template` names, and those that they name in turn.
    pub(super) fn take_in(&mut self, template: &Template) -> Result<(), String> {
        self.take_in_within(template, &mut Vec::new())
    }

    fn take_in_within(
        &mut self,
        template: &Template,
        asking: &mut Vec<String>,
    ) -> Result<(), String> {
        for name in template.names() {
            match name {
                Name::Env(name) if !self.env.contains_key(name) => {
                    let value = self.environment(name)?.ok_or_else(|| {
                        format!("environment variable {name}, which `${{env.{name}}}` stands for, is not set")
                    })?;
                    self.env.insert(name.clone(), value);
                }
                Name::Var(name) if !self.vars.contains_key(name) => {
                    let value = self.var(name, asking)?;
                    self.vars.insert(name.clone(), value);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn environment(&self, name: &str) -> Result<Option<String>, String> {
        (self.environment)(name)
            .map(|value| {
                value
                    .into_string()
                    .map_err(|_| format!("environment variable {name} is not UTF-8 text"))
            })
            .transpose()
    }

    fn var(&mut self, name: &str, asking: &mut Vec<String>) -> Result<String, String> {
        if let Some((_, value)) = self
            .overrides
            .vars
            .iter()
            .rev()
            .find(|(key, _)| key == name)
        {
            return Ok(value.clone());
        }
        let variable = var_variable(self.profile, name);
        if let Some(value) = self.environment(&variable)? {
            return Ok(value);
        }
        let Some(written) = self.written.get(name) else {
            let near = crate::term::text::nearest(name, self.written.keys().map(String::as_str));
            let near =
                near.map_or_else(String::new, |near| format!("; did you mean `var.{near}`?"));
            let what = self
                .needs
                .get(name)
                .map_or_else(String::new, |what| format!(" ({what})"));
            return Err(format!(
                "`${{var.{name}}}`{what} has no value: set it with `vars = {{ {name} = \"…\" }}`, --var {name}=… or {variable}{near}"
            ));
        };
        if asking.iter().any(|asked| asked == name) {
            asking.push(name.to_owned());
            return Err(format!(
                "vars refer to one another in a circle: {}",
                asking.join(" → ")
            ));
        }
        asking.push(name.to_owned());
        let template = Template::parse(written)?;
        if template.has_expression()
            || template
                .names()
                .any(|name| !matches!(name, Name::Var(_) | Name::Env(_)))
        {
            return Err(format!(
                "`vars.{name}` may hold only `${{var.…}}` and `${{env.…}}`"
            ));
        }
        self.take_in_within(&template, asking)?;
        asking.pop();
        let rendered = template.render(&|name| {
            let value = match name {
                Name::Var(name) => self.vars.get(name),
                Name::Env(name) => self.env.get(name),
                _ => None,
            };
            Ok(Secret::new(value.cloned().unwrap_or_default()))
        });
        rendered
            .map(|text| text.expose().to_owned())
            .map_err(|failure| failure.to_string().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

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
        vars.take_in(&Template::parse(template).unwrap())?;
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
    fn what_has_no_value_is_named_with_the_ways_to_set_it() {
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
