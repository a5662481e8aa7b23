//! JSON Pointers (RFC 6901), and why one finds nothing: that shows keys, never values.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::term::text::clean;
use crate::wire::document;

/// A valid JSON Pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointer {
    source: String,
    tokens: Vec<String>,
}

pub(crate) fn is_place(text: &str) -> bool {
    text.is_empty()
        || ["/", "header:", "cookie:", "step:"]
            .iter()
            .any(|start| text.starts_with(start))
}

pub(crate) fn meant(path: &str) -> String {
    if is_place(path) {
        return path.to_owned();
    }
    let path = path
        .trim_start_matches('$')
        .replace(['[', ']', '\'', '"'], ".");
    let tokens = path
        .split(['.', '/'])
        .map(str::trim)
        .filter(|token| !token.is_empty())
        .map(|token| token.replace('~', "~0"));
    tokens.map(|token| format!("/{token}")).collect()
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PointerError {
    #[error("`{}` is not a JSON pointer: it must begin with `/`, as in `{}` (RFC 6901)", .0, meant(.0))]
    NoSlash(String),
    #[error("`{0}` is not a JSON pointer: `~` is written `~0` (RFC 6901)")]
    Tilde(String),
}

impl Pointer {
    pub(crate) fn parse(source: &str) -> Result<Self, PointerError> {
        if source.is_empty() {
            return Ok(Self::default());
        }
        let path = source
            .strip_prefix('/')
            .ok_or_else(|| PointerError::NoSlash(source.to_owned()))?;
        let is_escape = |rest: &str| rest.starts_with(['0', '1']);
        if !path.split('~').skip(1).all(is_escape) {
            return Err(PointerError::Tilde(source.to_owned()));
        }
        let unescaped = |token: &str| token.replace("~1", "/").replace("~0", "~");
        Ok(Self {
            source: source.to_owned(),
            tokens: path.split('/').map(unescaped).collect(),
        })
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn last(&self) -> Option<&str> {
        self.tokens.last().map(String::as_str)
    }

    pub(crate) fn tokens(&self) -> &[String] {
        &self.tokens
    }

    pub(crate) fn of(tokens: &[String]) -> Self {
        let source = tokens.iter().fold(String::new(), |mut source, token| {
            source.push('/');
            source.push_str(&token.replace('~', "~0").replace('/', "~1"));
            source
        });
        Self {
            source,
            tokens: tokens.to_vec(),
        }
    }

    pub(crate) fn join(&self, rest: &Self) -> Self {
        Self {
            source: format!("{}{}", self.source, rest.source),
            tokens: self.tokens.iter().chain(&rest.tokens).cloned().collect(),
        }
    }

    /// A `null` counts as missing. The pointer continues inside a string that contains JSON.
    pub(crate) fn find<'a>(&self, document: &'a Value) -> Result<Cow<'a, Value>, Nowhere> {
        self.find_below(document, String::new(), &self.tokens)
    }

    fn find_below<'a>(
        &self,
        document: &'a Value,
        mut so_far: String,
        tokens: &[String],
    ) -> Result<Cow<'a, Value>, Nowhere> {
        let mut value = document;
        for (at, token) in tokens.iter().enumerate() {
            if let Value::String(text) = value
                && text.trim_start().starts_with(['{', '['])
                && let Ok(inner) = document::read(text)
            {
                let rest = tokens.get(at..).unwrap_or_default();
                let found = self.find_below(&inner, so_far, rest)?;
                return Ok(Cow::Owned(found.into_owned()));
            }
            let next = match value {
                Value::Object(members) => members.get(token),
                Value::Array(items) => token.parse().ok().and_then(|index: usize| items.get(index)),
                _ => {
                    return Err(Nowhere::NotAContainer {
                        at: so_far,
                        kind: kind(value),
                    });
                }
            };
            let Some(next) = next else {
                return Err(Nowhere::Absent {
                    at: so_far,
                    token: token.clone(),
                    there: Box::new(There::of(value)),
                });
            };
            so_far.push('/');
            so_far.push_str(token);
            value = next;
        }
        if value.is_null() && !self.tokens.is_empty() {
            return Err(Nowhere::Null { at: so_far });
        }
        Ok(Cow::Borrowed(value))
    }
}

