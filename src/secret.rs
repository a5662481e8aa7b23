//! The one type that holds a secret or a token: it cannot be printed by accident, and its memory is zeroed when it goes.

use std::fmt;

use crate::wiped::Wiped;

/// A string nobody but the wire, the keyring and stdout may see.
///
/// It has no `Display`, its `Debug` is redacted, and it is zeroed on drop. Whoever needs the text says so with [`expose`](Self::expose),
/// which makes each such place easy to find.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Takes over `text`; its buffer becomes the secret's own and is zeroed with it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Only for the wire, the keyring, stdout, and the cache entry of a token.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends `text`, growing into a new buffer and zeroing the old one, so that no half secret stays behind.
    pub fn push(&mut self, text: &str) {
        if self.0.capacity() - self.0.len() < text.len() {
            let wanted = (self.0.len() + text.len()).max(64).next_power_of_two();
            let mut grown = Self(String::with_capacity(wanted));
            grown.0.push_str(&self.0);
            *self = grown;
        }
        self.0.push_str(text);
    }

    /// The secret as a file, a command or stdin gave it: UTF-8, without the one line end such sources add.
    ///
    /// Exactly one `\n` or `\r\n` is taken off; a secret that really ends in a line break is written with two.
    ///
    /// # Errors
    /// [`NotText`] when the bytes are not UTF-8, or [`Empty`](NotText::Empty) when nothing is left.
    pub fn from_line(bytes: Vec<u8>) -> Result<Self, NotText> {
        let bytes = Wiped(bytes);
        let text = std::str::from_utf8(&bytes).map_err(|_| NotText::Encoding)?;
        let text = text
            .strip_suffix("\r\n")
            .or_else(|| text.strip_suffix('\n'))
            .unwrap_or(text);
        if text.is_empty() {
            return Err(NotText::Empty);
        }
        let mut secret = Self::default();
        secret.push(text);
        Ok(secret)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        drop(Wiped(std::mem::take(&mut self.0).into_bytes()));
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

/// Why bytes from a file, a command or stdin are no secret. Says nothing of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotText {
    /// Nothing, or nothing but a line end.
    Empty,
    /// Not UTF-8.
    Encoding,
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the secret is empty",
            Self::Encoding => "the secret is not UTF-8 text",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_text() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }

    #[test]
    fn exactly_one_line_end_is_taken_off() {
        let cases: [(&[u8], Result<&str, NotText>); 9] = [
            (b"s3cret", Ok("s3cret")),
            (b"s3cret\n", Ok("s3cret")),
            (b"s3cret\r\n", Ok("s3cret")),
            (b"s3cret\n\n", Ok("s3cret\n")),
            (b" s3 cret ", Ok(" s3 cret ")),
            ("é+/=".as_bytes(), Ok("é+/=")),
            (b"", Err(NotText::Empty)),
            (b"\n", Err(NotText::Empty)),
            (b"\xff\xfe", Err(NotText::Encoding)),
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
