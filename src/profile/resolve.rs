//! From the table as written to the profile as meant: the defaults, and the words for what is wrong.

use std::collections::BTreeMap;

use super::name;
use super::origin::Origin;
use super::pointer::Pointer;
use super::reader::{Reader, Request, Stand};
use super::rules;
use super::vars::Vars;
use super::wrong::{At, Wrong};
use super::{DEFAULT_TIMEOUT_MS, Environment, Overrides, Profile};
use crate::catalogue;
use crate::config::Config;
use crate::config::schema::{AssertionTable, AuthMethod, OneOrMany, ProfileTable};
use crate::failure::{Failure, Kind};
use crate::template::CLIENT_SECRET;

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
        if let Some(pointer) = &source.pointer {
            Pointer::parse(pointer).at(&key)?;
            if !given.contains(&true) {
                return Err(Wrong::new(
                    key,
                    "`pointer` says where in a JSON text the secret is; name the `file`, `env`, `credential` or `command` that gives it",
                ));
            }
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
    for value in table.values.keys() {
        name::check(value).at("values")?;
    }
    let steps_written = table.steps.unwrap_or_default();
    let step_names: Vec<String> = steps_written
        .iter()
        .filter_map(|step| step.name.clone())
        .collect();
    let response = rules::read(
        &table.response,
        "response",
        &step_names,
        table.default_ttl.map(|ttl| ttl.ms),
        table.max_ttl.map(|ttl| ttl.ms),
    )?;

    let mut reader = Reader {
        vars: Vars::new(profile, &table.vars, needs, overrides, environment),
        secrets: secrets.keys().cloned().collect(),
        steps: Vec::new(),
        values: table.values,
        used_values: Vec::new(),
        signs: false,
        assertion: table.assertion,
        has_client_id: table.client_id.is_some(),
        kept: response.keep.iter().map(|(name, _)| name.clone()).collect(),
    };
    reader.secrets.push(CLIENT_SECRET.to_owned());

    let client_id = match &table.client_id {
        Some(source) => Some(reader.template("client_id", source, Stand::Static)?),
        None => None,
    };
    let mut steps = Vec::new();
    for (index, step) in steps_written.into_iter().enumerate() {
        let step = reader.step(step, index, &table.response)?;
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
        query: table.query,
        more_params: &overrides.params,
        names: table.names,
        headers: table.headers,
    })?;
    let mut signs = false;
    for plan in steps.iter().map(|step| &step.plan).chain([&token]) {
        let Some(assertion) = &plan.assertion else {
            continue;
        };
        signs = true;
        if assertion.key != CLIENT_SECRET {
            // Which secret signs is known without a declaration: `private_key`, where nobody says otherwise.
            secrets.entry(assertion.key.clone()).or_default();
        }
    }
    if !signs && reader.assertion != AssertionTable::default() {
        return Err(Wrong::new(
            "assertion",
            "nothing sends it: set `auth_method = \"private_key_jwt\"`, or put `${assertion}` where the request wants it",
        ));
    }
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
            "has to be longer than no time at all",
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
