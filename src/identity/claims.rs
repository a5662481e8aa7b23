//! The claims of an identity that is a JWT (RFC 7519 §4.1), without verifying it: only its receiver can.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::identity::failure::Failure;
use crate::secret::Secret;
use crate::term::text::{SHOWN_CHARACTERS, clean};

/// The claims that a provider decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    issuer: Option<String>,
    subject: Option<String>,
    audiences: Vec<String>,
    expires: Option<Timestamp>,
}

impl Claims {
    /// Reads the claims, or `None` if it is not a JWT.
    pub(crate) fn of(identity: &Secret) -> Option<Self> {
        let mut parts = identity.expose().split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let json = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
        let claims: Value = serde_json::from_slice(&json).ok()?;
        let text = |name: &str| claims.get(name)?.as_str().map(str::to_owned);
        let audiences = match claims.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) => {
                let texts = many.iter().filter_map(Value::as_str);
                texts.map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        let expires = claims.get("exp").and_then(Value::as_f64);
        Some(Self {
            issuer: text("iss"),
            subject: text("sub"),
            audiences,
            expires: expires.and_then(|exp| Timestamp::from_second(exp as i64).ok()),
        })
    }

    pub(crate) fn check(&self, audience: Option<&str>, now_ms: i64) -> Result<(), Failure> {
        if let Some(expires) = self.expires
            && expires.as_millisecond() <= now_ms
        {
            return Err(Failure::Expired(expires));
        }
        match audience {
            Some(wanted) if !self.audiences.iter().any(|known| known == wanted) => {
                Err(Failure::Audience {
                    wanted: wanted.to_owned(),
                    found: self.audiences(),
                })
            }
            _ => Ok(()),
        }
    }

    fn audiences(&self) -> String {
        let quoted: Vec<String> = self
            .audiences
            .iter()
            .map(|one| format!("`{one}`"))
            .collect();
        clean(&quoted.join(", "), SHOWN_CHARACTERS)
    }
}

impl fmt::Display for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &Option<String>| match text {
            Some(text) => format!("`{}`", clean(text, SHOWN_CHARACTERS)),
            None => "missing".to_owned(),
        };
        let audiences = match self.audiences() {
            empty if empty.is_empty() => "missing".to_owned(),
            some => some,
        };
        let (issuer, subject) = (quoted(&self.issuer), quoted(&self.subject));
        write!(f, "iss {issuer}, sub {subject}, aud {audiences}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> Secret {
        Secret::new(format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims)))
    }

    #[test]
    fn an_expired_jwt_and_one_for_another_audience_are_refused() {
        let now_ms = 1_700_000_000_000;
        for (claims, audience, expected) in [
            ("{}", None, None),
            (r#"{"exp":1700000001}"#, None, None),
            (
                r#"{"exp":1700000000}"#,
                None,
                Some("expired at 2023-11-14T22:13:20Z"),
            ),
            (r#"{"exp":1699999999.5}"#, None, Some("expired at")),
            (r#"{"aud":"a"}"#, Some("a"), None),
            (r#"{"aud":["b","a"]}"#, Some("a"), None),
            (
                r#"{"aud":["b","c"]}"#,
                Some("a"),
                Some("is for `b`, `c`, not for the audience `a`"),
            ),
            (
                "{}",
                Some("a"),
                Some("is for no audience, not for the audience `a`"),
            ),
        ] {
            let claims = Claims::of(&jwt(claims)).unwrap();
            let found = claims.check(audience, now_ms).err();
            let text = found.map(|failure| failure.to_string()).unwrap_or_default();
            assert_eq!(text.is_empty(), expected.is_none(), "{text}");
            assert!(text.contains(expected.unwrap_or_default()), "{text}");
        }
    }

    #[test]
    fn other_texts_have_no_claims() {
        for text in ["", "opaque", "a.b", "a.b.c", "e30.e30.x.y", "e30.W10=.x"] {
            assert_eq!(Claims::of(&Secret::new(text)), None, "{text}");
        }
    }
}
