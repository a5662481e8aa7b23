//! Reads the requests of a profile, for steps and the token endpoint, into plans.

use crate::error::Error;
use crate::profile::assertion::CLIENT_ASSERTION_TYPE;
use crate::profile::at::{At, wrong};
use crate::profile::file::schema::{
    AuthMethod, Encoding, Method, OneOrMany, RequestTable, ResponseTable, Sent, StepTable,
};
use crate::profile::grants::{Grant, Login};
use crate::profile::parameter::{Parameter, Parameters};
use crate::profile::plan::{Plan, TOKEN_EXCHANGE};
use crate::profile::reader::{Reader, Where};
use crate::profile::resolved::Step;
use crate::profile::template::Template;
use crate::profile::{grants, name, nested, rules};

pub(in crate::profile) struct Request<'a> {
    pub(in crate::profile) prefix: &'a str,
    pub(in crate::profile) url_key: &'a str,
    pub(in crate::profile) url: String,
    pub(in crate::profile) table: RequestTable,
    pub(in crate::profile) more_params: &'a [(String, String)],
    /// The login that this token request ends, instead of a refresh.
    pub(in crate::profile) login: Option<Login>,
}

impl Request<'_> {
    pub(super) fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn is_token_request(&self) -> bool {
        self.prefix.is_empty()
    }

    fn grant(&self) -> Option<&'static Grant> {
        let written = self.table.grant_type.as_deref();
        written
            .filter(|_| self.is_token_request())
            .and_then(grants::find)
    }

    pub(super) fn name_of(&self, sent: Sent) -> String {
        match self.table.names.get(&sent) {
            Some(name) => name.clone(),
            None => sent.name().to_owned(),
        }
    }
}

