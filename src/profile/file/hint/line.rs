//! A line of a config, and corrected versions of it.

use toml::de::DeTable;

/// Keys whose values may contain a secret, and are never shown.
const HIDDEN: [&str; 8] = [
    "client_secret",
    "secrets",
    "secret",
    "password",
    "params",
    "headers",
    "query",
    "vars",
];

pub(super) struct Line<'a> {
    text: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text: text.trim() }
    }

    /// The keys between the brackets of a header.
    pub(super) fn header(&self) -> Option<&'a str> {
        let inside = self.text.strip_prefix('[')?.trim_start_matches('[');
        let (keys, after) = inside.split_once(']')?;
        let after = after.trim_start_matches(']').trim();
        (after.is_empty() || after.starts_with('#')).then_some(keys.trim())
    }

    pub(super) fn value(&self) -> &'a str {
        self.text
            .split_once('=')
            .map_or("", |(_, value)| value.trim())
    }

    pub(super) fn text_value(&self) -> Option<&'a str> {
        let value = self.value();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let inside = value.get(1..)?;
        inside.find(quote).and_then(|end| inside.get(..end))
    }

    /// Returns the scalar after `key =` anywhere in the line, unquoted.
    pub(super) fn value_of(&self, key: &str) -> Option<String> {
        let (start, end) = self.span_of(key)?;
        let value = self.text.get(start..end)?;
        Some(value.trim_matches(['"', '\'']).to_owned())
    }

    pub(super) fn with_value_of(&self, key: &str, value: &str) -> Option<String> {
        let (start, end) = self.span_of(key)?;
        self.shown(format!(
            "{}{value}{}",
            self.text.get(..start)?,
            self.text.get(end..)?
        ))
    }

    pub(super) fn with_value(&self, word: &str, value: &str) -> Option<String> {
        let written = ['"', '\''].map(|quote| format!("{quote}{word}{quote}"));
        let found = written
            .iter()
            .find(|written| self.text.contains(written.as_str()))?;
        self.shown(self.text.replacen(found.as_str(), value, 1))
    }

    pub(super) fn with_key(&self, old: &str, new: &str) -> Option<String> {
        let at = self.position(old, &['=', '.', ']'])?;
        let before = self.text.get(..at)?;
        let after = self.text.get(at + old.len()..)?;
        self.shown(format!("{before}{new}{after}"))
    }

    /// Finds `key` followed by one of `ends`.
    fn position(&self, key: &str, ends: &[char]) -> Option<usize> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        self.text.match_indices(key).map(|(at, _)| at).find(|at| {
            let before = self.text.get(..*at).unwrap_or_default();
            let after = self.text.get(at + key.len()..).unwrap_or_default();
            let after = after.trim_start_matches(['"', '\'']);
            !before.ends_with(is_part) && after.trim_start().starts_with(ends)
        })
    }

    fn span_of(&self, key: &str) -> Option<(usize, usize)> {
        let at = self.position(key, &['='])?;
        let after = self.text.get(at..)?;
        let equals = after.find('=')? + 1;
        let blank = after.get(equals..)?;
        let start = at + equals + (blank.len() - blank.trim_start().len());
        let value = self.text.get(start..)?;
        let length = match value.chars().next()? {
            quote @ ('"' | '\'') => value.get(1..)?.find(quote)? + 2,
            _ => value.find([',', '}', ' ', ']']).unwrap_or(value.len()),
        };
        Some((start, start + length))
    }

    fn shown(&self, corrected: String) -> Option<String> {
        shown(&corrected)
    }
}

/// Returns a hint with `…` for texts that may be secret; `None` if `corrected` is not TOML.
pub(super) fn shown(corrected: &str) -> Option<String> {
    let corrected = corrected.trim();
    let document = DeTable::parse(corrected).ok()?;
    let root = document.get_ref();
    let line = match root
        .keys()
        .any(|key| HIDDEN.contains(&key.get_ref().as_ref()))
    {
        true => hidden(corrected),
        false => corrected.to_owned(),
    };
    let is_short = line.chars().count() <= 160 && !line.chars().any(char::is_control);
    // A URL may contain credentials.
    let is_open = !line.contains("://") || !line.contains('@');
    (is_short && is_open).then(|| format!("write `{line}`"))
}

/// Replaces each string by `…`, except the words of a command.
fn hidden(line: &str) -> String {
    let (before, command) = match line.find("command = [") {
        Some(start) => line.split_at(start),
        None => (line, ""),
    };
    let (command, after) = match command.find(']') {
        Some(end) => command.split_at(end),
        None => ("", command),
    };
    format!(
        "{}{command}{}",
        without_strings(before),
        without_strings(after)
    )
}

fn without_strings(text: &str) -> String {
    let mut out = String::new();
    let mut open = None;
    for c in text.chars() {
        match open {
            Some(quote) if c == quote => {
                open = None;
                out.push(c);
            }
            Some(_) => {}
            None if matches!(c, '"' | '\'') => {
                open = Some(c);
                out.push(c);
                out.push('…');
            }
            None => out.push(c),
        }
    }
    out
}

pub(super) fn quoted(text: &str) -> String {
    match text.contains(['"', '\\']) {
        true => format!("'{text}'"),
        false => format!("\"{text}\""),
    }
}

/// Converts to snake case: `tokenUrl` and `Token-URL` become `token_url`.
pub(super) fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            before = '_';
            continue;
        }
        if !out.is_empty()
            && (before == '_' || c.is_ascii_uppercase() && before.is_ascii_lowercase())
        {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        before = c;
    }
    out
}
