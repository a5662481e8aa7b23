//! Requests of the client to other endpoints than the token endpoint (RFC 7009 §2.1, RFC 7662 §2.1).

use crate::error::Error;
use crate::profile::at::{At, wrong};
use crate::profile::file::schema::{
    AssertionTable, AuthMethod, Encoding, Method, OneOrMany, ProfileTable, RequestTable,
};
use crate::profile::layers::Layers;
use crate::profile::metadata::Endpoint;
use crate::profile::parameter::Parameter;
use crate::profile::plan::Plan;
use crate::profile::resolve::from_table;
use crate::profile::resolved::{Environment, Profile};
use crate::profile::template::{Name, Template};
use crate::wire::origin::Origin;

impl Profile {
    /// Returns the key and the URL that the profile itself gives for `endpoint`.
    pub(crate) fn own_url(
        &self,
        endpoint: Endpoint,
    ) -> Result<(&'static str, Option<String>), Error> {
        let (key, written) = match endpoint {
            Endpoint::Revocation => ("revocation_url", self.revocation_url.as_ref()),
            Endpoint::Introspection => ("introspection_url", self.introspection_url.as_ref()),
            _ => ("issuer", None),
        };
        let url = written.and_then(|url| self.render_known(url));
        if let Some(url) = &url {
            Origin::of(url)
                .at(key)
                .map_err(|error| self.config.located(&self.name, error))?;
        }
        Ok((key, url))
    }

    /// The audiences and resources that the token request asks for, where they are written out.
    pub(crate) fn audiences(&self) -> Vec<String> {
        let named = self.token.parameters.iter();
        let mut all = Vec::new();
        for (_, parameter) in named.filter(|(name, _)| name == "audience" || name == "resource") {
            parameter.templates(&mut |template| all.extend(self.render_known(template)));
        }
        all
    }

    /// The error if neither the profile nor its issuer gives `key`.
    pub(crate) fn missing_url(&self, key: &'static str) -> Error {
        let error = wrong(key, "missing: the provider's manual has it")
            .hint(format!("write `{key} = \"https://…\"`, or `issuer = \"https://…\"` if the provider publishes its endpoints"));
        self.config.located(&self.name, error)
    }

    /// Plans a POST to `url` that authenticates as the token request does, and sends `token`.
    pub(crate) fn client_plan(
        &self,
        url: &str,
        environment: Environment<'_>,
    ) -> Result<Plan, Error> {
        let mut layers = Layers::of(&self.config, &self.name)?;
        let needs = std::mem::take(&mut layers.needs);
        let table = self.client_table(layers.merged(), url);
        let (config, overrides) = (&self.config, &self.overrides);
        let client = from_table(
            config,
            &self.name,
            table,
            &needs,
            overrides,
            environment,
            None,
        )
        .map_err(|error| config.located(&self.name, error))?;
        let mut plan = client.token;
        plan.parameters.splice(0..0, token_parameters()?);
        if plan.auth_method == AuthMethod::None && self.client_id.is_some() {
            // RFC 7009 §2.1: a public client only names itself.
            plan.parameters
                .push(parameter("client_id", "${client_id}")?);
        }
        Ok(plan)
    }

    fn client_table(&self, mut table: ProfileTable, url: &str) -> ProfileTable {
        let written = std::mem::take(&mut table.request);
        let auth_method = self.token.auth_method;
        let is_known =
            |value: &String| !value.contains("${step.") && !value.contains("${assertion");
        table.request = RequestTable {
            auth_method: Some(auth_method),
            basic_encoding: Some(self.token.basic_encoding),
            grant_type: Some("none".to_owned()),
            headers: written
                .headers
                .into_iter()
                .filter(|(_, value)| is_known(value))
                .collect(),
            names: written
                .names
                .into_iter()
                .filter(|(_, name)| !name.starts_with('/'))
                .collect(),
            ..RequestTable::default()
        };
        table.steps = None;
        table.issuer = None;
        table.authorization_url = None;
        table.device_authorization_url = None;
        table.redirect_uri = None;
        table.token_url = Some(url.replace("${", "$${"));
        match auth_method.is_signed() {
            // RFC 7523 §3: the audience is the authorization server, which its token endpoint names at every endpoint.
            true => {
                let token_endpoint = || OneOrMany::One(self.token.url.source().to_owned());
                table.assertion.audience.get_or_insert_with(token_endpoint);
            }
            false => table.assertion = AssertionTable::default(),
        }
        table
    }
}

impl Plan {
    /// A POST to `url` that the token of profile `other` authorizes (RFC 6750 §2.1), and that sends `token`.
    pub(crate) fn with_bearer(url: &str, other: &str) -> Result<Self, Error> {
        let bearer = format!("Bearer ${{profile.{other}}}");
        Ok(Self {
            url: Template::literal(url).into_url(),
            method: Method::Post,
            encoding: Encoding::Form,
            auth_method: AuthMethod::None,
            basic_encoding: Default::default(),
            body: None,
            content_type: None,
            parameters: token_parameters()?.into(),
            query: Vec::new(),
            values: Vec::new(),
            headers: vec![(
                "Authorization".to_owned(),
                Template::parse(&bearer).at("headers")?,
            )],
            assertion: None,
            exchange: None,
        })
    }

    /// Whether it sends the token that it is about.
    pub(super) fn sends_token(&self) -> bool {
        let mut names = self.templates().into_iter().flat_map(Template::names);
        names.any(|name| *name == Name::AccessToken)
    }
}

fn token_parameters() -> Result<[(String, Parameter); 2], Error> {
    Ok([
        parameter("token", "${access_token}")?,
        parameter("token_type_hint", "access_token")?,
    ])
}

fn parameter(name: &str, source: &str) -> Result<(String, Parameter), Error> {
    let template = Template::parse(source).at("params")?;
    Ok((name.to_owned(), Parameter::Text(template)))
}
