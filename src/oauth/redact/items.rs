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
    // A unit that may be the first of a pair, and the index of its item; a line may be wrapped between the two.
    let mut high: Option<(u16, usize)> = None;
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
        if let Some((first, at)) = before
            && let Some(pair) = paired(first, unit)
            && let Some(item) = out.get_mut(at)
        {
            item.character = pair;
            item.to = to;
            out.truncate(at + 1);
            continue;
        }
        let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        high = match unit {
            Some(unit @ 0xd800..=0xdbff) => Some((unit, out.len())),
            _ => before.filter(|_| character.is_whitespace()),
        };
        out.push(Item {
            character,
            from,
            to,
        });
    }
    flush(&mut pending, &mut out);
    out
}

fn paired(high: u16, low: Option<u16>) -> Option<char> {
    char::decode_utf16([high, low?]).next()?.ok()
}

fn flush(pending: &mut Vec<(u8, usize, usize)>, out: &mut Vec<Item>) {
    let mut rest = pending.as_slice();
    while let Some(at) = rest.windows(6).position(|six| surrogates(six).is_some()) {
        let (before, from) = rest.split_at(at);
        let (six, after) = from.split_at(6);
        join(before, out);
        if let (Some(character), [(_, from, _), .., (_, _, to)]) = (surrogates(six), six) {
            out.push(Item {
                character,
                from: *from,
                to: *to,
            });
        }
        rest = after;
    }
    join(rest, out);
    pending.clear();
}

/// Reads CESU-8 (Unicode TR 26): both halves of a UTF-16 pair, each in three bytes.
fn surrogates(six: &[(u8, usize, usize)]) -> Option<char> {
    let half = |a: u8, b: u8| 0xd000 | u16::from(a & 0x3f) << 6 | u16::from(b & 0x3f);
    match six {
        [(0xed, ..), (a, ..), (b, ..), (0xed, ..), (c, ..), (d, ..)] => {
            paired(half(*a, *b), Some(half(*c, *d)))
        }
        _ => None,
    }
}

fn join(run: &[(u8, usize, usize)], out: &mut Vec<Item>) {
    let bytes: Vec<u8> = run.iter().map(|(byte, ..)| *byte).collect();
    let mut rest = run;
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
}
