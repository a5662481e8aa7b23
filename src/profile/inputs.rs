//! The inputs that decide which token comes back, for the cache key: without secrets and without settings that only affect printing.

use serde::Serialize;

use crate::profile::assertion::{Assertion, Claim, Header, SigningKey};
use crate::profile::identity::Identity;
use crate::profile::location::Locations;
use crate::profile::parameter::Parameter;
use crate::profile::plan::Plan;
use crate::profile::resolved::Profile;
use crate::profile::rules::Response;
use crate::profile::template::{Name, Template};

/// Named values in a fixed order.
pub type Inputs = Vec<(String, String)>;

impl Profile {
    /// Returns all inputs, without secrets.
    pub fn inputs(&self) -> Inputs {
        let mut list = List::default();
        list.add("client_id", self.client_id.as_deref().unwrap_or_default());
        let mut names: Vec<&Name> = self
            .plans()
            .flat_map(Plan::templates)
            .flat_map(Template::names)
            .collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            match name {
                Name::Var(var) => list.add(&format!("var {var}"), self.vars.get(var)),
                Name::Env(variable) => list.add(&format!("env {variable}"), self.env.get(variable)),
                _ => {}
            }
        }
        // Another profile's token changes, but the way to it does not.
        for (name, other) in &self.others {
            let inputs = serde_json::to_string(&other.inputs());
            list.add(&format!("profile {name}"), inputs.unwrap_or_default());
        }
        if self.is_discovered {
            // The URL of the token plan is the issuer then, or what the issuer gives.
            list.add("issuer", self.issuer.as_ref().map(Template::source));
        }
        for step in &self.steps {
            list.prefix = format!("step {} ", step.name);
            list.plan(&step.plan);
            list.response(&step.response);
        }
        list.prefix.clear();
        list.plan(&self.token);
        list.response(&self.response);
        if let Some(identity) = &self.identity {
            list.identity(identity);
        }
        if self.shows_certificate
            && let Some(path) = &self.client_cert
        {
            list.add("client_cert", path.display().to_string());
        }
        list.inputs
    }
}

#[derive(Default)]
struct List {
    prefix: String,
    inputs: Inputs,
}

trait Value {
    fn text(self) -> Option<String>;
}

impl Value for String {
    fn text(self) -> Option<String> {
        Some(self)
    }
}

impl Value for &str {
    fn text(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl<T: ToString> Value for Option<T> {
    fn text(self) -> Option<String> {
        self.map(|value| value.to_string())
    }
}

impl List {
    fn add(&mut self, name: &str, value: impl Value) {
        if let Some(value) = value.text() {
            self.inputs.push((format!("{}{name}", self.prefix), value));
        }
    }

    fn add_sorted(&mut self, kind: &str, mut values: Vec<(&String, String)>) {
        values.sort();
        for (name, value) in values {
            self.add(&format!("{kind} {name}"), value);
        }
    }

    fn plan(&mut self, plan: &Plan) {
        self.add("url", plan.url.source());
        self.add("method", plan.method.name());
        self.add("encoding", word(&plan.encoding));
        self.add("auth_method", word(&plan.auth_method));
        self.add("basic_encoding", word(&plan.basic_encoding));
        self.add("body", plan.body.as_ref().map(Template::source));
        self.add("content_type", plan.content_type.as_ref());
        let canonical = |(_, value): &(String, Parameter)| value.canonical().to_string();
        self.add_sorted("parameter", paired(&plan.parameters, canonical));
        self.add_sorted("query", paired(&plan.query, canonical));
        // Templates are compared as written, because their results differ from run to run.
        let source = |(_, value): &(String, Template)| value.source().to_owned();
        self.add_sorted("value", paired(&plan.values, source));
        self.add_sorted("header", paired(&plan.headers, source));
        if let Some(assertion) = &plan.assertion {
            self.assertion(assertion);
        }
    }

    fn identity(&mut self, identity: &Identity) {
        self.add(
            "identity from",
            identity.platform.and_then(|from| word(&from)),
        );
        let source = serde_json::to_string(&identity.source).unwrap_or_default();
        self.add("identity", source);
        self.add("identity audience", identity.audience.as_ref());
        self.add("identity client_id", identity.client_id.as_ref());
        let connection = identity.service_connection.as_ref();
        self.add("identity service_connection", connection);
    }

    fn assertion(&mut self, assertion: &Assertion) {
        self.add(
            "assertion alg",
            assertion.algorithm.map_or("", |alg| alg.name()),
        );
        match &assertion.key {
            SigningKey::Secret(name) => self.add("assertion key", name.as_str()),
            SigningKey::Command(command) => {
                self.add("assertion command", serde_json::to_string(command).ok());
            }
        }
        let header = |(_, header): &(String, Header)| match header {
            Header::Certificate(_) => "certificate".to_owned(),
            Header::Said(value) => value.canonical().to_string(),
        };
        self.add_sorted("assertion header", paired(&assertion.headers, header));
        let said = |(_, claim): &(String, Claim)| match claim {
            Claim::Issued => "issued".to_owned(),
            Claim::Expires => "expires".to_owned(),
            Claim::Unique => "unique".to_owned(),
            Claim::Said(value) => value.canonical().to_string(),
        };
        self.add_sorted("assertion claim", paired(&assertion.claims, said));
    }

    /// Rules that only find an error's text are not inputs.
    fn response(&mut self, rules: &Response) {
        self.add("format", word(&rules.format));
        self.add("status", rules.status);
        self.add("access_token", locations(&rules.access_token));
        self.add("token_type", locations(&rules.token_type));
        self.add("expires_in", rules.expires_in.as_ref().map(locations));
        self.add("expires_in_unit", word(&rules.expires_in_unit));
        self.add("expires_at", rules.expires_at.as_ref().map(locations));
        self.add("expires_at_unit", word(&rules.expires_at_unit));
        self.add(
            "expires_at_zone",
            rules.expires_at_zone.map(|zone| zone.seconds()),
        );
        self.add("scope", locations(&rules.scope));
        for keep in &rules.keep {
            self.add(&format!("keep {}", keep.name), keep.location.to_string());
        }
        self.add("strip_prefix", rules.strip_prefix.as_ref());
        for (pointer, expected) in &rules.success {
            self.add(
                &format!("success {}", pointer.source()),
                expected.to_string(),
            );
        }
        self.add("token_chars", word(&rules.token_chars));
        self.add("default_ttl_ms", rules.default_ttl_ms);
        self.add("max_ttl_ms", rules.max_ttl_ms);
    }
}

fn paired<T>(
    list: &[(String, T)],
    value: impl Fn(&(String, T)) -> String,
) -> Vec<(&String, String)> {
    list.iter().map(|pair| (&pair.0, value(pair))).collect()
}

fn word(keyword: &impl Serialize) -> Option<String> {
    let written = serde_json::to_value(keyword).ok()?;
    written.as_str().map(str::to_owned)
}

/// JSON, so that different lists never have the same text.
fn locations(list: &Locations) -> String {
    let list: Vec<String> = list.as_slice().iter().map(ToString::to_string).collect();
    serde_json::Value::from(list).to_string()
}
