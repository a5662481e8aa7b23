//! Reads a request off a connection (RFC 9112), strictly.
//!
//! A client that sends two lengths, a bare line feed or a broken chunk is at fault, and a server that shrugs would
//! hide it. Everything here works on any `BufRead`, so the rules are tested without a socket.

use std::fmt;
use std::io::{self, BufRead, Read as _};
use std::time::Instant;

use crate::received::Received;

/// No test sends a longer head; the bound keeps a runaway client from filling the memory.
const MAX_HEAD: usize = 256 * 1024;
/// As for the head. Token requests are well under a kilobyte.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The reason why input is not valid HTTP, not a form, or not what a dialect demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(String);

impl Malformed {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

impl From<Malformed> for io::Error {
    fn from(malformed: Malformed) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, malformed)
    }
}

/// The request line and headers, read before the body because `Expect: 100-continue` wants a word in between.
pub(crate) struct Head {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

impl Head {
    /// The client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
    pub(crate) fn expects_continue(&self) -> bool {
        self.values("expect")
            .any(|value| value.eq_ignore_ascii_case("100-continue"))
    }

    /// The client will not send another request on this connection.
    pub(crate) fn wants_close(&self) -> bool {
        self.values("connection")
            .any(|value| value.eq_ignore_ascii_case("close"))
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Reads up to the empty line. `None` when the client closed between requests, which is not an error.
///
/// # Errors
/// `InvalidData` with [`Malformed`] inside when it is not HTTP/1.1; otherwise what the connection says.
pub(crate) fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut budget = MAX_HEAD;
    let Some(request_line) = read_line(reader, &mut budget)? else {
        return Ok(None);
    };
    let mut words = request_line.split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Malformed::new(format!("`{request_line}` is no HTTP/1.1 request line")).into());
    };
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader, &mut budget)?
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err(Malformed::new(format!("header `{line}` has no colon")).into());
        };
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            return Err(Malformed::new(format!("`{name}` is no header name")).into());
        }
        headers.push((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()));
    }
    Ok(Some(Head {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
    }))
}

/// Reads the body the head announces and makes the request whole.
///
/// # Errors
/// As [`read_head`]; a body that ends early is `UnexpectedEof`.
pub(crate) fn read_body(reader: &mut impl BufRead, head: Head) -> io::Result<Received> {
    let lengths: Vec<&str> = head.values("content-length").collect();
    let codings: Vec<&str> = head.values("transfer-encoding").collect();
    let body = match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Vec::new(),
        ([length], []) => read_sized(reader, length)?,
        ([], [coding]) if coding.eq_ignore_ascii_case("chunked") => read_chunked(reader)?,
        // Two framings in one request are how requests are smuggled (RFC 9112 §6.3).
        _ => {
            return Err(Malformed::new(
                "the request is framed in more than one way, or in an unknown one",
            )
            .into());
        }
    };
    let (path, query) = split_target(&head.target);
    Ok(Received {
        path: path.to_owned(),
        query: query.to_owned(),
        method: head.method,
        target: head.target,
        headers: head.headers,
        body,
        at: Instant::now(),
    })
}

