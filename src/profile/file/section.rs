//! Finds the lines of one profile without parsing the rest: a cached token must print as fast with five hundred profiles as
//! with one, and a mistake in one profile must not affect the others.
//!
//! It only reads files in the plain style: every table is under a `[profiles.NAME…]`, `[defaults…]` or `[shared_cache…]` header of bare keys,
//! and no string has several lines. Any other file is parsed whole. In a plain file a line that begins with `[profiles.` is
//! always a header, as it would not be a value in a multi-line array.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memmem, memrchr};

pub(super) const SECTIONS: [&str; 3] = ["profiles", "defaults", "shared_cache"];

#[derive(Debug, PartialEq)]
pub(super) struct Part<'a> {
    pub(super) text: Cow<'a, str>,
    /// Where each run of lines begins, as `(in text, in file)`.
    starts: Vec<(usize, usize)>,
}

impl<'a> Part<'a> {
    pub(super) fn whole(text: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            starts: Vec::new(),
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.starts.is_empty()
    }

    /// Converts offset `at` in `text` to an offset in the file.
    pub(super) fn in_file(&self, at: usize) -> usize {
        let run = self.starts.iter().rev().find(|(start, _)| *start <= at);
        run.map_or(at, |(start, in_file)| at - start + in_file)
    }
}

/// Returns the lines of profile `name` and of `[defaults]`; `None` if the file is not plain or lacks the profile.
#[must_use]
pub(super) fn find<'a>(text: &'a str, name: &str) -> Option<Part<'a>> {
    let bytes = text.as_bytes();
    if has_multi_line_string(bytes) {
        return None;
    }
    let mut found = String::new();
    let mut starts = Vec::new();
    let (mut any, mut seen, mut ours) = (false, false, None);
    let mut take = |from: usize, to: usize| {
        starts.push((found.len(), from));
        found.push_str(&text[from..to]);
    };
    for bracket in memchr_iter(b'[', bytes) {
        let before = memrchr(b'\n', &bytes[..bracket]).map_or(0, |end| end + 1);
        if !text[before..bracket]
            .bytes()
            .all(|byte| matches!(byte, b' ' | b'\t'))
        {
            continue;
        }
        let line = &text[bracket..];
        let line = &line[..memchr(b'\n', line.as_bytes()).unwrap_or(line.len())];
        let (is_ours, is_profile_itself) = match header(line) {
            Some(header) => (
                match header.owner {
                    Owner::Profile(profile) => profile == name,
                    Owner::Defaults => true,
                    Owner::SharedCache => false,
                },
                matches!(header.owner, Owner::Profile(_)) && header.is_whole_path,
            ),
            // Another profile's header, not in the plain style.
            None if profile_of(line).is_some_and(|other| other != name) => (false, false),
            None if !any || is_table_header(line) => return None,
            None => continue,
        };
        if !any && !is_comment(&text[..before]) {
            return None;
        }
        any = true;
        if let Some(start) = ours.take() {
            take(start, before);
        }
        if is_ours {
            seen |= is_profile_itself;
            ours = Some(before);
        }
    }
    if let Some(start) = ours {
        take(start, text.len());
    }
    seen.then_some(Part {
        text: Cow::Owned(found),
        starts,
    })
}

/// Returns the profiles with a plain header, sorted; empty if the file has multi-line strings.
pub(super) fn names(text: &str) -> Vec<&str> {
    if has_multi_line_string(text.as_bytes()) {
        return Vec::new();
    }
    let headers = text
        .lines()
        .filter_map(|line| profile_of(line.trim_start_matches([' ', '\t'])));
    let mut names: Vec<&str> = headers.collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn has_multi_line_string(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"\"\"\"").is_some() || memmem::find(bytes, b"'''").is_some()
}

/// Returns the profile in a header line, even if the rest is malformed.
pub(super) fn profile_of(line: &str) -> Option<&str> {
    let path = line.trim_start_matches('[').strip_prefix("profiles.")?;
    let end = path
        .find(|c: char| !is_bare_character(c))
        .unwrap_or(path.len());
    (line.starts_with('[') && end > 0).then(|| &path[..end])
}

