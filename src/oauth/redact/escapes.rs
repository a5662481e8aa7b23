//! Decodes escapes of single characters: percent, backslash, HTML and quoted-printable.

use super::items::{Item, Piece, assembled};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// `%2B`, `%u002B`
    Percent,
    /// Percent, and `+` for a space.
    Form,
    /// `\n`, `\"`, `\x2b`, `\u002b`, `\u{2b}`, `\53`
    Backslash,
    /// `\u0000002b`, `\U002b`: backslash escapes in the other case.
    BackslashOtherCase,
    /// `&#43;`, `&#x2b;`, `&plus;`
    Html,
    /// `=2B`, and `=` before a line end.
    QuotedPrintable,
    /// Percent, backslash and HTML escapes, with `%2525…` decoded to the end.
    Mixed,
}

pub(super) const ALL: [Family; 7] = [
    Family::Percent,
    Family::Form,
    Family::Backslash,
    Family::BackslashOtherCase,
    Family::Html,
    Family::QuotedPrintable,
    Family::Mixed,
];

/// Returns `None` if `items` contains no escape of `family`.
pub(super) fn decode(items: &[Item], family: Family) -> Option<Vec<Item>> {
    let starts = |character: char| match family {
        Family::Percent => character == '%',
        Family::Form => character == '%' || character == '+',
        Family::Backslash | Family::BackslashOtherCase => character == '\\',
        Family::Html => character == '&',
        Family::QuotedPrintable => character == '=',
        Family::Mixed => matches!(character, '%' | '\\' | '&'),
    };
    let mut pieces = Vec::new();
    let mut found = false;
    let mut at = 0;
    while let Some(item) = items.get(at) {
        let rest = &items[at..];
        let escape = starts(item.character)
            .then(|| match item.character {
                '%' => percent(rest, family == Family::Mixed),
                '+' => Some((1, Some(blank()))),
                '\\' => backslash(rest, family == Family::BackslashOtherCase),
                '&' => html(rest),
                _ => quoted_printable(rest),
            })
            .flatten();
        let (length, decoded) = match escape {
            Some(escape) => {
                found = true;
                escape
            }
            None => (1, Some(Piece::Code(item.character.into()))),
        };
        let end = items[at + length - 1].to;
        pieces.extend(decoded.map(|piece| (piece, item.from, end)));
        at += length;
    }
    found.then(|| assembled(pieces.into_iter()))
}

/// The length of an escape and what it decodes to.
type Escape = Option<(usize, Option<Piece>)>;

fn character(items: &[Item], at: usize) -> Option<char> {
    items.get(at).map(|item| item.character)
}

fn digits(items: &[Item], at: usize, count: usize, radix: u32) -> Option<u32> {
    (at..at + count).try_fold(0, |number, at| {
        Some(number * radix + character(items, at)?.to_digit(radix)?)
    })
}

/// Reads up to `most` digits: returns their count and their value.
fn run(items: &[Item], at: usize, most: usize, radix: u32) -> Option<(usize, u32)> {
    let count = (at..at + most)
        .take_while(|at| character(items, *at).is_some_and(|digit| digit.is_digit(radix)))
        .count();
    let number = (at..at + count).fold(0u32, |number, at| {
        let digit = character(items, at).and_then(|digit| digit.to_digit(radix));
        number
            .saturating_mul(radix)
            .saturating_add(digit.unwrap_or_default())
    });
    (count > 0).then_some((count, number))
}

fn byte(number: u32) -> Piece {
    Piece::Byte(number as u8)
}

fn blank() -> Piece {
    Piece::Code(' '.into())
}

fn percent(items: &[Item], to_the_end: bool) -> Escape {
    if matches!(character(items, 1), Some('u' | 'U'))
        && let Some(unit) = digits(items, 2, 4, 16)
    {
        return Some((6, Some(Piece::Code(unit))));
    }
    let mut length = 3;
    let mut number = digits(items, 1, 2, 16)?;
    while to_the_end
        && number == 0x25
        && let Some(next) = digits(items, length, 2, 16)
    {
        number = next;
        length += 2;
    }
    Some((length, Some(byte(number))))
}

