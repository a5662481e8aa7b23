//! What a step answered, for the requests after it and for the token's own places: its body, and what it keeps under names of its own.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::clock::Now;
use crate::profile::pointer::Pointer;

/// The steps made so far, by name.
pub type Steps = BTreeMap<String, Stepped>;

/// What one step answered.
#[derive(Clone, PartialEq)]
pub struct Stepped {
    /// Its body: a JSON document, a form as an object of strings, a text as a string; null where it had none.
    pub document: Value,
    /// What its `response.keep` names, which wins over the body's members.
    pub kept: Map<String, Value>,
    /// When it was asked for.
    pub sent: Now,
}

impl Stepped {
    /// What stands at `path`: first a kept name, else a member of the body.
    ///
    /// # Errors
    /// A message that says what there is instead, never a value.
    pub fn find(&self, path: &[String]) -> Result<&Value, String> {
        let (document, path) = match path.split_first() {
            Some((first, rest)) if self.kept.contains_key(first) => (&self.kept[first], rest),
            _ => (&self.document, path),
        };
        if document.is_null() && !path.is_empty() {
            return Err("it is no JSON text".to_owned());
        }
        Pointer::of(path)
            .find(document)
            .map_err(|nowhere| nowhere.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_kept_name_wins_over_the_body_and_what_is_nowhere_is_said_without_values() {
        let step = Stepped {
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
            step.find(&path).cloned()
        };
        assert_eq!(find(&["data", "0", "a/b"]), Ok(json!(1)));
        assert_eq!(find(&["token", "x"]), Ok(json!("kept")));
        let message = find(&["nothing"]).unwrap_err();
        assert!(message.contains("there is no `nothing`"), "{message}");
        assert!(message.contains("secret"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}
