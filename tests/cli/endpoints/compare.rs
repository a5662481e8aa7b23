//! What was sent beside what the manual says should be: method, target, header fields, body, and the claims of a JWT.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local_provider::{Assertions, Received};

use super::table::{Assertion, Exchange};

/// What tok sends with every request, of which nothing is promised here but `Accept`.
const ALWAYS_SENT: [&str; 5] = [
    "host",
    "user-agent",
    "accept",
    "accept-encoding",
    "content-length",
];

/// Whether `text` is `pattern`, where `<any>` stands for any text.
pub fn fits(text: &str, pattern: &str) -> bool {
    let mut pieces = pattern.split("<any>");
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or("")) else {
        return false;
    };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else {
        return rest.is_empty();
    };
    for piece in between {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// Compares one request with what the manual says, to the byte.
pub fn compare(received: &Received, expected: &Exchange, here: &str) {
    let sent = format!("{} {}", received.method, received.target);
    assert!(
        fits(&sent, &expected.sent),
        "{sent}\nshould be\n{}",
        expected.sent
    );
    assert!(
        fits(received.text(), &expected.body),
        "{}\nshould be\n{}",
        received.text(),
        expected.body
    );
    for (name, value) in &received.headers {
        let name = name.to_ascii_lowercase();
        let wanted = expected
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(&name));
        let Some((_, wanted)) = wanted else {
            assert!(
                ALWAYS_SENT.contains(&name.as_str()),
                "{name}: {value} is sent, and the manual knows nothing of it"
            );
            if name == "accept" {
                assert!(value.starts_with("application/json"), "{value}");
            }
            continue;
        };
        let wanted = match wanted.strip_prefix("Basic ") {
            Some(pair) if pair.contains(':') => format!("Basic {}", STANDARD.encode(pair)),
            _ => wanted.replace("{provider}", here),
        };
        assert!(fits(value, &wanted), "{name}: {value}\nshould be\n{wanted}");
    }
    for name in expected.headers.keys() {
        assert_eq!(received.headers_named(name).count(), 1, "{name}");
    }
}

/// Compares the same request by two programs: all but the order of header fields and the name of the program. What the manual leaves open
/// (`<any>`, as a nonce or a time) need not be equal.
#[cfg(unix)]
pub fn compare_equal(one: &Received, other: &Received, expected: &Exchange) {
    let fields = |received: &Received| {
        let mut fields: Vec<(String, String)> = received
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .filter(|(name, _)| !["user-agent", "accept-encoding"].contains(&name.as_str()))
            .filter(|(name, _)| {
                let written = expected.headers.iter();
                let mut same = written.filter(|(known, _)| known.eq_ignore_ascii_case(name));
                !same.any(|(_, wanted)| wanted.contains("<any>"))
            })
            .collect();
        fields.sort();
        fields
    };
    let open = |pattern: &str| pattern.contains("<any>");
    assert_eq!(one.method, other.method);
    if !open(&expected.sent) {
        assert_eq!(one.target, other.target);
    }
    assert!(fits(
        &format!("{} {}", other.method, other.target),
        &expected.sent
    ));
    if !open(&expected.body) {
        assert_eq!(one.text(), other.text());
    }
    assert!(fits(other.text(), &expected.body), "{}", other.text());
    assert_eq!(fields(one), fields(other));
    for received in [one, other] {
        let accepted = received.header("accept-encoding").unwrap_or_default();
        assert!(accepted.contains("gzip"), "{accepted}");
    }
}

/// Verifies the JWT in `received`, and compares it with what the manual wants it to say.
pub fn compare_assertion(
    received: &Received,
    expected: &Assertion,
    judge: &Assertions,
    here: &str,
) {
    let sent = [
        received.header("authorization").unwrap_or_default(),
        received.text(),
    ]
    .join(" ");
    let is_of_jwt = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let jwt = sent
        .split(|c| !is_of_jwt(c))
        .find(|word| word.starts_with("eyJ") && word.matches('.').count() == 2)
        .unwrap_or_else(|| panic!("no JWT in {sent}"));
    let audience = match expected.audience.as_deref() {
        Some("") => None,
        Some(audience) => Some(audience.to_owned()),
        None => Some(format!("{here}{}", received.target)),
    };
    let accepted = judge
        .accept(jwt, audience.as_deref())
        .unwrap_or_else(|wrong| panic!("{jwt}: {wrong}"));
    for (found, wanted) in [
        (&accepted.header, &expected.header),
        (&accepted.claims, &expected.claims),
    ] {
        let found = found.as_object().unwrap();
        for (name, wanted) in wanted {
            let text = match &found[name] {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let wanted = match wanted.as_str() {
                Some(wanted) => wanted.replace("{provider}", here),
                None => serde_json::to_string(wanted).unwrap(),
            };
            assert!(fits(&text, &wanted), "{name}: {text}\nshould be\n{wanted}");
        }
        assert_eq!(found.len(), wanted.len(), "{found:?}");
    }
    let issued = accepted.claims["iat"].as_i64();
    let ends = accepted.claims["exp"].as_i64().unwrap();
    let lived = ends - issued.unwrap_or_else(|| tok::facade::Now::read().unix_ms / 1000);
    assert!(
        (expected.lifetime - 15..=expected.lifetime).contains(&lived),
        "{lived}"
    );
}
