//! HTTP/1.1 messages (RFC 9112): a request is written, its answer is read, leniently where curl and browsers are.

use std::io;

use httparse::ParserConfig;
use url::{Host, Position, Url};
use zeroize::Zeroizing;

use crate::http::body::{self, Body};
use crate::http::connection::{Server, Stream};
use crate::http::failure;
use crate::secret::Secret;
use crate::wire::no_answer::{Breakage, NoAnswer};
use crate::wire::request::Request;

/// What tok calls itself.
const USER_AGENT: &str = concat!("tok/", env!("CARGO_PKG_VERSION"));

/// The longest head of an answer: curl's limit for all header lines together.
const LONGEST_HEAD: usize = 300 << 10;

/// The most header fields of an answer.
const MOST_FIELDS: usize = 1000;

/// The longest line with the size of a chunk.
const LONGEST_CHUNK_LINE: usize = 4 << 10;

/// How much is read at a time.
const READ_BYTES: usize = 8 << 10;

/// The head of an answer.
pub(super) struct Head {
    pub(super) status: u16,
    /// Names in lower case.
    pub(super) fields: Vec<(String, String)>,
    framing: Framing,
}

impl Head {
    /// Whether the body is packed in the way that tok asks for.
    pub(super) fn is_packed(&self) -> bool {
        self.fields
            .iter()
            .find(|(name, _)| name == "content-encoding")
            .is_some_and(|(_, coding)| body::is_packed(coding.as_bytes()))
    }
}

/// How the end of a body is known (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// Writes `request` for `url` to `stream`.
pub(super) fn send(stream: &mut dyn Stream, request: &Request, url: &Url) -> Result<(), NoAnswer> {
    let body = request.body.as_ref().map(Secret::expose);
    let length = request
        .headers
        .iter()
        .map(|(_, value)| value.expose().len() + 64);
    let mut text = Zeroizing::new(String::with_capacity(
        512 + request.url.expose().len() + length.sum::<usize>() + body.map_or(0, str::len),
    ));
    let target = &url[Position::BeforePath..Position::AfterQuery];
    text.push_str(&format!("{} ", request.method.name()));
    text.push_str(target);
    text.push_str(" HTTP/1.1\r\n");
    let mut field = |name: &str, value: &str| {
        if !is_name(name)
            || value
                .bytes()
                .any(|byte| byte != b'\t' && byte.is_ascii_control())
        {
            return Err(NoAnswer::Unsendable);
        }
        for part in [&title_case(name), ": ", value, "\r\n"] {
            text.push_str(part);
        }
        Ok(())
    };
    let own = [
        ("Host", &url[Position::BeforeHost..Position::AfterPort]),
        ("User-Agent", USER_AGENT),
        ("Accept", "*/*"),
        ("Accept-Encoding", body::CODING),
    ];
    let is_set = |name: &str| {
        request
            .headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    for (name, value) in own {
        if !is_set(name) {
            field(name, value)?;
        }
    }
    for (name, value) in &request.headers {
        if !name.eq_ignore_ascii_case("content-length") {
            field(name, value.expose())?;
        }
    }
    // Also of an empty body: without it servers answer 411 (RFC 9110 §8.6).
    if let Some(body) = body {
        field("Content-Length", &body.len().to_string())?;
    }
    text.push_str("\r\n");
    text.push_str(body.unwrap_or_default());
    let sent = stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.flush());
    match sent {
        // A server may answer and close before it has read all; then its answer says why.
        Err(error) if is_closed(&error) => Ok(()),
        sent => sent.map_err(failure::of_io),
    }
}

