//! Quotes text for each reader of a command: the shell, a here-document, curl's config, jq.

/// See `-K` in curl's manual page.
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

/// In a here-document only `$`, `` ` `` and a backslash before one of these three are special (POSIX.1-2024, XCU §2.7.4).
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

pub(super) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Writes digits as an index, as tok reads them in a list.
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
