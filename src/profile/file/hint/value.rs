//! Suggests a value for one that has the right type but is wrong.

use toml::de::DeValue;

use crate::profile::file::hint::line::{Line, quoted, snake};
use crate::profile::pointer;

/// `(written, meant)`.
const NAMES: [(&str, &str); 22] = [
    ("now", "now('%s')"),
    ("timestamp", "now('%s')"),
    ("time", "now('%s')"),
    ("date", "now('%Y-%m-%d')"),
    ("uuid", "uuid()"),
    ("nonce", "uuid()"),
    ("guid", "uuid()"),
    ("token", "access_token"),
    ("id", "client_id"),
    ("clientid", "client_id"),
    ("client", "client_id"),
    ("secret", "client_secret"),
    ("clientsecret", "client_secret"),
    ("jwt", "assertion"),
    ("client_assertion", "assertion"),
    ("password", "secret.password"),
    ("username", "var.username"),
    ("user", "var.user"),
    ("api_key", "secret.api_key"),
    ("apikey", "secret.api_key"),
    ("refresh_token", "secret.refresh_token"),
    ("tenant", "var.tenant"),
];

/// First parts of dotted names, as `(written, meant)`.
const SPACES: [(&str, &str); 16] = [
    ("credentials", "secret"),
    ("credential", "secret"),
    ("creds", "secret"),
    ("secrets", "secret"),
    ("keyring", "secret"),
    ("vars", "var"),
    ("variables", "var"),
    ("variable", "var"),
    ("environment", "env"),
    ("environ", "env"),
    ("envs", "env"),
    ("values", "value"),
    ("steps", "step"),
    ("response", "kept"),
    ("answer", "kept"),
    ("keep", "kept"),
];

/// Keys under `response` whose values are locations in an answer.
const PLACES: [&str; 9] = [
    "root",
    "access_token",
    "token_type",
    "expires_in",
    "expires_at",
    "scope",
    "error",
    "error_description",
    "keep",
];

pub(in crate::profile::file) fn of_value(
    key: &str,
    written: Option<&DeValue<'_>>,
    line: &str,
    profile: &str,
) -> Option<String> {
    let last = key.rsplit('.').next().unwrap_or(key);
    let line = Line::of(line);
    let Some(written) = written else {
        return match key {
            "token_url" => Some("write `token_url = \"https://…\"`".to_owned()),
            "client_id" => Some("write `client_id = \"…\"`".to_owned()),
            _ => None,
        };
    };
    let text = first_text(written)?;
    let call = text
        .strip_prefix("now(")
        .and_then(|rest| rest.strip_suffix(')'));
    if call.is_some()
        && let Some(corrected) = template(&format!("${{{text}}}"))
    {
        return Some(format!("write `{corrected}`"));
    }
    if text.contains("${")
        && let Some(corrected) = template(text)
    {
        return Some(format!("write `{corrected}`"));
    }
    if key == "assertion.key" && (text.contains("BEGIN") || text.starts_with('{')) {
        return Some(format!(
            "delete the line and run `tok secret set {profile} private_key < key.pem`"
        ));
    }
    if key.contains("response.") && PLACES.contains(&last) && !pointer::is_place(text) {
        return line.with_value(text, &quoted(&pointer::meant(text)));
    }
    match last {
        "token_url" | "url" => line.with_value(text, &quoted(&url(text)?)),
        _ => None,
    }
}

fn first_text<'a>(value: &'a DeValue<'_>) -> Option<&'a str> {
    match value {
        DeValue::String(text) => Some(text),
        DeValue::Array(items) => {
            let mut texts = items.iter().filter_map(|item| first_text(item.get_ref()));
            texts.find(|text| text.contains("${") || !pointer::is_place(text))
        }
        DeValue::Table(table) => {
            let mut texts = table
                .iter()
                .filter_map(|(_, value)| first_text(value.get_ref()));
            texts.find(|text| text.contains("${"))
        }
        _ => None,
    }
}

