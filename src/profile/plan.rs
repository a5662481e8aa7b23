//! A request as a profile plans it: everything decided but the values that only the moment of sending knows.

use serde_json::Value;

use crate::profile::assertion::Assertion;
use crate::profile::file::schema::{AuthMethod, BasicEncoding, Encoding, Method};
use crate::profile::template::{Name, Template};

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
    /// The parameters by name, in the order sent.
    pub parameters: Vec<(String, Parameter)>,
    /// Parameters that travel in the URL whatever the encoding of the others.
    pub query: Vec<(String, Parameter)>,
    /// The profile's `values` that the rest of this plan names, and those that they name.
    pub values: Vec<(String, Template)>,
    /// The profile's own header fields, in the order sent.
    pub headers: Vec<(String, Template)>,
    /// What `${assertion}` stands for, where the rest of this plan names it.
    pub assertion: Option<Assertion>,
}

/// A parameter's value: JSON whose strings are templates.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameter {
    /// A string.
    Text(Template),
    /// A set of words that travel in one string, in the order written (RFC 6749 §3.3: their order has no meaning).
    Words {
        /// The words.
        words: Vec<Template>,
        /// What stands between two of them.
        separator: String,
    },
    /// A number, a boolean or null.
    Plain(Value),
    /// A list: JSON's array, or the same parameter again and again.
    List(Vec<Parameter>),
    /// An object.
    Table(Vec<(String, Parameter)>),
}

impl Parameter {
    /// Every template in it, with a call for each.
    pub fn templates<'a>(&'a self, each: &mut impl FnMut(&'a Template)) {
        match self {
            Self::Text(template) => each(template),
            Self::Words { words, .. } => words.iter().for_each(each),
            Self::Plain(_) => {}
            Self::List(items) => items.iter().for_each(|item| item.templates(each)),
            Self::Table(members) => members
                .iter()
                .for_each(|(_, member)| member.templates(each)),
        }
    }

    /// The same with what `each` makes of every template in it.
    ///
    /// # Errors
    /// What `each` returns.
    pub fn map<E>(&self, each: &impl Fn(&Template) -> Result<Template, E>) -> Result<Self, E> {
        Ok(match self {
            Self::Text(template) => Self::Text(each(template)?),
            Self::Words { words, separator } => Self::Words {
                words: words.iter().map(each).collect::<Result<_, _>>()?,
                separator: separator.clone(),
            },
            Self::Plain(value) => Self::Plain(value.clone()),
            Self::List(items) => Self::List(
                items
                    .iter()
                    .map(|item| item.map(each))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Table(members) => Self::Table(map_all(members, each)?),
        })
    }

    /// The value in one canonical spelling: templates by their source, words sorted, members sorted.
    pub(super) fn canonical(&self) -> Value {
        match self {
            Self::Text(template) => Value::from(template.source()),
            Self::Words { words, separator } => {
                let mut words: Vec<&str> = words.iter().map(Template::source).collect();
                words.sort_unstable();
                words.dedup();
                serde_json::json!({ "words": words, "separator": separator })
            }
            Self::Plain(value) => serde_json::json!([value]),
            Self::List(items) => {
                serde_json::json!({ "list": items.iter().map(Self::canonical).collect::<Vec<_>>() })
            }
            Self::Table(members) => {
                let mut members: Vec<(&String, Value)> = members
                    .iter()
                    .map(|(name, member)| (name, member.canonical()))
                    .collect();
                members.sort_unstable_by(|a, b| a.0.cmp(b.0));
                serde_json::json!({ "table": members })
            }
        }
    }
}

/// What `each` makes of every template in `parameters`.
pub(super) fn map_all<E>(
    parameters: &[(String, Parameter)],
    each: &impl Fn(&Template) -> Result<Template, E>,
) -> Result<Vec<(String, Parameter)>, E> {
    parameters
        .iter()
        .map(|(name, parameter)| Ok((name.clone(), parameter.map(each)?)))
        .collect()
}

impl Plan {
    /// The same request with what `each` makes of every template that is sent: of all but those that `values` and the assertion are made of.
    ///
    /// # Errors
    /// What `each` returns.
    pub fn map_sent<E>(&self, each: &impl Fn(&Template) -> Result<Template, E>) -> Result<Self, E> {
        let headers = self.headers.iter();
        Ok(Self {
            headers: headers
                .map(|(name, value)| Ok((name.clone(), each(value)?)))
                .collect::<Result<_, E>>()?,
            url: each(&self.url)?,
            parameters: map_all(&self.parameters, each)?,
            query: map_all(&self.query, each)?,
            ..self.clone()
        })
    }

    /// Every template in it.
    #[must_use]
    pub fn templates(&self) -> Vec<&Template> {
        let mut all = vec![&self.url];
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

    /// The names of the secrets that making this request takes, each once.
    #[must_use]
    pub fn secrets(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let basic = (self.auth_method == AuthMethod::ClientSecretBasic)
            .then_some(crate::profile::template::CLIENT_SECRET);
        let key = self
            .assertion
            .as_ref()
            .map(|assertion| assertion.key.as_str());
        let written = self
            .templates()
            .into_iter()
            .flat_map(Template::names)
            .filter_map(|name| match name {
                Name::Secret(name) => Some(name.as_str()),
                _ => None,
            });
        for name in basic.into_iter().chain(key).chain(written) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// What this request is made of, secrets left out, as labelled texts under `prefix`: the part of a cache key that speaks of it.
    pub fn inputs(&self, prefix: &str, out: &mut Vec<(String, String)>) {
        let mut add = |label: &str, value: String| out.push((format!("{prefix}{label}"), value));
        add("url", self.url.source().to_owned());
        add("method", self.method.name().to_owned());
        add(
            "authentication",
            format!(
                "{:?} {:?} {:?}",
                self.encoding, self.auth_method, self.basic_encoding
            ),
        );
        for (label, parameters) in [("parameter", &self.parameters), ("query", &self.query)] {
            let mut parameters: Vec<_> = parameters.iter().collect();
            parameters.sort_by(|a, b| a.0.cmp(&b.0));
            for (name, parameter) in parameters {
                add(
                    &format!("{label} {name}"),
                    parameter.canonical().to_string(),
                );
            }
        }
        // As they are written: what they give differs from run to run.
        let mut values: Vec<_> = self.values.iter().collect();
        values.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, value) in values {
            add(&format!("value {name}"), value.source().to_owned());
        }
        let mut headers: Vec<_> = self.headers.iter().collect();
        headers.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, value) in headers {
            add(&format!("header {name}"), value.source().to_owned());
        }
        if let Some(assertion) = &self.assertion {
            for (label, value) in assertion.inputs() {
                add(&format!("assertion {label}"), value);
            }
        }
    }
}