fn backslash(items: &[Item], other_case: bool) -> Escape {
    let escaped = character(items, 1)?;
    let (length, piece) = match escaped {
        'u' | 'U' if character(items, 2) == Some('{') => {
            let (count, code) = run(items, 3, 8, 16)?;
            (character(items, 3 + count) == Some('}')).then_some((4 + count, Piece::Code(code)))?
        }
        'u' | 'U' => unicode(items, (escaped == 'U') != other_case)?,
        'x' | 'X' => (4, byte(digits(items, 2, 2, 16)?)),
        '0'..='7' => {
            let (count, code) = run(items, 1, 3, 8)?;
            (1 + count, byte(code))
        }
        'n' | 'r' | 't' | 'b' | 'f' | 'v' | 'N' | 'R' | 'T' | 'B' | 'F' | 'V' => (2, blank()),
        other if other.is_alphanumeric() => return None,
        other => (2, Piece::Code(other.into())),
    };
    Some((length, Some(piece)))
}

/// Reads the four digits of JSON's `\u`, or with `long` the eight of Python's `\U` where they are
/// a character: both escapes change into the other in a text whose case was changed.
fn unicode(items: &[Item], long: bool) -> Option<(usize, Piece)> {
    let eight = long.then(|| digits(items, 2, 8, 16)).flatten();
    match eight.filter(|code| char::from_u32(*code).is_some()) {
        Some(code) => Some((10, Piece::Code(code))),
        None => Some((6, Piece::Code(digits(items, 2, 4, 16)?))),
    }
}

fn html(items: &[Item]) -> Escape {
    /// The longest of `NAMED`, with its semicolon.
    const LONGEST: usize = 9;
    if character(items, 1) == Some('#') {
        let (start, radix) = match character(items, 2)? {
            'x' | 'X' => (3, 16),
            _ => (2, 10),
        };
        let (count, code) = run(items, start, 32, radix)?;
        let end = start + count;
        let length = end + usize::from(character(items, end) == Some(';'));
        return Some((length, Some(Piece::Code(code))));
    }
    let name: String = items
        .iter()
        .skip(1)
        .take(LONGEST)
        .map(|item| item.character.to_ascii_lowercase())
        .take_while(|character| *character != ';')
        .collect();
    let length = name.chars().count() + 2;
    (character(items, length - 1) == Some(';')).then_some(())?;
    let (_, character) = NAMED.iter().find(|(known, _)| *known == name)?;
    Some((length, Some(Piece::Code(u32::from(*character)))))
}

fn quoted_printable(items: &[Item]) -> Escape {
    if let Some(number) = digits(items, 1, 2, 16) {
        return Some((3, Some(byte(number))));
    }
    let blanks = items[1..]
        .iter()
        .take_while(|item| item.character.is_whitespace())
        .count();
    (blanks > 0).then_some((1 + blanks, None))
}

const NAMED: [(&str, char); 43] = [
    ("amp", '&'),
    ("apos", '\''),
    ("ast", '*'),
    ("bsol", '\\'),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("dash", '-'),
    ("dollar", '$'),
    ("equals", '='),
    ("excl", '!'),
    ("grave", '`'),
    ("gt", '>'),
    ("hat", '^'),
    ("hyphen", '-'),
    ("lbrace", '{'),
    ("lbrack", '['),
    ("lcub", '{'),
    ("lowbar", '_'),
    ("lpar", '('),
    ("lsqb", '['),
    ("lt", '<'),
    ("midast", '*'),
    ("nbsp", ' '),
    ("newline", ' '),
    ("num", '#'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quest", '?'),
    ("quot", '"'),
    ("rbrace", '}'),
    ("rbrack", ']'),
    ("rcub", '}'),
    ("rpar", ')'),
    ("rsqb", ']'),
    ("semi", ';'),
    ("sol", '/'),
    ("tab", ' '),
    ("underbar", '_'),
    ("verbar", '|'),
    ("vert", '|'),
    ("vbar", '|'),
];
