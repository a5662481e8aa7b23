//! Judges the JWTs that clients sign, as RFC 7523 §3 tells a server to: signature, audience, times, and none of them twice.
//!
//! It shares with what signs them in tok only ring, which does the arithmetic on both sides, and is stricter than most servers: no leeway for clocks, and an hour at most.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::Value;

/// The longest that an assertion may be good for, seconds.
const LONGEST_S: i64 = 3600;

/// The server's record of a client that signs assertions. Clones share the assertions seen.
#[derive(Clone, Debug)]
pub struct Assertions {
    key: Key,
    seen: Arc<Mutex<BTreeSet<String>>>,
}

#[derive(Clone, Debug)]
enum Key {
    Shared(String),
    /// The content of `subjectPublicKey` (RFC 5280 §4.1), whose length tells RSA and the curves apart.
    Public(Vec<u8>),
}

/// An assertion that was accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The JOSE header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
}

impl Assertions {
    /// Of a client whose public key is this one, in PEM (`-----BEGIN PUBLIC KEY-----`).
    ///
    /// # Panics
    /// If it is not a public key.
    #[must_use]
    pub fn of_key(pem: &str) -> Self {
        let (_, body) = pem
            .split_once("-----BEGIN PUBLIC KEY-----")
            .expect("a public key begins so");
        let (body, _) = body.split_once("-----END").expect("and ends so");
        let body: String = body.split_whitespace().collect();
        let info = STANDARD.decode(body).expect("PEM holds base64");
        // The last of SubjectPublicKeyInfo is the key in a BIT STRING; all other keys than RSA have one fixed length.
        let length = match info.len() {
            91 => 65,
            120 => 97,
            44 => 32,
            rsa => rsa - 24,
        };
        let key = info[info.len() - length..].to_vec();
        Self::new(Key::Public(key))
    }

    /// Of a client that shares this secret.
    #[must_use]
    pub fn of_secret(secret: &str) -> Self {
        Self::new(Key::Shared(secret.to_owned()))
    }

    fn new(key: Key) -> Self {
        Self {
            key,
            seen: Arc::default(),
        }
    }

