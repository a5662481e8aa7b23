//! Pieces of DER (X.690) that are written and recognised.

use zeroize::Zeroizing;

// Object identifiers of curves (RFC 5480 §2.1.1.1), with their tags.
pub(super) const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
pub(super) const P384: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x22";

/// Returns `content` with its tag and length.
pub(super) fn tagged(tag: u8, content: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut out = Zeroizing::new(Vec::with_capacity(content.len() + 2 + length.len()));
    out.push(tag);
    match content.len() {
        short @ 0..=0x7f => out.extend(u8::try_from(short)),
        _ => {
            out.extend(u8::try_from(0x80 | length.len()));
            out.extend_from_slice(length);
        }
    }
    out.extend_from_slice(content);
    out
}
