//! Splits a token that is a JWT in compact form (RFC 7515 §7.1, RFC 7519).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::wire::document;

/// A decoded JWT, not verified.
#[derive(Debug, PartialEq)]
pub(crate) struct Jwt<'a> {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    /// What the signature is over.
    pub(crate) signed: &'a str,
    pub(crate) signature: &'a str,
}

/// A token that is not a JWT which tok can read.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum UnreadableToken {
    #[error("the token is opaque (no JWT), so only the provider can read it")]
    Opaque,
    #[error("the token is an encrypted JWT, so only the API it is for can read it")]
    Encrypted,
}

impl<'a> Jwt<'a> {
    pub(crate) fn decode(token: &'a str) -> Result<Self, UnreadableToken> {
        let parts: Vec<&str> = token.split('.').collect();
        match parts[..] {
            [header, claims, signature] => Ok(Self {
                header: object(header).ok_or(UnreadableToken::Opaque)?,
                claims: object(claims).ok_or(UnreadableToken::Opaque)?,
                signed: token.rsplit_once('.').map_or("", |(signed, _)| signed),
                signature,
            }),
            // RFC 7516 §3.1: five parts are an encrypted one.
            [header, _, _, _, _] if object(header).is_some() => Err(UnreadableToken::Encrypted),
            _ => Err(UnreadableToken::Opaque),
        }
    }
}

/// RFC 7515 §4: a repeated member is not read.
fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    match document::read(std::str::from_utf8(&bytes).ok()?) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(json: &str) -> String {
        URL_SAFE_NO_PAD.encode(json)
    }

    #[test]
    fn only_a_readable_jwt_is_decoded() {
        let (header, claims) = (part(r#"{"alg":"RS256"}"#), part(r#"{"exp":60,"sub":"s"}"#));
        let token = format!("{header}.{claims}.c2ln");
        let jwt = Jwt::decode(&token).unwrap();
        assert_eq!(jwt.header["alg"], "RS256");
        assert_eq!(jwt.claims["sub"], "s");
        assert_eq!(
            (jwt.signed, jwt.signature),
            (&token[..token.len() - 5], "c2ln")
        );
        for (token, error) in [
            ("opaque".to_owned(), UnreadableToken::Opaque),
            ("a.b.c".to_owned(), UnreadableToken::Opaque),
            (
                format!("{header}.{}.x", part("[1]")),
                UnreadableToken::Opaque,
            ),
            (
                format!("{header}.{}.x", part(r#"{"exp":1,"exp":2}"#)),
                UnreadableToken::Opaque,
            ),
            (format!("{header}.{claims}"), UnreadableToken::Opaque),
            (format!("{header}.a.b.c.d"), UnreadableToken::Encrypted),
        ] {
            assert_eq!(Jwt::decode(&token).unwrap_err(), error, "{token}");
        }
    }
}
