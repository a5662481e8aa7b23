//! Text as each reader of a command takes it: the shell, a here-document, curl's config, jq.

/// `text` between the double quotes of a curl config (its manual page, `-K`).
pub(super) fn config(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out
}

/// `text` in a here-document (POSIX.1-2024, XCU §2.7.4): only `$`, `` ` ``, and a backslash before one of the three are special.
pub(super) fn here(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let next_is_special = characters.peek().is_none_or(|next| "$`\\".contains(*next));
        if "$`".contains(c) || c == '\\' && next_is_special {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// `text` as one word of a shell, whatever is in it.
pub(super) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A pointer's parts as jq reads them; digits are an index, as they are to tok where there is a list.
pub(super) fn jq_path(pointer: &[String]) -> String {
    let parts: String = pointer
        .iter()
        .map(|part| match part.parse::<usize>() {
            Ok(index) => format!("[{index}]"),
            Err(_) => format!("[{}]", serde_json::Value::from(part.as_str())),
        })
        .collect();
    format!(".{parts}")
}
