//! Splits a manual's command line into words by the shell's rules (POSIX.1-2024, XCU §2.2).
//!
//! It is more lenient where manuals are: `<YOUR ID>` is not a redirection, a prompt and comments
//! are skipped, and nothing is expanded.

use zeroize::Zeroizing;

use crate::curl::import::word::{Location, Word};

/// Quotes that a shell cannot read.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum QuotingError {
    #[error("{0} has a typographic quote (`{1}`), which no shell takes for one; write ' or \"")]
    Typographic(Location, char),
    #[error("{0} has a `{1}` that is not closed")]
    Unclosed(Location, &'static str),
    #[error("{0} has an escape in `$'…'` that is not a character")]
    NotACharacter(Location),
}

/// The quotes that word processors insert instead of the shell's.
const TYPOGRAPHIC: [char; 6] = ['“', '”', '„', '‘', '’', '‚'];

/// The words of the first command in `text`.
pub(super) fn split(text: &str) -> Result<Vec<Word>, QuotingError> {
    let mut splitter = Splitter {
        rest: text,
        line: 1,
        words: Vec::new(),
        word: None,
    };
    while splitter.step()? {}
    splitter.finish();
    Ok(splitter.words)
}

struct Splitter<'a> {
    rest: &'a str,
    line: usize,
    words: Vec<Word>,
    word: Option<Word>,
}

impl<'a> Splitter<'a> {
    /// Reads a character or a quoted part; returns false at the end of the command.
    fn step(&mut self) -> Result<bool, QuotingError> {
        if let Some(length) = continuation(self.rest) {
            self.take(length);
            return Ok(true);
        }
        let Some(first) = self.rest.chars().next() else {
            return Ok(false);
        };
        match first {
            c if c.is_whitespace() => {
                self.take(first.len_utf8());
                self.finish();
            }
            '#' if self.word.is_none() => {
                self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            }
            '|' | ';' => return Ok(false),
            // Within a word it belongs to the query of an unquoted URL.
            '&' if self.word.is_none() || self.ends_word(1) => return Ok(false),
            '>' if self.word.is_none() && !self.words.is_empty() => return Ok(false),
            '\'' => {
                self.take(1);
                let quoted = self.until('\'', "'")?;
                self.push(quoted, false);
            }
            '"' => {
                self.take(1);
                self.double_quoted()?;
            }
            '$' if self.rest.starts_with("$'") => {
                self.take(2);
                self.ansi_quoted()?;
            }
            '$' if self.rest.starts_with("$(") => self.substitution()?,
            '`' => {
                self.take(1);
                let inside = self.until('`', "`")?;
                self.push(&format!("$({inside})"), true);
            }
            '<' => {
                let length = placeholder(self.rest).unwrap_or(1);
                let text = self.take(length);
                self.push(text, true);
            }
            '\\' => {
                self.take(1);
                if let Some(escaped) = self.rest.chars().next() {
                    let text = self.take(escaped.len_utf8());
                    self.push(text, false);
                }
            }
            c if TYPOGRAPHIC.contains(&c) => {
                self.push("", true);
                return Err(QuotingError::Typographic(self.location(), c));
            }
            c => {
                let text = self.take(c.len_utf8());
                self.push(text, true);
            }
        }
        Ok(true)
    }

