//! The parts of a template: literal text, bare names and expressions.

use crate::error::{Error, Kind};
use crate::profile::template::engine::{self, Standin};
use crate::profile::template::error::{NAMES, TemplateError};
use crate::profile::template::name::Name;
use crate::profile::template::scan;
use crate::secret::Secret;
use crate::term::text::nearest;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Literal(String),
    Name(Name),
    Expression {
        source: String,
        names: Vec<Name>,
        instead: Option<&'static str>,
    },
}

impl Part {
    pub(super) fn text(
        &self,
        value: &dyn Fn(&Name) -> Result<Secret, Error>,
        standin: Option<&Standin>,
    ) -> Result<(Secret, bool), Error> {
        let (source, names, instead) = match self {
            Self::Literal(text) => return Ok((Secret::new(text.as_str()), false)),
            Self::Name(name) => return Ok((value(name)?, false)),
            Self::Expression {
                source,
                names,
                instead,
            } => (source, names, instead),
        };
        let mut values = Vec::with_capacity(names.len());
        for name in names {
            values.push((name.segments(), value(name)?));
        }
        match (engine::evaluate(source, &values, standin), instead) {
            (Ok(evaluated), _) => Ok(evaluated),
            (Err(_), Some(instead)) => Ok((Secret::new(*instead), false)),
            (Err(error), None) => Err(Error::of(Kind::Config, error)),
        }
    }

    pub(super) fn name_in_url(&self) -> Option<String> {
        match self {
            Self::Literal(_) => None,
            Self::Name(name) => Some(name.to_string()),
            Self::Expression { source, .. } => {
                let is_encoded = scan::calls(source, &["raw", "urlencode"]);
                (!is_encoded).then(|| source.clone())
            }
        }
    }

    pub(super) fn parse(inside: &str) -> Result<Self, TemplateError> {
        if inside.is_empty() {
            return Err(TemplateError::Empty);
        }
        // A bare name may contain `-`, which is a minus in an expression.
        let is_bare = inside
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
        if is_bare {
            let path: Vec<&str> = inside.split('.').collect();
            return Name::parse(&path)
                .map(Self::Name)
                .ok_or_else(|| unknown(inside));
        }
        engine::check_filters(inside)?;
        let mut names = Vec::new();
        for word in scan::words(inside) {
            if word.is_call || scan::is_keyword(&word.path) {
                continue;
            }
            names.push(Name::parse(&word.path).ok_or_else(|| unknown(&word.path.join(".")))?);
        }
        Ok(Self::Expression {
            source: inside.to_owned(),
            names,
            instead: None,
        })
    }
}

fn unknown(path: &str) -> TemplateError {
    TemplateError::UnknownName {
        path: path.to_owned(),
        near: nearest(path, NAMES),
    }
}
