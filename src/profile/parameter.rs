//! A parameter's value in a request: JSON whose strings are templates.

use serde_json::{Value, json};

use crate::profile::template::Template;

/// A parameter's value: JSON whose strings are templates.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameter {
    /// A string.
    Text(Template),
    /// A set of words in one string; their order has no meaning (RFC 6749 §3.3).
    Words {
        /// The words.
        words: Vec<Template>,
        /// The text between two words.
        separator: String,
    },
    /// A number, a boolean or null.
    Plain(Value),
    /// A JSON array, or a repeated parameter elsewhere.
    List(Vec<Parameter>),
    /// An object.
    Table(Vec<(String, Parameter)>),
}

pub(crate) type Parameters = Vec<(String, Parameter)>;

impl Parameter {
    pub(crate) fn templates<'a>(&'a self, each: &mut impl FnMut(&'a Template)) {
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

    pub(crate) fn map<E>(
        &self,
        each: &impl Fn(&Template) -> Result<Template, E>,
    ) -> Result<Self, E> {
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

    pub(super) fn is_flat(&self) -> bool {
        match self {
            Self::Table(_) => false,
            Self::List(items) => items
                .iter()
                .all(|item| !matches!(item, Self::List(_) | Self::Table(_))),
            _ => true,
        }
    }

    /// Returns the same value for parameters that mean the same, for the cache key.
    pub(super) fn canonical(&self) -> Value {
        match self {
            Self::Text(template) => Value::from(template.source()),
            Self::Words { words, separator } => {
                let mut words: Vec<&str> = words.iter().map(Template::source).collect();
                words.sort_unstable();
                words.dedup();
                json!({ "words": words, "separator": separator })
            }
            Self::Plain(value) => json!([value]),
            Self::List(items) => {
                json!({ "list": items.iter().map(Self::canonical).collect::<Vec<_>>() })
            }
            Self::Table(members) => {
                let mut members: Vec<(&String, Value)> = members
                    .iter()
                    .map(|(name, member)| (name, member.canonical()))
                    .collect();
                members.sort_unstable_by(|a, b| a.0.cmp(b.0));
                json!({ "table": members })
            }
        }
    }
}

pub(super) fn map_all<E>(
    parameters: &[(String, Parameter)],
    each: &impl Fn(&Template) -> Result<Template, E>,
) -> Result<Parameters, E> {
    parameters
        .iter()
        .map(|(name, parameter)| Ok((name.clone(), parameter.map(each)?)))
        .collect()
}
