//! Turns a written table into a profile: fills in defaults, overrides and variables, and checks the values it reads.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Error, Kind};
use crate::profile::at::{At, wrong};
use crate::profile::file::Config;
use crate::profile::file::schema::{
    AssertionTable, AuthMethod, DurationText, KeySource, OneOrMany, ProfileTable,
};
use crate::profile::home;
use crate::profile::host::literal_origin;
use crate::profile::layers::Layers;
use crate::profile::metadata::{Credentials, Endpoint, Metadata};
use crate::profile::name;
use crate::profile::plan::{Plan, TOKEN_EXCHANGE};
use crate::profile::reader::{LoginKeys, Reader, Request, Where};
use crate::profile::resolved::{
    DEFAULT_HEADER, DEFAULT_TIMEOUT_MS, Environment, Overrides, Profile,
};
use crate::profile::template::{CLIENT_SECRET, Template};
use crate::profile::vars::Vars;
use crate::profile::{client_certificate, grants, identity, others, rules, sources, unused};
use crate::wire::origin::Origin;

impl Profile {
    /// Resolves profile `name` of `config` with `overrides`.
    pub fn resolve(
        config: &Config,
        name: &str,
        overrides: &Overrides,
        environment: Environment<'_>,
    ) -> Result<Self, Error> {
        resolve(config, name, overrides, environment, None, &[])
    }
}

/// `for_profiles` are those whose requests send this profile's token, the outermost first.
pub(super) fn resolve(
    config: &Config,
    name: &str,
    overrides: &Overrides,
    environment: Environment<'_>,
    metadata: Option<&Metadata>,
    for_profiles: &[&str],
) -> Result<Profile, Error> {
    name::check(name).map_err(|error| Error::new(Kind::Config, format!("profile {error}")))?;
    let mut layers = Layers::of(config, name)?;
    let needs = std::mem::take(&mut layers.needs);
    let table = layers.merged();
    let mut profile = from_table(
        config,
        name,
        table,
        &needs,
        overrides,
        environment,
        metadata,
    )
    .map_err(|error| match unused::mistyped(&error, overrides) {
        Some(var) => unused::option(name, &var.0, Some(&var.1)),
        None => config.located(name, error),
    })?;
    unused::check_options(&profile, overrides)?;
    profile.others = others::of(&profile, for_profiles, &|other, waiting| {
        resolve(
            config,
            other,
            &Overrides::default(),
            environment,
            None,
            waiting,
        )
    })?;
    Ok(profile)
}

