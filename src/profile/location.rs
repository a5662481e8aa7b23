//! Where a value is in an answer: in the body, a header field, a cookie, or an earlier step's answer.

use std::fmt;

use crate::profile::file::schema::OneOrMany;
use crate::profile::pointer::{Pointer, PointerError};

/// A location in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// `/data/token`: a member of the body.
    Body(Pointer),
    /// `header:X-Subject-Token`: a header field.
    Header(String),
    /// `cookie:SESSION`: a cookie that the answer sets.
    Cookie(String),
    /// `cookies:`: all cookies that the answer sets, as one `Cookie` header field.
    Cookies,
    /// `step:login/data/host`: the value of `${step.login.data.host}`.
    Step(String, Pointer),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LocationError {
    #[error("`{0}` names nothing after the colon")]
    NoName(String),
    #[error("`{location}`: no step `{step}`")]
    NoSuchStep { location: String, step: String },
    #[error("is an empty list")]
    EmptyList,
    #[error(transparent)]
    Pointer(#[from] PointerError),
}

impl Location {
    pub(crate) fn parse(
        source: &str,
        root: &Pointer,
        steps: &[String],
    ) -> Result<Self, LocationError> {
        let named = |name: &str| match name.trim() {
            "" => Err(LocationError::NoName(source.to_owned())),
            name => Ok(name.to_owned()),
        };
        if let Some(name) = source.strip_prefix("header:") {
            return named(name).map(|name| Self::Header(name.to_ascii_lowercase()));
        }
        if source == "cookies:" {
            return Ok(Self::Cookies);
        }
        if let Some(name) = source.strip_prefix("cookie:") {
            return named(name).map(Self::Cookie);
        }
        if let Some(path) = source.strip_prefix("step:") {
            let (step, pointer) = path.split_at(path.find('/').unwrap_or(path.len()));
            let step = named(step)?;
            if !steps.contains(&step) {
                return Err(LocationError::NoSuchStep {
                    location: source.to_owned(),
                    step,
                });
            }
            return Ok(Self::Step(step, Pointer::parse(pointer)?));
        }
        Ok(Self::Body(root.join(&Pointer::parse(source)?)))
    }

    pub(crate) fn parent(&self) -> Option<Pointer> {
        match self {
            Self::Body(pointer) => {
                let (_, parents) = pointer.tokens().split_last()?;
                Some(Pointer::of(parents))
            }
            _ => None,
        }
    }

    pub(crate) fn last(&self) -> Option<&str> {
        match self {
            Self::Body(pointer) | Self::Step(_, pointer) => pointer.last(),
            Self::Header(name) | Self::Cookie(name) => Some(name),
            Self::Cookies => Some("cookies"),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(pointer) => f.write_str(pointer.source()),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Cookie(name) => write!(f, "cookie:{name}"),
            Self::Cookies => f.write_str("cookies:"),
            Self::Step(step, pointer) => write!(f, "step:{step}{}", pointer.source()),
        }
    }
}

/// Alternative locations of a value; the first that has one wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locations(Vec<Location>);

impl Locations {
    pub(crate) fn parse(
        source: &OneOrMany,
        root: &Pointer,
        steps: &[String],
    ) -> Result<Self, LocationError> {
        let locations = source
            .as_slice()
            .iter()
            .map(|one| Location::parse(one, root, steps))
            .collect::<Result<Vec<_>, _>>()?;
        if locations.is_empty() {
            return Err(LocationError::EmptyList);
        }
        Ok(Self(locations))
    }

    /// Never empty.
    pub(crate) fn as_slice(&self) -> &[Location] {
        &self.0
    }

    pub(crate) fn is_in_body(&self) -> bool {
        self.0.iter().any(|one| matches!(one, Location::Body(_)))
    }

    pub(crate) fn step(&self) -> Option<&str> {
        self.0.iter().find_map(|one| match one {
            Location::Step(step, _) => Some(step.as_str()),
            _ => None,
        })
    }
}

impl fmt::Display for Locations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, location) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" or ")?;
            }
            location.fmt(f)?;
        }
        Ok(())
    }
}
