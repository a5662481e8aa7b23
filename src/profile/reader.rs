//! Requests and templates as a profile writes them, read: every name must be one that there is and that may stand where it does.

use std::collections::BTreeMap;

use serde_json::Value;

use super::assertion::CLIENT_ASSERTION_TYPE;
use super::nested;
use super::plan::{Parameter, Plan};
use super::rules;
use super::vars::Vars;
use super::wrong::{At, Wrong};
use super::{Step, name};
use crate::config::schema::{
    AssertionTable, AuthMethod, Encoding, Method, OneOrMany, Params, ResponseTable, Sent, StepTable,
};
use crate::template::{Name, Template};

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

/// A request as written, for the token endpoint or for a step.
pub(super) struct Request<'a> {
    pub(super) prefix: &'a str,
    pub(super) url_key: &'a str,
    pub(super) url: String,
    pub(super) auth_method: AuthMethod,
    pub(super) basic_encoding: crate::config::schema::BasicEncoding,
    pub(super) method: Option<Method>,
    pub(super) encoding: Option<Encoding>,
    pub(super) grant_type: Option<String>,
    pub(super) scope: Option<OneOrMany>,
    pub(super) scope_separator: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) resource: Option<OneOrMany>,
    pub(super) params: Params,
    pub(super) query: Params,
    pub(super) more_params: &'a [(String, String)],
    pub(super) names: BTreeMap<Sent, String>,
    pub(super) headers: BTreeMap<String, String>,
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

    pub(super) fn allowed(&self, name: &Name, place: Stand) -> Result<(), String> {
        let known = |list: &[String], wanted: &String, what: &str, how: &str| {
            if list.contains(wanted) {
                return Ok(());
            }
            let near = crate::text::nearest(wanted, list.iter().map(String::as_str));
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

    pub(super) fn step(
        &mut self,
        table: StepTable,
        index: usize,
        profile: &ResponseTable,
    ) -> Result<Step, Wrong> {
        let name = table
            .name
            .ok_or_else(|| Wrong::new("steps", format!("step {} has no `name`", index + 1)))?;
        name::check(&name).at("steps")?;
        if self.steps.contains(&name) {
            return Err(Wrong::new(
                "steps",
                format!("two steps are called `{name}`"),
            ));
        }
        let url = table
            .url
            .ok_or_else(|| Wrong::new("steps", format!("step `{name}` has no `url`")))?;
        let prefix = format!("steps.{name}.");
        let response = rules::read(
            &table.response.within(profile),
            &format!("{prefix}response"),
            &[],
            None,
            None,
        )?;
        let plan = self.plan(Request {
            prefix: &prefix,
            url_key: "url",
            url,
            auth_method: table.auth_method.unwrap_or(AuthMethod::None),
            basic_encoding: table.basic_encoding.unwrap_or_default(),
            method: table.method,
            encoding: table.encoding,
            grant_type: table.grant_type,
            scope: table.scope,
            scope_separator: table.scope_separator,
            audience: table.audience,
            resource: table.resource,
            params: table.params,
            query: table.query,
            more_params: &[],
            names: table.names,
            headers: table.headers,
        })?;
        if plan.auth_method != AuthMethod::None && !self.has_client_id {
            return Err(Wrong::new(
                format!("{prefix}auth_method"),
                "needs the profile's `client_id`",
            ));
        }
        Ok(Step {
            name,
            plan,
            response,
        })
    }

    pub(super) fn plan(&mut self, request: Request<'_>) -> Result<Plan, Wrong> {
        let key = |key: &str| format!("{}{key}", request.prefix);
        self.used_values.clear();
        self.signs = false;
        let method = request.method.unwrap_or_default();
        let encoding = request.encoding.unwrap_or(match method {
            Method::Post | Method::Put => Encoding::Form,
            Method::Get => Encoding::Query,
        });
        let mut parameters: Vec<(String, Parameter)> = Vec::new();
        let renamed = |sent: Sent| {
            request
                .names
                .get(&sent)
                .map_or_else(|| sent.name().to_owned(), Clone::clone)
        };
        let mut standard = |reader: &mut Self, sent: Sent, source: &str| {
            let template = reader.template(&key(sent.name()), source, Stand::Request)?;
            parameters.push((renamed(sent), Parameter::Text(template)));
            Ok(())
        };
        if let Some(grant_type) = request
            .grant_type
            .as_deref()
            .filter(|grant| *grant != "none" && encoding != Encoding::None)
        {
            standard(self, Sent::GrantType, grant_type)?;
        }
        if request.auth_method == AuthMethod::ClientSecretPost {
            standard(self, Sent::ClientId, "${client_id}")?;
            standard(self, Sent::ClientSecret, "${client_secret}")?;
        }
        if request.auth_method.is_signed() {
            standard(self, Sent::ClientId, "${client_id}")?;
            standard(self, Sent::ClientAssertionType, CLIENT_ASSERTION_TYPE)?;
            standard(self, Sent::ClientAssertion, "${assertion}")?;
        }
        if let Some(audience) = &request.audience {
            standard(self, Sent::Audience, audience)?;
        }
        if let Some(scope) = &request.scope {
            let mut words = Vec::new();
            for word in scope.as_slice().iter().flat_map(|text| split_scope(text)) {
                words.push(self.template(&key("scope"), &word, Stand::Request)?);
            }
            let separator = request
                .scope_separator
                .clone()
                .unwrap_or_else(|| " ".to_owned());
            if !words.is_empty() {
                parameters.push((renamed(Sent::Scope), Parameter::Words { words, separator }));
            }
        }
        if let Some(resource) = &request.resource {
            let mut items = Vec::new();
            for item in resource.as_slice() {
                items.push(Parameter::Text(self.template(
                    &key("resource"),
                    item,
                    Stand::Request,
                )?));
            }
            let parameter = if items.len() == 1 {
                items.remove(0)
            } else {
                Parameter::List(items)
            };
            parameters.push((renamed(Sent::Resource), parameter));
        }
        let mut set = |name: &str, parameter: Parameter| match parameters
            .iter_mut()
            .find(|(known, _)| known == name)
        {
            Some((_, known)) => *known = parameter,
            None => parameters.push((name.to_owned(), parameter)),
        };
        let mut query = Vec::new();
        for (name, value) in &request.query.0 {
            let parameter = self.parameter(&key("query"), value, Stand::Request)?;
            if !is_flat(&parameter) {
                return Err(Wrong::new(
                    key("query"),
                    format!("`{name}` is nested, which a URL cannot carry"),
                ));
            }
            query.push((name.clone(), parameter));
        }
        for (name, value) in &request.params.0 {
            let parameter = self.parameter(&key("params"), value, Stand::Request)?;
            if encoding != Encoding::Json && !is_flat(&parameter) {
                return Err(Wrong::new(
                    key("params"),
                    format!("`{name}` is nested, which only `encoding = \"json\"` can carry"),
                ));
            }
            set(name, parameter);
        }
        for (name, value) in request.more_params {
            if let Some((_, known)) = query.iter_mut().find(|(known, _)| known == name) {
                *known = Parameter::Text(Template::literal(value));
                continue;
            }
            set(name, Parameter::Text(Template::literal(value)));
        }
        nested::nest(&mut parameters, &request.names, encoding).at(&key("names"))?;
        if encoding == Encoding::None && !parameters.is_empty() {
            let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
            return Err(Wrong::new(
                key("encoding"),
                format!(
                    "`none` sends no parameters (those in the URL go into `query`), but there are: {}",
                    names.join(", ")
                ),
            ));
        }
        let mut headers = Vec::new();
        for (name, value) in &request.headers {
            reqwest::header::HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                Wrong::new(
                    key("headers"),
                    format!("`{}` is no header name", crate::text::clean(name, 60)),
                )
            })?;
            headers.push((
                name.clone(),
                self.template(&key("headers"), value, Stand::Field)?,
            ));
        }
        let mut plan = Plan {
            url: self.template(&key(request.url_key), &request.url, Stand::Request)?,
            query,
            values: Vec::new(),
            method,
            encoding,
            auth_method: request.auth_method,
            basic_encoding: request.basic_encoding,
            parameters,
            headers,
            assertion: None,
        };
        if self.signs {
            plan.assertion = Some(self.assertion(&plan.url, plan.auth_method)?);
        }
        plan.values = std::mem::take(&mut self.used_values);
        Ok(plan)
    }

    pub(super) fn parameter(
        &mut self,
        key: &str,
        value: &Value,
        place: Stand,
    ) -> Result<Parameter, Wrong> {
        Ok(match value {
            Value::String(text) => Parameter::Text(self.template(key, text, place)?),
            Value::Array(items) => Parameter::List(
                items
                    .iter()
                    .map(|item| self.parameter(key, item, place))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(members) => Parameter::Table(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), self.parameter(key, member, place)?)))
                    .collect::<Result<_, Wrong>>()?,
            ),
            plain => Parameter::Plain(plain.clone()),
        })
    }
}

/// The words of a scope (RFC 6749 §3.3), a `${…}` with spaces in it counted as one.
fn split_scope(text: &str) -> Vec<String> {
    if text.contains("${") {
        return vec![text.to_owned()];
    }
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

/// Whether form or query can carry it: a scalar, or a list of scalars.
fn is_flat(parameter: &Parameter) -> bool {
    match parameter {
        Parameter::Table(_) => false,
        Parameter::List(items) => items
            .iter()
            .all(|item| !matches!(item, Parameter::List(_) | Parameter::Table(_))),
        _ => true,
    }
}