    /// Whether the word ends after `length` more bytes.
    fn ends_word(&self, length: usize) -> bool {
        self.rest[length..]
            .chars()
            .next()
            .is_none_or(|c| c.is_whitespace() || "|;&".contains(c))
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn push(&mut self, text: &str, is_bare: bool) {
        let word = self.word.get_or_insert_with(|| Word {
            text: Zeroizing::new(String::with_capacity(256)),
            number: self.words.len() + 1,
            line: self.line,
            is_bare: true,
        });
        word.text.push_str(text);
        word.is_bare &= is_bare;
    }

    fn finish(&mut self) {
        let Some(word) = self.word.take() else {
            return;
        };
        let is_prompt = self.words.is_empty() && ["$", "%", ">"].contains(&word.text.as_str());
        if !(is_prompt && word.is_bare) {
            self.words.push(word);
        }
    }

    fn location(&self) -> Location {
        self.word.as_ref().map_or_else(
            || Location {
                number: self.words.len() + 1,
                line: self.line,
                option: None,
            },
            Word::location,
        )
    }

    fn unclosed(&self, quote: &'static str) -> QuotingError {
        QuotingError::Unclosed(self.location(), quote)
    }

    /// Takes the text before the next `end`, and `end` itself.
    fn until(&mut self, end: char, quote: &'static str) -> Result<&'a str, QuotingError> {
        match self.rest.find(end) {
            Some(at) => {
                let text = self.take(at);
                self.take(end.len_utf8());
                Ok(text)
            }
            None => Err(self.unclosed(quote)),
        }
    }

    /// The rest of `"…"`: a backslash escapes only `$`, `` ` ``, `"`, `\` and a line end.
    fn double_quoted(&mut self) -> Result<(), QuotingError> {
        self.push("", false);
        loop {
            let Some(first) = self.rest.chars().next() else {
                return Err(self.unclosed("\""));
            };
            match first {
                '"' => {
                    self.take(1);
                    return Ok(());
                }
                '\\' => {
                    if let Some(length) = continuation(self.rest) {
                        self.take(length);
                        continue;
                    }
                    self.take(1);
                    match self.rest.chars().next() {
                        Some(escaped @ ('$' | '`' | '"' | '\\')) => {
                            let text = self.take(escaped.len_utf8());
                            self.push(text, false);
                        }
                        _ => self.push("\\", false),
                    }
                }
                '$' if self.rest.starts_with("$(") => self.substitution()?,
                c => {
                    let text = self.take(c.len_utf8());
                    self.push(text, false);
                }
            }
        }
    }

    /// The rest of `$'…'`, with C's escapes.
    fn ansi_quoted(&mut self) -> Result<(), QuotingError> {
        self.push("", false);
        loop {
            let Some(first) = self.rest.chars().next() else {
                return Err(self.unclosed("$'"));
            };
            self.take(first.len_utf8());
            if first == '\'' {
                return Ok(());
            }
            if first != '\\' {
                self.push(first.encode_utf8(&mut [0; 4]), false);
                continue;
            }
            let Some(escape) = self.rest.chars().next() else {
                return Err(self.unclosed("$'"));
            };
            self.take(escape.len_utf8());
            let character = match escape {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'a' => '\x07',
                'b' => '\x08',
                'e' | 'E' => '\x1b',
                'f' => '\x0c',
                'v' => '\x0b',
                'x' => self.number(2, 16)?,
                'u' => self.number(4, 16)?,
                'U' => self.number(8, 16)?,
                '0'..='7' => {
                    let first = escape.to_digit(8).unwrap_or_default();
                    let more = self.digits(2, 8);
                    let value = u32::from_str_radix(more, 8).unwrap_or_default();
                    let value = first * 8_u32.pow(u32::try_from(more.len()).unwrap_or(0)) + value;
                    char::from_u32(value).unwrap_or('\u{fffd}')
                }
                same @ ('\\' | '\'' | '"' | '?') => same,
                other => {
                    self.push("\\", false);
                    other
                }
            };
            self.push(character.encode_utf8(&mut [0; 4]), false);
        }
    }

    fn digits(&mut self, most: usize, radix: u32) -> &'a str {
        let length = self
            .rest
            .chars()
            .take(most)
            .take_while(|c| c.is_digit(radix))
            .count();
        self.take(length)
    }

    fn number(&mut self, most: usize, radix: u32) -> Result<char, QuotingError> {
        let digits = self.digits(most, radix);
        u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| QuotingError::NotACharacter(self.location()))
    }

