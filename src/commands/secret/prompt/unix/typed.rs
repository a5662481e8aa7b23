//! What typed and pasted bytes come to: where a line is mended, where the secret ends, and what of it is the secret.
//!
//! A paste is told from typing by what follows a line's end: from a person's hand nothing does for a while, from a paste the next line at once. So a private
//! key is found behind other lines too (openssl writes "Bag Attributes" before it, or a certificate), and nothing pasted is left over.
//! Inside a PEM block there is no hurry: a connection that stalls must not cut a key in half.

use std::io;

use zeroize::Zeroizing;

use crate::commands::secret::prompt::{BEGIN, END, LONGEST_BYTES};
use crate::secret::Secret;

// What the keys send (ECMA-48); the terminal sends the first two for one key, by its make.
const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;
const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_U: u8 = 0x15;
const CTRL_W: u8 = 0x17;
const ESCAPE: u8 = 0x1b;

/// What comes from a keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Byte(u8),
    /// Nothing for a while: longer than a paste rests, shorter than a person notices.
    Pause,
    /// The terminal is gone.
    Gone,
}

/// What a person did at the prompt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Typed or pasted this, perhaps nothing.
    Given {
        secret: Secret,
        /// Whether lines came behind it that belong to no key.
        is_cut: bool,
    },
    /// Gave more than [`LONGEST_BYTES`].
    TooLong,
    /// Gave something that is not UTF-8.
    NotText,
    /// Pressed Ctrl-C.
    Interrupted,
}

/// Listens with `hear` until a secret is whole.
///
/// # Errors
/// Those of `hear`, and an unexpected end of file when the terminal is gone.
pub(super) fn read(mut hear: impl FnMut() -> io::Result<Heard>) -> io::Result<Typed> {
    let mut lines = Lines::new();
    let mut escape = Escape::None;
    loop {
        let byte = match hear()? {
            Heard::Gone => return Err(io::ErrorKind::UnexpectedEof.into()),
            Heard::Pause if lines.may_end() => return Ok(lines.answer()),
            Heard::Pause => {
                lines.rested = lines.text.len();
                continue;
            }
            Heard::Byte(byte) => byte,
        };
        if escape.takes(byte) {
            continue;
        }
        match byte {
            b'\n' | b'\r' => {
                if lines.end_line() {
                    return Ok(lines.answer());
                }
            }
            CTRL_C => return Ok(Typed::Interrupted),
            CTRL_D if lines.line().is_empty() => return Ok(lines.answer()),
            BACKSPACE | DELETE => lines.erase_character(),
            CTRL_U => lines.erase_line(),
            CTRL_W => lines.erase_word(),
            // Keys that mean nothing here, a tab among them.
            0..b' ' => {}
            _ => lines.text.push(byte),
        }
        if lines.text.len() > LONGEST_BYTES {
            return Ok(Typed::TooLong);
        }
    }
}

/// The sequence that some keys send, arrows for one, and that stands around a paste where the terminal marks it. It is passed over.
#[derive(Clone, Copy)]
enum Escape {
    None,
    /// `ESC` was the last byte.
    Begun,
    /// The sequence goes on to a letter or `~`.
    Open,
}

impl Escape {
    /// Whether `byte` is part of a sequence. A control character never is, so that Enter and Ctrl-C work after a stray one.
    fn takes(&mut self, byte: u8) -> bool {
        let (next, taken) = match (*self, byte) {
            (_, ESCAPE) => (Self::Begun, true),
            (_, 0..b' ') | (Self::None, _) => (Self::None, false),
            (Self::Begun, b'[' | b'O') => (Self::Open, true),
            (Self::Open, ..=b'?') => (Self::Open, true),
            (Self::Begun | Self::Open, _) => (Self::None, true),
        };
        *self = next;
        taken
    }
}

/// The lines so far, and the one that is being typed.
struct Lines {
    /// All of it, each line with its end. Its buffer never grows: that would leave a copy behind.
    text: Zeroizing<Vec<u8>>,
    /// Where the line that is being typed begins.
    start: usize,
    /// Where the first line ends, once it has.
    first: Option<usize>,
    /// Whether a line began a PEM block.
    is_pem: bool,
    /// Whether more must come: a block is not whole, or one that stands before a key is.
    is_open: bool,
    /// How much of the text there was at the last pause.
    rested: usize,
}

impl Lines {
    fn new() -> Self {
        Self {
            text: Zeroizing::new(Vec::with_capacity(LONGEST_BYTES + 1)),
            start: 0,
            first: None,
            is_pem: false,
            is_open: false,
            rested: 0,
        }
    }

    /// The line that is being typed.
    fn line(&self) -> &[u8] {
        &self.text[self.start..]
    }

    /// Whether a pause is the end: after a line, unless the block that it belongs to is not whole. Out of such a one Enter alone leads, on an empty line.
    fn may_end(&self) -> bool {
        let is_enter_alone = self.text.ends_with(b"\n\n") && self.rested + 1 == self.text.len();
        self.first.is_some() && (!self.is_open || is_enter_alone)
    }

