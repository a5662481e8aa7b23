//! Which token is whose: a digest over every input of the request but the secrets, so that an edited profile or another scope is another
//! token, and a new secret or a comment is not.

use std::fmt::Write as _;

use ring::digest::{Context, SHA256};

/// How many digits of the digest name a file: 128 bits, which no two profiles of one user will share. The whole digest stands in the entry and
/// is compared besides.
const NAMED_DIGITS: usize = 32;

/// What tells `inputs` from all others: a SHA-256 in lower-case hex.
#[must_use]
pub fn digest(inputs: &[(String, String)]) -> String {
    let mut digest = Context::new(&SHA256);
    for (label, value) in inputs {
        for text in [label, value] {
            // Length before text: no two lists of texts run together into one.
            digest.update(&(text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
    }
    let mut hex = String::new();
    push_hex(&mut hex, digest.finish().as_ref());
    hex
}

/// The name of the entry for `profile` with inputs of this [`digest`], without an ending: `cint.0f3a…`.
#[must_use]
pub fn stem(profile: &str, digest: &str) -> String {
    format!("{profile}.{}", &digest[..NAMED_DIGITS])
}

/// The profile in a stem; none when `stem` is none.
#[must_use]
pub fn profile_of(stem: &str) -> Option<&str> {
    let (profile, digest) = stem.rsplit_once('.')?;
    let is_digest = digest.len() == NAMED_DIGITS
        && digest
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_digest && crate::profile::name::check(profile).is_ok()).then_some(profile)
}

/// The stem and the ending of a file's name, the ending with all its dots: `p.0f3a…` and `json`.
#[must_use]
pub fn split(name: &str) -> Option<(&str, &str)> {
    let digest = name.find('.')? + 1;
    let end = digest + name.get(digest..)?.find('.')?;
    Some((&name[..end], &name[end + 1..]))
}

/// The digest of one text, for an input whose value should not stand in a file.
#[must_use]
pub fn digest_text(text: &str) -> String {
    let mut hex = String::from("sha256:");
    push_hex(
        &mut hex,
        ring::digest::digest(&SHA256, text.as_bytes()).as_ref(),
    );
    hex
}

fn push_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        write!(out, "{byte:02x}").expect("a String takes all that is written to it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> String {
        let inputs: Vec<_> = pairs
            .iter()
            .map(|(l, v)| ((*l).to_owned(), (*v).to_owned()))
            .collect();
        stem("p", &digest(&inputs))
    }

    #[test]
    fn a_file_name_tells_profile_and_ending() {
        let stem = of(&[("a", "b")]);
        assert_eq!(profile_of(&stem), Some("p"));
        for ending in ["json", "json.0123456789abcdef.tmp"] {
            assert_eq!(
                split(&format!("{stem}.{ending}")),
                Some((stem.as_str(), ending))
            );
        }
        for other in ["", "p", "p.", "p.abc", &stem[..stem.len() - 1]] {
            assert_eq!(profile_of(other), None, "{other}");
        }
        assert_eq!(profile_of(&stem.replacen('p', "../p", 1)), None);
        for other in ["", "p", "p.abc"] {
            assert_eq!(split(other), None, "{other}");
        }
    }

    #[test]
    fn a_digest_is_what_it_was_in_every_version_before() {
        // SHA-256 of nothing; then each text behind its length in eight bytes, the most significant first.
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(&[]), nothing);
        assert_eq!(digest_text(""), format!("sha256:{nothing}"));
        let one = [("a".to_owned(), "bc".to_owned())];
        assert_eq!(
            digest(&one),
            "3fafa1cf2f19a7c1129beb20cf0983f73a489a221fc0dd2f16d1be292d089205"
        );
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
                assert_ne!(of(list), of(other));
            }
            assert_eq!(of(list), of(list));
        }
    }
}
