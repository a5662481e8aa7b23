//! Reads the keys of a token exchange (RFC 8693 §2.1), with defaults for the types of its tokens.

use crate::error::Error;
use crate::profile::at::wrong;
use crate::profile::file::schema::Sent;
use crate::profile::parameter::{Parameter, Parameters};
use crate::profile::plan::TokenExchange;
use crate::profile::reader::{Reader, Request, Where};
use crate::profile::template::{Name, Template};

/// RFC 8693 §3.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// RFC 8693 §3.
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

impl Reader<'_> {
    /// Returns the exchange, if there is one, and adds its parameters.
    pub(super) fn exchange(
        &mut self,
        request: &Request<'_>,
        parameters: &mut Parameters,
    ) -> Result<Option<TokenExchange>, Error> {
        let table = &request.table;
        let keys = [
            (Sent::ActorToken, &table.actor_token, &table.subject_token),
            (
                Sent::SubjectTokenType,
                &table.subject_token_type,
                &table.subject_token,
            ),
            (
                Sent::ActorTokenType,
                &table.actor_token_type,
                &table.actor_token,
            ),
            (
                Sent::RequestedTokenType,
                &table.requested_token_type,
                &table.subject_token,
            ),
        ];
        for (sent, written, needed) in keys {
            if written.is_some() && needed.is_none() {
                let needed = match sent {
                    Sent::ActorTokenType => "actor_token",
                    _ => "subject_token",
                };
                let reason = format!("has an effect only with `{needed}`");
                return Err(wrong(&request.key(sent.name()), reason));
            }
        }
        let tokens = [
            (
                Sent::SubjectToken,
                &table.subject_token,
                Sent::SubjectTokenType,
                &table.subject_token_type,
            ),
            (
                Sent::ActorToken,
                &table.actor_token,
                Sent::ActorTokenType,
                &table.actor_token_type,
            ),
        ];
        let mut requested = None;
        let mut put = |sent, template| {
            parameters.push((request.name_of(sent), Parameter::Text(template)));
        };
        for (token, written, kind, written_kind) in tokens {
            let Some(source) = written else { continue };
            let template = self.template(&request.key(token.name()), source, Where::Request)?;
            let kind_template = match written_kind {
                Some(source) => self.template(&request.key(kind.name()), source, Where::Request)?,
                None => Template::literal(usual_type(&template)),
            };
            put(token, template);
            put(kind, kind_template);
        }
        if let Some(source) = &table.requested_token_type {
            let key = request.key(Sent::RequestedTokenType.name());
            let template = self.template(&key, source, Where::Request)?;
            put(Sent::RequestedTokenType, template.clone());
            requested = Some(template);
        }
        Ok(table
            .subject_token
            .as_ref()
            .map(|_| TokenExchange { requested }))
    }
}

/// A platform's identity and an assertion are JWTs that no access to anything comes with.
fn usual_type(token: &Template) -> &'static str {
    let is_jwt = |name: &Name| matches!(name, Name::Identity | Name::Assertion);
    if token.names().any(is_jwt) {
        JWT
    } else {
        ACCESS_TOKEN
    }
}