    /// Ends the line; whether that is the end of a private key.
    fn end_line(&mut self) -> bool {
        let line = self.line().trim_ascii();
        let begins = line.starts_with(BEGIN.as_bytes());
        let is_pem = self.is_pem || begins;
        // Also within a line: some write a whole key in one, with `\n` for its line ends.
        let last = line
            .windows(END.len())
            .rposition(|piece| piece == END.as_bytes())
            .filter(|_| is_pem)
            .map(|at| &line[at + END.len()..]);
        let says = |words: &[u8]| {
            last.is_some_and(|label| label.windows(words.len()).any(|piece| piece == words))
        };
        let is_key = says(b"PRIVATE KEY");
        self.is_open = match last {
            // openssl writes the name of a curve before the key on it.
            Some(_) => says(b"PARAMETERS"),
            None => self.is_open || begins,
        };
        self.is_pem = is_pem;
        self.first.get_or_insert(self.text.len());
        self.text.push(b'\n');
        self.start = self.text.len();
        is_key
    }

    /// Takes back the last character of the line, all bytes of it (RFC 3629).
    fn erase_character(&mut self) {
        while self.text.len() > self.start {
            let last = self.text.pop();
            if last.is_none_or(|byte| byte & 0xc0 != 0x80) {
                break;
            }
        }
    }

    fn erase_line(&mut self) {
        let start = self.start;
        self.text.truncate(start);
    }

    /// Takes back the blanks at the line's end, and what stands before them up to the next.
    fn erase_word(&mut self) {
        let line = self.line().trim_ascii_end();
        let left = line
            .iter()
            .rposition(|byte| *byte == b' ')
            .map_or(0, |at| at + 1);
        let length = self.start + left;
        self.text.truncate(length);
    }

