//! Shell commands that print the value behind a mark, encoded for its position.

use super::marks::{Marks, Word};
use super::quoting::{config, here, single_quoted};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Raw,
    Form,
    Json,
    Argument,
}

/// Read stdin and write no final newline, which the next function would encode. They need od, awk, sed, base64, and openssl for hashes.
const FUNCTIONS: [(&str, &str); 7] = [
    (
        "json",
        "json() { bytes | LC_ALL=C awk '{for (i = 1; i <= NF; i++) {c = sprintf(\"%c\", $i); if ($i < 32) printf \"\\\\u%04x\", $i; else if ($i == 34 || $i == 92) printf \"\\\\%s\", c; else printf \"%s\", c}}' | quoted; }",
    ),
    (
        "urlencode",
        "urlencode() { bytes | LC_ALL=C awk '{for (i = 1; i <= NF; i++) {c = sprintf(\"%c\", $i); if ($i < 128 && c ~ /[A-Za-z0-9._~-]/) printf \"%s\", c; else printf \"%%%02X\", $i}}'; }",
    ),
    ("bytes", "bytes() { od -An -v -tu1; }"),
    ("quoted", "quoted() { sed 's/[\\\\\"]/\\\\&/g'; }"),
    (
        "xml",
        "xml() { printf %s \"$(sed 's/&/\\&amp;/g; s/</\\&lt;/g; s/>/\\&gt;/g; s/\"/\\&quot;/g; '\"s/'/\\&apos;/g\")\"; }",
    ),
    (
        "sha256",
        "sha256() { openssl dgst -sha256 -r | cut -c1-64 | tr -d '\\n'; }",
    ),
    (
        "uuid",
        "uuid() { od -An -v -N16 -tx1 /dev/urandom | tr -d ' \\n' | sed 's/^\\(.\\{8\\}\\)\\(.\\{4\\}\\).\\(.\\{3\\}\\).\\(.\\{3\\}\\)/\\1-\\2-4\\3-8\\4-/' | tr -d '\\n'; }",
    ),
];

pub(super) fn functions(commands: &str) -> Vec<&'static str> {
    // Callers come before the functions they call, so one pass finds all.
    let mut text = commands.to_owned();
    let mut definitions = Vec::new();
    for (name, definition) in FUNCTIONS {
        let calls = [
            format!("| {name}"),
            format!("$({name})"),
            format!("{{ {name}"),
        ];
        if calls.iter().any(|call| text.contains(call)) {
            definitions.push(definition);
            text.push_str(definition);
        }
    }
    definitions
}

impl Marks {
    pub(super) fn shell(&self, text: &str, place: Place) -> String {
        let mut out = String::new();
        self.pieces(text, &mut |piece| match piece {
            Ok(literal) => out.push_str(&here(&config(literal))),
            Err(word) => out.push_str(&format!("$({})", self.pipe(&word, place))),
        });
        out
    }

    pub(super) fn pipe(&self, word: &Word, place: Place) -> String {
        let (command, is_plain) = match word {
            Word::Variable(variable) => (format!("printf %s \"${variable}\""), false),
            Word::Call(name, arguments) => {
                let argument = arguments.first().map(String::as_str).unwrap_or_default();
                let piped =
                    |to: &str| format!("printf %s \"{}\" | {to}", self.double_quoted(argument));
                match name.as_str() {
                    "base64" => (piped("base64 | tr -d '\\n'"), true),
                    "sha256" => (piped("sha256"), true),
                    "xml" => (piped("xml"), false),
                    "uuid" => ("uuid".to_owned(), true),
                    "now" => (
                        format!("date -u +{} | tr -d '\\n'", single_quoted(argument)),
                        false,
                    ),
                    "raw" => (
                        format!("printf %s \"{}\"", self.double_quoted(argument)),
                        false,
                    ),
                    _ => (piped("urlencode"), true),
                }
            }
        };
        match place {
            Place::Form => format!("{command} | urlencode"),
            Place::Json if !is_plain => format!("{command} | json"),
            Place::Raw if !is_plain => format!("{command} | quoted"),
            _ => command,
        }
    }

    fn double_quoted(&self, text: &str) -> String {
        let mut out = String::new();
        self.pieces(text, &mut |piece| match piece {
            Ok(literal) => {
                for c in literal.chars() {
                    if "$`\"\\".contains(c) {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
            Err(Word::Variable(variable)) => out.push_str(&format!("${{{variable}}}")),
            // Not encoded: the inner command's output is only text here.
            Err(word) => out.push_str(&format!("$({})", self.pipe(&word, Place::Argument))),
        });
        out
    }
}
