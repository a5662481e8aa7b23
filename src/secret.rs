//! The only type for a secret or token: it cannot be printed by accident, and its memory is zeroed on drop.

pub mod suspicion;

use std::fmt;

use zeroize::Zeroizing;

/// Without `Display`, and with a redacted `Debug`: only [`expose`](Self::expose) returns the text, so each use is easy to find.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over the buffer of `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Only for the wire, the keyring, stdout, and the cache entry of a token.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Zeroes a full buffer when it replaces it, unlike `String::push_str`.
    pub fn push(&mut self, text: &str) {
        if self.0.capacity() - self.0.len() < text.len() {
            let wanted = (self.0.len() + text.len()).max(64).next_power_of_two();
            let mut grown = Zeroizing::new(String::with_capacity(wanted));
            grown.push_str(&self.0);
            self.0 = grown;
        }
        self.0.push_str(text);
    }

    /// Reads UTF-8 without its byte order mark and trailing newlines; fails if nothing is left.
    pub fn from_line(bytes: Vec<u8>) -> Result<Self, NotASecret> {
        let bytes = Zeroizing::new(bytes);
        let text = std::str::from_utf8(&bytes).map_err(|_| NotASecret::NotUtf8)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(NotASecret::Empty);
        }
        let mut secret = Self::default();
        secret.push(text);
        Ok(secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// Why bytes are not a secret; contains none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASecret {
    /// Empty, or only a line end.
    #[error("the secret is empty")]
    Empty,
    /// Not UTF-8.
    #[error("the secret is not UTF-8 text")]
    NotUtf8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_text() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_are_removed() {
        let cases: [(&[u8], Result<&str, NotASecret>); 11] = [
            (b"s3cret", Ok("s3cret")),
            (b"s3cret\n", Ok("s3cret")),
            (b"s3cret\r\n", Ok("s3cret")),
            (b"s3cret\n\n", Ok("s3cret")),
            (b"\xef\xbb\xbfs3cret\r\n", Ok("s3cret")),
            (b"a\nb\n", Ok("a\nb")),
            (b" s3 cret ", Ok(" s3 cret ")),
            ("é+/=".as_bytes(), Ok("é+/=")),
            (b"", Err(NotASecret::Empty)),
            (b"\n", Err(NotASecret::Empty)),
            (b"\xff\xfe", Err(NotASecret::NotUtf8)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(
                Secret::from_line(bytes.to_vec()),
                expected.map(Secret::new),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn pushing_keeps_all_of_the_text() {
        let mut secret = Secret::default();
        for _ in 0..100 {
            secret.push("0123456789");
        }
        assert_eq!(secret.expose(), "0123456789".repeat(100));
    }
}