fn read_sized(reader: &mut impl BufRead, length: &str) -> io::Result<Vec<u8>> {
    let length = parse_size(length, 10)?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn read_chunked(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let mut budget = MAX_HEAD;
    loop {
        let line = required_line(reader, &mut budget)?;
        let size = line
            .split_once(';')
            .map_or(line.as_str(), |(size, _extension)| size);
        let size = parse_size(size.trim_end_matches([' ', '\t']), 16)?;
        if size == 0 {
            break;
        }
        if body.len() + size > MAX_BODY {
            return Err(Malformed::new("the chunks add up to more than a request may have").into());
        }
        let start = body.len();
        body.resize(start + size, 0);
        reader.read_exact(&mut body[start..])?;
        if !required_line(reader, &mut budget)?.is_empty() {
            return Err(Malformed::new("a chunk is longer than it said").into());
        }
    }
    // Trailers are allowed and mean nothing to us.
    while !required_line(reader, &mut budget)?.is_empty() {}
    Ok(body)
}

/// A request from its bytes, for tests of what is done with one.
#[cfg(test)]
pub(crate) fn read_bytes(mut bytes: &[u8]) -> io::Result<Option<Received>> {
    match read_head(&mut bytes)? {
        Some(head) => read_body(&mut bytes, head).map(Some),
        None => Ok(None),
    }
}

/// Digits only: `from_str_radix` alone would take a sign.
fn parse_size(digits: &str, radix: u32) -> io::Result<usize> {
    let all_digits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    let size = usize::from_str_radix(digits, radix)
        .ok()
        .filter(|size| all_digits && *size <= MAX_BODY);
    size.ok_or_else(|| Malformed::new(format!("`{digits}` is no length we accept")).into())
}

fn required_line(reader: &mut impl BufRead, budget: &mut usize) -> io::Result<String> {
    read_line(reader, budget)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// One line without its CRLF, each byte as one `char`. `None` at a clean end.
fn read_line(reader: &mut impl BufRead, budget: &mut usize) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    reader
        .by_ref()
        .take(*budget as u64)
        .read_until(b'\n', &mut line)?;
    *budget -= line.len();
    if line.is_empty() && *budget > 0 {
        return Ok(None);
    }
    if *budget == 0 {
        return Err(Malformed::new("the head is longer than a request may have").into());
    }
    let Some(text) = line.strip_suffix(b"\n") else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let Some(text) = text.strip_suffix(b"\r") else {
        return Err(Malformed::new("a line ends without a carriage return").into());
    };
    if text.contains(&b'\r') || text.contains(&0) {
        return Err(Malformed::new("a line holds a carriage return or NUL").into());
    }
    Ok(Some(text.iter().copied().map(char::from).collect()))
}

/// RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Path and query of an origin-form or absolute-form target (RFC 9112 §3.2).
fn split_target(target: &str) -> (&str, &str) {
    let origin_form = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find(['/', '?']).map_or("/", |at| &rest[at..])
        }
        _ => target,
    };
    origin_form.split_once('?').unwrap_or((origin_form, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(request: &str) -> Received {
        read_bytes(request.as_bytes())
            .expect("should be read")
            .expect("should be there")
    }

    #[test]
    fn a_sized_request_is_read_whole_and_nothing_beyond_it() {
        let mut bytes: &[u8] =
            b"POST /t?a=1&b=%3F? HTTP/1.1\r\nHost:h\r\nX-A: \t v w \r\ncontent-length: 3\r\n\r\nabcGET";
        let head = read_head(&mut bytes).unwrap().unwrap();
        let received = read_body(&mut bytes, head).unwrap();
        assert_eq!(
            (received.method.as_str(), received.path.as_str()),
            ("POST", "/t")
        );
        assert_eq!(received.query, "a=1&b=%3F?");
        assert_eq!(received.header("x-a"), Some("v w"));
        assert_eq!(received.body, b"abc");
        assert_eq!(bytes, b"GET");
    }

    #[test]
    fn chunks_are_joined_and_extensions_and_trailers_are_ignored() {
        let received = read_one(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
             3\r\nabc\r\nA;x=y\r\n0123456789\r\n1 \r\n\n\r\n0\r\nTrailer: t\r\n\r\n",
        );
        assert_eq!(received.body, b"abc0123456789\n");
    }

    #[test]
    fn an_absolute_target_keeps_its_authority_out_of_the_path() {
        let cases = [
            ("http://h:1/a/b?c", "/a/b", "c"),
            ("https://h", "/", ""),
            ("http://h?c=/", "", "c=/"),
            ("/a?u=http://x", "/a", "u=http://x"),
        ];
        for (target, path, query) in cases {
            let received = read_one(&format!("GET {target} HTTP/1.1\r\n\r\n"));
            assert_eq!(
                (received.path.as_str(), received.query.as_str()),
                (path, query),
                "{target}"
            );
            assert_eq!(received.target, target);
        }
    }

    #[test]
    fn header_bytes_survive_one_by_one() {
        let received = read_bytes(b"GET / HTTP/1.1\r\nX: \xc3\xa9\xff\r\n\r\n")
            .unwrap()
            .unwrap();
        assert_eq!(received.header("x"), Some("\u{c3}\u{a9}\u{ff}"));
    }

    #[test]
    fn a_client_may_close_between_requests() {
        assert!(read_bytes(b"").unwrap().is_none());
    }

    #[test]
    fn a_request_cut_anywhere_is_an_unexpected_end() {
        let whole = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        assert!(read_bytes(whole).is_ok());
        for cut in 1..whole.len() {
            let error = read_bytes(&whole[..cut]).expect_err("a cut request should not be read");
            assert_eq!(
                error.kind(),
                io::ErrorKind::UnexpectedEof,
                "cut at {cut}: {error}"
            );
        }
    }

    #[test]
    fn requests_that_are_not_strict_http_are_refused() {
        let cases = [
            "GET / HTTP/1.0\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET /\r\n\r\n",
            "GET / HTTP/1.1\n\n",
            "GET / HTTP/1.1\r\nno colon\r\n\r\n",
            "GET / HTTP/1.1\r\nbad name: x\r\n\r\n",
            "GET / HTTP/1.1\r\n: x\r\n\r\n",
            "GET / HTTP/1.1\r\nx: a\rb\r\n\r\n",
            "GET / HTTP/1.1\r\nx: a\0b\r\n\r\n",
            "GET / HTTP/1.1\r\ncontent-length: +1\r\n\r\na",
            "GET / HTTP/1.1\r\ncontent-length: \r\n\r\n",
            "GET / HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n",
            "GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na",
            "GET / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n",
            "GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n\r\n",
            "GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n",
        ];
        for request in cases {
            let error = read_bytes(request.as_bytes()).expect_err("should be refused");
            assert_eq!(
                error.kind(),
                io::ErrorKind::InvalidData,
                "{request:?}: {error}"
            );
        }
        let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(MAX_HEAD));
        assert_eq!(
            read_bytes(long.as_bytes()).expect_err("too long").kind(),
            io::ErrorKind::InvalidData
        );
    }
}
