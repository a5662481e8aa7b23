//! Where in the config something stands: lines for messages. Runs only once something is wrong, so it may parse the file again.

use toml::de::{DeTable, DeValue};

/// The line (from 1) of byte `at` in `text`.
pub(super) fn line_at(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at.min(text.len())]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
}

/// The key (dotted; a step's after `steps.NAME`) under which profile `name` has the text `written`; the first, where there are several.
pub(super) fn key_of_text(text: &str, name: &str, written: &str) -> Option<String> {
    let document = DeTable::parse(text).ok()?;
    let profile = document.get_ref().get("profiles")?.get_ref().get(name)?;
    let mut path = Vec::new();
    find(profile.get_ref(), written, &mut path).then(|| path.join("."))
}

/// Whether `written` is in `value`; if so, `path` leads there.
fn find<'a>(value: &'a DeValue<'_>, written: &str, path: &mut Vec<&'a str>) -> bool {
    match value {
        DeValue::String(text) => text == written,
        DeValue::Table(table) => table.iter().any(|(key, inner)| {
            path.push(key.get_ref());
            find(inner.get_ref(), written, path) || path.pop().is_none()
        }),
        DeValue::Array(items) => items.iter().any(|item| {
            let named = match item.get_ref() {
                DeValue::Table(table) => table.get("name").and_then(|name| name.get_ref().as_str()),
                _ => None,
            };
            path.extend(named);
            find(item.get_ref(), written, path) || named.is_some_and(|_| path.pop().is_none())
        }),
        _ => false,
    }
}

/// The line of `key` (dotted) in the table of profile `name`; that of the nearest table around it when the key is not there.
pub(super) fn line_of_key(text: &str, name: &str, key: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut line = None;
    for wanted in ["profiles", name]
        .into_iter()
        .chain(key.split('.').filter(|part| !part.is_empty()))
    {
        let Some((found, value)) = table.iter().find(|(found, _)| found.get_ref() == wanted) else {
            break;
        };
        line = Some(line_at(text, found.span().start));
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    line
}

/// The unknown key, and the keys known in its place, from serde's own message about it.
pub(super) fn unknown_key(message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut quoted = rest.split('`').skip(1).step_by(2).map(str::to_owned);
    Some((quoted.next()?, quoted.collect()))
}

/// The key of the line that byte `at` of `text` is in: what stands before its `=` or, in a table's heading, between the brackets, where that is
/// a plain key.
pub(super) fn key_at(text: &str, at: usize) -> Option<&str> {
    let at = at.min(text.len());
    let begin = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let line = text.get(begin..)?.lines().next()?.trim();
    let (key, _) = match line.strip_prefix('[') {
        Some(table) => table.trim_start_matches('[').split_once(']')?,
        None => line.split_once('=')?,
    };
    let key = key.trim();
    let is_plain = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    is_plain.then_some(key)
}

/// serde's two commonest messages in tok's words; any other as it is.
pub(super) fn in_our_words(message: &str) -> String {
    if let Some((unknown, known)) = message
        .strip_prefix("unknown variant ")
        .and_then(|rest| rest.split_once(", expected one of "))
    {
        return format!("{unknown} is none of {known}");
    }
    match message
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.rsplit_once(", expected "))
    {
        Some((found, expected)) => {
            // A string where none belongs may be a secret.
            let found = if found.starts_with("string ") {
                "a string"
            } else {
                found
            };
            let expected = if expected.starts_with("struct ") {
                "a table"
            } else {
                expected
            };
            format!("expected {expected}, not {found}")
        }
        None => message.to_owned(),
    }
}

/// Whether toml's message is about a secret that stands in the config itself.
pub(super) fn is_secret_itself(message: &str) -> bool {
    message.starts_with("invalid type: string ")
        && message.ends_with(", expected struct SourceTable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_still_words_an_unknown_field_as_it_is_read_here() {
        #[derive(serde::Deserialize, Debug)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only its error is looked at")]
        struct Table {
            one: u8,
            two: u8,
        }
        let error = toml::from_str::<Table>("three = 3").unwrap_err();
        assert_eq!(
            unknown_key(error.message()),
            Some(("three".into(), vec!["one".into(), "two".into()]))
        );
    }

    #[test]
    fn the_key_of_a_text_is_found_wherever_the_profile_has_it() {
        let text = "[profiles.other]\naudience = 'x'\n[profiles.p]\nresource = ['a', 'x']\nparams = { k = { n = 'y' } }\n\
            [[profiles.p.steps]]\nname = 's'\nheaders = { h = 'z' }\n";
        for (written, key) in [
            ("x", Some("resource")),
            ("y", Some("params.k.n")),
            ("z", Some("steps.s.headers.h")),
            ("w", None),
        ] {
            assert_eq!(key_of_text(text, "p", written).as_deref(), key, "{written}");
        }
        assert_eq!(key_of_text(text, "q", "x"), None);
    }

    #[test]
    fn the_key_of_a_line_is_named_and_serdes_words_become_toks() {
        let text = "[profiles.a]\nclient_id = 7\n  x.y=1\n# a b = 1\n";
        for (at, key) in [
            (0, Some("profiles.a")),
            (13, Some("client_id")),
            (25, Some("client_id")),
            (30, Some("x.y")),
            (40, None),
            (999, None),
        ] {
            assert_eq!(key_at(text, at), key, "{at}");
        }
        for (message, ours) in [
            (
                "unknown variant `x`, expected one of `a`, `b`",
                "`x` is none of `a`, `b`",
            ),
            (
                "invalid type: integer `7`, expected a string",
                "expected a string, not integer `7`",
            ),
            (
                "invalid type: string \"hunter2\", expected struct SourceTable",
                "expected a table, not a string",
            ),
            (
                "unclosed table, expected `]`",
                "unclosed table, expected `]`",
            ),
        ] {
            assert_eq!(in_our_words(message), ours);
        }
        let error = toml::from_str::<crate::profile::file::schema::File>(
            "[profiles.p]\nclient_secret = 'hunter2'",
        )
        .unwrap_err();
        assert!(is_secret_itself(error.message()), "{}", error.message());
    }
}
