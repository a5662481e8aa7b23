//! What is often wrong with a secret that a provider refuses, as its text alone shows it.

use serde::{Deserialize, Serialize};

/// What looks wrong with a secret or client ID. Part of the stored form of a failure: add, never rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Suspicion {
    /// White space at the start.
    #[error("begins with a blank")]
    BlankBefore,
    /// White space at the end.
    #[error("ends in a blank")]
    BlankAfter,
    /// Quotes around it, as from an env file.
    #[error("is in quotes")]
    Quotes,
    /// A variable that was not filled in, or a manual's example.
    #[error("looks like a placeholder")]
    Placeholder,
}

/// What looks wrong with `text`, a secret of one line or a client ID.
#[must_use]
pub fn suspicion(text: &str) -> Option<Suspicion> {
    // A key: its lines may end as they like.
    if text.contains('\n') {
        return None;
    }
    if text.starts_with(char::is_whitespace) {
        return Some(Suspicion::BlankBefore);
    }
    if text.ends_with(char::is_whitespace) {
        return Some(Suspicion::BlankAfter);
    }
    let is_between = |start: &str, end: &str| {
        text.len() > start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
    };
    let quotes = [
        ("\"", "\""),
        ("'", "'"),
        ("`", "`"),
        ("“", "”"),
        ("‘", "’"),
        ("«", "»"),
    ];
    if quotes.iter().any(|(start, end)| is_between(start, end)) {
        return Some(Suspicion::Quotes);
    }
    let brackets = [
        ("$(", ")"),
        ("${", "}"),
        ("{{", "}}"),
        ("<", ">"),
        ("%", "%"),
        ("[", "]"),
        ("__", "__"),
        ("@@", "@@"),
    ];
    let is_variable = text.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    });
    let plain: String = text
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let is_example = plain.starts_with("your")
        || plain.starts_with("replace")
        || plain.starts_with("insert")
        || matches!(
            plain.as_str(),
            "changeme"
                | "changeit"
                | "todo"
                | "tbd"
                | "placeholder"
                | "example"
                | "secret"
                | "clientsecret"
                | "clientid"
                | "password"
        )
        || plain.len() >= 3 && plain.bytes().all(|byte| byte == b'x')
        || plain.is_empty() && text.len() >= 3;
    if is_variable || is_example || brackets.iter().any(|(start, end)| is_between(start, end)) {
        return Some(Suspicion::Placeholder);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_by_mistake_is_recognised() {
        use Suspicion::{BlankAfter, BlankBefore, Placeholder, Quotes};
        for (text, expected) in [
            ("s3cret", None),
            ("s3 cret", None),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n", None),
            ("a$(b)", None),
            ("$2y$10$abc", None),
            ("\"", None),
            ("a\"b\"", None),
            ("yx7", None),
            (" s3cret", Some(BlankBefore)),
            ("s3cret ", Some(BlankAfter)),
            ("s3cret\u{a0}", Some(BlankAfter)),
            ("\"s3cret\"", Some(Quotes)),
            ("'s3cret'", Some(Quotes)),
            ("“s3cret”", Some(Quotes)),
            ("$(SECRET)", Some(Placeholder)),
            ("${SECRET}", Some(Placeholder)),
            ("$CLIENT_SECRET", Some(Placeholder)),
            ("{{ secret }}", Some(Placeholder)),
            ("<your secret>", Some(Placeholder)),
            ("%CLIENT_SECRET%", Some(Placeholder)),
            ("your-client-secret", Some(Placeholder)),
            ("REPLACE_ME", Some(Placeholder)),
            ("changeme", Some(Placeholder)),
            ("xxxxxxxx", Some(Placeholder)),
            ("********", Some(Placeholder)),
        ] {
            assert_eq!(suspicion(text), expected, "{text}");
        }
    }
}
