//! From the table as written to the profile as meant: the defaults, the checks, and the words for what is wrong.

use std::collections::BTreeMap;

use serde_json::Value;

use super::name::{self, secret_variable, var_variable};
use super::origin::{self, Origin};
use super::plan::{Parameter, Plan};
use super::rules;
use super::vars::Vars;
use super::wrong::{At, Wrong};
use super::{DEFAULT_TIMEOUT_MS, Environment, Overrides, Profile, Step};
use crate::catalogue;
use crate::config::Config;
use crate::config::schema::{
    AuthMethod, Encoding, Method, OneOrMany, Params, ProfileTable, Sent, StepTable,
};
use crate::failure::{Failure, Kind};
use crate::template::{CLIENT_SECRET, Name, Template};

/// See [`Profile::resolve`].
pub(super) fn profile(
    config: &Config,
    profile: &str,
    overrides: &Overrides,
    environment: Environment<'_>,
) -> Result<Profile, Failure> {
    name::check(profile)
        .map_err(|message| Failure::new(Kind::Config, format!("profile {message}")))?;
    let mut table = config.profile(profile)?;
    let mut needs = BTreeMap::new();
    if let Some(provider) = table.provider.clone() {
        let entry = catalogue::find(&provider)
            .map_err(|message| config.wrong(profile, "provider", &message))?;
        needs = entry.needs;
        table = table.over(entry.table);
    }
    from_table(config, profile, table, &needs, overrides, environment)
        .map_err(|wrong| config.wrong(profile, &wrong.key, &wrong.message))
}

fn from_table(
    config: &Config,
    profile: &str,
    table: ProfileTable,
    needs: &BTreeMap<String, String>,
    overrides: &Overrides,
    environment: Environment<'_>,
) -> Result<Profile, Wrong> {
    let mut secrets = table.secrets;
    for secret in secrets.keys() {
        name::check(secret).at("secrets")?;
    }
    if let Some(source) = table.client_secret {
        secrets.insert(CLIENT_SECRET.to_owned(), source);
    }
    for (secret, source) in &secrets {
        let key = if secret == CLIENT_SECRET {
            CLIENT_SECRET.to_owned()
        } else {
            format!("secrets.{secret}")
        };
        let given = [
            source.env.is_some(),
            source.file.is_some(),
            source.credential.is_some(),
            source.command.is_some(),
        ];
        if given.into_iter().filter(|given| *given).count() > 1 {
            return Err(Wrong::new(
                key,
                "a secret has one source: `env`, `file`, `credential` or `command`",
            ));
        }
        if source.command.as_ref().is_some_and(Vec::is_empty) {
            return Err(Wrong::new(
                key,
                "`command` is empty; it is a list of a program and its arguments",
            ));
        }
    }
    let token_url = table.token_url.ok_or_else(|| {
        Wrong::new(
            "token_url",
            "missing: the provider's token endpoint, from its manual",
        )
    })?;
    let response = rules::read(
        table.response,
        table.default_ttl.map(|ttl| ttl.ms),
        table.max_ttl.map(|ttl| ttl.ms),
    )?;

    let mut reader = Reader {
        vars: Vars::new(profile, &table.vars, needs, overrides, environment),
        secrets: secrets.keys().cloned().collect(),
        steps: Vec::new(),
        has_client_id: table.client_id.is_some(),
        kept: response.keep.iter().map(|(name, _)| name.clone()).collect(),
    };
    reader.secrets.push(CLIENT_SECRET.to_owned());

    let client_id = match &table.client_id {
        Some(source) => Some(reader.template("client_id", source, Stand::Static)?),
        None => None,
    };
    let mut steps = Vec::new();
    for (index, step) in table.steps.unwrap_or_default().into_iter().enumerate() {
        let step = reader.step(step, index)?;
        reader.steps.push(step.name.clone());
        steps.push(step);
    }
    let auth_method = table.auth_method.unwrap_or_default();
    if client_id.is_none() && auth_method != AuthMethod::None {
        return Err(Wrong::new(
            "client_id",
            "missing: the client id the provider gave you (or `auth_method = \"none\"` where it knows none)",
        ));
    }
    let token = reader.plan(Request {
        prefix: "",
        url_key: "token_url",
        url: token_url,
        auth_method,
        basic_encoding: table.basic_encoding.unwrap_or_default(),
        method: table.method,
        encoding: table.encoding,
        grant_type: Some(
            table
                .grant_type
                .unwrap_or_else(|| "client_credentials".to_owned()),
        ),
        scope: if overrides.scope.is_empty() {
            table.scope
        } else {
            Some(OneOrMany::Many(overrides.scope.clone()))
        },
        scope_separator: table.scope_separator,
        audience: overrides.audience.clone().or(table.audience),
        resource: table.resource,
        params: table.params,
        more_params: &overrides.params,
        names: table.names,
        headers: table.headers,
    })?;
    let header = match &table.header {
        None => None,
        Some(lines) => {
            let lines: Result<Vec<_>, _> = lines
                .as_slice()
                .iter()
                .map(|line| reader.template("header", line, Stand::Header))
                .collect();
            Some(lines?)
        }
    };
    let mut origins = Vec::new();
    for origin in table.origins.unwrap_or_default() {
        origins.push(Origin::of(&origin).at("origins")?);
    }
    let folder = config.folder().to_owned();
    let path = |written: Option<String>| written.map(|path| folder.join(path));
    let (client_cert, client_key) = (path(table.client_cert), path(table.client_key));
    if client_cert.is_some() != client_key.is_some() {
        return Err(Wrong::new(
            if client_cert.is_some() {
                "client_cert"
            } else {
                "client_key"
            },
            "`client_cert` and `client_key` go together",
        ));
    }
    let timeout_ms = overrides
        .timeout_ms
        .or(table.timeout.map(|timeout| timeout.ms))
        .unwrap_or(DEFAULT_TIMEOUT_MS);
    if timeout_ms == 0 {
        return Err(Wrong::new(
            "timeout",
            "nothing can be fetched in no time at all",
        ));
    }
    let (vars, env) = (reader.vars.vars, reader.vars.env);
    let mut resolved = Profile {
        name: profile.to_owned(),
        client_id: None,
        steps,
        token,
        response,
        header,
        secrets,
        origins,
        cache: table.cache.unwrap_or_default(),
        timeout_ms,
        ca_file: path(table.ca_file),
        client_cert,
        client_key,
        folder,
        vars,
        env,
    };
    resolved.client_id = client_id.and_then(|template| resolved.render_known(&template));
    if resolved.client_id.as_deref() == Some("") {
        return Err(Wrong::new("client_id", "is empty"));
    }
    Ok(resolved)
}

