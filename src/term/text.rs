//! Text from elsewhere (an answer, a command's stderr) made fit for a terminal: a provider must not be able to move the
//! cursor, hide words, or fill the screen.

/// The most characters of somebody else's text that one message shows: enough for every documented error, short enough to read.
pub const SHOWN_CHARACTERS: usize = 300;

/// `text` in one line without control, bidirectional or invisible characters, cut to `most` characters with `…` at the cut.
///
/// Runs of white space become one space. Source of the character list: Unicode's Default_Ignorable_Code_Point (UAX #44 §5.1), which has those of
/// TR9 §2, and the interlinear annotations.
#[must_use]
pub fn clean(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    let mut gap = false;
    for character in text.chars() {
        if character.is_whitespace() {
            gap = !out.is_empty();
            continue;
        }
        if is_hidden(character) {
            continue;
        }
        if length + usize::from(gap) >= most {
            out.push('…');
            return out;
        }
        if gap {
            out.push(' ');
            length += 1;
            gap = false;
        }
        out.push(character);
        length += 1;
    }
    out
}

/// Whether `character` is one that a terminal obeys or a reader cannot see.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The system's words for an I/O error, without its number.
#[must_use]
pub fn io_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    let number = error
        .raw_os_error()
        .map(|code| format!(" (os error {code})"));
    match number.and_then(|number| text.strip_suffix(&number)) {
        Some(words) => words.to_owned(),
        None => text,
    }
}

/// `text`, made by a library, without the ` (os error 2)` of the I/O errors in it.
#[must_use]
pub fn without_numbers(text: &str) -> String {
    const BEFORE: &str = " (os error ";
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEFORE) {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        said.push_str(before);
        match after[digits..].strip_prefix(')') {
            Some(behind) if digits > 0 => rest = behind,
            _ => {
                said.push_str(BEFORE);
                rest = after;
            }
        }
    }
    said.push_str(rest);
    said
}

/// `error` without the path of a temporary file, which nobody asked for and nobody will find.
#[must_use]
pub fn without_path(error: std::io::Error) -> std::io::Error {
    match error.to_string().split_once(" at path \"") {
        Some((why, _)) => std::io::Error::new(error.kind(), why),
        None => error,
    }
}

/// The one of `known` that a person who typed `wrong` most likely meant, if any is near enough to name.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Jaro-Winkler similarity under which a suggestion is more confusing than none.
    const NEAR_ENOUGH: f64 = 0.8;
    /// Two letters in the wrong order make short words unlike each other by that measure; in words this long it is one slip.
    const ONE_SLIP_CHARACTERS: usize = 3;
    let wrong = wrong.to_lowercase();
    known
        .into_iter()
        .filter_map(|name| {
            let other = name.to_lowercase();
            let similarity = strsim::jaro_winkler(&wrong, &other);
            let is_one_slip = || {
                wrong.chars().count() >= ONE_SLIP_CHARACTERS
                    && strsim::osa_distance(&wrong, &other) == 1
            };
            (similarity > NEAR_ENOUGH || is_one_slip()).then_some((similarity, name))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        let cases = [
            ("plain words", 40, "plain words"),
            ("  two \r\n lines\t ", 40, "two lines"),
            ("\x1b[31mred\x1b[0m", 40, "[31mred[0m"),
            ("a\u{202e}b\u{2066}c\u{200b}d\u{feff}", 40, "abcd"),
            ("a\u{fe0f}b\u{3164}c\u{e0100}d\u{2028}e", 40, "abcd e"),
            ("nul\0 bell\x07 c1\u{9b}", 40, "nul bell c1"),
            ("0123456789", 4, "0123…"),
            ("ab cd", 2, "ab…"),
            ("ab  ", 2, "ab"),
            ("", 4, ""),
        ];
        for (text, most, expected) in cases {
            assert_eq!(clean(text, most), expected, "{text:?}");
        }
    }

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        let known = ["token_url", "client_id", "scope"];
        assert_eq!(nearest("tokenurl", known), Some("token_url"));
        assert_eq!(nearest("Client_ID", known), Some("client_id"));
        assert_eq!(nearest("zzz", known), None);
    }

    #[test]
    fn a_slip_of_the_finger_finds_the_word_that_was_meant() {
        let known = ["git", "github", "env", "token_url", "x"];
        for (wrong, expected) in [
            ("gti", Some("git")),
            ("evn", Some("env")),
            ("githbu", Some("github")),
            ("token_ur", Some("token_url")),
            ("y", None),
            ("zzz", None),
        ] {
            assert_eq!(nearest(wrong, known), expected, "{wrong}");
        }
    }

    #[test]
    fn the_path_of_a_temporary_file_is_not_part_of_the_reason() {
        let nowhere = tempfile::Builder::new()
            .tempfile_in("/no/such/folder")
            .unwrap_err();
        assert!(nowhere.to_string().contains("/no/such/folder"), "{nowhere}");
        let why = without_path(nowhere);
        assert_eq!(why.kind(), std::io::ErrorKind::NotFound);
        assert!(!why.to_string().contains("/no/such/folder"), "{why}");
        let other = without_path(std::io::Error::other("no reason"));
        assert_eq!(other.to_string(), "no reason");
    }
}
