//! A request as a profile plans it: complete but for the values that are known only when it is sent.

use crate::profile::assertion::Assertion;
use crate::profile::file::schema::{AuthMethod, BasicEncoding, Encoding, Method};
use crate::profile::parameter::{Parameters, map_all};
use crate::profile::template::{CLIENT_SECRET, Name, Template};

/// One request to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Where it goes. A query in it is kept.
    pub url: Template,
    /// POST, GET or PUT.
    pub method: Method,
    /// How the parameters travel.
    pub encoding: Encoding,
    /// How the client authenticates.
    pub auth_method: AuthMethod,
    /// How Basic credentials are encoded.
    pub basic_encoding: BasicEncoding,
    /// The body that the profile writes itself (`encoding = "raw"`).
    pub body: Option<Template>,
    /// The media type of that body.
    pub content_type: Option<String>,
    /// The parameters by name, in the order sent.
    pub parameters: Parameters,
    /// Parameters that travel in the URL whatever the encoding of the others.
    pub query: Parameters,
    /// The profile's `values` that the rest of this plan names, and those that they name.
    pub values: Vec<(String, Template)>,
    /// The profile's own header fields, in the order sent.
    pub headers: Vec<(String, Template)>,
    /// The JWT behind `${assertion}`, if the rest of this plan names it.
    pub assertion: Option<Assertion>,
}

impl Plan {
    /// The same request with every template that is sent (all but those in `values` and the assertion) replaced by what `each` returns for it.
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

    /// Every template in it.
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

    /// Whether it sends secrets. The output of a step counts as one in a parameter or header: it is often a token. In the URL it is where a
    /// discovery puts the host.
    pub(crate) fn carries_secrets(&self) -> bool {
        let is_output = |name: &&Name| matches!(name, Name::Step(..));
        let in_url = self.url.names().filter(is_output).count();
        let all = self.templates().into_iter().flat_map(Template::names);
        all.filter(is_output).count() > in_url || !self.secrets().is_empty()
    }

    /// The names of the secrets that this request needs, each once.
    pub(crate) fn secrets(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let basic = (self.auth_method == AuthMethod::ClientSecretBasic).then_some(CLIENT_SECRET);
        let key = self.assertion.as_ref().map(|assertion| &*assertion.key);
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
