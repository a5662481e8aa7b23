//! Suggests the line to write instead of a wrong one.
//!
//! A hint quotes the config only under keys that never contain a secret.

mod line;
mod syntax;
mod value;

use toml::de::DeValue;

pub(super) use syntax::of_syntax;
pub(super) use value::of_value;

use crate::profile::file::read::Fault;
use crate::profile::file::section::SECTIONS;
use crate::profile::pointer;
use crate::term::text::nearest;
use line::{Line, quoted, snake};

/// Keys of other tools or standards, as `(written, meant)`.
const KEYS: [(&str, &str); 50] = [
    ("url", "token_url"),
    ("uri", "token_url"),
    ("endpoint", "token_url"),
    ("token_uri", "token_url"),
    ("token_endpoint", "token_url"),
    ("auth_url", "token_url"),
    ("access_token_url", "token_url"),
    ("oauth_url", "token_url"),
    ("id", "client_id"),
    ("client", "client_id"),
    ("app_id", "client_id"),
    ("consumer_key", "client_id"),
    ("secret", "client_secret"),
    ("password", "client_secret"),
    ("consumer_secret", "client_secret"),
    ("client_password", "client_secret"),
    ("scopes", "scope"),
    ("grant", "grant_type"),
    ("type", "grant_type"),
    ("auth", "auth_method"),
    ("authentication", "auth_method"),
    ("auth_style", "auth_method"),
    ("auth_type", "auth_method"),
    ("token_endpoint_auth_method", "auth_method"),
    ("client_authentication", "auth_method"),
    ("body_format", "encoding"),
    ("data", "params"),
    ("form", "params"),
    ("parameters", "params"),
    ("extra_params", "params"),
    ("endpoint_params", "params"),
    ("query_params", "query"),
    ("http_headers", "headers"),
    ("request_headers", "headers"),
    ("ttl", "default_ttl"),
    ("expiry", "default_ttl"),
    ("expires_in", "default_ttl"),
    ("variables", "vars"),
    ("ca", "ca_file"),
    ("cacert", "ca_file"),
    ("ca_cert", "ca_file"),
    ("ca_bundle", "ca_file"),
    ("cert", "client_cert"),
    ("certificate", "client_cert"),
    ("key", "client_key"),
    ("private_key_file", "client_key"),
    ("inherit", "extends"),
    ("base", "extends"),
    ("parent", "extends"),
    ("token", "access_token"),
];

/// Values of other tools, as `(written, meant)`.
const WORDS: [(&str, &str); 37] = [
    ("basic", "client_secret_basic"),
    ("header", "client_secret_basic"),
    ("post", "client_secret_post"),
    ("body", "client_secret_post"),
    ("params", "client_secret_post"),
    ("jwt", "private_key_jwt"),
    ("urlencoded", "form"),
    ("form_urlencoded", "form"),
    ("x_www_form_urlencoded", "form"),
    ("application_x_www_form_urlencoded", "form"),
    ("application_json", "json"),
    ("second", "s"),
    ("seconds", "s"),
    ("sec", "s"),
    ("epoch", "s"),
    ("unix", "s"),
    ("unix_time", "s"),
    ("milliseconds", "ms"),
    ("millis", "ms"),
    ("microseconds", "us"),
    ("minutes", "min"),
    ("minute", "min"),
    ("m", "min"),
    ("hours", "h"),
    ("hour", "h"),
    ("iso8601", "rfc3339"),
    ("iso_8601", "rfc3339"),
    ("disk", "file"),
    ("on", "file"),
    ("keychain", "keyring"),
    ("off", "none"),
    ("no", "none"),
    ("never", "none"),
    ("disabled", "none"),
    ("plain", "text"),
    ("txt", "text"),
    ("raw", "text"),
];

/// Returns the hint for `fault` under `key` (dotted) on `line`.
pub(super) fn of_fault(fault: &Fault, key: &str, line: &str, profile: &str) -> Option<String> {
    let line = Line::of(line);
    match fault {
        Fault::UnknownKey {
            key: unknown,
            known,
        } => Some(unknown_key(unknown, known, key, &line, profile)),
        Fault::UnknownWord { word, known } => {
            if key.ends_with("alg") {
                // Similar names can be unrelated algorithms.
                return None;
            }
            let meant = snake(word);
            let synonym = WORDS
                .iter()
                .filter(|(other, _)| *other == meant)
                .map(|(_, word)| *word);
            let near = synonym
                .into_iter()
                .find(|word| known.contains(word))
                .or_else(|| nearest(word, known.iter().copied()))?;
            line.with_value(word, &quoted(near))
                .or_else(|| Some(format!("did you mean `{near}`?")))
        }
        Fault::WrongType { .. } | Fault::Date | Fault::NotFinite => wrong_type(key, &line, profile),
        Fault::SecretItself => Some(secret_itself(key, &line, profile)),
        Fault::TooLarge => None,
        Fault::Own(_) => own(key, &line),
    }
}

