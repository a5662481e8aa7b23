//! `--color`: when to use colour.

use clap::ValueEnum;

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
    pub(crate) fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }

    /// Reads `--color` from `arguments` that did not parse, for help and usage errors.
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