fn is_comment(text: &str) -> bool {
    text.lines()
        .map(|line| line.trim_start_matches([' ', '\t']))
        .all(|line| line.is_empty() || line.starts_with('#'))
}

struct Header<'a> {
    owner: Owner<'a>,
    is_whole_path: bool,
}

enum Owner<'a> {
    Profile(&'a str),
    Defaults,
    SharedCache,
}

/// Whether a header line opens `[shared_cache]` or a table in it.
pub(super) fn is_shared_cache(line: &str) -> bool {
    header(line).is_some_and(|header| matches!(header.owner, Owner::SharedCache))
}

/// Parses `[profiles.NAME]`, `[profiles.NAME.key…]`, `[[profiles.NAME.key…]]`, `[defaults…]` or `[shared_cache…]`, of bare keys
/// without spaces.
fn header(line: &str) -> Option<Header<'_>> {
    let (open, close) = if line.starts_with("[[") {
        ("[[", "]]")
    } else {
        ("[", "]")
    };
    let (path, after) = line.strip_prefix(open)?.split_once(close)?;
    let after = after.trim();
    if !(after.is_empty() || after.starts_with('#')) || !path.split('.').all(is_bare) {
        return None;
    }
    let mut keys = path.split('.');
    let owner = match keys.next()? {
        "profiles" => Owner::Profile(keys.next()?),
        "defaults" => Owner::Defaults,
        "shared_cache" => Owner::SharedCache,
        _ => return None,
    };
    Some(Header {
        owner,
        is_whole_path: open == "[" && keys.next().is_none(),
    })
}

/// Whether a line that begins with `[` may be a header rather than an array element; `true` if unsure.
fn is_table_header(line: &str) -> bool {
    let inside = line.trim_start_matches('[').trim_start();
    inside
        .as_bytes()
        .first()
        .is_none_or(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'"' | b'\''))
}

fn is_bare(key: &str) -> bool {
    !key.is_empty() && key.chars().all(is_bare_character)
}

