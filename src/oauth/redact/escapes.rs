//! Escapes that a server or a log may put in the place of single characters: percent, JSON and shell, HTML, quoted-printable.

use super::items::{Item, Piece, assembled};

/// A family of escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// `%2B`, `%u002B`
    Percent,
    /// The same, and `+` for a space.
    Form,
    /// `\n`, `\"`, `\x2b`, `\u002b`, `\u{2b}`, `\53`
    Backslash,
    /// `&#43;`, `&#x2b;`, `&plus;`
    Html,
    /// `=2B`, and `=` before a line end.
    QuotedPrintable,
    /// Percent, backslash and HTML escapes, each percent sign decoded to the end.
    Mixed,
}

/// Every family.
pub(super) const ALL: [Family; 6] = [
    Family::Percent,
    Family::Form,
    Family::Backslash,
    Family::Html,
    Family::QuotedPrintable,
    Family::Mixed,
];

/// `items` with the escapes of `family` decoded, or `None` if there are none.
pub(super) fn decode(items: &[Item], family: Family) -> Option<Vec<Item>> {
    let starts = |character: char| match family {
        Family::Percent => character == '%',
        Family::Form => character == '%' || character == '+',
        Family::Backslash => character == '\\',
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
                '+' => Some((1, vec![Piece::Character(' ')])),
                '\\' => backslash(rest),
                '&' => html(rest),
                _ => quoted_printable(rest),
            })
            .flatten();
        let (length, decoded) = match escape {
            Some(escape) => {
                found = true;
                escape
            }
            None => (1, vec![Piece::Character(item.character)]),
        };
        let end = items[at + length - 1].to;
        pieces.extend(decoded.into_iter().map(|piece| (piece, item.from, end)));
        at += length;
    }
    found.then(|| assembled(pieces.into_iter()))
}

type Escape = Option<(usize, Vec<Piece>)>;

fn character(items: &[Item], at: usize) -> Option<char> {
    items.get(at).map(|item| item.character)
}

/// The number that `count` digits at `at` write.
fn digits(items: &[Item], at: usize, count: usize, radix: u32) -> Option<u32> {
    (at..at + count).try_fold(0, |number, at| {
        Some(number * radix + character(items, at)?.to_digit(radix)?)
    })
}

/// As many digits as there are at `at`, up to `most`: their count and their number.
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

fn percent(items: &[Item], to_the_end: bool) -> Escape {
    if matches!(character(items, 1), Some('u' | 'U'))
        && let Some(unit) = digits(items, 2, 4, 16)
    {
        let low = (character(items, 6) == Some('%'))
            .then(|| digits(items, 8, 4, 16))
            .flatten();
        return Some(utf16(unit, low, 6));
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
    Some((length, vec![byte(number)]))
}

/// The character of a UTF-16 unit in an escape of `length`, with the unit of the escape after it where the two are one character.
fn utf16(unit: u32, low: Option<u32>, length: usize) -> (usize, Vec<Piece>) {
    if let (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) = (unit, low) {
        let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        return (2 * length, scalar(code));
    }
    (length, scalar(unit))
}

fn scalar(code: u32) -> Vec<Piece> {
    vec![Piece::Character(
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
    )]
}

fn backslash(items: &[Item]) -> Escape {
    let escaped = character(items, 1)?;
    Some(match escaped {
        'u' if character(items, 2) == Some('{') => {
            let (count, code) = run(items, 3, 8, 16)?;
            (character(items, 3 + count) == Some('}')).then(|| (4 + count, scalar(code)))?
        }
        'u' => json_unit(items)?,
        'U' => match digits(items, 2, 8, 16).and_then(char::from_u32) {
            Some(character) => (10, vec![Piece::Character(character)]),
            None => json_unit(items)?,
        },
        'x' | 'X' => (4, vec![byte(digits(items, 2, 2, 16)?)]),
        '0'..='7' => {
            let (count, code) = run(items, 1, 3, 8)?;
            (1 + count, vec![byte(code)])
        }
        'n' | 'r' | 't' | 'b' | 'f' | 'v' => (2, vec![Piece::Character(' ')]),
        other if other.is_alphanumeric() => return None,
        other => (2, vec![Piece::Character(other)]),
    })
}

/// `\u002b`, or two of them that are one character.
fn json_unit(items: &[Item]) -> Escape {
    let unit = digits(items, 2, 4, 16)?;
    let low = (character(items, 6) == Some('\\'))
        .then(|| digits(items, 8, 4, 16))
        .flatten();
    Some(utf16(unit, low, 6))
}

fn html(items: &[Item]) -> Escape {
    /// The longest name below, and the semicolon.
    const LONGEST: usize = 9;
    if character(items, 1) == Some('#') {
        let (start, radix) = match character(items, 2)? {
            'x' | 'X' => (3, 16),
            _ => (2, 10),
        };
        let (count, code) = run(items, start, 32, radix)?;
        let end = start + count;
        let length = end + usize::from(character(items, end) == Some(';'));
        return Some((length, scalar(code)));
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
    Some((length, vec![Piece::Character(*character)]))
}

fn quoted_printable(items: &[Item]) -> Escape {
    if let Some(number) = digits(items, 1, 2, 16) {
        return Some((3, vec![byte(number)]));
    }
    let blanks = items[1..]
        .iter()
        .take_while(|item| item.character.is_whitespace())
        .count();
    (blanks > 0).then(|| (1 + blanks, Vec::new()))
}

/// The names that HTML has for ASCII characters.
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
