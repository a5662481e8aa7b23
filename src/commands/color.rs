//! `--color`: when to use colour. Without it the terminal decides, and `NO_COLOR` and `CLICOLOR_FORCE` before it.

use clap::ValueEnum;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set; elsewhere if `CLICOLOR_FORCE` is
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Makes this the choice for everything that is written from now on.
    pub(crate) fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }

    /// The choice among `arguments` that did not parse, where there is one: help and usage errors have to know it too.
    pub(crate) fn among(arguments: &[String]) -> Self {
        let mut chosen = Self::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let value = match word.strip_prefix("--color=") {
                Some(value) => Some(value),
                None if word == "--color" => words.next().map(String::as_str),
                None if word == "--" => break,
                None => None,
            };
            if let Some(color) = value.and_then(|value| Self::from_str(value, true).ok()) {
                chosen = color;
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_choice_counts_and_those_of_a_command_to_run_do_not() {
        let cases = [
            ("", Color::Auto),
            ("token --color never", Color::Never),
            ("--color=always --help", Color::Always),
            ("--color=always --color never", Color::Never),
            ("--color", Color::Auto),
            ("--color=pink", Color::Auto),
            ("exec p -- ls --color=always", Color::Auto),
        ];
        for (line, expected) in cases {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(Color::among(&words), expected, "{line}");
        }
    }
}
