//! A URL as a QR code, so that a phone can open it.

use anstyle::{AnsiColor, Style};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use crate::term::size::Size;

/// Dark on light whatever the terminal's colours are.
const INK: Style = AnsiColor::Black
    .on_default()
    .bg_color(Some(anstyle::Color::Ansi(AnsiColor::BrightWhite)));

/// Lines of text that must fit beside the code.
const OTHER_LINES: usize = 8;

/// Returns the lines of the code, or `None` if it does not fit. Without colours, a dark terminal is assumed.
pub(crate) fn lines(url: &str, size: Size, has_colour: bool) -> Option<Vec<String>> {
    let code = QrCode::with_error_correction_level(url, EcLevel::L).ok()?;
    let mut drawing = code.render::<Dense1x2>();
    if !has_colour {
        drawing
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark);
    }
    let drawn = drawing.build();
    let lines: Vec<&str> = drawn.lines().collect();
    let width = lines.first()?.chars().count();
    if width > size.columns || lines.len() + OTHER_LINES > size.rows {
        return None;
    }
    let painted = lines.into_iter().map(|line| match has_colour {
        true => format!("{INK}{line}{INK:#}"),
        false => line.to_owned(),
    });
    Some(painted.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_only_where_it_fits() {
        let url = "https://auth.example.com/device?user_code=WDJB-MJHT";
        let size = |columns, rows| Size { columns, rows };
        let drawn = lines(url, size(80, 40), false).unwrap();
        assert!(
            drawn
                .iter()
                .all(|line| line.chars().count() == drawn[0].chars().count())
        );
        let (width, height) = (drawn[0].chars().count(), drawn.len());
        // The quiet zone of a terminal that is dark is drawn.
        assert!(drawn[0].chars().all(|pixel| pixel == '█'), "{}", drawn[0]);
        assert!(lines(url, size(width, height + OTHER_LINES), true).is_some());
        assert!(lines(url, size(width - 1, 99), true).is_none());
        assert!(lines(url, size(99, height + OTHER_LINES - 1), true).is_none());
    }
}