fn is_bare_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::file::Config;
    use proptest::prelude::*;
    use toml::de::DeTable;

    fn text(text: &str, name: &str) -> Option<String> {
        find(text, name).map(|part| part.text.into_owned())
    }

    const PLAIN: &str = "# top\n[profiles.a]\nx = 1\n\n  [profiles.a.sub] # why\ny = 2\n[profiles.b]\nz = [\n  [1],\n]\n[[profiles.a.steps]]\nw = 3\n";

    #[test]
    fn only_the_lines_of_the_profile_come_back() {
        assert_eq!(
            text(PLAIN, "a").as_deref(),
            Some(
                "[profiles.a]\nx = 1\n\n  [profiles.a.sub] # why\ny = 2\n[[profiles.a.steps]]\nw = 3\n"
            )
        );
        assert_eq!(
            text(PLAIN, "b").as_deref(),
            Some("[profiles.b]\nz = [\n  [1],\n]\n")
        );
    }

    #[test]
    fn defaults_come_with_every_profile_and_broken_headers_of_others_do_not_matter() {
        let file =
            "[defaults]\nd = 1\n[profiles.b\nx = 1\n[profiles.a]\ny = 2\n[profiles.b.'c']\nz = 3\n";
        let part = find(file, "a").unwrap();
        assert_eq!(part.text, "[defaults]\nd = 1\n[profiles.a]\ny = 2\n");
        for wanted in ["d = 1", "y = 2"] {
            assert_eq!(
                part.in_file(part.text.find(wanted).unwrap()),
                file.find(wanted).unwrap()
            );
        }
        assert_eq!(find(file, "b"), None);
        assert_eq!(names(file), ["a", "b"]);
    }

    #[test]
    fn the_shared_cache_is_left_out() {
        let file = "[shared_cache]\nurl = 1\n[profiles.a]\ny = 2\n[shared_cache.key]\nfile = 'k'\n";
        assert_eq!(text(file, "a").as_deref(), Some("[profiles.a]\ny = 2\n"));
    }

    #[test]
    fn anything_out_of_the_plain_style_is_left_to_the_whole_parse() {
        let cases = [
            ("", "a"),
            (PLAIN, "c"),
            ("[profiles.\"a\"]\nx = 1\n", "a"),
            ("[ profiles.a ]\nx = 1\n", "a"),
            ("[profiles]\na.x = 1\n", "a"),
            ("profiles.a.x = 1\n", "a"),
            ("profiles = { a = { x = 1 } }\n", "a"),
            ("[profiles.a.sub]\ny = 1\n", "a"),
            ("[profiles.a]\nx = \"\"\"\n[profiles.b]\n\"\"\"\n", "b"),
            ("[profiles.a]\nx = 1\n[profiles.'a'.sub]\ny = 2\n", "a"),
            ("[profiles.a]\nx = 1\n[profiles.a\ny = 2\n", "a"),
            ("[profiles.a]\nx = 1\n[profiles . b]\ny = 2\n", "a"),
            ("[profiles.a]\nx = 1\n[other]\ny = 2\n", "a"),
            ("\u{feff}[profiles.a]\nx = 1\n", "a"),
        ];
        for (text, name) in cases {
            assert_eq!(find(text, name), None, "{text:?}");
        }
    }

    fn line() -> impl Strategy<Value = String> {
        let header = prop::sample::select(vec![
            "[profiles.a]",
            "[profiles.b]",
            "[profiles.a.vars]",
            "[profiles.b.vars]",
            "[[profiles.a.steps]]",
            "[[profiles.b.steps]]",
            "[profiles.a.response]",
            "  [profiles.a.params] # x",
            "[ profiles.a ]",
            "[profiles.\"a\"]",
            "[profiles.'b'.vars]",
            "[profiles]",
            "[\"profiles\".a]",
            "[profiles.a.params.x]",
            "[profiles . a . vars]",
            "[profiles.a.vars.",
            "[profiles.a] x",
            "[[profiles.a]]",
            "[other]",
            "[defaults]",
            "[defaults.vars]",
            "[shared_cache]",
            "[shared_cache.key]",
            "[shared_cache",
            "[profiles.b",
            "[profiles.b.'c']",
        ]);
        let entry = prop::sample::select(vec![
            "token_url = 'x'",
            "client_id = \"[profiles.a]\"",
            "scope = [",
            "'s',",
            "]",
            "[1],",
            "[profiles.b],",
            "x = [[profiles.a]]",
            "scope = ['[profiles.a]']",
            "audience = 'y'",
            "vars.z = 'v'",
            "a.token_url = 'u'",
            "a = { audience = 'q' }",
            "profiles.a.scope = 's'",
            "name = 'n'",
            "root = '/r'",
            "k = 'w'",
            "p = 1",
            "p = { q = [",
            "] }",
            "}",
            "# [profiles.b]",
            "",
            "\r",
            "'''",
            "audience = \"\"\"",
            "audience = '''a'''",
            "\t",
        ]);
        prop_oneof![2 => header, 3 => entry].prop_map(str::to_owned)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn the_part_means_what_the_whole_file_means(lines in prop::collection::vec(line(), 0..8)) {
            let text = lines.join("\n");
            if DeTable::parse(&text).is_ok() {
                for name in ["a", "b"] {
                    if let Some(part) = find(&text, name) {
                        let tables = |text: &str| Config::of_text("c.toml", text).tables(name).ok();
                        if let (Some(part), Some(whole)) = (tables(&part.text), Config::of_text("c.toml", &text).whole_tables(name)) {
                            prop_assert_eq!(part, whole, "{}", text);
                        }
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_profile_is_found_among_any_others_in_the_plain_style(
            names in prop::collection::btree_set("[a-z][a-z0-9_-]{0,8}", 1..20),
            values in prop::collection::vec("[ !#-&(-~]{0,20}", 20),
        ) {
            let text: String = names
                .iter()
                .zip(&values)
                .map(|(name, value)| {
                    format!("[profiles.{name}]\naudience = '{value}'\n\n[profiles.{name}.vars]\nv = '{name}'\n")
                })
                .collect();
            for (name, value) in names.iter().zip(&values) {
                let part = find(&text, name).expect("the file is in the plain style");
                prop_assert_eq!(part.text.lines().filter(|line| !line.is_empty()).count(), 4);
                let (own, _) = Config::of_text("c.toml", &text).tables(name).unwrap();
                prop_assert_eq!(own.request.audience.as_ref(), Some(value));
            }
        }
    }
}