/// Returns the first `${…}` that tok does not know, as written.
fn template(text: &str) -> Option<String> {
    text.split("${").skip(1).find_map(|rest| {
        let (inside, _) = rest.split_once('}')?;
        let inside = inside.trim();
        if let Some(format) = inside
            .strip_prefix("now(")
            .and_then(|rest| rest.strip_suffix(')'))
        {
            let format = format.trim().trim_matches(['"', '\'']);
            let format = match format {
                "" => "%s".to_owned(),
                format => strftime(format)?,
            };
            return Some(format!("${{now('{format}')}}"));
        }
        let name = inside.strip_suffix("()").unwrap_or(inside);
        let is_name = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if !is_name {
            return None;
        }
        if let Some((space, rest)) = name.split_once('.') {
            let (_, meant) = SPACES
                .iter()
                .find(|(written, _)| space.eq_ignore_ascii_case(written))?;
            return Some(format!("${{{meant}.{rest}}}"));
        }
        let meant = NAMES.iter().find(|(written, _)| *written == snake(name));
        if let Some((_, meant)) = meant {
            return (*meant != name).then(|| format!("${{{meant}}}"));
        }
        let is_variable = name.len() > 1
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        is_variable.then(|| format!("${{env.{name}}}"))
    })
}

/// Converts a pattern such as `yyyy-MM-dd HH:mm:ss` to strftime.
pub(super) fn strftime(pattern: &str) -> Option<String> {
    const WORDS: [(&str, &str); 11] = [
        ("YYYY", "%Y"),
        ("yyyy", "%Y"),
        ("MM", "%m"),
        ("DD", "%d"),
        ("dd", "%d"),
        ("HH", "%H"),
        ("hh", "%H"),
        ("mm", "%M"),
        ("SSS", "%3f"),
        ("ss", "%S"),
        ("SS", "%S"),
    ];
    if pattern.contains('%') {
        return None;
    }
    let mut out = pattern.replace("'T'", "T").replace("'Z'", "Z");
    for (word, directive) in WORDS {
        out = out.replace(word, directive);
    }
    out.contains('%').then_some(out)
}

/// Adds the missing scheme, and rewrites placeholders in tok's syntax.
fn url(text: &str) -> Option<String> {
    let rest = match text.split_once("://") {
        Some(("http", rest)) => rest,
        Some(("https", rest)) if rest.contains(['{', '<']) && !rest.contains("${") => rest,
        Some(_) => return None,
        None => text.trim_start_matches('/'),
    };
    if rest.contains(['@', ' ']) || rest.is_empty() {
        return None;
    }
    let rest = rest
        .replace("{{", "{")
        .replace("}}", "}")
        .replace('<', "{")
        .replace('>', "}");
    let rest = match rest.contains("${") {
        true => rest,
        false => rest.replace('{', "${var."),
    };
    Some(format!("https://{rest}"))
}

/// Returns `key` with the source in `written`: a variable, a file or a command.
pub(super) fn source(key: &str, written: &str) -> Option<String> {
    let text = written.trim().trim_matches(['"', '\'']);
    let is_variable = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let braced = text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    let variable = match braced {
        Some(inside) => inside.strip_prefix("env.").or(Some(inside)),
        None => text.strip_prefix("env:").or_else(|| text.strip_prefix('$')),
    };
    if let Some(variable) = variable.filter(is_variable) {
        return Some(format!("{key} = {{ env = \"{variable}\" }}"));
    }
    let file = text.strip_prefix("file:").or_else(|| {
        let starts = [
            "~/",
            "./",
            "/run/secrets/",
            "/etc/",
            "/home/",
            "/var/",
            "/opt/",
        ];
        starts
            .iter()
            .any(|start| text.starts_with(start))
            .then_some(text)
    });
    if let Some(file) = file {
        return Some(format!("{key} = {{ file = {} }}", quoted(file)));
    }
    let command = text
        .strip_prefix("$(")
        .and_then(|rest| rest.strip_suffix(')'));
    let command = command.or_else(|| {
        text.strip_prefix('`')
            .and_then(|rest| rest.strip_suffix('`'))
    })?;
    let words: Vec<String> = command.split_whitespace().map(quoted).collect();
    Some(format!("{key} = {{ command = [{}] }}", words.join(", ")))
}