fn unknown_key(
    unknown: &str,
    known: &[&'static str],
    table: &str,
    line: &Line<'_>,
    profile: &str,
) -> String {
    let meant = snake(unknown);
    let synonyms = KEYS
        .iter()
        .filter(|(other, _)| *other == meant)
        .map(|(_, key)| *key);
    let near = known
        .iter()
        .copied()
        .find(|key| *key == meant)
        .or_else(|| synonyms.into_iter().find(|key| known.contains(key)))
        .or_else(|| nearest(&meant, known.iter().copied()));
    match (near, meant.as_str()) {
        (_, "sign") if table == "assertion" => {
            "write `sign = { command = […] }` beside `assertion`, not in it".to_owned()
        }
        (Some("client_secret"), _) if table.is_empty() => {
            secret_itself("client_secret", line, profile)
        }
        (Some(near), _) => match line.with_key(unknown, near) {
            Some(line) => line,
            None => format!("did you mean `{near}`?"),
        },
        (None, "verify" | "insecure" | "verify_ssl" | "tls_verify" | "skip_verify") => {
            "tok always checks certificates; to trust a private CA, write `ca_file = \"ca.pem\"`"
                .to_owned()
        }
        (None, "proxy" | "http_proxy" | "https_proxy") => {
            "tok takes the proxy from the environment: `HTTPS_PROXY=http://proxy:3128 tok …`"
                .to_owned()
        }
        (None, "username" | "user" | "email") => {
            format!("write `params = {{ {unknown} = \"…\" }}`")
        }
        (None, "private_key" | "private_key_pem" | "signing_key" | "key_file" | "pem") => {
            format!(
                "write `auth_method = \"private_key_jwt\"`, and `secrets = {{ private_key = {{ file = \"key.pem\" }} }}` or run `tok secret set {profile} private_key < key.pem`"
            )
        }
        (
            None,
            "tenant" | "tenant_id" | "realm" | "region" | "domain" | "instance" | "environment",
        ) => {
            format!(
                "write `vars = {{ {unknown} = \"…\" }}`, and `${{var.{unknown}}}` where the URL or a parameter has it"
            )
        }
        (None, "api_key" | "apikey" | "passphrase" | "refresh_token") => {
            format!(
                "write `secrets = {{ {meant} = {{}} }}`, and `${{secret.{meant}}}` where the request has it"
            )
        }
        (None, _) => format!("known here are: {}", known.join(", ")),
    }
}

fn secret_itself(key: &str, line: &Line<'_>, profile: &str) -> String {
    if let Some(key) = key.strip_prefix("shared_cache.") {
        return format!("write `{key} = {{ file = \"…\" }}`, or `{{ env = \"…\" }}`");
    }
    let name = key.rsplit('.').next().unwrap_or(key);
    match line
        .text_value()
        .and_then(|written| value::source(name, written))
    {
        Some(line) => format!("write `{line}`"),
        None => {
            let secret = match name {
                "client_secret" => String::new(),
                other => format!(" {other}"),
            };
            format!(
                "delete the line and run `tok secret set {profile}{secret}`, or write `{name} = {{ file = \"…\" }}`"
            )
        }
    }
}

fn wrong_type(key: &str, line: &Line<'_>, profile: &str) -> Option<String> {
    let last = key.rsplit('.').next().unwrap_or(key);
    let is_table = matches!(line.value().chars().next(), Some('{'));
    let write = |line: String| Some(format!("write `{line}`"));
    if line.header().is_some() {
        return match last {
            "steps" => write(format!("[[profiles.{profile}.steps]]")),
            _ if key.is_empty() => write(format!("[profiles.{profile}]")),
            _ => None,
        };
    }
    if key.is_empty() {
        return write(format!("[profiles.{profile}]"));
    }
    match last {
        "client_secret" if line.value().starts_with('[') => {
            write(format!("client_secret = {{ command = {} }}", line.value()))
        }
        "command" => {
            let words: Vec<String> = line.value_of("command")?.split_whitespace().map(quoted).collect();
            line.with_value_of("command", &format!("[{}]", words.join(", ")))
        }
        "body" if is_table => line.with_key("body", "params"),
        "origins" => write(format!("origins = [{}]", line.value())),
        "keep" => line.with_value_of("keep", &format!("[{}]", quoted(&pointer::meant(&line.value_of("keep")?)))),
        "response" => write(format!(
            "response = {{ access_token = {} }}",
            quoted(&pointer::meant(line.text_value()?))
        )),
        "headers" => {
            let first = line.value().trim_start_matches(['[', '"', '\'', ' ']);
            let name = first.split_once(':').map_or("NAME", |(name, _)| name.trim());
            let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            let name = if is_name { name } else { "NAME" };
            write(format!("headers = {{ {name} = \"…\" }}"))
        }
        "cache" if line.value_of("cache")?.trim() == "true" => line.with_value_of("cache", "\"file\""),
        "cache" if line.value_of("cache")?.trim() == "false" => line.with_value_of("cache", "\"none\""),
        "params" | "query" | "vars" | "values" => {
            let name = line.text_value().and_then(|text| text.split_once('=')).map_or("NAME", |(name, _)| name);
            write(format!("{last} = {{ {name} = \"…\" }}"))
        }
        "secrets" => {
            let name = line.value().split(['"', '\'']).nth(1).unwrap_or("NAME").to_owned();
            write(format!("secrets = {{ {name} = {{}} }}"))
        }
        "header" if is_table => Some(
            "write `extra_header = \"NAME: VALUE\"` for a line that `tok header` prints, or `headers = { … }` for the token request".to_owned(),
        ),
        "status" => line.with_value_of("status", line.value_of("status")?.trim()),
        "timeout" | "default_ttl" | "max_ttl" | "lifetime" => {
            let seconds: f64 = line.value_of(last)?.parse().ok()?;
            line.with_value_of(last, &format!("\"{seconds}s\""))
        }
        "steps" => write(format!("[[profiles.{profile}.steps]]")),
        _ => {
            let bare = line.value_of(last)?;
            let is_plain = bare.chars().all(|c| c.is_ascii_alphanumeric() || "+-._:".contains(c));
            (is_plain && !bare.is_empty()).then(|| line.with_value_of(last, &quoted(&bare)))?
        }
    }
}

/// Corrects a value that a custom deserializer of the schema refused.
fn own(key: &str, line: &Line<'_>) -> Option<String> {
    let last = key.rsplit('.').next().unwrap_or(key);
    match last {
        "timeout" | "default_ttl" | "max_ttl" | "lifetime" => line.with_value_of(last, "\"30s\""),
        "expires_at_unit" => {
            let written = line.value_of(last)?;
            let meant = snake(&written);
            let word = WORDS.iter().find(|(other, word)| {
                *other == meant && ["s", "ms", "us", "rfc3339"].contains(word)
            });
            let text = match word {
                Some((_, word)) => (*word).to_owned(),
                None => value::strftime(&written)?,
            };
            line.with_value_of(last, &quoted(&text))
        }
        _ => None,
    }
}

/// Returns the hint for a `key` that does not belong at the top of the file.
pub(super) fn of_top(key: &str, value: &DeValue<'_>, line: &str) -> String {
    if let Some(header) = Line::of(line).header() {
        return format!("write `{}`", corrected_header(header));
    }
    match (value, nearest(key, SECTIONS)) {
        (DeValue::Table(_), Some(near)) => format!("did you mean `{near}`?"),
        (DeValue::Table(_), None) => format!("write `[profiles.{key}]`"),
        _ => "write `[profiles.NAME]` on the line above the keys of a profile, or `[defaults]` above those of every profile"
            .to_owned(),
    }
}

fn corrected_header(header: &str) -> String {
    let mut keys: Vec<&str> = header.split('.').map(str::trim).collect();
    let section = keys.first().and_then(|first| nearest(first, SECTIONS));
    match (section, keys.first_mut()) {
        (Some(section), Some(first)) => *first = section,
        _ => keys.insert(0, "profiles"),
    }
    if keys == ["profiles"] {
        keys.push("NAME");
    }
    match keys.last() {
        Some(&"steps") => format!("[[{}]]", keys.join(".")),
        _ => format!("[{}]", keys.join(".")),
    }
}

/// Returns a hint if the file has a wrong header for profile `name`: `[name]`, `[profile.name]`.
pub(super) fn of_header(text: &str, name: &str) -> Option<String> {
    text.lines().enumerate().find_map(|(index, line)| {
        let header = Line::of(line).header()?;
        let keys: Vec<&str> = header
            .split('.')
            .map(|key| key.trim().trim_matches(['"', '\'']))
            .collect();
        let is_meant = match keys.as_slice() {
            [first, ..] if *first == name => true,
            [first, second, ..] => {
                *second == name && *first != "profiles" && nearest(first, ["profiles"]).is_some()
            }
            _ => false,
        };
        is_meant.then(|| {
            format!(
                "in line {}, write `{}`",
                index + 1,
                corrected_header(header)
            )
        })
    })
}

#[cfg(test)]
mod tests;