/// Where a template stands decides what it may name.
#[derive(Clone, Copy, PartialEq)]
enum Stand {
    /// Before anything is known but variables.
    Static,
    /// In a request.
    Request,
    /// In a printed header line.
    Header,
}

/// A request as written, for the token endpoint or for a step.
struct Request<'a> {
    prefix: &'a str,
    url_key: &'a str,
    url: String,
    auth_method: AuthMethod,
    basic_encoding: crate::config::schema::BasicEncoding,
    method: Option<Method>,
    encoding: Option<Encoding>,
    grant_type: Option<String>,
    scope: Option<OneOrMany>,
    scope_separator: Option<String>,
    audience: Option<String>,
    resource: Option<OneOrMany>,
    params: Params,
    more_params: &'a [(String, String)],
    names: BTreeMap<Sent, String>,
    headers: BTreeMap<String, String>,
}

/// Reads templates, knowing which names there are.
struct Reader<'a> {
    vars: Vars<'a>,
    secrets: Vec<String>,
    steps: Vec<String>,
    has_client_id: bool,
    kept: Vec<String>,
}

impl Reader<'_> {
    fn template(&mut self, key: &str, source: &str, place: Stand) -> Result<Template, Wrong> {
        let template = Template::parse(source).at(key)?;
        for name in template.names() {
            self.allowed(name, place).at(key)?;
        }
        self.vars.take_in(&template).at(key)?;
        Ok(template)
    }

    fn allowed(&self, name: &Name, place: Stand) -> Result<(), String> {
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

    fn step(&mut self, table: StepTable, index: usize) -> Result<Step, Wrong> {
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
        Ok(Step { name, plan })
    }

    fn plan(&mut self, request: Request<'_>) -> Result<Plan, Wrong> {
        let key = |key: &str| format!("{}{key}", request.prefix);
        let method = request.method.unwrap_or_default();
        let encoding = request.encoding.unwrap_or(match method {
            Method::Post => Encoding::Form,
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
        for (name, value) in &request.params.0 {
            let parameter = self.parameter(&key("params"), value)?;
            if encoding != Encoding::Json && !is_flat(&parameter) {
                return Err(Wrong::new(
                    key("params"),
                    format!("`{name}` is nested, which only `encoding = \"json\"` can carry"),
                ));
            }
            set(name, parameter);
        }
        for (name, value) in request.more_params {
            set(name, Parameter::Text(Template::literal(value)));
        }
        if encoding == Encoding::None && !parameters.is_empty() {
            let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
            return Err(Wrong::new(
                key("encoding"),
                format!(
                    "`none` sends no parameters, but there are: {}",
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
                self.template(&key("headers"), value, Stand::Request)?,
            ));
        }
        Ok(Plan {
            url: self.template(&key(request.url_key), &request.url, Stand::Request)?,
            method,
            encoding,
            auth_method: request.auth_method,
            basic_encoding: request.basic_encoding,
            parameters,
            headers,
        })
    }

    fn parameter(&mut self, key: &str, value: &Value) -> Result<Parameter, Wrong> {
        Ok(match value {
            Value::String(text) => Parameter::Text(self.template(key, text, Stand::Request)?),
            Value::Array(items) => Parameter::List(
                items
                    .iter()
                    .map(|item| self.parameter(key, item))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(members) => Parameter::Table(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), self.parameter(key, member)?)))
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

/// See [`Profile::check`].
pub(super) fn check(profile: &Profile, config: &Config) -> Result<(), Failure> {
    check_names(profile, config)?;
    let wrong = |key: &str, message: &str| config.wrong(&profile.name, key, message);
    let plans = profile
        .steps
        .iter()
        .map(|step| (format!("steps.{}.url", step.name), &step.plan))
        .chain([("token_url".to_owned(), &profile.token)]);
    for (url_key, plan) in plans {
        for name in origin::names_in_host(&plan.url) {
            if profile
                .known_value(&name)
                .is_some_and(|value| !origin::stays_in_host(value))
            {
                return Err(wrong(
                    &url_key,
                    &format!(
                        "`${{{name}}}` stands in the host, so its value may hold no `/`, `\\`, `?`, `#` or `@`"
                    ),
                ));
            }
        }
        if let Some(url) = profile.render_known(&plan.url) {
            Origin::of(&url).map_err(|message| wrong(&url_key, &message))?;
        }
        for template in plan.templates() {
            template.check().map_err(|message| wrong("", &message))?;
        }
    }
    for template in profile.header.iter().flatten() {
        template
            .check()
            .map_err(|message| wrong("header", &message))?;
    }
    profile
        .home()
        .map_err(|message| wrong("token_url", &message))?;
    Ok(())
}

/// The names of the whole file: each good, and no two profiles reading one environment variable.
fn check_names(profile: &Profile, config: &Config) -> Result<(), Failure> {
    let all = config.profiles()?;
    let own = variables(
        &profile.name,
        profile.secrets.keys().map(String::as_str),
        profile.vars.keys().map(String::as_str),
    );
    for (other, table) in &all {
        name::check(other)
            .map_err(|message| config.wrong(other, "", &format!("the name {message}")))?;
        if *other == profile.name {
            continue;
        }
        let theirs = variables(
            other,
            table.secrets.keys().map(String::as_str),
            table.vars.keys().map(String::as_str),
        );
        if let Some(variable) = own.iter().find(|variable| theirs.contains(variable)) {
            return Err(config.wrong(
                &profile.name,
                "",
                &format!("its environment variable {variable} is also that of profile `{other}`; rename one of them"),
            ));
        }
    }
    Ok(())
}

/// Every environment variable that a profile of this name reads by itself.
fn variables<'a>(
    profile: &str,
    secrets: impl Iterator<Item = &'a str>,
    vars: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    [CLIENT_SECRET]
        .into_iter()
        .chain(secrets)
        .map(|secret| secret_variable(profile, secret))
        .chain(vars.map(|var| var_variable(profile, var)))
        .collect()
}
