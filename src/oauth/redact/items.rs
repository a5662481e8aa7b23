//! The characters of a decoded text, with the bytes of the original that each was read from.

/// One character of a view, and the bytes of the original text it was read from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) character: char,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// A character, or a byte that may be a part of one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece {
    Character(char),
    Byte(u8),
}

/// `pieces` with their bytes read as UTF-8, and as Latin-1 where they are not.
pub(super) fn assembled(pieces: impl Iterator<Item = (Piece, usize, usize)>) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::new();
    let mut pending: Vec<(u8, usize, usize)> = Vec::new();
    let push_latin1 = |out: &mut Vec<Item>, bytes: &[(u8, usize, usize)]| {
        out.extend(bytes.iter().map(|(byte, from, to)| Item {
            character: char::from(*byte),
            from: *from,
            to: *to,
        }));
    };
    for (piece, from, to) in pieces {
        let byte = match piece {
            Piece::Byte(byte) if byte >= 0x80 => byte,
            other => {
                push_latin1(&mut out, &pending);
                pending.clear();
                let character = match other {
                    Piece::Byte(byte) => char::from(byte),
                    Piece::Character(character) => character,
                };
                out.push(Item {
                    character,
                    from,
                    to,
                });
                continue;
            }
        };
        pending.push((byte, from, to));
        let bytes: Vec<u8> = pending.iter().map(|(byte, ..)| *byte).collect();
        match std::str::from_utf8(&bytes) {
            Ok(text) => {
                let start = pending.first().map_or(from, |(_, from, _)| *from);
                out.extend(text.chars().map(|character| Item {
                    character,
                    from: start,
                    to,
                }));
                pending.clear();
            }
            Err(error) if error.error_len().is_some() => {
                // The first byte begins no character.
                push_latin1(&mut out, &pending[..1]);
                pending.remove(0);
            }
            Err(_) => {}
        }
    }
    push_latin1(&mut out, &pending);
    out
}
