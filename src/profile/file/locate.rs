//! Finds the lines of the config that an error message cites. May parse the file again, as it runs only after an error.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::profile::file::read::name_of;
use crate::profile::file::section;

/// Limits how far `extends` is followed.
const MOST_BASES: usize = 32;

/// Returns the line of byte `at`, from 1.
pub(super) fn line_at(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at.min(text.len())]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
}

pub(super) fn line_of(text: &str, at: usize) -> &str {
    let before = text.get(..at.min(text.len())).unwrap_or_default();
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    let rest = text.get(begin..).unwrap_or_default();
    rest.lines().next().unwrap_or_default()
}

pub(super) fn profile_at(text: &str, at: usize) -> Option<&str> {
    let begin = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let before = text.get(..begin + line_of(text, at).len())?;
    let mut headers = before.lines().rev().map(str::trim_start);
    headers
        .find(|line| line.starts_with('['))
        .and_then(section::profile_of)
}

/// Returns the first key of profile `name` with the value `written` (dotted; a step's after `steps.NAME`).
pub(super) fn key_of_text(text: &str, name: &str, written: &str) -> Option<String> {
    let document = DeTable::parse(text).ok()?;
    let profile = document.get_ref().get("profiles")?.get_ref().get(name)?;
    let mut path = Vec::new();
    find(profile.get_ref(), written, &mut path).then(|| path.join("."))
}

/// Searches `value` for `written` and sets `path` to it.
fn find<'a>(value: &'a DeValue<'_>, written: &str, path: &mut Vec<&'a str>) -> bool {
    match value {
        DeValue::String(text) => text == written,
        DeValue::Table(table) => table.iter().any(|(key, inner)| {
            path.push(key.get_ref());
            find(inner.get_ref(), written, path) || path.pop().is_none()
        }),
        DeValue::Array(items) => items.iter().any(|item| {
            let named = name_of(item.get_ref());
            path.extend(named);
            find(item.get_ref(), written, path) || named.is_some_and(|_| path.pop().is_none())
        }),
        _ => false,
    }
}

pub(super) struct Found<'a> {
    pub(super) line: usize,
    /// `None` if only a table around the key was found.
    pub(super) value: Option<DeValue<'a>>,
}

/// Finds `key` (dotted) in profile `name`, its bases or `[defaults]`; otherwise the nearest table around it.
pub(super) fn key<'a>(text: &'a str, name: &str, key: &str) -> Option<Found<'a>> {
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(_) => DeTable::parse_recoverable(text).0,
    };
    let root = document.get_ref();
    let mut parts = key.split('.').filter(|part| !part.is_empty());
    let first = parts.clone().next();
    let (_, profiles) = member(root, "profiles")?;
    let profiles = table(profiles)?;
    let own = member(profiles, name)?;
    let mut holder = own;
    for _ in 0..MOST_BASES {
        let Some(fields) = table(holder.1) else { break };
        if first.is_none_or(|first| fields.contains_key(first)) {
            return walk(text, holder, &mut parts);
        }
        let base = fields
            .get("extends")
            .and_then(|base| base.get_ref().as_str());
        match base.and_then(|base| member(profiles, base)) {
            Some(base) => holder = base,
            None => break,
        }
    }
    match (member(root, "defaults"), first) {
        (Some(defaults), Some(first))
            if table(defaults.1).is_some_and(|it| it.contains_key(first)) =>
        {
            walk(text, defaults, &mut parts)
        }
        _ => Some(Found {
            line: line_at(text, own.0.span().start),
            value: None,
        }),
    }
}

type Member<'d, 'i> = (&'d Spanned<DeString<'i>>, &'d DeValue<'i>);

fn table<'d, 'i>(value: &'d DeValue<'i>) -> Option<&'d DeTable<'i>> {
    match value {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

fn member<'d, 'i>(table: &'d DeTable<'i>, name: &str) -> Option<Member<'d, 'i>> {
    let (key, value) = table.get_key_value(name)?;
    Some((key, value.get_ref()))
}

fn walk<'a, 'k>(
    text: &str,
    holder: Member<'_, 'a>,
    parts: &mut impl Iterator<Item = &'k str>,
) -> Option<Found<'a>> {
    let (mut key, mut value) = holder;
    let mut is_whole = true;
    for part in parts {
        let next = match value {
            DeValue::Table(inner) => member(inner, part),
            DeValue::Array(items) => {
                let item = items
                    .iter()
                    .find(|item| name_of(item.get_ref()) == Some(part));
                item.and_then(|item| {
                    let (name, _) = member(table(item.get_ref())?, "name")?;
                    Some((name, item.get_ref()))
                })
            }
            _ => None,
        };
        let Some(next) = next else {
            is_whole = false;
            break;
        };
        (key, value) = next;
    }
    Some(Found {
        line: line_at(text, key.span().start),
        value: is_whole.then(|| value.clone()),
    })
}

/// Returns the plain key on the line of byte `at`: before `=`, or between a header's brackets.
pub(super) fn key_at(text: &str, at: usize) -> Option<&str> {
    let line = line_of(text, at).trim();
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_key_is_found_in_the_profile_in_its_bases_and_in_the_defaults() {
        let text = "[defaults]\ntimeout = 'd'\n[profiles.a]\nextends = 'b'\nscope = 'a'\n[profiles.b]\nresponse.root = 'b'\n\
            [[profiles.b.steps]]\nname = 's'\nurl = 'u'\n";
        for (wanted, line, value) in [
            ("scope", 5, Some("a")),
            ("response.root", 7, Some("b")),
            ("timeout", 2, Some("d")),
            ("steps.s.url", 10, Some("u")),
            ("steps.s.scope", 9, None),
            ("audience", 3, None),
        ] {
            let found = key(text, "a", wanted).unwrap();
            let text = found.value.as_ref().and_then(DeValue::as_str);
            assert_eq!((found.line, text), (line, value), "{wanted}");
        }
    }

    #[test]
    fn a_byte_leads_to_its_line_key_and_profile() {
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
        assert_eq!(line_of(text, 30), "  x.y=1");
        assert_eq!(profile_at(text, 30), Some("a"));
        assert_eq!(profile_at("a = 1\n", 0), None);
    }
}