pub(super) fn from_table(
    config: &Config,
    profile: &str,
    mut table: ProfileTable,
    needs: &BTreeMap<String, String>,
    overrides: &Overrides,
    environment: Environment<'_>,
    metadata: Option<&Metadata>,
) -> Result<Profile, Error> {
    let is_login = is_login(&table);
    let credentials = Credentials::of(&table);
    let mut request = std::mem::take(&mut table.request);
    let grant = request.grant_type.as_deref().and_then(grants::find);
    let login_keys = LoginKeys::take(&mut table, grant)?;
    let mut secrets = sources::read(table.secrets, table.client_secret)?;
    for &secret in grant.iter().flat_map(|grant| grant.secrets) {
        secrets.entry(secret.to_owned()).or_default();
    }
    let login = grant.and_then(|grant| grant.login);
    // A client that logs users in rarely has a secret, so one has to be mentioned.
    let is_confidential = secrets.contains_key(CLIENT_SECRET)
        || credentials.has_private_key
        || table.assertion != AssertionTable::default();
    if login.is_some() && !is_confidential {
        request.auth_method.get_or_insert(AuthMethod::None);
    }
    let login = login.filter(|_| overrides.login);
    let is_discovered = table.token_url.is_none() && table.issuer.is_some();
    let has_client_cert = table.client_cert.is_some() && table.client_key.is_some();
    let token_url = match (table.token_url.take(), &table.issuer, metadata) {
        (Some(url), ..) => url,
        (None, Some(_), Some(metadata)) => metadata
            .endpoint(Endpoint::Token, has_client_cert)
            .at("issuer")?
            .to_owned(),
        (None, Some(issuer), None) => issuer.clone(),
        (None, None, _) => {
            return Err(wrong(
                "token_url",
                "missing: the provider's token endpoint, from its manual (or `issuer`)",
            ));
        }
    };
    if is_discovered && !is_login && request.auth_method.is_none() {
        request.auth_method = Some(credentials.method(metadata).at("issuer")?);
    }
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
        sign: table.sign,
        offered: metadata.map(Metadata::algorithms).unwrap_or_default(),
        has_client_id: table.client_id.is_some(),
        has_identity: table.identity.is_some(),
        has_client_cert: table.client_cert.is_some(),
        kept: response.keep.iter().map(|kept| kept.name.clone()).collect(),
    };
    reader.secrets.push(CLIENT_SECRET.to_owned());

    let client_id = match &table.client_id {
        Some(source) => Some(reader.template("client_id", source, Where::Static)?),
        None => None,
    };
    let audience = table.identity.as_ref();
    let audience = match audience.and_then(|identity| identity.audience.as_ref()) {
        Some(source) => Some(reader.template("identity", source, Where::Static)?),
        None => None,
    };
    let issuer = reader.optional_url("issuer", table.issuer.as_deref())?;
    let revocation_url = reader.optional_url("revocation_url", table.revocation_url.as_deref())?;
    let introspection_url =
        reader.optional_url("introspection_url", table.introspection_url.as_deref())?;
    let mut steps = Vec::new();
    for (index, step) in steps_written.into_iter().enumerate() {
        let step = reader.step(step, index, &table.response)?;
        reader.steps.push(step.name.clone());
        steps.push(step);
    }
    if request.subject_token.is_some() {
        request
            .grant_type
            .get_or_insert_with(|| TOKEN_EXCHANGE.to_owned());
    }
    if is_login {
        request.auth_method = Some(AuthMethod::None);
        request.grant_type.get_or_insert_with(|| "none".to_owned());
    }
    if client_id.is_none() && grant.is_some_and(|grant| grant.login.is_some()) {
        return Err(wrong(
            "client_id",
            "missing: a login needs the client id that the provider gave you",
        ));
    }
    let knows_client = matches!(
        request.auth_method,
        Some(AuthMethod::None | AuthMethod::Identity)
    );
    if client_id.is_none() && !knows_client {
        return Err(wrong(
            "client_id",
            "missing: the client id the provider gave you (or `auth_method = \"none\"` where it knows none)",
        ));
    }
    if request.grant_type.is_none() {
        request.grant_type = Some("client_credentials".to_owned());
    }
    if !overrides.scope.is_empty() {
        request.scope = Some(OneOrMany::Many(overrides.scope.clone()));
    }
    if let Some(audience) = &overrides.audience {
        request.audience = Some(audience.clone());
    }
    let login_request = login.map(|_| request.clone());
    // A refresh without a scope asks for what was granted, which may be less than the profile names (RFC 6749 §6).
    if grant.is_some_and(|grant| grant.login.is_some()) && overrides.scope.is_empty() {
        request.scope = None;
    }
    let token = reader.plan(Request {
        prefix: "",
        url_key: match is_discovered {
            true => "issuer",
            false => "token_url",
        },
        url: token_url,
        table: request,
        more_params: &overrides.params,
        login,
    })?;
    let login = match (login, &login_request) {
        (Some(kind), Some(request)) => {
            Some(login_keys.plan(&mut reader, kind, request, metadata)?)
        }
        _ => None,
    };
    let plans = steps.iter().map(|step| &step.plan).chain([&token]);
    let sends_identity = plans.clone().any(Plan::uses_identity);
    let assertions: Vec<_> = plans.filter_map(|plan| plan.assertion.as_ref()).collect();
    let signs_for = match &reader.sign {
        Some(_) => Some("sign"),
        None => (reader.assertion != AssertionTable::default()).then_some("assertion"),
    };
    if let Some(key) = signs_for.filter(|_| assertions.is_empty()) {
        return Err(wrong(
            key,
            "nothing sends it: set `auth_method = \"private_key_jwt\"`, or put `${assertion}` where the request wants it",
        ));
    }
    if table.identity.is_some() && !sends_identity {
        return Err(wrong(
            "identity",
            "nothing sends it: set `auth_method = \"identity\"`, or put `${identity}` where the request wants it",
        ));
    }
    let names_certificate = assertions
        .iter()
        .any(|assertion| assertion.needs_certificate());
    for assertion in assertions {
        // The signing key needs no declaration.
        if let Some(key) = assertion.key.secret().filter(|key| *key != CLIENT_SECRET) {
            secrets.entry(key.to_owned()).or_default();
        }
    }
    reader.used_values.clear();
    let header = header(
        &mut reader,
        table.header.as_ref(),
        table.extra_header.as_ref(),
    )?;
    let mut origins = Vec::new();
    for origin in table.origins.unwrap_or_default() {
        origins.push(Origin::of(&origin).at("origins")?);
    }
    // A profile that writes out the host of a step with secrets allows that host; stored secrets are bound to it too.
    for step in steps.iter().filter(|step| step.plan.carries_secrets()) {
        if let Some(origin) = literal_origin(&step.plan.url)
            && !origins.contains(&origin)
        {
            origins.push(origin);
        }
    }
    let folder = config.folder();
    let path =
        |written: Option<String>| written.map(|path| folder.join(home::expanded(Path::new(&path))));
    let client_cert = path(table.client_cert);
    let shows_certificate = client_certificate::check(
        client_cert.is_some(),
        table.client_key.is_some(),
        steps.iter().map(|step| &step.plan).chain([&token]),
        names_certificate,
    )?;
    if let Some(KeySource(source)) = table.client_key {
        client_certificate::add_key(&mut secrets, source)?;
    }
    let timeout_ms = timeout_ms(overrides.timeout_ms, table.timeout)?;
    let header_values = reader.used_values;
    let (vars, env) = (reader.vars.vars, reader.vars.env);
    let mut resolved = Profile {
        name: profile.to_owned(),
        issuer,
        revocation_url,
        introspection_url,
        others: BTreeMap::new(),
        is_discovered,
        overrides: overrides.clone(),
        client_id: None,
        steps,
        token,
        grant,
        login,
        response,
        header,
        header_values,
        secrets,
        identity: None,
        origins,
        cache: table.cache.unwrap_or_default(),
        timeout_ms,
        ca_file: path(table.ca_file),
        client_cert,
        shows_certificate,
        config: config.clone(),
        vars,
        env,
        written_vars: table.vars.into_keys().collect(),
    };
    resolved.client_id = client_id.and_then(|template| resolved.render_known(&template));
    if let Some(table) = &table.identity {
        let audience = audience.and_then(|template| resolved.render_known(&template));
        resolved.identity = Some(identity::read(table, audience)?);
    }
    if resolved.client_id.as_deref() == Some("") {
        return Err(wrong("client_id", "is empty"));
    }
    Ok(resolved)
}

