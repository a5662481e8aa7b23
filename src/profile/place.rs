//! Where in an answer something stands: at a JSON pointer into the body, in a header field, or in a cookie.

use std::borrow::Cow;

use serde_json::Value;

use super::pointer::{Nowhere, Pointer};
use crate::oauth::answer::Answer;

/// A place in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `/data/token`: a member of the JSON body.
    Body(Pointer),
    /// `header:X-Subject-Token`: a header field.
    Header(String),
    /// `cookie:SESSION`: a cookie the answer sets.
    Cookie(String),
}

impl Place {
    /// Reads a place; `root` goes before a pointer.
    ///
    /// # Errors
    /// A message that says why it is none.
    pub fn parse(source: &str, root: &Pointer) -> Result<Self, String> {
        let named = |name: &str| match name.trim() {
            "" => Err(format!("`{source}` names nothing after the colon")),
            name => Ok(name.to_owned()),
        };
        if let Some(name) = source.strip_prefix("header:") {
            return named(name).map(|name| Self::Header(name.to_ascii_lowercase()));
        }
        if let Some(name) = source.strip_prefix("cookie:") {
            return named(name).map(Self::Cookie);
        }
        Pointer::parse(source).map(|pointer| Self::Body(root.join(&pointer)))
    }

    /// What stands there in `answer`, whose body is `json` if it is a JSON text.
    ///
    /// # Errors
    /// A message that says what there is instead, never a value.
    pub fn find<'a>(
        &self,
        answer: &Answer,
        json: Option<&'a Value>,
    ) -> Result<Cow<'a, Value>, String> {
        match (self, json) {
            (Self::Body(pointer), Some(json)) => pointer
                .find(json)
                .map(Cow::Borrowed)
                .map_err(|nowhere: Nowhere| nowhere.to_string()),
            (Self::Body(_), None) => Err("the answer is no JSON text".to_owned()),
            (Self::Header(name), _) => answer
                .header(name)
                .map(|value| Cow::Owned(Value::from(value)))
                .ok_or_else(|| format!("the answer has no header field `{name}`")),
            (Self::Cookie(name), _) => answer
                .cookie(name)
                .map(|value| Cow::Owned(Value::from(value)))
                .ok_or_else(|| format!("the answer sets no cookie `{name}`")),
        }
    }

    /// What the thing there is called, for `keep`.
    #[must_use]
    pub fn last(&self) -> Option<&str> {
        match self {
            Self::Body(pointer) => pointer.last(),
            Self::Header(name) | Self::Cookie(name) => Some(name),
        }
    }

    /// Whether it needs a JSON body.
    #[must_use]
    pub fn is_in_body(&self) -> bool {
        matches!(self, Self::Body(_))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Body(pointer) => f.write_str(pointer.source()),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Cookie(name) => write!(f, "cookie:{name}"),
        }
    }
}