/// Why a pointer found nothing; part of a stored failure: add, never rename.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nowhere {
    /// The value at `at` has no members.
    NotAContainer {
        /// The pointer up to that value.
        at: String,
        /// The kind of that value.
        kind: JsonKind,
    },
    /// The value at `at` has no member `token`.
    Absent {
        /// The pointer up to that value.
        at: String,
        /// The missing member.
        token: String,
        /// The contents of that value, by its keys.
        there: Box<There>,
    },
    /// The value is `null`.
    Null {
        /// The whole pointer.
        at: String,
    },
}

impl fmt::Display for Nowhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAContainer { at, kind } if at.is_empty() => write!(f, "the answer is {kind}"),
            Self::NotAContainer { at, kind } => write!(f, "`{at}` is {kind}"),
            Self::Absent { at, token, there } if at.is_empty() => {
                write!(f, "there is no `{token}` in the answer ({there})")
            }
            Self::Absent { at, token, there } => {
                write!(f, "there is no `{token}` in `{at}` ({there})")
            }
            Self::Null { at } => write!(f, "`{at}` is null"),
        }
    }
}

/// The kind of a JSON value; part of a stored failure: add, never rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonKind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// A list.
    List,
    /// An object.
    Object,
}

impl fmt::Display for JsonKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List => "a list",
            Self::Object => "an object",
        })
    }
}

pub(crate) fn kind(value: &Value) -> JsonKind {
    match value {
        Value::Null => JsonKind::Null,
        Value::Bool(_) => JsonKind::Boolean,
        Value::Number(_) => JsonKind::Number,
        Value::String(_) => JsonKind::String,
        Value::Array(_) => JsonKind::List,
        Value::Object(_) => JsonKind::Object,
    }
}

/// The shape of a value, without its values; part of a stored failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum There {
    /// An object with these keys.
    Keys {
        /// The first keys.
        keys: Vec<String>,
        /// Whether there are more.
        more: bool,
    },
    /// The number of items in a list.
    List(usize),
    /// A value without members.
    Scalar(JsonKind),
}

impl There {
    fn of(value: &Value) -> Self {
        /// Enough keys to show the shape; a hostile answer may have thousands.
        const SHOWN: usize = 12;
        match value {
            Value::Object(members) => Self::Keys {
                keys: members
                    .keys()
                    .take(SHOWN)
                    .map(|key| clean(key, 40))
                    .collect(),
                more: members.len() > SHOWN,
            },
            Value::Array(items) => Self::List(items.len()),
            other => Self::Scalar(kind(other)),
        }
    }
}

impl fmt::Display for There {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys { keys, .. } if keys.is_empty() => f.write_str("it is an empty object"),
            Self::Keys { keys, more } => {
                let more = if *more { ", …" } else { "" };
                write!(f, "it has: {}{more}", keys.join(", "))
            }
            Self::List(count) => write!(f, "it is a list of {count}"),
            Self::Scalar(kind) => write!(f, "it is {kind}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pointers_find_the_value_or_say_where_they_stopped() {
        let document =
            json!({"": 0, "a": {"b": [1, {"c": "x"}], "n": null}, "m/n": 2, "t~": 3, "s": "text"});
        let cases = [
            ("", Ok(document.clone())),
            ("/", Ok(json!(0))),
            ("/a/b/0", Ok(json!(1))),
            ("/a/b/1/c", Ok(json!("x"))),
            ("/m~1n", Ok(json!(2))),
            ("/t~0", Ok(json!(3))),
            (
                "/a/b/2",
                Err("there is no `2` in `/a/b` (it is a list of 2)"),
            ),
            ("/a/x", Err("there is no `x` in `/a` (it has: b, n)")),
            (
                "/x",
                Err("there is no `x` in the answer (it has: , a, m/n, t~, s)"),
            ),
            ("/s/x", Err("`/s` is a string")),
            ("/a/n", Err("`/a/n` is null")),
        ];
        for (pointer, expected) in cases {
            let found = Pointer::parse(pointer)
                .unwrap()
                .find(&document)
                .map(Cow::into_owned);
            assert_eq!(
                found.map_err(|e| e.to_string()),
                expected.map_err(str::to_owned),
                "{pointer}"
            );
        }
    }

    #[test]
    fn invalid_pointers_are_refused() {
        for bad in ["access_token", "data/access_token", "/a~", "/a~2", "#/a"] {
            assert!(Pointer::parse(bad).is_err(), "{bad}");
        }
    }
}
