//! Makes text from outside fit for a terminal: it must not move the cursor, hide words or fill the screen.

/// The most characters of outside text in one message: enough for every documented error.
pub const SHOWN_CHARACTERS: usize = 300;

/// `text` in one line without control, bidirectional or invisible characters, cut to `most` with `…`.
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

/// Control characters, Default_Ignorable_Code_Point (UAX #44 §5.1) and interlinear annotations.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The system's text for an I/O error, without its number.
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

/// A library's text without the ` (os error 2)` of its I/O errors.
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

/// The one of `known` that a user who typed `wrong` most likely meant, if it is similar enough.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// With a lower Jaro-Winkler similarity a suggestion confuses.
    const NEAR_ENOUGH: f64 = 0.8;
    /// Swapped letters make short words dissimilar by that measure; from this length on one slip is accepted.
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
    fn control_and_hidden_characters_are_removed() {
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
    fn word_with_one_slip_is_suggested() {
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
}
