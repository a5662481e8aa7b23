//! Characters of a decoded text, each with its byte range in the original text.

#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) character: char,
    pub(super) from: usize,
    pub(super) to: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Piece {
    /// A code point, or a UTF-16 unit that may be half of one.
    Code(u32),
    /// An ASCII character, or a byte that may be a part of a character.
    Byte(u8),
}

/// Joins bytes as UTF-8 (as Latin-1 where they are not) and UTF-16 units as pairs.
pub(super) fn assembled(pieces: impl Iterator<Item = (Piece, usize, usize)>) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::new();
    let mut pending: Vec<(u8, usize, usize)> = Vec::new();
    // The unit that the last item of `out` was read from, if that may be the first of a pair.
    let mut high = None;
    for (piece, from, to) in pieces {
        let before = high.take();
        let code = match piece {
            Piece::Byte(byte) if !byte.is_ascii() => {
                pending.push((byte, from, to));
                continue;
            }
            Piece::Byte(byte) => u32::from(byte),
            Piece::Code(code) => code,
        };
        flush(&mut pending, &mut out);
        let unit = u16::try_from(code).ok();
        if let Some((pair, first)) = paired(before, unit).zip(out.last_mut()) {
            first.character = pair;
            first.to = to;
            continue;
        }
        high = unit.filter(|unit| matches!(unit, 0xd800..=0xdbff));
        out.push(Item {
            character: char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
            from,
            to,
        });
    }
    flush(&mut pending, &mut out);
    out
}

fn paired(high: Option<u16>, low: Option<u16>) -> Option<char> {
    char::decode_utf16([high?, low?]).next()?.ok()
}

fn flush(pending: &mut Vec<(u8, usize, usize)>, out: &mut Vec<Item>) {
    let bytes: Vec<u8> = pending.iter().map(|(byte, ..)| *byte).collect();
    let mut rest = pending.as_slice();
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid().chars();
        let valid = valid.map(|character| (character, character.len_utf8()));
        let invalid = chunk.invalid().iter().map(|byte| (char::from(*byte), 1));
        for (character, length) in valid.chain(invalid) {
            let Some((run, after)) = rest.split_at_checked(length) else {
                break;
            };
            if let (Some((_, from, _)), Some((_, _, to))) = (run.first(), run.last()) {
                out.push(Item {
                    character,
                    from: *from,
                    to: *to,
                });
            }
            rest = after;
        }
    }
    pending.clear();
}
