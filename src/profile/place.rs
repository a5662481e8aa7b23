//! Where in an answer something stands: at a JSON pointer into the body, in a header field, in a cookie, or in an earlier step's answer.

use crate::profile::file::schema::OneOrMany;
use crate::profile::pointer::Pointer;

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

    /// The places, in the order in which they count.
    #[must_use]
    pub fn as_slice(&self) -> &[Place] {
        &self.0
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
