//! Decodes a text in every way, with each character's position in the original.
//!
//! Encodings nest (base64 of JSON, percent-encoded base64), so each decoding is decoded again.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::escapes;
use super::items::{Item, Piece, assembled};

#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) items: Vec<Item>,
    /// Levels of escapes (percent, JSON, HTML, …) decoded.
    escapes: usize,
    /// Levels of binary encodings (hex, base64) decoded.
    pub(super) binaries: usize,
}

/// Separates runs that are not adjacent in the text; a noncharacter, which no text contains.
pub(super) const GAP: char = '\u{fffe}';

/// Levels of nested escapes; a chain of percent signs counts as one.
const MOST_ESCAPES: usize = 3;

const MOST_BINARIES: usize = 2;

/// Limits on the views of one text and their total size, which bound the cost.
const MOST_VIEWS: usize = 160;
const MOST_CHARACTERS: usize = 500_000;

/// The shortest runs that are decoded: four bytes, as no shorter secret is searched for.
const SHORTEST_HEX: usize = 8;
const SHORTEST_BASE64: usize = 6;

/// Returns every view, `text` itself first; without `binary` only escapes are decoded.
pub(super) fn views(text: &str, binary: bool) -> Vec<View> {
    let items: Vec<Item> = text
        .char_indices()
        .map(|(from, character)| Item {
            character,
            from,
            to: from + character.len_utf8(),
        })
        .collect();
    let most_views = (MOST_CHARACTERS / items.len().max(1)).clamp(1, MOST_VIEWS);
    let mut views = vec![View {
        items,
        escapes: 0,
        binaries: 0,
    }];
    let mut known = HashSet::from([fingerprint(&views[0].items)]);
    let mut next = 0;
    while next < views.len() && views.len() < most_views {
        let View {
            items,
            escapes,
            binaries,
        } = views[next].clone();
        next += 1;
        let mut add = |items: Vec<Item>, escapes, binaries| {
            if !items.is_empty() && views.len() < most_views && known.insert(fingerprint(&items)) {
                views.push(View {
                    items,
                    escapes,
                    binaries,
                });
            }
        };
        if escapes < MOST_ESCAPES {
            for decode in escapes::ALL {
                if let Some(items) = escapes::decode(&items, decode) {
                    add(items, escapes + 1, binaries);
                }
            }
        }
        if binary && binaries < MOST_BINARIES {
            for offset in 0..2 {
                add(hex(&items, offset), escapes, binaries + 1);
            }
            for offset in 0..4 {
                add(base64(&items, offset), escapes, binaries + 1);
            }
        }
    }
    views
}

fn fingerprint(items: &[Item]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for item in items {
        (item.character, item.from).hash(&mut hasher);
    }
    hasher.finish()
}

/// Decodes runs of hex digits from `offset` on, across white space and the usual separators.
fn hex(items: &[Item], offset: usize) -> Vec<Item> {
    let mut digits: Vec<(u8, Item)> = Vec::new();
    let mut out = Vec::new();
    let mut flush = |digits: &mut Vec<(u8, Item)>| {
        if digits.len() >= SHORTEST_HEX {
            let bytes = digits.get(offset..).unwrap_or_default().chunks_exact(2);
            let bytes =
                bytes.map(|pair| (pair[0].0 << 4 | pair[1].0, pair[0].1.from, pair[1].1.to));
            out.extend(assembled(
                bytes.map(|(byte, from, to)| (Piece::Byte(byte), from, to)),
            ));
            out.push(gap(digits));
        }
        digits.clear();
    };
    for item in items {
        match item.character.to_digit(16) {
            Some(digit) => digits.push((digit as u8, *item)),
            None if item.character.is_whitespace() || ":-,;._".contains(item.character) => {}
            // `0x` before each byte.
            None if matches!(item.character, 'x' | 'X') => {
                if digits.last().is_some_and(|(digit, _)| *digit == 0) {
                    digits.pop();
                }
            }
            None => flush(&mut digits),
        }
    }
    flush(&mut digits);
    out
}

/// Decodes runs of base64 digits (RFC 4648 §4, §5) from `offset` on, across white space.
fn base64(items: &[Item], offset: usize) -> Vec<Item> {
    let mut digits: Vec<(u32, Item)> = Vec::new();
    let mut out = Vec::new();
    let mut flush = |digits: &mut Vec<(u32, Item)>| {
        if digits.len() >= SHORTEST_BASE64 {
            let groups = digits.get(offset..).unwrap_or_default().chunks(4);
            let bytes = groups.flat_map(|group| {
                let bits = (0..4).fold(0, |bits, at| {
                    bits << 6 | group.get(at).map_or(0, |(digit, _)| *digit)
                });
                (1..group.len()).map(move |at| {
                    let byte = (bits >> (24 - 8 * at)) as u8;
                    (Piece::Byte(byte), group[at - 1].1.from, group[at].1.to)
                })
            });
            out.extend(assembled(bytes));
            out.push(gap(digits));
        }
        digits.clear();
    };
    for item in items {
        match sextet(item.character) {
            Some(digit) => digits.push((digit, *item)),
            None if item.character.is_whitespace() => {}
            None => flush(&mut digits),
        }
    }
    flush(&mut digits);
    out
}

/// Accepts both alphabets.
pub(super) fn sextet(character: char) -> Option<u32> {
    Some(match character {
        'A'..='Z' => u32::from(character) - u32::from('A'),
        'a'..='z' => u32::from(character) - u32::from('a') + 26,
        '0'..='9' => u32::from(character) - u32::from('0') + 52,
        '+' | '-' => 62,
        '/' | '_' => 63,
        _ => return None,
    })
}

fn gap<T>(digits: &[(T, Item)]) -> Item {
    let at = digits.last().map_or(0, |(_, item)| item.to);
    Item {
        character: GAP,
        from: at,
        to: at,
    }
}
