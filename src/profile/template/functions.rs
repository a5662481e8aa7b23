//! The functions that expressions may call: without files, programs or loops.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use minijinja::{Environment, ErrorKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::{Error, Kind};
use crate::profile::template::digest;
use crate::secret::Secret;

pub(crate) const FUNCTIONS: [(&str, &str); 22] = [
    ("base64(text)", "base64 with padding (RFC 4648 §4)"),
    ("base64url(text)", "base64url without padding (RFC 4648 §5)"),
    (
        "from_base64(text)",
        "the bytes that it encodes, as a key or a text for the others",
    ),
    (
        "from_hex(text)",
        "the bytes that it encodes, as a key or a text for the others",
    ),
    (
        "urlencode(text)",
        "percent-encoding of all but unreserved characters (RFC 3986 §2.3)",
    ),
    ("raw(text)", "the text as it is, also in a URL"),
    ("xml(text)", "the text escaped for XML"),
    ("upper(text)", "in upper case"),
    ("lower(text)", "in lower case"),
    (
        "sha256(text)",
        "SHA-256 in lower-case hex; sha256(text, \"base64\") or \"base64url\" for other forms, as with every digest",
    ),
    ("sha512(text)", "SHA-512"),
    ("sha1(text)", "SHA-1, for old APIs only"),
    ("md5(text)", "MD5, for old APIs only"),
    ("hmac_sha256(key, text)", "HMAC-SHA-256 (RFC 2104)"),
    ("hmac_sha512(key, text)", "HMAC-SHA-512"),
    ("hmac_sha1(key, text)", "HMAC-SHA-1, for old APIs only"),
    (
        "totp(key)",
        "the six-digit one-time password of a base32 key (RFC 6238)",
    ),
    ("uuid()", "a random UUID (RFC 9562, version 4)"),
    (
        "now(format)",
        "the time in UTC, in a strftime format; \"%s\" is Unix seconds, \"%s%3f\" milliseconds; now(format, 300) is 300 s later",
    ),
    (
        "int(text)",
        "a whole number; alone in a value, JSON gets the number itself",
    ),
    ("json(text)", "the text as a JSON string, quotes included"),
    (
        "query_param(url, name)",
        "the value of a parameter in a URL's query",
    ),
];

/// All but the unreserved characters (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A space becomes `%20`: some servers do not decode `+`.
pub(crate) fn percent_encode(text: &str) -> Secret {
    let mut out = Secret::default();
    for piece in utf8_percent_encode(text, RESERVED) {
        out.push(piece);
    }
    out
}

pub(super) fn add_to(engine: &mut Environment<'static>) {
    digest::add_to(engine);
    engine.add_function("urlencode", |text: &str| {
        percent_encode(text).expose().to_owned()
    });
    engine.add_function("raw", |text: &str| text.to_owned());
    engine.add_function("xml", xml);
    engine.add_function("upper", |text: &str| text.to_uppercase());
    engine.add_function("lower", |text: &str| text.to_lowercase());
    engine.add_function("json", |text: &str| {
        serde_json::Value::from(text).to_string()
    });
    engine.add_function("int", |text: &str| {
        text.trim()
            .parse::<i64>()
            .map_err(|_| wrong("int: its argument is not a whole number".to_owned()))
    });
    engine.add_function("query_param", query_param);
    engine.add_function("uuid", || {
        uuid().map_err(|failure| wrong(failure.to_string().to_owned()))
    });
    engine.add_function("now", now);
}

/// XML 1.0 §2.4.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}

/// RFC 9562 §5.4.
pub(crate) fn uuid() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(Kind::Unexpected, format!("no random bytes: {error}")))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = digest::hex(&bytes);
    Ok([
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..],
    ]
    .join("-"))
}

fn now(format: &str, later_s: Option<i64>) -> Result<String, minijinja::Error> {
    let moment = Timestamp::now()
        .checked_add(SignedDuration::from_secs(later_s.unwrap_or(0)))
        .map_err(|error| wrong(format!("now: {error}")))?;
    jiff::fmt::strtime::format(format, &moment.to_zoned(TimeZone::UTC))
        .map_err(|error| wrong(format!("now(\"{format}\"): {error}")))
}

fn query_param(url: &str, name: &str) -> Result<String, minijinja::Error> {
    let (_, query) = url.split_once('?').unwrap_or_default();
    let query = query.split('#').next().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
        .ok_or_else(|| wrong(format!("query_param: the URL's query has no `{name}`")))
}

pub(super) fn wrong(message: String) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, message)
}
