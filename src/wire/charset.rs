//! Decodes a body by its `Content-Type`, its byte order mark, or its zero bytes.

use std::borrow::Cow;

/// Knows UTF-8, UTF-16, ISO 8859-1, and Windows-1252 as far as it agrees with ISO 8859-1.
/// Other encodings agree with UTF-8 in the ASCII characters that documents and tokens are made of.
#[must_use]
pub(crate) fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some(rest) = body.strip_prefix(b"\xef\xbb\xbf") {
        return String::from_utf8_lossy(rest);
    }
    if let Some(big_endian) = utf16_order(body) {
        return Cow::Owned(utf16(body, big_endian));
    }
    if let Ok(text) = std::str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    match charset(content_type).as_deref() {
        Some("iso-8859-1" | "latin1" | "windows-1252" | "us-ascii") => {
            Cow::Owned(body.iter().copied().map(char::from).collect())
        }
        _ => String::from_utf8_lossy(body),
    }
}

/// RFC 9110 §8.3.2.
fn charset(content_type: Option<&str>) -> Option<String> {
    content_type?.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    })
}

/// Returns whether UTF-16 is big-endian, by its byte order mark or its zero bytes (RFC 4627 §3).
fn utf16_order(body: &[u8]) -> Option<bool> {
    match body {
        [0xfe, 0xff, ..] => Some(true),
        [0xff, 0xfe, ..] => Some(false),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => Some(true),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some(false),
        _ => None,
    }
}

fn utf16(body: &[u8], big_endian: bool) -> String {
    let units = body.chunks(2).map(|pair| match *pair {
        [first, second] if big_endian => u16::from_be_bytes([first, second]),
        [first, second] => u16::from_le_bytes([first, second]),
        _ => 0xfffd,
    });
    char::decode_utf16(units.skip_while(|unit| *unit == 0xfeff))
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_decoded_by_their_charset_declared_or_not() {
        let utf16 = |big: bool, mark: bool| -> Vec<u8> {
            let text = if mark {
                "\u{feff}{\"a\"}é😀"
            } else {
                "{\"a\"}é😀"
            };
            text.encode_utf16()
                .flat_map(|unit| {
                    if big {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    }
                })
                .collect()
        };
        let json = Some("application/json");
        let latin1 = Some("application/json; charset=ISO-8859-1");
        let cases: Vec<(Vec<u8>, Option<&str>, &str)> = vec![
            ("é".into(), None, "é"),
            ("é".into(), Some("text/plain; charset=utf-8"), "é"),
            ("\u{feff}é".into(), json, "é"),
            (b"M\xfcller".to_vec(), json, "M\u{fffd}ller"),
            (b"M\xfcller".to_vec(), None, "M\u{fffd}ller"),
            (b"M\xfcller".to_vec(), latin1, "Müller"),
            (
                b"M\xfcller".to_vec(),
                Some("text/plain; Charset=\"windows-1252\""),
                "Müller",
            ),
            // Declared wrongly, as many providers do.
            ("é".into(), latin1, "é"),
            (utf16(false, true), json, "{\"a\"}é😀"),
            (utf16(true, true), json, "{\"a\"}é😀"),
            (
                utf16(false, false),
                Some("text/json; charset=utf-16le"),
                "{\"a\"}é😀",
            ),
            (utf16(true, false), None, "{\"a\"}é😀"),
            (vec![], None, ""),
            (vec![0xff, 0xfe, 0x41], None, "\u{fffd}"),
        ];
        for (body, content_type, expected) in cases {
            assert_eq!(
                decode(&body, content_type),
                expected,
                "{body:?} {content_type:?}"
            );
        }
    }
}
