//! A planned request: complete but for the values that are known only when it is sent.

use crate::profile::assertion::Assertion;
use crate::profile::file::schema::{AuthMethod, BasicEncoding, Encoding, Method};
use crate::profile::parameter::{Parameters, map_all};
use crate::profile::template::{CLIENT_SECRET, Name, Template};

/// The grant type of RFC 8693 §2.1.
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// A planned token exchange (RFC 8693).
#[derive(Clone, Debug, PartialEq)]
pub struct TokenExchange {
    /// The type of token that is asked for, if any.
    pub requested: Option<Template>,
}

/// A planned request.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The endpoint, whose own query is kept.
    pub url: Template,
    /// The HTTP method.
    pub method: Method,
    /// How the parameters are encoded.
    pub encoding: Encoding,
    /// The client authentication method.
    pub auth_method: AuthMethod,
    /// How Basic credentials are encoded.
    pub basic_encoding: BasicEncoding,
    /// The profile's own body (`encoding = "raw"`).
    pub body: Option<Template>,
    /// The media type of `body`.
    pub content_type: Option<String>,
    /// The parameters by name, in the order sent.
    pub parameters: Parameters,
    /// Parameters that are always in the URL.
    pub query: Parameters,
    /// The profile's `values` that this plan refers to, directly or through others.
    pub values: Vec<(String, Template)>,
    /// The profile's own header fields, in the order sent.
    pub headers: Vec<(String, Template)>,
    /// The JWT behind `${assertion}`, if this plan refers to it.
    pub assertion: Option<Assertion>,
    /// The token exchange that this request is, if it is one.
    pub exchange: Option<TokenExchange>,
}

impl Plan {
    /// Maps every template that is sent, but not `values` and the assertion.
    pub(crate) fn map_sent<E>(
        &self,
        each: &impl Fn(&Template) -> Result<Template, E>,
    ) -> Result<Self, E> {
        let headers = self.headers.iter();
        Ok(Self {
            headers: headers
                .map(|(name, value)| Ok((name.clone(), each(value)?)))
                .collect::<Result<_, E>>()?,
            url: each(&self.url)?,
            body: self.body.as_ref().map(each).transpose()?,
            parameters: map_all(&self.parameters, each)?,
            query: map_all(&self.query, each)?,
            ..self.clone()
        })
    }

    pub(crate) fn templates(&self) -> Vec<&Template> {
        let mut all = vec![&self.url];
        all.extend(&self.body);
        for (_, parameter) in self.parameters.iter().chain(&self.query) {
            parameter.templates(&mut |template| all.push(template));
        }
        all.extend(self.headers.iter().map(|(_, value)| value));
        all.extend(self.values.iter().map(|(_, value)| value));
        if let Some(assertion) = &self.assertion {
            assertion.templates(&mut |template| all.push(template));
        }
        all
    }

    /// A step's output counts as a secret, because it is often a token, except in the URL, where discovery puts a host.
    pub(crate) fn carries_secrets(&self) -> bool {
        let is_output = |name: &&Name| matches!(name, Name::Step(..));
        let in_url = self.url.names().filter(is_output).count();
        let all = self.templates().into_iter().flat_map(Template::names);
        all.filter(is_output).count() > in_url
            || !self.secrets().is_empty()
            || self.sends_token()
            || self.assertion.is_some()
            || self.profiles().next().is_some()
            || self.uses_identity()
    }

    pub(crate) fn uses_identity(&self) -> bool {
        let mut names = self.templates().into_iter().flat_map(Template::names);
        names.any(|name| *name == Name::Identity)
    }

    /// The profiles whose tokens it sends, with repetitions.
    pub(crate) fn profiles(&self) -> impl Iterator<Item = &str> {
        let names = self.templates().into_iter().flat_map(Template::names);
        names.filter_map(|name| match name {
            Name::Profile(other) => Some(other.as_str()),
            _ => None,
        })
    }

    pub(crate) fn secrets(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let basic = (self.auth_method == AuthMethod::ClientSecretBasic).then_some(CLIENT_SECRET);
        let key = self.assertion.as_ref();
        let key = key.and_then(|assertion| assertion.key.secret());
        let written = self
            .templates()
            .into_iter()
            .flat_map(Template::names)
            .filter_map(Name::secret);
        for name in basic.into_iter().chain(key).chain(written) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}
