//! The body of an answer: at most a mebibyte, unpacked if it is packed, in memory that is zeroed.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;
use zeroize::Zeroizing;

use crate::wire::no_answer::NoAnswer;

/// Limits the answer as sent and as unpacked, against decompression bombs.
const LARGEST_BYTES: usize = 1 << 20;

/// Enough for nearly every answer.
const USUAL_BYTES: usize = 8 << 10;

/// Nearly all bodies have one, and each costs a window to unpack.
const MOST_MEMBERS: usize = 16;

pub(super) const CODING: &str = "gzip";

/// Whether the `Content-Encoding` is gzip, by either of its names (RFC 9110 §8.4.1.3).
pub(super) fn is_packed(coding: &[u8]) -> bool {
    [CODING, "x-gzip"]
        .iter()
        .any(|name| coding.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
}

pub(super) struct Body {
    bytes: Zeroizing<Vec<u8>>,
}

impl Body {
    pub(super) fn new() -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(USUAL_BYTES)),
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), NoAnswer> {
        let len = self.bytes.len() + chunk.len();
        if len > LARGEST_BYTES {
            return Err(NoAnswer::TooLarge);
        }
        if self.bytes.capacity() < len {
            // A growing buffer would leave a copy of the token behind.
            let mut grown = Zeroizing::new(Vec::with_capacity(len * 2));
            grown.extend_from_slice(&self.bytes);
            self.bytes = grown;
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// Unpacks the body (RFC 1952), as far as that works. An empty body stays empty: some answers name a coding but have no body.
    pub(super) fn unpacked(&self) -> (Self, Result<(), NoAnswer>) {
        let mut plain = Self::new();
        let mut packed = self.bytes.as_slice();
        if packed.is_empty() {
            return (plain, Ok(()));
        }
        let mut members = 1;
        loop {
            let mut member = GzDecoder::new(packed);
            if let Err(failure) = plain.push_all(&mut member) {
                return (plain, Err(failure));
            }
            packed = member.into_inner();
            if packed
                .iter()
                .all(|byte| *byte == 0 || byte.is_ascii_whitespace())
            {
                return (plain, Ok(()));
            }
            members += 1;
            if members > MOST_MEMBERS {
                return (plain, Err(NoAnswer::WrongCompression));
            }
        }
    }

    fn push_all(&mut self, member: &mut impl Read) -> Result<(), NoAnswer> {
        let mut chunk = Zeroizing::new([0; USUAL_BYTES]);
        loop {
            match member.read(chunk.as_mut_slice()) {
                Ok(0) => return Ok(()),
                Ok(len) => self.push(&chunk[..len])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(NoAnswer::WrongCompression),
            }
        }
    }

    /// Whether the bytes are complete by themselves: JSON, or gzip that unpacks to its end.
    pub(super) fn is_whole(&self, is_packed: bool) -> bool {
        if is_packed {
            return matches!(self.unpacked(), (_, Ok(())));
        }
        let text = self.bytes.strip_prefix(b"\xef\xbb\xbf".as_slice());
        serde_json::from_slice::<serde::de::IgnoredAny>(text.unwrap_or(&self.bytes)).is_ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn body(bytes: &[u8]) -> Body {
        let mut body = Body::new();
        body.push(bytes).unwrap();
        body
    }

    #[test]
    fn a_packed_body_is_unpacked_whole_or_its_trouble_is_known() {
        let text = "a token ".repeat(4000).into_bytes();
        let whole = packed(&text);
        let cut = &whole[..whole.len() - 1];
        let mut damaged = whole.clone();
        let checksum = damaged.len() - 8;
        damaged[checksum] ^= 1;
        let two = [whole.clone(), packed(b"more")].concat();
        let both = [text.as_slice(), b"more"].concat();
        let padded = [whole.as_slice(), b"\r\n"].concat();
        let cut_two = [whole.as_slice(), &whole[..1]].concat();
        let hidden = [whole.as_slice(), b"\0", &whole].concat();
        let crowded = packed(b"").repeat(MOST_MEMBERS + 1);
        for (name, bytes, expected) in [
            ("nothing", b"".as_slice(), b"".as_slice()),
            ("an empty text", &packed(b""), b""),
            ("a text", &whole, &text),
            ("two members", &two, &both),
            ("padding after it", &padded, &text),
        ] {
            let (plain, end) = body(bytes).unpacked();
            assert_eq!(plain.into_bytes().as_slice(), expected, "{name}");
            assert!(end.is_ok(), "{name}");
        }
        for (name, bytes, expected) in [
            ("cut", cut, text.as_slice()),
            ("a wrong checksum", &damaged, &text),
            ("not packed", b"{}", b""),
            ("a second member that is cut", &cut_two, &text),
            ("a member behind padding", &hidden, &text),
            ("more members than any encoder makes", &crowded, b""),
        ] {
            let (plain, end) = body(bytes).unpacked();
            assert_eq!(plain.into_bytes().as_slice(), expected, "{name}");
            assert!(matches!(end, Err(NoAnswer::WrongCompression)), "{name}");
        }
    }

    #[test]
    fn a_body_ends_at_a_mebibyte_packed_or_not() {
        let mut full = body(&vec![b' '; LARGEST_BYTES]);
        assert!(matches!(full.push(b" "), Err(NoAnswer::TooLarge)));
        assert_eq!(full.into_bytes().len(), LARGEST_BYTES);
        let (plain, end) = body(&packed(&vec![b' '; LARGEST_BYTES])).unpacked();
        assert!(end.is_ok());
        assert_eq!(plain.into_bytes().len(), LARGEST_BYTES);
        let (plain, end) = body(&packed(&vec![b' '; 64 * LARGEST_BYTES])).unpacked();
        assert!(matches!(end, Err(NoAnswer::TooLarge)));
        assert!(plain.into_bytes().len() <= LARGEST_BYTES);
    }

    #[test]
    fn the_coding_is_known_by_either_name_and_in_any_case() {
        for coding in ["gzip", "GZip", " x-gzip "] {
            assert!(is_packed(coding.as_bytes()), "{coding}");
        }
        for coding in ["", "br", "deflate", "identity", "gzip, gzip"] {
            assert!(!is_packed(coding.as_bytes()), "{coding}");
        }
    }
}