fn header(
    reader: &mut Reader<'_>,
    lines: Option<&OneOrMany>,
    extra: Option<&OneOrMany>,
) -> Result<Option<Vec<Template>>, Error> {
    if lines.is_none() && extra.is_none() {
        return Ok(None);
    }
    let default = OneOrMany::One(DEFAULT_HEADER.to_owned());
    let extra = extra.map_or(&[][..], OneOrMany::as_slice);
    let all = [
        ("header", lines.unwrap_or(&default).as_slice()),
        ("extra_header", extra),
    ];
    let mut templates = Vec::new();
    for (key, lines) in all {
        for line in lines {
            templates.push(reader.template(key, line, Where::Header)?);
        }
    }
    Ok(Some(templates))
}

/// A login has no client credentials and sends something else.
fn is_login(table: &ProfileTable) -> bool {
    let request = &table.request;
    let sends_something = !request.params.0.is_empty()
        || !request.query.0.is_empty()
        || !request.headers.is_empty()
        || request.body.is_some()
        || request.subject_token.is_some()
        || !table.secrets.is_empty()
        || table.steps.is_some()
        || table
            .token_url
            .as_ref()
            .is_some_and(|url| url.contains("${secret."));
    let has_client = table.client_id.is_some()
        || table.client_secret.is_some()
        || table.assertion != AssertionTable::default()
        || table.sign.is_some()
        || request.auth_method.is_some();
    sends_something && !has_client && !names_client(table)
}

fn names_client(table: &ProfileTable) -> bool {
    const NAMES: [&str; 3] = ["client_id", "client_secret", "assertion"];
    let Ok(text) = serde_json::to_string(table) else {
        return true;
    };
    text.split("${").skip(1).any(|rest| {
        let inside = rest.split('}').next().unwrap_or_default();
        let mut words = inside.split(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c)));
        words.any(|word| NAMES.contains(&word))
    })
}

fn timeout_ms(chosen: Option<i64>, written: Option<DurationText>) -> Result<i64, Error> {
    match chosen.or(written.map(|timeout| timeout.ms)) {
        Some(0) => Err(wrong("timeout", "must be greater than zero")),
        given => Ok(given.unwrap_or(DEFAULT_TIMEOUT_MS)),
    }
}