/// Asks a proxy to connect to `server`; the status of its answer.
pub(super) fn connect(
    stream: &mut dyn Stream,
    server: &Server,
    credentials: Option<&Secret>,
) -> Result<u16, NoAnswer> {
    let authority = match &server.host {
        Host::Ipv6(address) => format!("[{address}]:{}", server.port),
        host => format!("{host}:{}", server.port),
    };
    let mut text = Secret::new(format!(
        "CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {USER_AGENT}\r\n"
    ));
    if let Some(credentials) = credentials {
        text.push("Proxy-Authorization: ");
        text.push(credentials.expose());
        text.push("\r\n");
    }
    text.push("\r\n");
    stream
        .write_all(text.expose().as_bytes())
        .and_then(|()| stream.flush())
        .map_err(failure::of_io)?;
    let mut incoming = Incoming::new(stream);
    // Byte by byte: what follows the head belongs to the connection behind the proxy.
    incoming.read_bytes = 1;
    Ok(incoming.head()?.status)
}

/// Whether `error` says that the other end has closed the connection.
fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
    )
}

/// Whether `name` is a field name (RFC 9110 §5.1).
fn is_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

/// `name` as older servers look for it: a name all in lower case gets capitals.
fn title_case(name: &str) -> String {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return name.to_owned();
    }
    let mut is_first = true;
    name.chars()
        .map(|character| {
            let shown = if is_first {
                character.to_ascii_uppercase()
            } else {
                character
            };
            is_first = character == '-';
            shown
        })
        .collect()
}

/// What comes from a server.
pub(super) struct Incoming<'a> {
    stream: &'a mut dyn Stream,
    bytes: Zeroizing<Vec<u8>>,
    /// Where the unread part of `bytes` starts.
    at: usize,
    read_bytes: usize,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(stream: &'a mut dyn Stream) -> Self {
        Self {
            stream,
            bytes: Zeroizing::default(),
            at: 0,
            read_bytes: READ_BYTES,
        }
    }

    fn unread(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Reads more; false at the end of the connection.
    fn more(&mut self) -> Result<bool, NoAnswer> {
        let filled = self.bytes.len();
        if self.bytes.capacity() < filled + self.read_bytes {
            // `Vec` would leave a copy behind when it grows.
            let mut grown = Zeroizing::new(Vec::with_capacity((filled + READ_BYTES) * 2));
            grown.extend_from_slice(self.unread());
            self.at = 0;
            self.bytes = grown;
        }
        let filled = self.bytes.len();
        self.bytes.resize(filled + self.read_bytes, 0);
        let read = loop {
            match self
                .stream
                .read(self.bytes.get_mut(filled..).unwrap_or_default())
            {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.bytes
            .truncate(filled + read.as_ref().map_or(0, |read| *read));
        Ok(read.map_err(failure::of_io)? > 0)
    }

    /// The head of the answer; interim ones (RFC 9110 §15.2) are skipped.
    pub(super) fn head(&mut self) -> Result<Head, NoAnswer> {
        loop {
            let (head, length) = loop {
                if let Some(found) = parse_head(self.unread()).map_err(NoAnswer::BrokenOff)? {
                    break found;
                }
                if self.unread().len() > LONGEST_HEAD {
                    return Err(NoAnswer::BrokenOff(Breakage::LongHead));
                }
                if !self.more()? {
                    return Err(NoAnswer::BrokenOff(Breakage::Early));
                }
            };
            self.at += length;
            if !(100..200).contains(&head.status) || head.status == 101 {
                return Ok(head);
            }
        }
    }

    /// Adds the body of the answer with this `head` to `body`, as far as it comes.
    pub(super) fn body(&mut self, head: &Head, body: &mut Body) -> Result<(), NoAnswer> {
        match head.framing {
            Framing::Length(length) => self.take(length, body),
            Framing::Chunked => loop {
                match self.chunk_size()? {
                    0 => return Ok(()),
                    size => self.take(size, body)?,
                }
                self.line()?;
            },
            Framing::UntilClose => loop {
                body.push(self.unread())?;
                self.at = self.bytes.len();
                match self.more() {
                    Ok(true) => {}
                    Ok(false) => return Ok(()),
                    // Without TLS's own end the body may be cut, unless it shows its end itself.
                    Err(NoAnswer::BrokenOff(Breakage::Cut)) if body.is_whole(head.is_packed()) => {
                        return Ok(());
                    }
                    Err(failure) => return Err(failure),
                }
            },
        }
    }

    /// Moves `length` bytes to `body`.
    fn take(&mut self, mut length: u64, body: &mut Body) -> Result<(), NoAnswer> {
        while length > 0 {
            if self.unread().is_empty() && !self.more()? {
                return Err(NoAnswer::BrokenOff(Breakage::Early));
            }
            let unread = self.unread();
            let most = usize::try_from(length).unwrap_or(usize::MAX);
            let taken = unread.len().min(most);
            body.push(unread.get(..taken).unwrap_or_default())?;
            self.at += taken;
            length -= taken as u64;
        }
        Ok(())
    }

    /// The size of the next chunk; its extensions are ignored (RFC 9112 §7.1).
    fn chunk_size(&mut self) -> Result<u64, NoAnswer> {
        let line = self.line()?;
        let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
        std::str::from_utf8(size.trim_ascii())
            .ok()
            .and_then(|size| u64::from_str_radix(size, 16).ok())
            .ok_or(NoAnswer::BrokenOff(Breakage::ChunkSize))
    }

    /// The next line, without its end.
    fn line(&mut self) -> Result<Vec<u8>, NoAnswer> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', self.unread()) {
                let line = self.unread().get(..end).unwrap_or_default().to_owned();
                self.at += end + 1;
                return Ok(line);
            }
            if self.unread().len() > LONGEST_CHUNK_LINE {
                return Err(NoAnswer::BrokenOff(Breakage::ChunkSize));
            }
            if !self.more()? {
                return Err(NoAnswer::BrokenOff(Breakage::Early));
            }
        }
    }
}

