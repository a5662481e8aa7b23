//! An answer to the client, described in full before a byte is sent.

use std::fmt::Display;
use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::fault::Fault;
use crate::gate::Gate;

/// An HTTP answer, the wait before it, and what goes wrong on the way.
#[derive(Clone, Debug)]
#[must_use]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    pub(crate) delay: Duration,
    pub(crate) gate: Option<Gate>,
    pub(crate) fault: Option<Fault>,
    framing: Framing,
}

#[derive(Clone, Debug)]
enum Framing {
    /// `Content-Length`.
    Sized,
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// The body is everything that goes over the wire, then the connection ends.
    Raw,
}

impl Answer {
    /// This status, no headers of its own, no body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            delay: Duration::ZERO,
            gate: None,
            fault: None,
            framing: Framing::Sized,
        }
    }

    /// An `application/json` answer; `body` is a `serde_json::Value` or any text, which is sent unchanged.
    pub fn json(status: u16, body: impl Display) -> Self {
        Self::new(status)
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    /// A `text/plain` answer.
    pub fn text(status: u16, body: impl Display) -> Self {
        Self::new(status)
            .header("content-type", "text/plain; charset=utf-8")
            .body(body.to_string())
    }

    /// The successful answer of RFC 6749 §5.1: a `Bearer` token that lives so many seconds.
    pub fn token(access_token: &str, expires_in: u64) -> Self {
        let body = json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": expires_in });
        Self::json(200, body).header("cache-control", "no-store")
    }

    /// The error answer of RFC 6749 §5.2, with its description.
    pub fn refusal(status: u16, error: &str, error_description: &str) -> Self {
        Self::json(
            status,
            json!({ "error": error, "error_description": error_description }),
        )
    }

    /// A redirect with that status to that URL.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::new(status).header("location", location)
    }

    /// Exactly these bytes, HTTP or not, and then the connection ends.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        let mut answer = Self::new(200).body(bytes);
        answer.framing = Framing::Raw;
        answer
    }

    /// A 200 that goes wrong in this way; see [`Answer::with_fault`] for other contents.
    pub fn fault(fault: Fault) -> Self {
        Self::token("token-behind-a-fault", 3600).with_fault(fault)
    }

    /// Adds a header. A `content-length` or `transfer-encoding` given here is sent instead of the true one.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Compresses the body as it is now and says so in `content-encoding`.
    pub fn gzip(mut self) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder
            .write_all(&self.body)
            .expect("writing to memory succeeds");
        self.body = encoder.finish().expect("writing to memory succeeds");
        self.header("content-encoding", "gzip")
    }

    /// Sends the body in chunks instead of with its length.
    pub fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    /// Waits so long before the first byte.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Waits until the test opens the gate, before the first byte.
    pub fn held_by(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Goes wrong in this way on the wire.
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body, as it would be sent.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.body
    }

    /// Whether the connection ends with this answer.
    pub(crate) fn ends_connection(&self) -> bool {
        self.fault.is_some() || matches!(self.framing, Framing::Raw)
    }

    /// The answer as it goes over the wire when nothing goes wrong.
    pub(crate) fn bytes(&self, close: bool) -> Vec<u8> {
        match self.framing {
            Framing::Raw => self.body.clone(),
            Framing::Chunked => {
                let mut bytes = self.head(close, &[("transfer-encoding", "chunked")]);
                // Two chunks where there is enough for two, so that the client has to join them.
                let (first, second) = self.body.split_at(self.body.len() / 2);
                for piece in [first, second, &[]] {
                    if !piece.is_empty() {
                        bytes.extend(chunk(piece));
                    }
                }
                bytes.extend(chunk(&[]));
                bytes
            }
            Framing::Sized => {
                let length = self.body.len().to_string();
                // RFC 9112 §6.3: these have no body and no length.
                let bodiless = self.status < 200 || self.status == 204 || self.status == 304;
                let framing: &[(&str, &str)] = if bodiless {
                    &[]
                } else {
                    &[("content-length", &length)]
                };
                let mut bytes = self.head(close, framing);
                bytes.extend(&self.body);
                bytes
            }
        }
    }

    /// Status line and headers, with the empty line.
    pub(crate) fn head(&self, close: bool, framing: &[(&str, &str)]) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        let own = |name: &str| {
            self.headers
                .iter()
                .any(|(found, _)| found.eq_ignore_ascii_case(name))
        };
        let framed = own("content-length") || own("transfer-encoding");
        let close: &[(&str, &str)] = if close {
            &[("connection", "close")]
        } else {
            &[]
        };
        let framing = if framed { &[] } else { framing };
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in headers
            .chain(framing.iter().copied())
            .chain(close.iter().copied())
        {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

/// One chunk; the empty one ends the body.
pub(crate) fn chunk(piece: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:x}\r\n", piece.len()).into_bytes();
    bytes.extend(piece);
    bytes.extend(b"\r\n");
    bytes
}

/// The reason phrases of RFC 9110 §15 that tests come across; the others may be empty (RFC 9112 §4).
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(answer: &Answer, close: bool) -> String {
        String::from_utf8(answer.bytes(close)).unwrap()
    }

    #[test]
    fn an_answer_states_its_true_length() {
        assert_eq!(
            wire(&Answer::text(200, "é!"), false),
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 3\r\n\r\né!"
        );
        assert_eq!(
            wire(&Answer::new(204), true),
            "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"
        );
    }

    #[test]
    fn a_length_given_by_the_test_replaces_the_true_one() {
        let answer = Answer::new(200).header("Content-Length", "7").body("abc");
        assert_eq!(
            wire(&answer, false),
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nabc"
        );
    }

    #[test]
    fn chunks_end_with_an_empty_one() {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let cases = [
            ("abcde", "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"),
            ("a", "1\r\na\r\n0\r\n\r\n"),
            ("", "0\r\n\r\n"),
        ];
        for (body, expected) in cases {
            let answer = Answer::new(200).body(body).chunked();
            assert_eq!(
                wire(&answer, false),
                format!("{head}{expected}"),
                "{body:?}"
            );
        }
    }

    #[test]
    fn raw_bytes_are_sent_unchanged() {
        assert_eq!(
            wire(&Answer::raw("HTTP/0.9 what\n"), true),
            "HTTP/0.9 what\n"
        );
    }
}
