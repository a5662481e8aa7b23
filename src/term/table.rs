//! Rows of text in aligned columns. No line ends in blanks.

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
}
