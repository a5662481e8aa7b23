//! tok's colours, and whether stdout gets them. Stderr goes through a stream that removes them.

use anstyle::{AnsiColor, Style};

pub const ERROR: Style = AnsiColor::Red.on_default().bold();
pub const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// A passed check.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// The subject of a row or page.
pub const NAME: Style = Style::new().bold();
/// Less important text.
pub const ASIDE: Style = Style::new().dimmed();

#[must_use]
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// `text` for stdout, without colour unless `--color`, the environment or the terminal wants it.
#[must_use]
pub fn for_stdout(text: String) -> String {
    match anstream::AutoStream::choice(&std::io::stdout()) {
        anstream::ColorChoice::Never => anstream::adapter::strip_str(&text).to_string(),
        _ => text,
    }
}
