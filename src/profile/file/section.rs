//! The part of a config file that speaks of one profile, found without parsing the rest: printing a cached token must take as
//! long with five hundred profiles in the file as with one.
//!
//! This is a shortcut and never a second reading. It answers only for files in the plain style (every table under a
//! `[profiles.NAME…]` header of bare keys, no multi-line strings); for any other file, and whenever what it found does not parse, the
//! whole file is parsed instead. In such a plain file a line that begins with `[profiles.` can only be a table's header, because inside a
//! multi-line array it would be no value.

use memchr::{memchr, memchr_iter, memmem, memrchr};

/// The lines of `text` under the headers of profile `name`, in order; none when the file is not in the plain style or does not name the profile.
///
/// Only lines that begin with `[` are looked at, and they are found by their bracket: what stands between them is passed over unread.
#[must_use]
pub fn find(text: &str, name: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if memmem::find(bytes, b"\"\"\"").is_some() || memmem::find(bytes, b"'''").is_some() {
        return None;
    }
    let mut found = String::new();
    let (mut any, mut seen, mut ours) = (false, false, None);
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
        let Some(header) = header(line) else {
            if !any || is_table_header(line) {
                return None;
            }
            continue;
        };
        if !any && !is_comment(&text[..before]) {
            return None;
        }
        any = true;
        if let Some(start) = ours.take() {
            found.push_str(&text[start..before]);
        }
        if header.profile == name {
            seen |= header.is_profile_itself;
            ours = Some(before);
        }
    }
    if let Some(start) = ours {
        found.push_str(&text[start..]);
    }
    seen.then_some(found)
}

/// Whether `text` says nothing: blank lines and comments.
fn is_comment(text: &str) -> bool {
    text.lines()
        .map(|line| line.trim_start_matches([' ', '\t']))
        .all(|line| line.is_empty() || line.starts_with('#'))
}

/// A header in the plain style.
struct Header<'a> {
    profile: &'a str,
    is_profile_itself: bool,
}

/// Reads `[profiles.NAME]`, `[profiles.NAME.key…]` or `[[profiles.NAME.key…]]`, made of bare keys without spaces.
fn header(line: &str) -> Option<Header<'_>> {
    let (open, close) = if line.starts_with("[[") {
        ("[[", "]]")
    } else {
        ("[", "]")
    };
    let (path, after) = line.strip_prefix(open)?.split_once(close)?;
    let after = after.trim();
    if !(after.is_empty() || after.starts_with('#')) {
        return None;
    }
    let mut keys = path.strip_prefix("profiles.")?.split('.');
    let profile = keys.next()?;
    let mut is_profile_itself = open == "[";
    if !is_bare(profile) {
        return None;
    }
    for key in keys {
        if !is_bare(key) {
            return None;
        }
        is_profile_itself = false;
    }
    Some(Header {
        profile,
        is_profile_itself,
    })
}

/// Whether a line that begins with `[` could be a table's header rather than an element of a multi-line array: in doubt, yes.
fn is_table_header(line: &str) -> bool {
    let inside = line.trim_start_matches('[').trim_start();
    inside
        .as_bytes()
        .first()
        .is_none_or(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'"' | b'\''))
}

/// TOML's bare keys.
fn is_bare(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::file::schema::File;
    use proptest::prelude::*;

    const PLAIN: &str = "# top\n[profiles.a]\nx = 1\n\n  [profiles.a.sub] # why\ny = 2\n[profiles.b]\nz = [\n  [1],\n]\n[[profiles.a.steps]]\nw = 3\n";

    #[test]
    fn only_the_lines_of_the_profile_come_back() {
        assert_eq!(
            find(PLAIN, "a").as_deref(),
            Some(
                "[profiles.a]\nx = 1\n\n  [profiles.a.sub] # why\ny = 2\n[[profiles.a.steps]]\nw = 3\n"
            )
        );
        assert_eq!(
            find(PLAIN, "b").as_deref(),
            Some("[profiles.b]\nz = [\n  [1],\n]\n")
        );
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
            ("[profiles.a]\nx = 1\n[other]\ny = 2\n", "a"),
            ("\u{feff}[profiles.a]\nx = 1\n", "a"),
        ];
        for (text, name) in cases {
            assert_eq!(find(text, name), None, "{text:?}");
        }
    }

    /// A line of a config, or of something like one.
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
            let read = |text: &str| toml::from_str::<File>(text).ok();
            // Where the whole file is wrong there is nothing to compare with: what is wrong elsewhere may go unnoticed.
            if let Some(whole) = read(&text) {
                for name in ["a", "b"] {
                    if let Some(part) = find(&text, name).as_deref().and_then(read) {
                        prop_assert_eq!(part.profiles.get(name), whole.profiles.get(name), "{}", text);
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
                prop_assert_eq!(part.lines().filter(|line| !line.is_empty()).count(), 4);
                let table = &toml::from_str::<File>(&part).unwrap().profiles[name];
                prop_assert_eq!(table.audience.as_ref(), Some(value));
            }
        }
    }
}
