//! Suggests the line to write for one that is not TOML.

use toml::de::DeTable;

use crate::profile::file::hint::line::{Line, quoted, shown};
use crate::profile::file::hint::value;
use crate::profile::file::locate::{line_at, line_of};

pub(in crate::profile::file) fn of_syntax(text: &str, at: usize) -> Option<String> {
    let line = line_of(text, at);
    if let Some(earlier) = repeated(text, at) {
        return Some(earlier);
    }
    let before = || {
        text.get(..at)
            .and_then(|before| before.trim_end().lines().last())
    };
    corrected(line).or_else(|| corrected(before()?))
}

/// Returns a hint if the key or header at byte `at` is a duplicate.
fn repeated(text: &str, at: usize) -> Option<String> {
    let line = line_of(text, at).trim();
    let (number, lines) = (line_at(text, at), || text.lines().map(str::trim));
    if Line::of(line).header().is_some() && !line.starts_with("[[") {
        let first = lines().take(number - 1).position(|other| other == line)?;
        return Some(format!(
            "`{line}` is in line {} too: move these keys there, or write another name",
            first + 1
        ));
    }
    let (key, _) = line.split_once('=')?;
    let above: Vec<&str> = lines().take(number - 1).collect();
    let start = above
        .iter()
        .rposition(|other| other.starts_with('['))
        .unwrap_or(0);
    let first = above.iter().skip(start).position(|other| {
        other
            .split_once('=')
            .is_some_and(|(other, _)| other.trim() == key.trim())
    })?;
    DeTable::parse(line).ok()?;
    Some(format!(
        "`{}` is in line {} too: delete one of the two lines",
        key.trim(),
        start + first + 1
    ))
}

/// Corrects `line` if it is not TOML and the intention is clear.
fn corrected(line: &str) -> Option<String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') || DeTable::parse(line).is_ok() {
        return None;
    }
    let straight = line
        .replace(['“', '”', '„', '«', '»'], "\"")
        .replace(['‘', '’', '‚'], "'");
    if straight != line && DeTable::parse(&straight).is_ok() {
        return shown(&straight);
    }
    if line.starts_with('[') {
        return header(line);
    }
    let is_yaml = line.strip_suffix(':').is_some_and(|key| {
        key.chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    });
    if is_yaml || line.starts_with('{') {
        return Some(
            "the config is TOML: write `[profiles.NAME]`, and below it `token_url = \"https://…\"`"
                .to_owned(),
        );
    }
    for comment in ["//", "--", ";"] {
        if let Some(text) = line.strip_prefix(comment) {
            return Some(format!("write `#{text}`"));
        }
    }
    let line = straight.strip_prefix("export ").unwrap_or(&straight);
    let line = line.strip_prefix("set ").unwrap_or(line);
    let (key, written) = parts(line)?;
    if let Some(source) = value::source(&key, &written)
        && key.contains("secret")
    {
        return Some(format!("write `{source}`"));
    }
    candidates(&written)
        .into_iter()
        .map(|value| format!("{key} = {value}"))
        .find_map(|line| shown(&line))
}

/// Returns the names between the brackets of an invalid header such as `[profiles.my api`.
fn header(line: &str) -> Option<String> {
    let inside = line.split('#').next()?.trim().trim_matches(['[', ']', ' ']);
    let keys = inside.split(['.', ':', '/']).map(|key| {
        let key = key.trim().trim_matches(['"', '\'']);
        let name: String = key
            .chars()
            .map(
                |c| match c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
                    true => c,
                    false => '-',
                },
            )
            .collect();
        name
    });
    let mut keys: Vec<String> = keys.filter(|key| !key.is_empty()).collect();
    if keys
        .first()
        .is_some_and(|first| first != "profiles" && first != "defaults")
    {
        keys.insert(0, "profiles".to_owned());
    }
    let (open, close) = match line.starts_with("[[") {
        true => ("[[", "]]"),
        false => ("[", "]"),
    };
    shown(&format!("{open}{}{close}", keys.join(".")))
}

/// Splits `key = value`, `key: value`, `key := value`, `key => value` or `key "value"`.
fn parts(line: &str) -> Option<(String, String)> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "_-.\"'".contains(c)))?;
    let (key, rest) = line.split_at(end);
    let key = key.trim_matches(['"', '\'']);
    let rest = rest.trim_start().trim_start_matches([':', '=', '>']).trim();
    let is_key = !key.is_empty() && !key.contains(['"', '\'']);
    (is_key && !rest.is_empty()).then(|| (key.to_owned(), rest.to_owned()))
}

/// Returns possible corrections of `written`, the likeliest first.
fn candidates(written: &str) -> Vec<String> {
    let bare = written.trim_end_matches([';', ',']).trim_end();
    let mut all = Vec::new();
    if bare.starts_with('{') {
        let with_equals = bare
            .replace("\": ", "\" = ")
            .replace("\":", "\" = ")
            .replace(": ", " = ");
        let close = if with_equals.ends_with('}') { "" } else { " }" };
        all.push(format!("{with_equals}{close}"));
        return all;
    }
    if bare.starts_with('[') {
        let close = if bare.ends_with(']') { "" } else { "]" };
        all.push(format!("{bare}{close}"));
        let items = bare
            .trim_matches(['[', ']'])
            .split(',')
            .map(|item| quoted(item.trim().trim_matches(['"', '\''])));
        all.push(format!("[{}]", items.collect::<Vec<_>>().join(", ")));
        return all;
    }
    let lower = bare.to_ascii_lowercase();
    if ["true", "false"].contains(&lower.as_str()) {
        all.push(lower);
    }
    if bare.starts_with(['"', '\'']) {
        let inside = bare.trim_matches(['"', '\'']);
        if bare.contains('\\') {
            all.push(format!("'{inside}'"));
        }
        all.push(bare.to_owned());
        all.push(quoted(inside));
    } else {
        let text = bare.split(" #").next().unwrap_or(bare).trim_end();
        all.push(quoted(text.trim_matches(['"', '\''])));
    }
    all
}