/// The head at the start of `bytes` and its length, or `None` if it is not all there.
fn parse_head(bytes: &[u8]) -> Result<Option<(Head, usize)>, Breakage> {
    let mut fields = vec![httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let mut lenient = ParserConfig::default();
    lenient
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .allow_space_before_first_header_name(true)
        .ignore_invalid_headers_in_responses(true);
    let length = match lenient.parse_response(&mut answer, bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Breakage::LongHead),
        Err(_) => return Err(Breakage::NotHttp),
    };
    let status = answer.code.ok_or(Breakage::NotHttp)?;
    let fields: Vec<_> = answer
        .headers
        .iter()
        .map(|field| {
            let value = String::from_utf8_lossy(field.value);
            // Obsolete line folding stands for blanks (RFC 9112 §5.2).
            let value = value.replace(['\r', '\n'], " ");
            (
                field.name.trim().to_ascii_lowercase(),
                value.trim().to_owned(),
            )
        })
        .collect();
    let framing = framing(status, &fields)?;
    let head = Head {
        status,
        fields,
        framing,
    };
    Ok(Some((head, length)))
}

/// How long the body of an answer with this head is (RFC 9112 §6.3).
fn framing(status: u16, fields: &[(String, String)]) -> Result<Framing, Breakage> {
    let values = |name: &'static str| {
        fields
            .iter()
            .filter(move |(known, _)| known == name)
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
    };
    if matches!(status, 100..=199 | 204 | 304) {
        return Ok(Framing::Length(0));
    }
    match values("transfer-encoding").last() {
        Some(coding) if coding.eq_ignore_ascii_case("chunked") => return Ok(Framing::Chunked),
        Some(coding) if !coding.eq_ignore_ascii_case("identity") => {
            return Ok(Framing::UntilClose);
        }
        _ => {}
    }
    let mut lengths = values("content-length").map(str::parse::<u64>);
    let Some(first) = lengths.next() else {
        return Ok(Framing::UntilClose);
    };
    let first = first.map_err(|_| Breakage::ContentLength)?;
    match lengths.all(|other| other == Ok(first)) {
        true => Ok(Framing::Length(first)),
        false => Err(Breakage::ContentLength),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io::{Read, Write};

    use super::*;
    use crate::wire::request::Method;

    /// A server that sends `pieces` and records what it is sent.
    struct Fake {
        pieces: VecDeque<Vec<u8>>,
        received: Vec<u8>,
        end: fn() -> io::Result<usize>,
    }

    impl Read for Fake {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(mut piece) = self.pieces.pop_front() else {
                return (self.end)();
            };
            let read = piece.len().min(buffer.len());
            buffer[..read].copy_from_slice(&piece[..read]);
            if read < piece.len() {
                self.pieces.push_front(piece.split_off(read));
            }
            Ok(read)
        }
    }

    impl Write for Fake {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            self.received.extend_from_slice(buffer);
            Ok(buffer.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn fake(pieces: &[&[u8]]) -> Fake {
        Fake {
            pieces: pieces.iter().map(|piece| piece.to_vec()).collect(),
            received: Vec::new(),
            end: || Ok(0),
        }
    }

    fn read(server: &mut Fake) -> Result<(Head, Vec<u8>), NoAnswer> {
        let mut incoming = Incoming::new(server);
        let head = incoming.head()?;
        let mut body = Body::new();
        incoming.body(&head, &mut body)?;
        Ok((head, body.into_bytes().to_vec()))
    }

    #[test]
    fn answers_that_curl_and_browsers_read_are_read() {
        let many = format!(
            "HTTP/1.1 200 OK\r\n{}Content-Length: 2\r\n\r\n{{}}",
            "X-Field: a\r\n".repeat(400)
        );
        for (name, answer) in [
            (
                "a plain one",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            ),
            (
                "bare line feeds",
                "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
            ),
            ("no reason", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}"),
            (
                "two blanks",
                "HTTP/1.1  200  OK\r\nContent-Length: 2\r\n\r\n{}",
            ),
            (
                "a reason in Latin-1",
                "HTTP/1.1 200 d\u{e9}j\u{e0}\r\nContent-Length: 2\r\n\r\n{}",
            ),
            ("HTTP/1.0 until its end", "HTTP/1.0 200 OK\r\n\r\n{}"),
            (
                "a blank before the colon",
                "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}",
            ),
            (
                "no blank after it",
                "HTTP/1.1 200 OK\r\nContent-Length:2\r\n\r\n{}",
            ),
            (
                "a folded field",
                "HTTP/1.1 200 OK\r\nX: a\r\n  b\r\nContent-Length: 2\r\n\r\n{}",
            ),
            (
                "a field without a colon",
                "HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\n{}",
            ),
            (
                "a bad field name",
                "HTTP/1.1 200 OK\r\nX Y: z\r\nContent-Length: 2\r\n\r\n{}",
            ),
            (
                "an empty field name",
                "HTTP/1.1 200 OK\r\n: z\r\nContent-Length: 2\r\n\r\n{}",
            ),
            (
                "a blank line's blank",
                "HTTP/1.1 200 OK\r\n X: z\r\nContent-Length: 2\r\n\r\n{}",
            ),
            ("many fields", &many),
            (
                "the same length twice",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
            ),
            (
                "the same length in one field",
                "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}",
            ),
            (
                "more than was announced",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}junk",
            ),
            (
                "an interim answer",
                "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            ),
            (
                "chunks",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n",
            ),
            (
                "chunks in HTTP/1.0",
                "HTTP/1.0 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n",
            ),
            (
                "chunks with a length",
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            ),
            (
                "chunks with trailers",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n02 \r\n{}\r\n000\r\nX: y\r\n\r\n",
            ),
            (
                "chunks with bare line feeds",
                "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\n{}\n0\n\n",
            ),
        ] {
            let whole = read(&mut fake(&[answer.as_bytes()]));
            let (head, body) = whole.unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
            assert_eq!(
                (head.status, body.as_slice()),
                (200, b"{}".as_slice()),
                "{name}"
            );
            // However it is cut into pieces.
            let pieces: Vec<&[u8]> = answer.as_bytes().chunks(1).collect();
            let (_, body) = read(&mut fake(&pieces)).unwrap();
            assert_eq!(body, b"{}", "{name}");
        }
    }

    #[test]
    fn answers_that_are_not_whole_are_failures() {
        for answer in [
            "",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
            "SSH-2.0-OpenSSH_9.2\r\n",
            "<html></html>",
        ] {
            let read = read(&mut fake(&[answer.as_bytes()]));
            assert!(matches!(read, Err(NoAnswer::BrokenOff(_))), "{answer}");
        }
        let endless = "X: y\r\n".repeat(LONGEST_HEAD);
        let endless = read(&mut fake(&[b"HTTP/1.1 200 OK\r\n", endless.as_bytes()]));
        assert!(matches!(
            endless,
            Err(NoAnswer::BrokenOff(Breakage::LongHead))
        ));
    }

    #[test]
    fn a_body_that_shows_its_end_needs_no_end_of_tls() {
        for (body, is_whole) in [
            (r#"{"access_token":"a"}"#, true),
            ("\u{feff}{} \r\n", true),
            (r#"{"access_token":"a"#, false),
            ("tok", false),
        ] {
            let answer = format!("HTTP/1.1 200 OK\r\n\r\n{body}");
            let mut server = fake(&[answer.as_bytes()]);
            server.end = || Err(io::ErrorKind::UnexpectedEof.into());
            assert_eq!(read(&mut server).is_ok(), is_whole, "{body}");
        }
    }

    #[test]
    fn a_request_is_written_as_servers_of_any_age_read_it() {
        let request = |body: Option<&str>| Request {
            method: Method::Post,
            url: Secret::new("https://[::1]:8443/a%20b?c=d"),
            headers: vec![
                ("authorization".to_owned(), Secret::new("Basic x")),
                ("X-API-key".to_owned(), Secret::new("k")),
                ("user-agent".to_owned(), Secret::new("mine")),
            ],
            body: body.map(Secret::new),
        };
        let sent = |request: &Request| {
            let mut server = fake(&[]);
            let url = Url::parse(request.url.expose()).unwrap();
            send(&mut server, request, &url).map(|()| String::from_utf8(server.received).unwrap())
        };
        let head = "POST /a%20b?c=d HTTP/1.1\r\nHost: [::1]:8443\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\
                    Authorization: Basic x\r\nX-API-key: k\r\nUser-Agent: mine\r\n";
        for (body, rest) in [
            (None, "\r\n"),
            (Some(""), "Content-Length: 0\r\n\r\n"),
            (Some("é"), "Content-Length: 2\r\n\r\né"),
        ] {
            assert_eq!(sent(&request(body)).unwrap(), format!("{head}{rest}"));
        }
        for (name, value) in [
            ("a b", "c"),
            ("", "c"),
            ("a", "b\r\nc: d"),
            ("a:", "b"),
            ("é", "b"),
        ] {
            let mut bad = request(None);
            bad.headers.push((name.to_owned(), Secret::new(value)));
            assert!(matches!(sent(&bad), Err(NoAnswer::Unsendable)), "{name}");
        }
    }

    #[test]
    fn a_proxy_is_asked_for_a_tunnel_and_its_answer_is_left_behind() {
        let mut proxy = fake(&[b"HTTP/1.0 200 Connection established\r\n\r\nrest"]);
        let server = Server {
            host: Host::parse("provider.example").unwrap(),
            port: 443,
        };
        let status = connect(&mut proxy, &server, Some(&Secret::new("Basic x"))).unwrap();
        assert_eq!(status, 200);
        assert_eq!(proxy.pieces, [b"rest".to_vec()]);
        let sent = String::from_utf8(proxy.received).unwrap();
        assert!(sent.starts_with(
            "CONNECT provider.example:443 HTTP/1.1\r\nHost: provider.example:443\r\n"
        ));
        assert!(sent.ends_with("Proxy-Authorization: Basic x\r\n\r\n"));
    }
}