    /// Returns header and claims of `jwt` if it is valid for `audience`; `None` accepts any audience.
    ///
    /// # Errors
    /// Fails with the reason if it is not valid.
    pub fn accept(&self, jwt: &str, audience: Option<&str>) -> Result<Accepted, String> {
        let parts: Vec<&str> = jwt.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err(format!("it has {} parts", parts.len()));
        };
        let decoded = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|error| format!("`{part}` is no base64url: {error}"))
        };
        let json = |part: &str| -> Result<Value, String> {
            let text = decoded(part)?;
            serde_json::from_slice(&text).map_err(|error| format!("`{part}`: {error}"))
        };
        let (header, claims, signed) = (
            json(header)?,
            json(claims)?,
            &jwt[..jwt.len() - signature.len() - 1],
        );
        let alg = header["alg"].as_str().ok_or("the header has no `alg`")?;
        self.verify(alg, signed.as_bytes(), &decoded(signature)?)?;

        let audiences = match &claims["aud"] {
            Value::Array(many) => many.clone(),
            one => vec![one.clone()],
        };
        if let Some(audience) = audience
            && !audiences.contains(&Value::from(audience))
        {
            return Err(format!("it is for {audiences:?}, not for {audience}"));
        }
        let now = unix_s();
        let time = |name: &str| match &claims[name] {
            Value::Null => Ok(None),
            time => time
                .as_i64()
                .map(Some)
                .ok_or_else(|| format!("`{name}` is {time}")),
        };
        match time("exp")? {
            None => return Err("it has no `exp`".to_owned()),
            Some(exp) if exp <= now => return Err(format!("it ended {} s ago", now - exp)),
            Some(exp) if exp > now + LONGEST_S => {
                return Err(format!("it is good for {} s", exp - now));
            }
            Some(_) => {}
        }
        for name in ["iat", "nbf"] {
            if time(name)?.is_some_and(|at| at > now) {
                return Err(format!("`{name}` is in the future"));
            }
        }
        if let Some(jti) = claims["jti"].as_str() {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if !seen.insert(jti.to_owned()) {
                return Err("its `jti` was used before".to_owned());
            }
        }
        Ok(Accepted { header, claims })
    }

    fn verify(&self, alg: &str, message: &[u8], signature: &[u8]) -> Result<(), String> {
        let verified = match &self.key {
            Key::Shared(secret) => {
                let hash = match alg {
                    "HS256" => hmac::HMAC_SHA256,
                    "HS384" => hmac::HMAC_SHA384,
                    "HS512" => hmac::HMAC_SHA512,
                    other => return Err(format!("{other} is not for a shared secret")),
                };
                let key = hmac::Key::new(hash, secret.as_bytes());
                hmac::verify(&key, message, signature)
            }
            Key::Public(key) => {
                let known: &dyn VerificationAlgorithm = match (alg, key.len()) {
                    ("ES256", 65) => &signature::ECDSA_P256_SHA256_FIXED,
                    ("ES384", 97) => &signature::ECDSA_P384_SHA384_FIXED,
                    ("EdDSA" | "Ed25519", 32) => &signature::ED25519,
                    ("RS256", 200..) => &signature::RSA_PKCS1_2048_8192_SHA256,
                    ("RS384", 200..) => &signature::RSA_PKCS1_2048_8192_SHA384,
                    ("RS512", 200..) => &signature::RSA_PKCS1_2048_8192_SHA512,
                    ("PS256", 200..) => &signature::RSA_PSS_2048_8192_SHA256,
                    ("PS384", 200..) => &signature::RSA_PSS_2048_8192_SHA384,
                    ("PS512", 200..) => &signature::RSA_PSS_2048_8192_SHA512,
                    (other, _) => return Err(format!("{other} is not for this client's key")),
                };
                UnparsedPublicKey::new(known, key).verify(message, signature)
            }
        };
        verified.map_err(|_| format!("the {alg} signature is not this client's"))
    }
}

fn unix_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECRET: &str = "a secret that both know";

    fn signed(header: &Value, claims: &Value) -> String {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let signature = hmac::sign(&key, text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn every_fault_of_an_assertion_is_found() {
        let header = json!({"alg": "HS256"});
        let now = unix_s();
        let good =
            json!({"aud": ["x", "https://a"], "exp": now + 60, "iat": now, "nbf": now, "jti": "1"});
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            signed(&header, &claims)
        };
        let of = Assertions::of_secret(SECRET);
        let accepted = of
            .accept(&signed(&header, &good), Some("https://a"))
            .unwrap();
        assert_eq!(accepted.claims, good);
        for (jwt, expected) in [
            (signed(&header, &good), "used before"),
            (with("aud", json!("https://b")), "not for"),
            (with("exp", json!(now)), "ended"),
            (with("exp", json!(now + 3700)), "good for"),
            (with("exp", Value::Null), "no `exp`"),
            (with("exp", json!("soon")), "`exp` is"),
            (with("iat", json!(now + 60)), "future"),
            (with("nbf", json!(now + 60)), "future"),
            (
                signed(&json!({"alg": "none"}), &good),
                "not for a shared secret",
            ),
            (signed(&json!({"alg": "HS384"}), &good), "signature"),
            (format!("{}!", with("jti", json!("2"))), "base64url"),
            ("a.b".to_owned(), "2 parts"),
        ] {
            let wrong = of.accept(&jwt, Some("https://a")).unwrap_err();
            assert!(wrong.contains(expected), "{expected}: {wrong}");
        }
        let other =
            Assertions::of_secret("another").accept(&signed(&header, &good), Some("https://a"));
        assert!(other.unwrap_err().contains("signature"));
    }
}
