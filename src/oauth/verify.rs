//! Verifies a JWT access token: its header, signature and claims (RFC 7515 §5.2, RFC 8725, RFC 9068 §4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::oauth::jwks::{KeySet, NotSigned};
use crate::oauth::jwt::Jwt;
use crate::profile::file::schema::Algorithm;
use crate::term::text::{SHOWN_CHARACTERS, clean};

/// The accepted difference between clocks, as servers commonly have it.
pub(crate) const LEEWAY_S: f64 = 60.0;

/// The types of access tokens; a token of another kind must not pass for one (RFC 8725 §3.11).
const TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// RFC 9068 §2.2
const REQUIRED: [&str; 7] = ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"];

/// Why a token is not valid.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Invalid {
    #[error("it is not signed (`alg` is `none`)")]
    Unsigned,
    #[error("its `alg` {0} needs a shared key, and an issuer publishes only public ones")]
    Shared(&'static str),
    #[error("tok cannot verify its `alg` `{}`", clean(.0, SHOWN_CHARACTERS))]
    UnknownAlgorithm(String),
    #[error("its `crit` demands an extension that tok does not know")]
    Critical,
    #[error("its `typ` is `{}`, which is not an access token", clean(.0, SHOWN_CHARACTERS))]
    OtherType(String),
    #[error("the issuer has no key `{}` for it", clean(.0, SHOWN_CHARACTERS))]
    UnknownKey(String),
    #[error("the issuer has no key that fits its `alg`")]
    NoKey,
    #[error("its signature is not that of the issuer's key")]
    Signature,
    #[error("its `iss` is {found}, not `{expected}`")]
    Issuer { found: String, expected: String },
    #[error("its `aud` is {found}, which does not contain {expected}")]
    Audience { found: String, expected: String },
    #[error("it expired {0:.0} s ago")]
    Expired(f64),
    #[error("it is valid only in {0:.0} s (`nbf`)")]
    NotYet(f64),
    #[error("its `{0}` is not a time")]
    NotATime(&'static str),
    #[error("it has no `{0}`, which RFC 9068 requires")]
    Missing(&'static str),
}

/// What the claims must say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    /// One of these must be in `aud`; if empty, any audience is accepted.
    pub(crate) audiences: &'a [String],
    pub(crate) now_s: f64,
}

/// Reads the header, and returns the algorithm if it is one of public keys.
pub(crate) fn algorithm(header: &Map<String, Value>) -> Result<Algorithm, Invalid> {
    if header.contains_key("crit") {
        return Err(Invalid::Critical);
    }
    if let Some(typ) = header.get("typ") {
        let text = typ.as_str().unwrap_or_default().to_ascii_lowercase();
        let short = text.strip_prefix("application/").unwrap_or(&text);
        if !TYPES.contains(&short) {
            return Err(Invalid::OtherType(
                typ.as_str().map_or_else(|| typ.to_string(), str::to_owned),
            ));
        }
    }
    let name = header
        .get("alg")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if name.eq_ignore_ascii_case("none") {
        return Err(Invalid::Unsigned);
    }
    match Algorithm::ALL.into_iter().find(|alg| alg.name() == name) {
        Some(shared) if shared.is_shared() => Err(Invalid::Shared(shared.name())),
        Some(algorithm) => Ok(algorithm),
        None => Err(Invalid::UnknownAlgorithm(name.to_owned())),
    }
}

/// Checks the signature with the issuer's keys.
pub(crate) fn signature(jwt: &Jwt<'_>, algorithm: Algorithm, keys: &KeySet) -> Result<(), Invalid> {
    let kid = jwt.header.get("kid").and_then(Value::as_str);
    let bytes = URL_SAFE_NO_PAD.decode(jwt.signature).unwrap_or_default();
    let verified = keys.verify(algorithm, kid, jwt.signed, &bytes);
    verified.map_err(|why| match (why, kid) {
        (NotSigned::BadSignature, _) => Invalid::Signature,
        (NotSigned::NoKey, Some(kid)) => Invalid::UnknownKey(kid.to_owned()),
        (NotSigned::NoKey, None) => Invalid::NoKey,
    })
}

/// Checks the claims.
pub(crate) fn claims(jwt: &Jwt<'_>, expected: Expected<'_>) -> Result<(), Invalid> {
    let claims = &jwt.claims;
    if is_rfc9068(&jwt.header)
        && let Some(missing) = REQUIRED
            .into_iter()
            .find(|name| !claims.contains_key(*name))
    {
        return Err(Invalid::Missing(missing));
    }
    if claims.get("iss").and_then(Value::as_str) != Some(expected.issuer) {
        return Err(Invalid::Issuer {
            found: said(claims.get("iss")),
            expected: expected.issuer.to_owned(),
        });
    }
    if !expected.audiences.is_empty() && !has_audience(claims.get("aud"), expected.audiences) {
        return Err(Invalid::Audience {
            found: said(claims.get("aud")),
            expected: expected.audiences.join(" or "),
        });
    }
    if let Some(at) = time(claims, "exp")?
        && expected.now_s >= at + LEEWAY_S
    {
        return Err(Invalid::Expired(expected.now_s - at));
    }
    match time(claims, "nbf")? {
        Some(at) if expected.now_s < at - LEEWAY_S => Err(Invalid::NotYet(at - expected.now_s)),
        _ => Ok(()),
    }
}

/// Whether the token says that it follows RFC 9068 (its §2.1).
pub(crate) fn is_rfc9068(header: &Map<String, Value>) -> bool {
    let typ = header
        .get("typ")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let typ = typ.to_ascii_lowercase();
    typ.strip_prefix("application/").unwrap_or(&typ) == "at+jwt"
}

fn has_audience(found: Option<&Value>, expected: &[String]) -> bool {
    let is_expected = |one: &Value| {
        one.as_str()
            .is_some_and(|one| expected.iter().any(|known| known == one))
    };
    match found {
        Some(Value::Array(all)) => all.iter().any(is_expected),
        Some(one) => is_expected(one),
        None => false,
    }
}

fn time(claims: &Map<String, Value>, name: &'static str) -> Result<Option<f64>, Invalid> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(Invalid::NotATime(name)),
    }
}

