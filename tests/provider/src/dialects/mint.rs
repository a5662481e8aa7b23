//! Makes tokens of the kinds that the manuals show. All are random: a token seen where it should not be is then
//! known to come from this run.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

/// A JWT (RFC 7519) that lives so many seconds. Its signature is random, as no test verifies it.
pub(super) fn jwt(issuer: &str, audience: &str, lifetime: u64) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970")
        .as_secs();
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let claims = json!({
        "iss": issuer,
        "aud": audience,
        "iat": now,
        "exp": now + lifetime,
        "jti": hex(),
    });
    let encode = |part: String| URL_SAFE_NO_PAD.encode(part);
    let signature = URL_SAFE_NO_PAD.encode(random::<32>());
    format!(
        "{}.{}.{signature}",
        encode(header.to_string()),
        encode(claims.to_string())
    )
}

/// 32 hexadecimal digits, lower case.
pub(super) fn hex() -> String {
    format!("{:032x}", u128::from_be_bytes(random()))
}

/// 64 characters of base64 that end in one `=`, and may hold `+` and `/`.
pub(super) fn padded_base64() -> String {
    STANDARD.encode(random::<47>())
}

fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_the_documented_shapes() {
        let parts: Vec<String> = jwt("i", "a", 5).split('.').map(str::to_owned).collect();
        assert_eq!(parts.len(), 3);
        let claims: serde_json::Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&parts[1]).unwrap()).unwrap();
        assert_eq!(
            claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
            5
        );
        assert_eq!(hex().len(), 32);
        let padded = padded_base64();
        assert!(
            padded.len() == 64 && padded.ends_with('=') && !padded.ends_with("=="),
            "{padded}"
        );
    }

    #[test]
    fn no_two_tokens_are_alike() {
        assert_ne!(jwt("i", "a", 5), jwt("i", "a", 5));
        assert_ne!(hex(), hex());
        assert_ne!(padded_base64(), padded_base64());
    }
}
