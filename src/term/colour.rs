//! The few colours tok has, and whether stdout should have any. Stderr needs no question: it goes through a stream that takes them out.

use anstyle::{AnsiColor, Style};

/// Before an error.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Before a hint.
pub const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// What is well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What a row or a page is about.
pub const NAME: Style = Style::new().bold();
/// What is said by the way.
pub const ASIDE: Style = Style::new().dimmed();

/// `text` in `style`.
#[must_use]
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// `text` for stdout: as it is where there should be colour (`--color`, `NO_COLOR`, `CLICOLOR_FORCE`, the terminal), else without.
#[must_use]
pub fn for_stdout(text: String) -> String {
    match anstream::AutoStream::choice(&std::io::stdout()) {
        anstream::ColorChoice::Never => anstream::adapter::strip_str(&text).to_string(),
        _ => text,
    }
}
