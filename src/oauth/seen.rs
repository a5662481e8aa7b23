//! Finds what a location of a profile points to: in a body, header fields, cookies, or an earlier step's output.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::oauth::step_output::Steps;
use crate::profile::location::{Location, Locations};
use crate::profile::pointer::Nowhere;
use crate::wire::answer::Answer;

#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) answer: &'a Answer,
    /// `None` if the body could not be read as the profile's format.
    pub(crate) document: Option<&'a Value>,
    pub(crate) steps: &'a Steps,
}

/// Why a location has no value. The cache stores the names: add, never rename.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The pointer leads nowhere.
    Member(Nowhere),
    /// The body is not a document.
    Document,
    /// The answer lacks this header field.
    Header(String),
    /// The answer sets no such cookie.
    Cookie(String),
    /// The answer sets no cookies.
    Cookies,
    /// This step was not made.
    Step(String),
    /// The body of this step is not a document.
    StepDocument(String),
    /// The pointer leads nowhere in the output of this step.
    InStep(String, Box<Nowhere>),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(nowhere) => nowhere.fmt(f),
            Self::Document => f.write_str("the answer is not JSON"),
            Self::Header(name) => write!(f, "the answer has no header field `{name}`"),
            Self::Cookie(name) => write!(f, "the answer sets no cookie `{name}`"),
            Self::Cookies => f.write_str("the answer sets no cookies"),
            Self::Step(step) => write!(f, "step `{step}` was not made"),
            Self::StepDocument(step) => write!(f, "in step `{step}`: it is not JSON"),
            Self::InStep(step, nowhere) => write!(f, "in step `{step}`: {nowhere}"),
        }
    }
}

impl<'a> Seen<'a> {
    /// The error never contains a value.
    pub(crate) fn at(self, place: &Location) -> Result<Cow<'a, Value>, Missing> {
        match place {
            Location::Body(pointer) => {
                let document = self.document.ok_or(Missing::Document)?;
                pointer.find(document).map_err(Missing::Member)
            }
            Location::Header(name) => self
                .answer
                .header(name)
                .map(|value| Cow::Owned(Value::from(value)))
                .ok_or_else(|| Missing::Header(name.clone())),
            Location::Cookie(name) => self
                .answer
                .cookie(name)
                .map(|value| Cow::Owned(Value::from(value)))
                .ok_or_else(|| Missing::Cookie(name.clone())),
            Location::Cookies => self
                .answer
                .cookies()
                .map(|header| Cow::Owned(Value::from(header)))
                .ok_or(Missing::Cookies),
            Location::Step(step, pointer) => self
                .steps
                .get(step)
                .ok_or_else(|| Missing::Step(step.clone()))?
                .find(pointer.tokens())
                .map_err(|nowhere| match nowhere {
                    Some(nowhere) => Missing::InStep(step.clone(), Box::new(nowhere)),
                    None => Missing::StepDocument(step.clone()),
                }),
        }
    }

    /// Returns the first value found and its location; fails with the reason of the first location.
    pub(crate) fn first<'b>(
        self,
        places: &'b Locations,
    ) -> Result<(Cow<'a, Value>, &'b Location), Missing> {
        let mut missing = None;
        for place in places.as_slice() {
            match self.at(place) {
                Ok(value) => return Ok((value, place)),
                Err(why) => {
                    missing.get_or_insert(why);
                }
            }
        }
        Err(missing.unwrap_or(Missing::Document))
    }
}
