//! Where in an answer something stands: at a JSON pointer into the body, in a header field, in a cookie, or in an earlier step's answer.

use std::borrow::Cow;

use serde_json::Value;

use crate::oauth::stepped::Steps;
use crate::profile::file::schema::OneOrMany;
use crate::profile::pointer::Pointer;
use crate::wire::answer::Answer;

/// Everything a place may point into.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The answer itself.
    pub answer: &'a Answer,
    /// Its body, if that could be read as what the profile says it is.
    pub document: Option<&'a Value>,
    /// The steps before it.
    pub steps: &'a Steps,
}

/// A place in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `/data/token`: a member of the body.
    Body(Pointer),
    /// `header:X-Subject-Token`: a header field.
    Header(String),
    /// `cookie:SESSION`: a cookie the answer sets.
    Cookie(String),
    /// `step:login/data/host`: what `${step.login.data.host}` is.
    Step(String, Pointer),
}

impl Place {
    /// Reads a place; `root` goes before a pointer, and `steps` are the steps there are.
    ///
    /// # Errors
    /// A message that says why it is none.
    pub fn parse(source: &str, root: &Pointer, steps: &[String]) -> Result<Self, String> {
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
        if let Some(path) = source.strip_prefix("step:") {
            let (step, pointer) = path.split_at(path.find('/').unwrap_or(path.len()));
            let step = named(step)?;
            if !steps.contains(&step) {
                return Err(format!("`{source}`: there is no step `{step}`"));
            }
            return Pointer::parse(pointer).map(|pointer| Self::Step(step, pointer));
        }
        Pointer::parse(source).map(|pointer| Self::Body(root.join(&pointer)))
    }

    /// What stands there.
    ///
    /// # Errors
    /// A message that says what there is instead, never a value.
    pub fn find<'a>(&self, seen: Seen<'a>) -> Result<Cow<'a, Value>, String> {
        match self {
            Self::Body(pointer) => seen
                .document
                .ok_or_else(|| "the answer is no JSON text".to_owned())
                .and_then(|document| {
                    pointer
                        .find(document)
                        .map_err(|nowhere| nowhere.to_string())
                })
                .map(Cow::Borrowed),
            Self::Header(name) => seen
                .answer
                .header(name)
                .map(|value| Cow::Owned(Value::from(value)))
                .ok_or_else(|| format!("the answer has no header field `{name}`")),
            Self::Cookie(name) => seen
                .answer
                .cookie(name)
                .map(|value| Cow::Owned(Value::from(value)))
                .ok_or_else(|| format!("the answer sets no cookie `{name}`")),
            Self::Step(step, pointer) => seen
                .steps
                .get(step)
                .ok_or_else(|| format!("step `{step}` was not made"))?
                .find(pointer.tokens())
                .map(Cow::Borrowed)
                .map_err(|nowhere| format!("in step `{step}`: {nowhere}")),
        }
    }

    /// What the thing there is called, for `keep`.
    #[must_use]
    pub fn last(&self) -> Option<&str> {
        match self {
            Self::Body(pointer) | Self::Step(_, pointer) => pointer.last(),
            Self::Header(name) | Self::Cookie(name) => Some(name),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Body(pointer) => f.write_str(pointer.source()),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Cookie(name) => write!(f, "cookie:{name}"),
            Self::Step(step, pointer) => write!(f, "step:{step}{}", pointer.source()),
        }
    }
}

/// Where something may stand: the first place that holds anything counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places(Vec<Place>);

impl Places {
    /// Reads a place or a list of them; see [`Place::parse`].
    ///
    /// # Errors
    /// A message that says why one is none, or that there is none.
    pub fn parse(source: &OneOrMany, root: &Pointer, steps: &[String]) -> Result<Self, String> {
        let places: Vec<Place> = source
            .as_slice()
            .iter()
            .map(|one| Place::parse(one, root, steps))
            .collect::<Result<_, _>>()?;
        if places.is_empty() {
            return Err("is an empty list".to_owned());
        }
        Ok(Self(places))
    }

    /// What stands at the first of them that holds anything, and which that is.
    ///
    /// # Errors
    /// What is wrong with the first of them.
    pub fn find<'a>(&self, seen: Seen<'a>) -> Result<(Cow<'a, Value>, &Place), String> {
        let mut nowhere = None;
        for place in &self.0 {
            match place.find(seen) {
                Ok(value) => return Ok((value, place)),
                Err(message) => {
                    nowhere.get_or_insert(message);
                }
            }
        }
        Err(nowhere.unwrap_or_default())
    }

    /// Whether one of them is in the answer's body.
    #[must_use]
    pub fn is_in_body(&self) -> bool {
        self.0.iter().any(|place| matches!(place, Place::Body(_)))
    }

    /// The step one of them points into, if any does.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        self.0.iter().find_map(|place| match place {
            Place::Step(step, _) => Some(step.as_str()),
            _ => None,
        })
    }
}

/// `/a`, or `/a or /b`.
impl std::fmt::Display for Places {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, place) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" or ")?;
            }
            place.fmt(f)?;
        }
        Ok(())
    }
}