fn said(value: Option<&Value>) -> String {
    match value {
        None => "missing".to_owned(),
        Some(value) => format!("`{}`", clean(&value.to_string(), SHOWN_CHARACTERS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn members(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn only_headers_of_signed_access_tokens_are_accepted() {
        let cases = [
            (json!({"alg": "RS256"}), Ok(Algorithm::Rs256)),
            (json!({"alg": "ES384", "typ": "JWT"}), Ok(Algorithm::Es384)),
            (
                json!({"alg": "EdDSA", "typ": "application/at+JWT"}),
                Ok(Algorithm::EdDsa),
            ),
            (json!({"alg": "none"}), Err(Invalid::Unsigned)),
            (json!({"alg": "NONE"}), Err(Invalid::Unsigned)),
            (json!({"alg": "HS256"}), Err(Invalid::Shared("HS256"))),
            (
                json!({"alg": "ES512"}),
                Err(Invalid::UnknownAlgorithm("ES512".into())),
            ),
            (json!({}), Err(Invalid::UnknownAlgorithm(String::new()))),
            (
                json!({"alg": "RS256", "crit": ["exp"]}),
                Err(Invalid::Critical),
            ),
            (json!({"alg": "RS256", "crit": []}), Err(Invalid::Critical)),
            (
                json!({"alg": "RS256", "typ": "logout+jwt"}),
                Err(Invalid::OtherType("logout+jwt".into())),
            ),
            (
                json!({"alg": "RS256", "typ": 1}),
                Err(Invalid::OtherType("1".into())),
            ),
        ];
        for (header, expected) in cases {
            assert_eq!(algorithm(&members(header.clone())), expected, "{header}");
        }
    }

    #[test]
    fn claims_are_checked_with_a_minute_of_leeway() {
        let check = |typ: &str, claims: Value| {
            let jwt = Jwt {
                header: members(json!({ "typ": typ })),
                claims: members(claims),
                signed: "",
                signature: "",
            };
            let audiences = ["api".to_owned(), "other".to_owned()];
            super::claims(
                &jwt,
                Expected {
                    issuer: "i",
                    audiences: &audiences,
                    now_s: 1000.0,
                },
            )
        };
        for good in [
            json!({"iss": "i", "aud": "api"}),
            json!({"iss": "i", "aud": ["x", "other"], "exp": 941, "nbf": 1060}),
            json!({"iss": "i", "aud": "api", "exp": 1000.5}),
        ] {
            assert_eq!(check("JWT", good.clone()), Ok(()), "{good}");
        }
        for (bad, words) in [
            (json!({"aud": "api"}), "`iss` is missing"),
            (json!({"iss": "I", "aud": "api"}), "not `i`"),
            (json!({"iss": "i"}), "`aud` is missing"),
            (json!({"iss": "i", "aud": ["apis"]}), "api or other"),
            (
                json!({"iss": "i", "aud": "api", "exp": 940}),
                "expired 60 s ago",
            ),
            (json!({"iss": "i", "aud": "api", "nbf": 1061}), "in 61 s"),
            (json!({"iss": "i", "aud": "api", "exp": "1"}), "not a time"),
        ] {
            let said = check("JWT", bad.clone()).unwrap_err().to_string();
            assert!(said.contains(words), "{bad}: {said}");
        }
        let short = check("at+jwt", json!({"iss": "i", "aud": "api", "exp": 2000}));
        assert_eq!(short, Err(Invalid::Missing("sub")));
    }
}
