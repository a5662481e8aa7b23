//! Turns an example request into the profile with the fewest keys that makes the same request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::curl::import::body::{self, Parameters};
use crate::curl::import::holes::{Holes, Piece, Role, Text};
use crate::curl::import::names::{bracketed, hole, snake};
use crate::curl::import::request::Request;
use crate::curl::import::signed::Signed;
use crate::curl::import::words;
use crate::profile::draft::Draft;
use crate::profile::file::schema::{Encoding, Method};
use crate::profile::template::CLIENT_SECRET;
use crate::secret::Secret;

/// A profile read from an example, and the values it lacks.
#[derive(Debug)]
pub struct Import {
    /// The profile, without the values that are missing.
    pub draft: Draft,
    /// Whether the request has a client id that the example does not contain.
    pub wants_client_id: bool,
    /// The variables without a value in the example.
    pub wants_vars: Vec<String>,
    /// The secrets of the request, each with the example's value if there is one.
    pub secrets: Vec<(String, Option<Secret>)>,
    /// Notes for the user about parts that were left out.
    pub notes: Vec<String>,
}

/// Header fields that a client sets itself, or that belong to one user's session.
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

pub(super) fn of(request: Request) -> Result<Import, String> {
    let mut request = request;
    let mut notes = Vec::new();
    take_user_of_url(&mut request);
    let mut parameters = body::read(&request)?;
    let signed = Signed::take(&mut parameters.all);
    notes.extend(signed.note());
    let mut reading = Reading {
        holes: Holes::default(),
        basic: None,
        headers: Vec::new(),
    };
    if let Some(user) = &request.user {
        reading.basic_pair(user);
    }
    reading.headers(&request, parameters.encoding, &mut notes)?;
    let members = reading.members(&parameters.all);
    let query: Vec<(String, Text)> = parameters
        .query
        .iter()
        .map(|(name, value)| (name.clone(), reading.holes.named(name, value)))
        .collect();
    let url = reading
        .holes
        .text(&with_scheme(&parameters.url, &mut notes), "host");
    let roles = reading.holes.roles(&url);
    let writer = Writer {
        holes: &reading.holes,
        roles: &roles,
        signed,
    };
    let mut draft = Draft {
        token_url: Some(writer.url(&url, &query)),
        ca_file: request.ca_file,
        client_cert: request.client_cert,
        client_key: request.client_key,
        ..Draft::default()
    };
    writer.request(&mut draft, &parameters, members, reading.basic.as_ref());
    signed.put(&mut draft);
    for (name, value) in &reading.headers {
        draft.headers.push((name.clone(), writer.template(value)));
    }
    Ok(writer.import(draft, notes))
}

