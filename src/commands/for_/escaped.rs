//! Appends text to a secret, with some characters escaped.

use crate::secret::Secret;

pub(super) fn push(out: &mut Secret, text: &str, escape: impl Fn(char) -> Option<&'static str>) {
    let mut buffer = [0; 4];
    for character in text.chars() {
        out.push(escape(character).unwrap_or_else(|| character.encode_utf8(&mut buffer)));
    }
}
