//! Rows of text in aligned columns. No line ends in blanks.

use crate::term::width;

const GAP: &str = "  ";

/// `rows` as lines, each column as wide as its widest cell. Cells may contain colour.
#[must_use]
pub fn lines(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut widths = vec![0; columns];
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            widths[column] = widths[column].max(width(cell));
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            if column > 0 {
                line.push_str(GAP);
            }
            line.push_str(cell);
            if column + 1 < row.len() {
                line.push_str(&" ".repeat(widths[column] - width(cell)));
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// As `lines`, fitted to the terminal if stdout is one.
#[must_use]
pub fn for_terminal(rows: &[Vec<String>]) -> String {
    match width::of(std::io::stdout()) {
        Some(columns) => fitted(rows, columns),
        None => lines(rows),
    }
}

/// Narrower columns would hold a word or two a line.
const NARROWEST: usize = 16;

/// As `lines`, with the widest columns wrapped between words so that the lines have at most this many columns.
fn fitted(rows: &[Vec<String>], columns: usize) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|column| rows.iter().filter_map(move |row| row.get(column)))
        .map(|cells| cells.map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    let gaps = GAP.len() * count.saturating_sub(1);
    let total = |most: usize| gaps + widths.iter().map(|width| *width.min(&most)).sum::<usize>();
    let widest = widths.iter().copied().max().unwrap_or(0);
    if total(widest) <= columns {
        return lines(rows);
    }
    let most = (NARROWEST..widest)
        .rev()
        .find(|most| total(*most) <= columns)
        .unwrap_or(NARROWEST);
    let wrapped: Vec<Vec<String>> = rows.iter().flat_map(|row| wrapped_row(row, most)).collect();
    lines(&wrapped)
}

fn wrapped_row(row: &[String], most: usize) -> Vec<Vec<String>> {
    let cells: Vec<Vec<String>> = row.iter().map(|cell| wrapped(cell, most)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    (0..height)
        .map(|line| {
            let line = cells.iter().map(|cell| cell.get(line).cloned());
            line.map(Option::unwrap_or_default).collect()
        })
        .collect()
}

/// Splits `cell` between words; a word that is too long after a character that separates its parts.
fn wrapped(cell: &str, most: usize) -> Vec<String> {
    let plain = anstream::adapter::strip_str(cell).to_string();
    // The whole cell has one colour.
    let Some((start, end)) = cell.split_once(&plain).filter(|_| width(cell) > most) else {
        return vec![cell.to_owned()];
    };
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in plain.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > most {
            lines.push(String::new());
            used = 0;
        } else if used > 0
            && let Some(line) = lines.last_mut()
        {
            line.push(' ');
            used += 1;
        }
        for part in parts(word, most) {
            let length = part.chars().count();
            if used > 0 && used + length > most {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(&part);
            }
            used += length;
        }
    }
    let paint = |line: String| format!("{start}{line}{end}");
    lines.into_iter().map(paint).collect()
}

/// Splits a word longer than `most` after its separators, and where that is not enough, anywhere.
fn parts(word: &str, most: usize) -> Vec<String> {
    if word.chars().count() <= most {
        return vec![word.to_owned()];
    }
    let pieces = word.split_inclusive(['/', ',', ';', '&', '?', '=', ':', '.', '-', '_', '+']);
    let letters: Vec<Vec<char>> = pieces.map(|piece| piece.chars().collect()).collect();
    letters
        .iter()
        .flat_map(|piece| piece.chunks(most.max(1)))
        .map(|piece| piece.iter().collect())
        .collect()
}

/// The terminal columns of `cell` without colour. Wrong only for wide characters, which names cannot have.
fn width(cell: &str) -> usize {
    anstream::adapter::strip_str(cell)
        .map(|part| part.chars().count())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_with_colour_and_no_line_ends_in_blanks() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        let rows = [
            row(&["a", "é", "x"]),
            row(&["\u{1b}[1mlong\u{1b}[0m", "b", "y"]),
            row(&["z", ""]),
        ];
        assert_eq!(
            lines(&rows),
            "a     é  x\n\u{1b}[1mlong\u{1b}[0m  b  y\nz\n"
        );
        assert_eq!(lines(&[]), "");
    }

    #[test]
    fn wide_columns_wrap_between_words_and_keep_their_colour() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        let rows = [
            row(&["ok", "config", "short"]),
            row(&[
                "FAIL",
                "keyring",
                "\u{1b}[1mno keyring here: set a variable\u{1b}[0m",
            ]),
            row(&["-", "url", "https://login.example.com/oauth2/token"]),
        ];
        assert_eq!(
            fitted(&rows, 36),
            "ok    config   short\n\
             FAIL  keyring  \u{1b}[1mno keyring here: set\u{1b}[0m\n               \u{1b}[1ma variable\u{1b}[0m\n\
             -     url      https://login.\n               example.com/oauth2/\n               token\n"
        );
        assert_eq!(fitted(&rows, 200), lines(&rows));
        for columns in 33..90 {
            for line in fitted(&rows, columns).lines() {
                assert!(width(line) <= columns, "{columns}: {line}");
            }
        }
        assert_eq!(fitted(&[], 10), "");
    }
}
