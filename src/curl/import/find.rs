//! Finds the credentials and placeholders in `-u`, the header fields and the parameters.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::curl::import::error::ImportError;
use crate::curl::import::holes::{Holes, Piece, Text};
use crate::curl::import::names::bracketed;
use crate::curl::import::request::Request;
use crate::curl::import::words;
use crate::profile::file::schema::Encoding;

/// Header fields that a client sets itself, or that belong to a browser session.
const LEFT_OUT: [&str; 13] = [
    "host",
    "content-length",
    "connection",
    "accept-encoding",
    "cache-control",
    "pragma",
    "expect",
    "postman-token",
    "accept-language",
    "origin",
    "referer",
    "dnt",
    "cookie",
];

/// Basic credentials.
pub(super) enum Basic {
    Pair,
    /// The secret as the user, with an empty password.
    SecretOnly(Piece),
}

/// A parameter's value.
pub(super) enum Member {
    Text(Text),
    Plain(Value),
    List(Vec<Member>),
    Table(Vec<(String, Member)>),
}

#[derive(Default)]
pub(super) struct Found {
    pub(super) holes: Holes,
    pub(super) basic: Option<Basic>,
    pub(super) headers: Vec<(String, Text)>,
}

impl Found {
    /// `id:secret`
    pub(super) fn basic_pair(&mut self, pair: &str) {
        match pair.split_once(':') {
            Some((key, "")) => {
                let key = self.holes.basic_password(Some(key));
                self.basic = Some(Basic::SecretOnly(key));
            }
            Some((id, secret)) => {
                self.holes.basic_user(id);
                self.holes.basic_password(Some(secret));
                self.basic = Some(Basic::Pair);
            }
            None => {
                self.holes.basic_user(pair);
                self.holes.basic_password(None);
                self.basic = Some(Basic::Pair);
            }
        }
    }

    pub(super) fn headers(
        &mut self,
        request: &Request,
        encoding: Encoding,
        notes: &mut Vec<String>,
    ) -> Result<(), ImportError> {
        for (name, value) in &request.headers {
            let lower = name.to_ascii_lowercase();
            if LEFT_OUT.contains(&lower.as_str()) || lower.starts_with("sec-") {
                if lower == "cookie" {
                    notes.push(
                        "left out the header `Cookie`: it belongs to a browser session".to_owned(),
                    );
                }
                continue;
            }
            let is_own = match lower.as_str() {
                "content-type" => match encoding {
                    Encoding::Json => value.eq_ignore_ascii_case("application/json"),
                    Encoding::Form => {
                        value.eq_ignore_ascii_case("application/x-www-form-urlencoded")
                    }
                    Encoding::Multipart => value
                        .to_ascii_lowercase()
                        .starts_with("multipart/form-data"),
                    Encoding::Query | Encoding::Raw | Encoding::None => false,
                },
                "accept" => ["application/json", "*/*"].contains(&value.as_str()),
                "user-agent" => ["curl/", "Postman", "Mozilla/"]
                    .iter()
                    .any(|client| value.starts_with(client)),
                _ => false,
            };
            if is_own || value.is_empty() {
                continue;
            }
            if lower != "authorization" {
                let text = self.holes.named(name, value);
                self.headers.push((name.clone(), text));
                continue;
            }
            match value.split_once(' ') {
                Some((scheme, credentials)) if scheme.eq_ignore_ascii_case("basic") => {
                    if request.user.is_some() {
                        return Err(ImportError::TwoCredentials);
                    }
                    self.basic_pair(&decoded(credentials.trim()));
                }
                Some((scheme, credential)) => {
                    let mut text = vec![Piece::Constant(format!("{scheme} "))];
                    text.extend(self.holes.credential(credential.trim()));
                    self.headers.push((name.clone(), text));
                }
                None => {
                    let text = self.holes.credential(value);
                    self.headers.push((name.clone(), text));
                }
            }
        }
        Ok(())
    }

    pub(super) fn members(&mut self, members: &Map<String, Value>) -> Vec<(String, Member)> {
        members
            .iter()
            .map(|(name, value)| (name.clone(), self.member(name, value)))
            .collect()
    }

    fn member(&mut self, name: &str, value: &Value) -> Member {
        match value {
            Value::String(text) => Member::Text(self.holes.named(name, text)),
            Value::Array(items) => {
                Member::List(items.iter().map(|item| self.member(name, item)).collect())
            }
            Value::Object(members) => Member::Table(self.members(members)),
            plain => Member::Plain(plain.clone()),
        }
    }
}

/// `id:secret` from Basic's base64, from a command that makes it, or for a placeholder.
fn decoded(credentials: &str) -> String {
    let unknown = || "<client_id>:<client_secret>".to_owned();
    if let Some(command) = credentials
        .strip_prefix("$(")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        let words = words::split(command).unwrap_or_default();
        return words
            .iter()
            .find(|word| word.text.contains(':'))
            .map_or_else(unknown, |word| word.text.trim_end_matches("\\n").to_owned());
    }
    if bracketed(credentials).is_some() {
        return unknown();
    }
    STANDARD
        .decode(credentials)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|pair| pair.contains(':') && !pair.chars().any(char::is_control))
        .unwrap_or_else(unknown)
}