impl Reader<'_> {
    /// Response keys missing in `table` come from `profile`.
    pub(in crate::profile) fn step(
        &mut self,
        mut table: StepTable,
        index: usize,
        profile: &ResponseTable,
    ) -> Result<Step, Error> {
        let mut request = std::mem::take(&mut table.request);
        request.auth_method.get_or_insert(AuthMethod::None);
        if request.subject_token.is_some() {
            request
                .grant_type
                .get_or_insert_with(|| TOKEN_EXCHANGE.to_owned());
        }
        let name = table
            .name
            .ok_or_else(|| wrong("steps", format!("step {} has no `name`", index + 1)))?;
        name::check(&name).at("steps")?;
        if self.steps.contains(&name) {
            return Err(wrong("steps", format!("two steps are called `{name}`")));
        }
        let url = table
            .url
            .ok_or_else(|| wrong("steps", format!("step `{name}` has no `url`")))?;
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
            table: request,
            more_params: &[],
            login: None,
        })?;
        let needs_client_id = !matches!(plan.auth_method, AuthMethod::None | AuthMethod::Identity);
        if needs_client_id && !self.has_client_id {
            return Err(wrong(
                &format!("{prefix}auth_method"),
                "needs the profile's `client_id`",
            ));
        }
        Ok(Step {
            name,
            plan,
            response,
        })
    }

    pub(in crate::profile) fn plan(&mut self, request: Request<'_>) -> Result<Plan, Error> {
        self.used_values.clear();
        self.signs = false;
        let table = &request.table;
        let auth_method = table.auth_method.unwrap_or_default();
        let method = table.method.unwrap_or_default();
        let encoding = table.encoding.unwrap_or(match method {
            Method::Post | Method::Put => Encoding::Form,
            Method::Get => Encoding::Query,
        });
        let mut parameters = self.standard(&request, auth_method, encoding)?;
        let exchange = self.exchange(&request, &mut parameters)?;
        let mut query = self.query(&request)?;
        for (name, parameter) in self.params(&request, encoding)? {
            set(&mut parameters, &name, parameter);
        }
        if request.is_token_request() {
            self.complete_grant(&request, &mut parameters, &query, encoding)?;
        }
        for (name, value) in request.more_params {
            let is_in_query = query.iter().any(|(known, _)| known == name);
            let list = if is_in_query {
                &mut query
            } else {
                &mut parameters
            };
            set(list, name, Parameter::Text(Template::literal(value)));
        }
        nested::nest(&mut parameters, &table.names, encoding).at(&request.key("names"))?;
        if sends_no_parameters(encoding) && !parameters.is_empty() {
            let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
            let which = match encoding {
                Encoding::Raw => "raw",
                _ => "none",
            };
            return Err(wrong(
                &request.key("encoding"),
                format!(
                    "`{which}` sends no parameters (those in the URL go into `query`), but there are: {}",
                    names.join(", ")
                ),
            ));
        }
        let headers = self.headers(&request)?;
        let body = self.body(&request, encoding, &headers)?;
        let url_key = request.key(request.url_key);
        let mut plan = Plan {
            url: self
                .template(&url_key, &request.url, Where::Request)?
                .into_url(),
            query,
            values: Vec::new(),
            method,
            encoding,
            body,
            content_type: table.content_type.clone(),
            auth_method,
            basic_encoding: table.basic_encoding.unwrap_or_default(),
            parameters,
            headers,
            assertion: None,
            exchange,
        };
        if self.signs {
            plan.assertion = Some(self.assertion(&plan.url, plan.auth_method)?);
        }
        plan.values = std::mem::take(&mut self.used_values);
        Ok(plan)
    }

    /// RFC 6749 §4.4.2, RFC 7523 §2.2, RFC 8707 §2.
    fn standard(
        &mut self,
        request: &Request<'_>,
        auth_method: AuthMethod,
        encoding: Encoding,
    ) -> Result<Parameters, Error> {
        let mut texts: Vec<(Sent, &str)> = Vec::new();
        if let Some(grant_type) = &request.table.grant_type
            && grant_type != "none"
            && !sends_no_parameters(encoding)
        {
            let sent = match (request.login, request.grant()) {
                (Some(login), _) => login.sent(),
                (None, Some(grant)) => grant.sent,
                (None, None) => grant_type,
            };
            texts.push((Sent::GrantType, sent));
        }
        if auth_method == AuthMethod::ClientSecretPost {
            texts.push((Sent::ClientId, "${client_id}"));
            texts.push((Sent::ClientSecret, "${client_secret}"));
        }
        if auth_method.is_certificate() {
            texts.push((Sent::ClientId, "${client_id}"));
        }
        if auth_method.is_signed() {
            texts.push((Sent::ClientId, "${client_id}"));
            texts.push((Sent::ClientAssertionType, CLIENT_ASSERTION_TYPE));
            texts.push((Sent::ClientAssertion, "${assertion}"));
        }
        if auth_method == AuthMethod::Identity {
            if !self.has_identity {
                let reason =
                    "needs the key `identity`: where the platform's token for this job comes from";
                return Err(wrong(&request.key("auth_method"), reason));
            }
            // RFC 7521 §4.2: the assertion already identifies the client.
            if self.has_client_id {
                texts.push((Sent::ClientId, "${client_id}"));
            }
            texts.push((Sent::ClientAssertionType, CLIENT_ASSERTION_TYPE));
            texts.push((Sent::ClientAssertion, "${identity}"));
        }
        if let Some(audience) = &request.table.audience {
            texts.push((Sent::Audience, audience));
        }
        let mut parameters = Vec::new();
        for (sent, source) in texts {
            let text = self.template(&request.key(sent.name()), source, Where::Request)?;
            parameters.push((request.name_of(sent), Parameter::Text(text)));
        }
        if let Some(scope) = self.scope(request)? {
            parameters.push((request.name_of(Sent::Scope), scope));
        }
        if let Some(resource) = self.resource(request)? {
            parameters.push((request.name_of(Sent::Resource), resource));
        }
        Ok(parameters)
    }

    /// Adds what the grant sends, after the profile's own parameters, which win.
    fn complete_grant(
        &mut self,
        request: &Request<'_>,
        parameters: &mut Parameters,
        query: &Parameters,
        encoding: Encoding,
    ) -> Result<(), Error> {
        let Some(grant) = request.grant().filter(|_| !sends_no_parameters(encoding)) else {
            return Ok(());
        };
        // RFC 6749 §3.2.1: a client without credentials names itself.
        let is_public = request.table.auth_method == Some(AuthMethod::None) && self.has_client_id;
        let client = is_public.then_some((Sent::ClientId, "${client_id}"));
        let grant = match request.login {
            Some(_) => &[][..],
            None => grant.parameters,
        };
        for (sent, source) in client.into_iter().chain(grant.iter().copied()) {
            let name = request.name_of(sent);
            let is_written = |(known, _): &(String, Parameter)| *known == name;
            if !parameters.iter().any(is_written) && !query.iter().any(is_written) {
                let text = self.template(&request.key(sent.name()), source, Where::Request)?;
                parameters.push((name, Parameter::Text(text)));
            }
        }
        Ok(())
    }

    fn scope(&mut self, request: &Request<'_>) -> Result<Option<Parameter>, Error> {
        let written = request.table.scope.iter().flat_map(OneOrMany::as_slice);
        let mut words = Vec::new();
        for word in written.flat_map(|text| split_scope(text)) {
            words.push(self.template(&request.key("scope"), &word, Where::Request)?);
        }
        let separator = request
            .table
            .scope_separator
            .as_deref()
            .unwrap_or(" ")
            .to_owned();
        Ok((!words.is_empty()).then_some(Parameter::Words { words, separator }))
    }

    /// Several resources are one repeated parameter (RFC 8707 §2).
    fn resource(&mut self, request: &Request<'_>) -> Result<Option<Parameter>, Error> {
        let Some(resource) = &request.table.resource else {
            return Ok(None);
        };
        let mut items = Vec::new();
        for item in resource.as_slice() {
            let text = self.template(&request.key("resource"), item, Where::Request)?;
            items.push(Parameter::Text(text));
        }
        Ok(Some(match items.len() {
            1 => items.remove(0),
            _ => Parameter::List(items),
        }))
    }

    fn query(&mut self, request: &Request<'_>) -> Result<Parameters, Error> {
        let key = request.key("query");
        let mut query = Vec::new();
        for (name, value) in &request.table.query.0 {
            let parameter = self.parameter(&key, value, Where::Request)?;
            if !parameter.is_flat() {
                let message = format!("`{name}` is nested, which a URL cannot carry");
                return Err(wrong(&key, message));
            }
            query.push((name.clone(), parameter));
        }
        Ok(query)
    }

    fn params(&mut self, request: &Request<'_>, encoding: Encoding) -> Result<Parameters, Error> {
        let key = request.key("params");
        let mut params = Vec::new();
        for (name, value) in &request.table.params.0 {
            let parameter = self.parameter(&key, value, Where::Request)?;
            if encoding != Encoding::Json && !parameter.is_flat() {
                let message =
                    format!("`{name}` is nested, which only `encoding = \"json\"` can carry");
                return Err(wrong(&key, message));
            }
            params.push((name.clone(), parameter));
        }
        Ok(params)
    }

    fn body(
        &mut self,
        request: &Request<'_>,
        encoding: Encoding,
        headers: &[(String, Template)],
    ) -> Result<Option<Template>, Error> {
        let names_type = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let (body, content_type) = (&request.table.body, &request.table.content_type);
        if encoding != Encoding::Raw {
            let unused = [("body", body), ("content_type", content_type)];
            if let Some((key, _)) = unused.iter().find(|(_, written)| written.is_some()) {
                let error = wrong(&request.key(key), "is sent only with `encoding = \"raw\"`");
                let is_json = |text: &String| text.contains("json");
                return Err(
                    match content_type.as_ref().is_some_and(is_json) && body.is_none() {
                        true => error.hint("write `encoding = \"json\"`"),
                        false => error,
                    },
                );
            }
            if encoding == Encoding::Multipart && names_type {
                let reason = "`multipart` writes its own `Content-Type`, which names the boundary of the parts";
                return Err(wrong(&request.key("headers"), reason));
            }
            return Ok(None);
        }
        let key = request.key("body");
        let Some(body) = body else {
            let reason = "missing: with `encoding = \"raw\"` it is the whole body of the request";
            return Err(wrong(&key, reason));
        };
        match content_type {
            None if !names_type => {
                let reason =
                    "missing: the media type of `body`, as in `content_type = \"text/xml\"`";
                return Err(wrong(&request.key("content_type"), reason));
            }
            Some(text)
                if !text
                    .bytes()
                    .all(|byte| byte == b' ' || byte.is_ascii_graphic()) =>
            {
                let reason = "contains a character that a header field cannot have";
                return Err(wrong(&request.key("content_type"), reason));
            }
            _ => {}
        }
        self.template(&key, body, Where::Request).map(Some)
    }

    fn headers(&mut self, request: &Request<'_>) -> Result<Vec<(String, Template)>, Error> {
        let key = request.key("headers");
        let mut headers = Vec::new();
        for (name, value) in &request.table.headers {
            if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
                let message = format!(
                    "`{}` is not a header name",
                    crate::term::text::clean(name, 60)
                );
                return Err(wrong(&key, message));
            }
            headers.push((name.clone(), self.template(&key, value, Where::Field)?));
        }
        Ok(headers)
    }
}

fn sends_no_parameters(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::None | Encoding::Raw)
}

fn set(parameters: &mut Parameters, name: &str, parameter: Parameter) {
    match parameters.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = parameter,
        None => parameters.push((name.to_owned(), parameter)),
    }
}

/// RFC 6749 §3.3; a text with `${…}` is one word.
fn split_scope(text: &str) -> Vec<String> {
    if text.contains("${") {
        return vec![text.to_owned()];
    }
    text.split_ascii_whitespace().map(str::to_owned).collect()
}