    /// `$(…)`, kept as text: nothing is run.
    fn substitution(&mut self) -> Result<(), QuotingError> {
        let mut depth = 0_usize;
        for (at, c) in self.rest.char_indices() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => continue,
            }
            if depth == 0 {
                let text = self.take(at + 1);
                self.push(text, false);
                return Ok(());
            }
        }
        Err(self.unclosed("$("))
    }
}

/// The length of a backslash at a line's end, and of blanks after it that copying added.
fn continuation(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('\\')?;
    let blanks = after.len() - after.trim_start_matches([' ', '\t', '\r']).len();
    after[blanks..].starts_with('\n').then_some(blanks + 2)
}

/// The length of a placeholder `<…>`.
fn placeholder(rest: &str) -> Option<usize> {
    let end = rest.find('>')?;
    let inside = &rest[1..end];
    (!inside.is_empty()
        && !inside.contains(['\n', '"', '\'', '<'])
        && !inside.starts_with([' ', '(']))
    .then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Result<Vec<String>, QuotingError> {
        Ok(split(text)?
            .iter()
            .map(|word| word.text.to_string())
            .collect())
    }

    #[test]
    fn words_are_split_as_by_a_shell() {
        let cases: [(&str, &[&str]); 27] = [
            ("curl a b", &["curl", "a", "b"]),
            ("curl 'a b' \"c d\"", &["curl", "a b", "c d"]),
            ("a'b'\"c\"d", &["abcd"]),
            ("''", &[""]),
            (r#""a\"b\\c\$d\`e\nf""#, &[r#"a"b\c$d`e\nf"#]),
            (r"'a\'b", &[r"a\b"]),
            (r"a\ b\'c", &["a b'c"]),
            ("a \\\n  b", &["a", "b"]),
            ("a \\  \t\r\n b", &["a", "b"]),
            ("\"a\\\nb\"", &["ab"]),
            (r"$'a\'b\n\t\x41\u00e9\\\101\q'", &["a'b\n\tAé\\A\\q"]),
            ("a # comment\nb c#d", &["a", "b", "c#d"]),
            ("$ curl x", &["curl", "x"]),
            ("curl x | jq .a", &["curl", "x"]),
            ("curl x|jq", &["curl", "x"]),
            ("curl x; echo", &["curl", "x"]),
            ("curl x && y", &["curl", "x"]),
            ("curl https://a/?b=c&d=e", &["curl", "https://a/?b=c&d=e"]),
            ("curl x > file", &["curl", "x"]),
            (
                "curl -d id=<YOUR ID> x",
                &["curl", "-d", "id=<YOUR ID>", "x"],
            ),
            ("$ID \"${ID}\" '$ID'", &["$ID", "${ID}", "$ID"]),
            ("\"a $(b \"c\" | (d)) e\"", &["a $(b \"c\" | (d)) e"]),
            ("a `b c` d", &["a", "$(b c)", "d"]),
            ("'{\"a\": \"'\"$A\"'\"}'", &["{\"a\": \"$A\"}"]),
            ("a\r\nb", &["a", "b"]),
            ("é\u{a0}b", &["é", "b"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(texts(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn unclosed_word_is_named_by_its_location_without_its_text() {
        let cases = [
            ("curl -d 'hunter2", "word 3 (line 1) has a `'`"),
            ("curl \\\n -d \"hunter2", "word 3 (line 2) has a `\"`"),
            ("curl -d $'hunter2", "word 3 (line 1) has a `$'`"),
            ("curl $(hunter2", "word 2 (line 1) has a `$(`"),
            (
                "curl -d “hunter2”",
                "word 3 (line 1) has a typographic quote",
            ),
            (r"curl $'hunter2\xzz'", "word 2 (line 1) has an escape"),
        ];
        for (text, expected) in cases {
            let message = texts(text).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{text}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
