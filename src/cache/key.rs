//! The cache key: a digest of every input except the secrets, so that a new secret keeps the token and another scope does not.

use std::fmt::Write as _;

use ring::digest::SHA256;
use serde::Serialize;

use crate::profile::Inputs;

/// Raise it when the serialized inputs change: every token is fetched anew.
const VERSION: u32 = 1;

/// 128 bits are unique among a user's entries; the entry contains the whole digest.
const NAMED_DIGITS: usize = 32;

#[derive(Serialize)]
struct Key<'a> {
    version: u32,
    profile: &'a str,
    inputs: &'a Inputs,
}

/// Returns the key as JSON.
#[must_use]
pub fn serialize(profile: &str, inputs: &Inputs) -> String {
    let key = Key {
        version: VERSION,
        profile,
        inputs,
    };
    serde_json::to_string(&key).unwrap_or_default()
}

/// Returns the SHA-256 of the key in lower-case hex.
#[must_use]
pub fn digest(profile: &str, inputs: &Inputs) -> String {
    let key = serialize(profile, inputs);
    let digest = ring::digest::digest(&SHA256, key.as_bytes());
    digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Returns an entry's file name without extension: `cint.0f3a…`.
#[must_use]
pub fn stem(profile: &str, digest: &str) -> String {
    format!("{profile}.{}", digest.get(..NAMED_DIGITS).unwrap_or(digest))
}

/// Returns the profile in a stem.
#[must_use]
pub fn profile_of(stem: &str) -> Option<&str> {
    let (profile, digest) = stem.rsplit_once('.')?;
    let is_digest = digest.len() == NAMED_DIGITS
        && digest
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_digest && crate::profile::name::check(profile).is_ok()).then_some(profile)
}

#[must_use]
pub(crate) fn matches(stem: &str, digest: &str) -> bool {
    let named = stem.rsplit_once('.').map_or("", |(_, digits)| digits);
    named.len() == NAMED_DIGITS && digest.starts_with(named)
}

/// Splits a file name into stem and extension: `p.0f3a…` and `json`.
#[must_use]
pub fn split(name: &str) -> Option<(&str, &str)> {
    let digest = name.find('.')? + 1;
    let end = digest + name.get(digest..)?.find('.')?;
    Some((name.get(..end)?, name.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem_of(pairs: &[(&str, &str)]) -> String {
        let inputs: Inputs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        stem("p", &digest("p", &inputs))
    }

    #[test]
    fn file_name_tells_profile_and_ending() {
        let stem = stem_of(&[("a", "b")]);
        assert_eq!(profile_of(&stem), Some("p"));
        for ending in ["json", "json.0123456789abcdef.tmp"] {
            assert_eq!(
                split(&format!("{stem}.{ending}")),
                Some((stem.as_str(), ending))
            );
        }
        let digest = digest("p", &vec![("a".to_owned(), "b".to_owned())]);
        assert!(matches(&stem, &digest));
        assert!(!matches(
            &stem,
            &digest.replacen(char::is_alphanumeric, "x", 1)
        ));
        for other in ["", "p", "p.", "p.abc", &stem[..stem.len() - 1]] {
            assert!(!matches(other, &digest));
            assert_eq!(profile_of(other), None, "{other}");
        }
        assert_eq!(profile_of(&stem.replacen('p', "../p", 1)), None);
        for other in ["", "p", "p.abc"] {
            assert_eq!(split(other), None, "{other}");
        }
    }

    #[test]
    fn key_is_versioned_json_of_named_inputs() {
        let inputs = vec![("client_id".to_owned(), "a\"b".to_owned())];
        assert_eq!(
            serialize("p", &inputs),
            r#"{"version":1,"profile":"p","inputs":[["client_id","a\"b"]]}"#
        );
        assert_ne!(digest("p", &inputs), digest("q", &inputs));
    }

    #[test]
    fn no_two_lists_of_inputs_share_a_name() {
        let lists: [&[(&str, &str)]; 7] = [
            &[],
            &[("", "")],
            &[("a", "bc")],
            &[("ab", "c")],
            &[("a", "b"), ("c", "")],
            &[("a", "b")],
            &[("b", "a")],
        ];
        for (index, list) in lists.iter().enumerate() {
            for other in &lists[..index] {
                assert_ne!(stem_of(list), stem_of(other));
            }
            assert_eq!(stem_of(list), stem_of(list));
        }
    }
}