    fn answer(&self) -> Typed {
        let first = self.first.unwrap_or(self.text.len());
        let (taken, left) = match self.is_pem {
            true => (self.text.trim_ascii_end(), [].as_slice()),
            false => self.text.split_at(first),
        };
        let Ok(text) = std::str::from_utf8(taken) else {
            return Typed::NotText;
        };
        let mut secret = Secret::default();
        secret.push(text);
        Typed::Given {
            secret,
            is_cut: !left.trim_ascii().is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\nBBBB\n-----END PRIVATE KEY-----";
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nCCCC\n-----END CERTIFICATE-----";

    /// What comes of `keys`, in which `…` is a pause; and what was not heard any more. Nothing more ever comes than stands there.
    fn heard(keys: &str) -> (io::Result<Typed>, String) {
        let mut rest = keys;
        let mut bytes = [0; 4];
        let mut pending: Vec<u8> = Vec::new();
        let answer = read(|| {
            if pending.is_empty() {
                let mut characters = rest.chars();
                match characters.next() {
                    None => return Ok(Heard::Gone),
                    Some('…') => {
                        rest = characters.as_str();
                        return Ok(Heard::Pause);
                    }
                    Some(character) => {
                        pending = character.encode_utf8(&mut bytes).bytes().rev().collect();
                    }
                }
                rest = characters.as_str();
            }
            Ok(pending.pop().map_or(Heard::Gone, Heard::Byte))
        });
        (answer, rest.to_owned())
    }

    fn assert_given(keys: &str, expected: &str, expected_cut: bool, expected_rest: &str) {
        match heard(keys) {
            (Ok(Typed::Given { secret, is_cut }), rest) => {
                assert_eq!(secret.expose(), expected, "{keys:?}");
                assert_eq!(is_cut, expected_cut, "{keys:?}");
                assert_eq!(rest, expected_rest, "{keys:?}");
            }
            other => panic!("{keys:?}: {other:?}"),
        }
    }

    #[test]
    fn a_line_is_mended_as_it_is_typed() {
        let cases = [
            ("s3cret\n…", "s3cret"),
            ("s3cret\r…", "s3cret"),
            ("  s3 cret \n…", "  s3 cret "),
            ("s3…cr…et\n…", "s3cret"),
            ("sx\x7f3cret\n…", "s3cret"),
            ("sx\x083cret\n…", "s3cret"),
            ("aé\x7fb\n…", "ab"),
            ("a😀é\x7f\x7fb\n…", "ab"),
            ("\x7f\x7fab\n…", "ab"),
            ("wrong\x15right\n…", "right"),
            ("one two  \x17three\n…", "one three"),
            ("one\x17\x17two\n…", "two"),
            ("a\tb\0c\x1ad\n…", "abcd"),
            ("a\x04b\n…", "ab"),
            ("a\x1b[Db\x1bOHc\x1b[1;5Cd\n…", "abcd"),
            ("\x1b[200~pasted\x1b[201~\n…", "pasted"),
            ("a\x1b\n…", "a"),
            ("a\x1b[\n…", "a"),
            ("a\x1bxb\n…", "ab"),
            ("\n…", ""),
            ("\x04", ""),
        ];
        for (keys, expected) in cases {
            assert_given(keys, expected, false, "");
        }
    }

    #[test]
    fn ctrl_c_interrupts_wherever_it_comes() {
        for keys in [
            "\x03",
            "s3cr\x03",
            "s3cret\n\x03",
            "a\x1b\x03",
            "a\x1b[\x03",
            "-----BEGIN PRIVATE KEY-----\nAAAA\x03",
        ] {
            assert_eq!(heard(keys).0.unwrap(), Typed::Interrupted, "{keys:?}");
        }
    }

    #[test]
    fn of_many_lines_without_a_key_the_first_is_the_secret() {
        for (keys, expected, is_cut) in [
            ("s3cret\nls\nrm -r x\n…", "s3cret", true),
            ("s3cret\nls…", "s3cret", true),
            ("s3cret\n\n \n…", "s3cret", false),
            ("\ns3cret\n…", "", true),
            ("{\n\"a\": 1\n}\n…", "{", true),
        ] {
            assert_given(keys, expected, is_cut, "");
        }
    }

    #[test]
    fn a_key_ends_with_its_last_line_and_no_sooner() {
        let (first, others) = KEY.split_once('\n').unwrap();
        let named = "-----BEGIN EC PARAMETERS-----\nCg==\n-----END EC PARAMETERS-----";
        let in_one_line = KEY.replace('\n', "\\n");
        let cases = [
            (format!("{KEY}\n"), KEY.to_owned()),
            // However long it takes, and wherever it stalls.
            (format!("{first}…\n…{others}…\n"), KEY.to_owned()),
            (KEY.replace('\n', "\n…") + "\n", KEY.to_owned()),
            (format!("{named}\n…{KEY}\n"), format!("{named}\n{KEY}")),
            (format!("{in_one_line}\n"), in_one_line.clone()),
            (
                format!("{}\n", KEY.replace("PRIVATE", "ENCRYPTED PRIVATE")),
                KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"),
            ),
        ];
        for (keys, expected) in cases {
            assert_given(&keys, &expected, false, "");
            assert_given(&format!("{keys}ls\n"), &expected, false, "ls\n");
        }
        // A line end of two characters, each of them one to the terminal.
        let doubled = KEY.replace('\n', "\n\n");
        assert_given(&format!("{doubled}\n"), &doubled, false, "");
    }

    #[test]
    fn a_key_is_found_behind_other_lines() {
        for before in [
            "",
            "\n",
            "Bag Attributes\n    friendlyName: x\nKey Attributes: <No Attributes>\n",
            &format!("{CERTIFICATE}\n"),
            &format!("subject=CN = x\n\n{CERTIFICATE}\n"),
        ] {
            assert_given(
                &format!("{before}{KEY}\nls\n"),
                &format!("{before}{KEY}"),
                false,
                "ls\n",
            );
        }
    }

    #[test]
    fn pem_that_holds_no_key_ends_when_nothing_more_comes() {
        assert_given(&format!("{CERTIFICATE}\n…"), CERTIFICATE, false, "");
    }

    #[test]
    fn out_of_a_block_that_does_not_end_leads_enter_alone_or_ctrl_d() {
        let cut = "-----BEGIN PRIVATE KEY-----\nAAAA";
        assert_given(&format!("{cut}\n…\n…"), cut, false, "");
        assert_given(&format!("{cut}…\n…\n…"), cut, false, "");
        assert_given(&format!("{cut}\n\x04"), cut, false, "");
        // An empty line that belongs to the paste is none that a person typed.
        let encrypted = "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: x\n";
        let rest = "\nAAAA\n-----END RSA PRIVATE KEY-----";
        assert_given(
            &format!("{encrypted}…{rest}\n"),
            &format!("{encrypted}{rest}"),
            false,
            "",
        );
        assert_given(
            &format!("{encrypted}\n…AAAA\n-----END RSA PRIVATE KEY-----\n"),
            &format!("{encrypted}{rest}"),
            false,
            "",
        );
    }

    #[test]
    fn what_is_too_long_or_no_text_or_half_is_no_secret() {
        let longest = "x".repeat(LONGEST_BYTES);
        assert_given(&format!("{longest}\x7f\n…"), &longest[1..], false, "");
        assert_eq!(heard(&format!("{longest}x")).0.unwrap(), Typed::TooLong);
        let lines = "x\n".repeat(LONGEST_BYTES);
        assert_eq!(heard(&lines).0.unwrap(), Typed::TooLong);
        let bytes = [Heard::Byte(0xff), Heard::Byte(b'\n'), Heard::Pause];
        let mut bytes = bytes.into_iter();
        let answer = read(|| Ok(bytes.next().unwrap())).unwrap();
        assert_eq!(answer, Typed::NotText);
        assert!(heard("half").0.is_err(), "a terminal that is gone");
    }
}