/// `https://id:secret@host/` is another form of Basic.
fn take_user_of_url(request: &mut Request) {
    let Some((scheme, rest)) = request.url.split_once("://") else {
        return;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if let Some((user, host)) = rest[..end].rsplit_once('@') {
        let url = format!("{scheme}://{host}{}", &rest[end..]);
        request.user.get_or_insert_with(|| user.to_owned());
        request.url = url;
    }
}

/// To curl a URL without a scheme is http; manuals that omit it mean https.
fn with_scheme(url: &str, notes: &mut Vec<String>) -> String {
    // In `{{baseUrl}}/token` the placeholder is scheme and host.
    let begins_with_url = matches!(hole(url), Some((0, _, name)) if snake(name).ends_with("url"));
    if url.contains("://") || begins_with_url {
        return url.to_owned();
    }
    notes.push("the URL has no scheme; https is meant".to_owned());
    format!("https://{url}")
}

enum Basic {
    Pair,
    SecretOnly(Piece),
}

enum Member {
    Text(Text),
    Plain(Value),
    List(Vec<Member>),
    Table(Vec<(String, Member)>),
}

struct Reading {
    holes: Holes,
    basic: Option<Basic>,
    headers: Vec<(String, Text)>,
}

impl Reading {
    fn basic_pair(&mut self, pair: &str) {
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

    fn headers(
        &mut self,
        request: &Request,
        encoding: Encoding,
        notes: &mut Vec<String>,
    ) -> Result<(), String> {
        for (name, value) in &request.headers {
            let lower = name.to_ascii_lowercase();
            if LEFT_OUT.contains(&lower.as_str()) || lower.starts_with("sec-") {
                if lower == "cookie" {
                    notes.push(
                        "left out the header `Cookie`: it belongs to somebody's session".to_owned(),
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
                    Encoding::Query | Encoding::Multipart | Encoding::Raw | Encoding::None => false,
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
                        return Err("there is -u, and an Authorization header too".to_owned());
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

    fn members(&mut self, members: &Map<String, Value>) -> Vec<(String, Member)> {
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

struct Writer<'a> {
    holes: &'a Holes,
    roles: &'a [Role],
    signed: Signed,
}

impl Writer<'_> {
    fn name(&self, hole: usize) -> Option<String> {
        let label = || &self.holes.all[hole].label;
        match self.roles[hole] {
            Role::ClientId => Some("client_id".to_owned()),
            Role::ClientSecret => Some(CLIENT_SECRET.to_owned()),
            Role::Secret => Some(format!("secret.{}", label())),
            Role::Variable => Some(format!("var.{}", label())),
            Role::Constant => None,
        }
    }

    fn template(&self, text: &Text) -> String {
        text.iter()
            .map(|piece| match piece {
                Piece::Constant(text) => literal(text),
                Piece::Hole(hole) => match self.name(*hole) {
                    Some(name) => format!("${{{name}}}"),
                    None => literal(self.holes.all[*hole].real.as_deref().unwrap_or_default()),
                },
            })
            .collect()
    }

    fn url(&self, url: &Text, query: &[(String, Text)]) -> String {
        let encoded = |text: &str| {
            crate::profile::template::percent_encode(text)
                .expose()
                .to_owned()
        };
        let mut out = self.template(url);
        for (index, (name, value)) in query.iter().enumerate() {
            out.push(if index == 0 { '?' } else { '&' });
            out.push_str(&encoded(name));
            out.push('=');
            for piece in value {
                match piece {
                    Piece::Constant(text) => out.push_str(&encoded(text)),
                    Piece::Hole(hole) => match self.name(*hole) {
                        Some(name) => out.push_str(&format!("${{urlencode({name})}}")),
                        None => out.push_str(&encoded(
                            self.holes.all[*hole].real.as_deref().unwrap_or_default(),
                        )),
                    },
                }
            }
        }
        out
    }

    fn is(&self, member: &Member, role: &Role) -> bool {
        matches!(member, Member::Text(text) if matches!(text.as_slice(), [Piece::Hole(hole)] if self.roles[*hole] == *role))
    }

    fn request(
        &self,
        draft: &mut Draft,
        parameters: &Parameters,
        members: Vec<(String, Member)>,
        basic: Option<&Basic>,
    ) {
        let Parameters {
            method, encoding, ..
        } = parameters;
        let usual = match method {
            Method::Post | Method::Put => Encoding::Form,
            Method::Get => Encoding::Query,
        };
        draft.method = (*method != Method::Post).then(|| method.name().to_owned());
        draft.encoding = (*encoding != usual).then(|| spelled(*encoding).to_owned());
        let place = |role: &Role| members.iter().position(|(_, member)| self.is(member, role));
        let mut own = Vec::new();
        match (basic, place(&Role::ClientId), place(&Role::ClientSecret)) {
            (Some(Basic::Pair), ..) => draft.basic_encoding = Some("raw".to_owned()),
            (Some(Basic::SecretOnly(key)), ..) => {
                draft.auth_method = Some("none".to_owned());
                if let Piece::Hole(hole) = key
                    && let Some(name) = self.name(*hole)
                {
                    let field = format!("Basic ${{base64({name} ~ ':')}}");
                    draft.headers.push(("Authorization".to_owned(), field));
                }
            }
            (None, Some(id), Some(secret)) => {
                draft.auth_method = Some("client_secret_post".to_owned());
                own = vec![(id, "client_id"), (secret, "client_secret")];
            }
            (None, id, _) if self.signed.client => {
                draft.auth_method = Some("private_key_jwt".to_owned());
                own.extend(id.map(|id| (id, "client_id")));
            }
            (None, ..) => draft.auth_method = Some("none".to_owned()),
        }
        let mut grant_type = None;
        for (index, (name, member)) in members.iter().enumerate() {
            let rename = |draft: &mut Draft, standard: &str| {
                if name != standard {
                    draft.names.push((standard.to_owned(), name.clone()));
                }
            };
            if let Some((_, standard)) = own.iter().find(|(at, _)| *at == index) {
                rename(draft, standard);
                continue;
            }
            match (name.as_str(), member) {
                ("grant_type" | "grantType" | "grant-type" | "GrantType", Member::Text(text))
                    if grant_type.is_none() =>
                {
                    rename(draft, "grant_type");
                    grant_type = Some(self.template(text));
                }
                ("scope" | "scopes", Member::Text(text)) if draft.scope.is_empty() => {
                    rename(draft, "scope");
                    draft.scope.push(self.template(text));
                }
                ("audience", Member::Text(text)) => draft.audience = Some(self.template(text)),
                ("resource", Member::Text(text)) => draft.resource.push(self.template(text)),
                _ => {
                    draft.params.insert(name.clone(), self.value(member));
                }
            }
        }
        draft.grant_type = match grant_type.as_deref() {
            Some("client_credentials") => None,
            Some(_) => grant_type,
            // Without parameters no grant type needs leaving out.
            None if *encoding == Encoding::None => None,
            None => Some("none".to_owned()),
        };
    }

    fn value(&self, member: &Member) -> Value {
        match member {
            Member::Text(text) => Value::String(self.template(text)),
            Member::Plain(value) => value.clone(),
            Member::List(items) => items.iter().map(|item| self.value(item)).collect(),
            Member::Table(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, member)| (name.clone(), self.value(member)))
                    .collect(),
            ),
        }
    }

    fn import(&self, mut draft: Draft, notes: Vec<String>) -> Import {
        let mut wants_client_id = false;
        let mut wants_vars = Vec::new();
        let mut secrets = Vec::new();
        for (hole, role) in self.holes.all.iter().zip(self.roles) {
            let secret = || hole.real.clone().map(Secret::new);
            match role {
                Role::ClientId => match &hole.real {
                    Some(id) => draft.client_id = Some(literal(id)),
                    None => wants_client_id = true,
                },
                Role::ClientSecret => secrets.insert(0, (CLIENT_SECRET.to_owned(), secret())),
                Role::Secret => {
                    draft.secrets.push(hole.label.clone());
                    secrets.push((hole.label.clone(), secret()));
                }
                Role::Variable => wants_vars.push(hole.label.clone()),
                Role::Constant => {}
            }
        }
        Import {
            draft,
            wants_client_id,
            wants_vars,
            secrets,
            notes,
        }
    }
}

fn spelled(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Form => "form",
        Encoding::Json => "json",
        Encoding::Query => "query",
        Encoding::Multipart => "multipart",
        Encoding::Raw => "raw",
        Encoding::None => "none",
    }
}

fn literal(text: &str) -> String {
    text.replace("${", "$${")
}
