//! Which token is whose: a digest over every input of the request but the secrets, so that an edited profile or another scope is another
//! token, and a new secret or a comment is not.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// How much of the digest names a file: 128 bits, which no two profiles of one user will share. The whole inputs stand in the entry and are
/// compared besides.
const NAMED_BYTES: usize = 16;

/// The name of the entry for `profile` with `inputs`, without an ending: `cint.0f3a…`.
#[must_use]
pub fn stem(profile: &str, inputs: &[(String, String)]) -> String {
    let mut digest = Sha256::new();
    for (label, value) in inputs {
        for text in [label, value] {
            // Length before text: no two lists of texts run together into one.
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
    }
    let mut stem = format!("{profile}.");
    push_hex(&mut stem, &digest.finalize()[..NAMED_BYTES]);
    stem
}

/// The digest of one text, for an input whose value should not stand in a file.
#[must_use]
pub fn digest_text(text: &str) -> String {
    let mut hex = String::from("sha256:");
    push_hex(&mut hex, &Sha256::digest(text.as_bytes()));
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
        stem("p", &inputs)
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
