//! One request as it arrived, kept whole so that a test can compare bytes and not a person's reading of them.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::incoming::Malformed;

/// A request that arrived complete. Requests that were cut or not HTTP are never recorded.
#[derive(Clone, Debug)]
pub struct Received {
    /// As sent, e.g. `POST`.
    pub method: String,
    /// The request target as sent; absolute (`http://host/path`) when the client took this server for a proxy.
    pub target: String,
    /// The path of the target, still percent-encoded.
    pub path: String,
    /// The text after the first `?` of the target, still encoded; may be empty.
    pub query: String,
    /// Names as sent, in order. Each byte of a value is one `char`, so nothing is lost.
    pub headers: Vec<(String, String)>,
    /// The body with chunked coding taken off.
    pub body: Vec<u8>,
    /// When the last byte of the request had been read.
    pub at: Instant,
}

impl Received {
    /// The value of the first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers_named(name).next()
    }

    /// The values of every header of that name, in the order sent.
    pub fn headers_named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as UTF-8 text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the request body should be UTF-8")
    }

    /// The body as `application/x-www-form-urlencoded` pairs, decoded, in the order sent.
    ///
    /// # Panics
    /// When the body is not such a form; [`Received::try_form`] returns that instead.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        self.try_form().expect("the request body should be a form")
    }

    /// As [`Received::form`].
    ///
    /// # Errors
    /// When a percent escape is broken, a raw byte is not ASCII, or a decoded name or value is not UTF-8. Lenient
    /// decoders hide exactly the encoding faults that tests look for.
    pub fn try_form(&self) -> Result<Vec<(String, String)>, Malformed> {
        decode_form(&self.body)
    }

    /// The query as decoded pairs, in the order sent.
    ///
    /// # Panics
    /// When the query is not `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn query_form(&self) -> Vec<(String, String)> {
        decode_form(self.query.as_bytes()).expect("the query should be a form")
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the request body should be JSON")
    }

    /// The decoded credentials of `Authorization: Basic …`: for RFC 7617 the bytes of `user:password`.
    #[must_use]
    pub fn basic(&self) -> Option<Vec<u8>> {
        let encoded = self.header("authorization")?.strip_prefix("Basic ")?;
        STANDARD.decode(encoded).ok()
    }

    /// The token of `Authorization: Bearer …` (RFC 6750 §2.1).
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }
}

/// Splits and decodes a form, strictly. An empty form has no pairs.
fn decode_form(form: &[u8]) -> Result<Vec<(String, String)>, Malformed> {
    if form.is_empty() {
        return Ok(Vec::new());
    }
    form.split(|byte| *byte == b'&')
        .map(|pair| {
            let equals = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = match equals {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => return Err(Malformed::new("a form pair has no `=`")),
            };
            Ok((decode_component(name)?, decode_component(value)?))
        })
        .collect()
}

fn decode_component(encoded: &[u8]) -> Result<String, Malformed> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let [high, low, tail @ ..] = rest else {
                    return Err(Malformed::new("a percent escape is cut short"));
                };
                decoded.push(hex_digit(*high)? << 4 | hex_digit(*low)?);
                rest = tail;
            }
            0x21..=0x7e => decoded.push(byte),
            _ => {
                return Err(Malformed::new(format!(
                    "byte {byte:#04x} stands in a form unencoded"
                )));
            }
        }
    }
    String::from_utf8(decoded).map_err(|_| Malformed::new("a decoded form component is not UTF-8"))
}

fn hex_digit(byte: u8) -> Result<u8, Malformed> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
        .ok_or_else(|| Malformed::new("a percent escape has a digit that is not hexadecimal"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(form: &str) -> Result<Vec<(String, String)>, Malformed> {
        decode_form(form.as_bytes())
    }

    #[test]
    fn form_components_are_decoded_once_and_in_order() {
        let expected = [("a", "1 2"), ("b", "+/=:%& é"), ("a", "%41"), ("c", "")];
        let found = pairs("a=1+2&b=%2B%2f%3D%3A%25%26%20%C3%A9&a=%2541&c=").unwrap();
        assert_eq!(
            found,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn an_equals_sign_may_be_part_of_a_value() {
        assert_eq!(
            pairs("k=a=b").unwrap(),
            [("k".to_owned(), "a=b".to_owned())]
        );
    }

    #[test]
    fn a_body_that_is_not_a_form_is_refused() {
        for form in [
            "a", "a=1&", "a=%", "a=%4", "a=%4g", "a=%+1", "a=é", "a= b", "a=\n", "a=%ff", "&a=1",
        ] {
            assert!(pairs(form).is_err(), "{form:?} should be refused");
        }
    }

    #[test]
    fn an_empty_body_is_a_form_without_pairs() {
        assert_eq!(pairs("").unwrap(), []);
    }

    #[test]
    fn basic_keeps_every_byte_of_the_credentials() {
        let received = Received {
            method: "POST".into(),
            target: "/".into(),
            path: "/".into(),
            query: String::new(),
            headers: vec![("AUTHORIZATION".into(), "Basic aWQ6YTpiK8Op".into())],
            body: Vec::new(),
            at: Instant::now(),
        };
        assert_eq!(received.basic().unwrap(), "id:a:b+é".as_bytes());
        assert_eq!(received.bearer(), None);
    }
}
