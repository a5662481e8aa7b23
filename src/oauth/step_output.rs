//! The output of a step, for later requests and for the token's own locations.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::clock::Now;
use crate::profile::pointer::{Nowhere, Pointer};

/// The steps made so far, by name.
pub type Steps = BTreeMap<String, StepOutput>;

/// The answer of one step.
#[derive(Clone, PartialEq)]
pub struct StepOutput {
    /// JSON; a form as an object of strings, a text as a string, null without a body.
    pub(crate) document: Value,
    /// The members that `response.keep` names, which win over the body's.
    pub(crate) kept: Map<String, Value>,
    pub(crate) sent: Now,
}

impl StepOutput {
    /// Finds a kept name, else a member of the body; fails with `None` if the body is not a document.
    pub(crate) fn find(&self, path: &[String]) -> Result<Cow<'_, Value>, Option<Nowhere>> {
        let (document, path) = match path.split_first() {
            Some((first, rest)) if self.kept.contains_key(first) => (&self.kept[first], rest),
            _ => (&self.document, path),
        };
        if document.is_null() && !path.is_empty() {
            return Err(None);
        }
        Pointer::of(path).find(document).map_err(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_kept_name_wins_over_the_body_and_a_missing_one_is_described_without_values() {
        let step = StepOutput {
            document: json!({"data": [{"a/b": 1}], "token": "body", "secret": "hunter2"}),
            kept: [("token".to_owned(), json!({"x": "kept"}))]
                .into_iter()
                .collect(),
            sent: Now {
                unix_ms: 0,
                boot: None,
            },
        };
        let find = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
            step.find(&path).map(Cow::into_owned)
        };
        assert_eq!(find(&["data", "0", "a/b"]), Ok(json!(1)));
        assert_eq!(find(&["token", "x"]), Ok(json!("kept")));
        let message = find(&["nothing"]).unwrap_err().unwrap().to_string();
        assert!(message.contains("there is no `nothing`"), "{message}");
        assert!(message.contains("secret"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}
