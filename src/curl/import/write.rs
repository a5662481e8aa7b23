//! Writes a request as a profile, with the fewest keys that make the same request.

use serde_json::Value;

use crate::curl::import::body::Parameters;
use crate::curl::import::find::{Basic, Member};
use crate::curl::import::holes::{Holes, Piece, Role, Text};
use crate::curl::import::signed::Signed;
use crate::profile::draft::Draft;
use crate::profile::file::schema::{Encoding, Method};
use crate::profile::template::{CLIENT_SECRET, percent_encode};
use crate::secret::Secret;

pub(super) struct Writer<'a> {
    pub(super) holes: &'a Holes,
    pub(super) roles: &'a [Role],
    pub(super) signed: Signed,
}

impl Writer<'_> {
    /// The name inside `${…}`, or `None` for a value that is written as it is.
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

    pub(super) fn template(&self, text: &Text) -> String {
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

    /// The URL with the parameters that stay in it.
    pub(super) fn url(&self, url: &Text, query: &[(String, Text)]) -> String {
        let encoded = |text: &str| percent_encode(text).expose().to_owned();
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

    /// Everything but URL, headers and values.
    pub(super) fn request(
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
        let position = |role: &Role| members.iter().position(|(_, member)| self.is(member, role));
        // Members that tok sends itself with this `auth_method`, under their standard names.
        let mut own = Vec::new();
        match (
            basic,
            position(&Role::ClientId),
            position(&Role::ClientSecret),
        ) {
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
            // Without parameters tok sends no grant type by itself.
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

    /// Puts the client id into `draft`, and returns the secrets whose values the example has.
    pub(super) fn secrets(&self, draft: &mut Draft) -> Vec<(String, Secret)> {
        let mut secrets = Vec::new();
        for (hole, role) in self.holes.all.iter().zip(self.roles) {
            let secret = || hole.real.clone().map(Secret::new);
            match role {
                Role::ClientId => draft.client_id = hole.real.as_deref().map(literal),
                Role::ClientSecret => {
                    let found = secret().map(|secret| (CLIENT_SECRET.to_owned(), secret));
                    secrets.splice(0..0, found);
                }
                Role::Secret => {
                    draft.secrets.push(hole.label.clone());
                    secrets.extend(secret().map(|secret| (hole.label.clone(), secret)));
                }
                Role::Variable | Role::Constant => {}
            }
        }
        secrets
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

/// The template whose value is `text`.
fn literal(text: &str) -> String {
    text.replace("${", "$${")
}
