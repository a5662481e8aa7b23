//! Scans an expression for its end, names and operators; minijinja does the real parsing.

pub(super) fn is_keyword(path: &[&str]) -> bool {
    matches!(
        path,
        ["and" | "or" | "not" | "if" | "else" | "in" | "is" | "true" | "false" | "none"]
    )
}

pub(super) struct Word<'a> {
    pub(super) path: Vec<&'a str>,
    pub(super) is_call: bool,
}

pub(super) fn words(expression: &str) -> Vec<Word<'_>> {
    let bytes = expression.as_bytes();
    let in_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    let mut words = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => at = after_string(bytes, at, quote),
            first if first.is_ascii_alphabetic() || first == b'_' => {
                let start = at;
                while at < bytes.len() && in_word(bytes[at]) {
                    at += 1;
                }
                let next = expression[at..].trim_start();
                words.push(Word {
                    path: expression[start..at].split('.').collect(),
                    is_call: next.starts_with('('),
                });
            }
            digit if digit.is_ascii_digit() => {
                while at < bytes.len() && in_word(bytes[at]) {
                    at += 1;
                }
            }
            _ => at += 1,
        }
    }
    words
}

pub(super) fn calls(expression: &str, functions: &[&str]) -> bool {
    words(expression)
        .iter()
        .any(|word| word.is_call && matches!(&*word.path, [name] if functions.contains(name)))
}

pub(super) fn only_calls_and_joins(expression: &str) -> bool {
    let bytes = expression.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => at = after_string(bytes, at, quote),
            byte if byte.is_ascii_alphanumeric()
                || byte.is_ascii_whitespace()
                || b"_.~(),".contains(&byte) =>
            {
                at += 1;
            }
            _ => return false,
        }
    }
    words(expression).iter().all(|word| !is_keyword(&word.path))
}

pub(super) fn closing_brace(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'}' => return Some(at),
            quote @ (b'"' | b'\'') => at = after_string(bytes, at, quote),
            _ => at += 1,
        }
    }
    None
}

pub(super) fn after_string(bytes: &[u8], at: usize, quote: u8) -> usize {
    let mut at = at + 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}
