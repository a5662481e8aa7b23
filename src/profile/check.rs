//! Checks URLs, expressions and clashing names of a resolved profile.

use crate::error::{Error, Kind, OrFail as _};
use crate::profile::at::{At, wrong};
use crate::profile::client_certificate;
use crate::profile::file::Config;
use crate::profile::host::names_in_host;
use crate::profile::name::{secret_variable, var_variable};
use crate::profile::resolved::Profile;
use crate::profile::template::url::stays_in_host;
use crate::profile::template::{CLIENT_KEY, CLIENT_SECRET, PRIVATE_KEY, TemplateError};
use crate::wire::origin::Origin;

impl Profile {
    /// Checks what [`resolve`](Self::resolve) does not; call it before a secret is read or anything is sent.
    pub fn check(&self, config: &Config) -> Result<(), Error> {
        check_names(self, config)?;
        let steps = self.steps.iter();
        let plans = steps
            .map(|step| (format!("steps.{}.url", step.name), &step.plan))
            .chain([(self.url_key().to_owned(), &self.token)]);
        for (url_key, plan) in plans {
            for name in names_in_host(&plan.url) {
                let value = self.known_value(&name);
                if value.is_some_and(|value| !stays_in_host(value)) {
                    let refused = Err(TemplateError::EndsHost(name.to_string())).at(&url_key);
                    return refused.map_err(|error| config.located(&self.name, error));
                }
            }
            if let Some(placeholder) = placeholder(plan.url.source()) {
                let reason = format!("`{placeholder}` is not filled in");
                return Err(config.located(&self.name, wrong(&url_key, reason)));
            }
            if let Some(url) = self.known_host(plan) {
                let origin = Origin::of(&url).at(&url_key);
                origin.map_err(|error| config.located(&self.name, error))?;
            }
            for template in plan.templates() {
                let source = template.source();
                let located = |error| config.located_at_text(&self.name, source, error);
                template.check().or_fail(Kind::Config).map_err(located)?;
                if let Some(format) = constant_time(source) {
                    let reason =
                        format!("`now('{format}')` has no `%…` in it, so it is always `{format}`");
                    return Err(located(Error::new(Kind::Config, reason)));
                }
            }
        }
        for template in self.header.iter().flatten() {
            let checked = template.check().at("header");
            checked.map_err(|error| config.located(&self.name, error))?;
        }
        for (name, template) in &self.header_values {
            let checked = template.check().at(&format!("values.{name}"));
            checked.map_err(|error| config.located(&self.name, error))?;
        }
        self.check_issuer()
            .map_err(|error| config.located(&self.name, error))?;
        self.others
            .values()
            .try_for_each(|other| other.check(config))?;
        client_certificate::check_urls(self).map_err(|error| config.located(&self.name, error))?;
        let home = self.home().at(self.url_key());
        home.map_err(|error| config.located(&self.name, error))?;
        Ok(())
    }

    fn url_key(&self) -> &'static str {
        match self.is_discovered {
            true => "issuer",
            false => "token_url",
        }
    }

    /// RFC 8414 §2: an issuer is a URL without query and fragment.
    fn check_issuer(&self) -> Result<(), Error> {
        let Some(issuer) = self.issuer_url() else {
            return Ok(());
        };
        Origin::of(&issuer).at("issuer")?;
        match issuer.contains(['?', '#']) {
            true => Err(wrong(
                "issuer",
                "has a query or a fragment, which an issuer cannot have",
            )),
            false => Ok(()),
        }
    }
}

/// Finds `{tenant}` or `<tenant>` as in manuals; a URL cannot contain these characters (RFC 3986 §2).
fn placeholder(url: &str) -> Option<&str> {
    let pairs = [('{', '}'), ('<', '>')];
    pairs.into_iter().find_map(|(open, close)| {
        let mut starts = url.match_indices(open);
        let (start, _) = starts.find(|(at, _)| !url[..*at].ends_with('$'))?;
        let end = url[start..].find(close)?;
        let inside = &url[start..=start + end];
        (!url[..start].contains("${") || url[..start].contains('}')).then_some(inside)
    })
}

fn constant_time(source: &str) -> Option<&str> {
    source.split("now(").skip(1).find_map(|rest| {
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (format, _) = rest[1..].split_once(quote)?;
        (!format.contains('%')).then_some(format)
    })
}

/// Refuses two profiles that read one environment variable; other mistakes in the other profile do not matter here.
fn check_names(profile: &Profile, config: &Config) -> Result<(), Error> {
    let own = variables(
        &profile.name,
        profile.secrets.keys().map(String::as_str),
        profile.vars.keys().map(String::as_str),
    );
    for (other, table) in config.overview().unwrap_or_default().profiles {
        let Ok(table) = table else { continue };
        if other == profile.name {
            continue;
        }
        let theirs = variables(
            &other,
            table
                .secrets
                .keys()
                .map(String::as_str)
                .chain(table.client_key.as_ref().map(|_| CLIENT_KEY)),
            table.vars.keys().map(String::as_str),
        );
        if let Some(variable) = own.iter().find(|variable| theirs.contains(variable)) {
            let reason = format!(
                "its environment variable {variable} is also that of profile `{other}`; rename one of them"
            );
            return Err(config.located(&profile.name, Error::new(Kind::Config, reason)));
        }
    }
    Ok(())
}

/// The two secrets that need no declaration are always included: a step or the catalogue may use them.
fn variables<'a>(
    profile: &str,
    secrets: impl Iterator<Item = &'a str>,
    vars: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    [CLIENT_SECRET, PRIVATE_KEY]
        .into_iter()
        .chain(secrets)
        .map(|secret| secret_variable(profile, secret))
        .chain(vars.map(|var| var_variable(profile, var)))
        .collect()
}
