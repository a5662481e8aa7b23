//! Receives one redirect on a loopback port (RFC 8252 §7.3) and answers everything else with an error.
//!
//! Any local page or program can connect, so requests are small, short and few, and only one with this login's state ends the wait.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, Builder};
use std::time::{Duration, Instant};

use crate::login::page::Page;
use crate::oauth::grants::authorization_code::Redirect;

/// A browser sends about 1 KiB; a long code and state fit as well.
const LONGEST_REQUEST: usize = 16 << 10;

/// Browsers open connections ahead and leave them idle.
const LONGEST_READ: Duration = Duration::from_secs(10);

const LONGEST_WRITE: Duration = Duration::from_secs(1);

const MOST_CONNECTIONS: usize = 32;

pub(crate) struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

/// The browser that was redirected; it waits for its page.
pub(crate) struct Browser(TcpStream);

impl Browser {
    /// The browser may be gone already, which does not matter.
    pub(crate) fn show(mut self, page: Page) {
        let _ = self.0.write_all(page.answer().as_bytes());
        let _ = self.0.shutdown(Shutdown::Write);
    }
}

impl Listener {
    /// Listens on `port` of 127.0.0.1, or on a free one.
    pub(crate) fn bind(port: Option<u16>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0)))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Waits for a request to `path` that `read` accepts, or returns `None` at `until`. The port is closed afterwards.
    pub(crate) fn wait(
        self,
        path: &str,
        until: Instant,
        read: &dyn Fn(&str) -> Redirect,
    ) -> io::Result<Option<(Redirect, Browser)>> {
        let Self { listener, address } = self;
        let has_ended = Arc::new(AtomicBool::new(false));
        let (send, requests) = mpsc::sync_channel(MOST_CONNECTIONS);
        let acceptor = Builder::new().spawn({
            let has_ended = Arc::clone(&has_ended);
            move || accept(&listener, &has_ended, &send)
        })?;
        let found = loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok((head, stream)) = requests.recv_timeout(left) else {
                break None;
            };
            if let Some(found) = judge(&head, Browser(stream), path, read) {
                break Some(found);
            }
        };
        has_ended.store(true, Ordering::Release);
        // Ends the accept call that the thread is in.
        if TcpStream::connect_timeout(&address, LONGEST_WRITE).is_ok() {
            let _ = acceptor.join();
        }
        Ok(found)
    }
}

type Received = (String, TcpStream);

fn accept(listener: &TcpListener, has_ended: &AtomicBool, send: &SyncSender<Received>) {
    let open = Arc::new(AtomicUsize::new(0));
    loop {
        let accepted = listener.accept();
        if has_ended.load(Ordering::Acquire) {
            return;
        }
        let Ok((stream, _)) = accepted else {
            // Out of file handles, perhaps for a moment.
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        if open.fetch_add(1, Ordering::Relaxed) >= MOST_CONNECTIONS {
            open.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (send, counted) = (send.clone(), Arc::clone(&open));
        let reader = Builder::new().spawn(move || {
            if let Some(received) = receive(stream) {
                let _ = send.send(received);
            }
            counted.fetch_sub(1, Ordering::Relaxed);
        });
        if reader.is_err() {
            open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Reads the request line and the header fields, or `None` if they are too long or do not come in time.
fn receive(mut stream: TcpStream) -> Option<Received> {
    let until = Instant::now() + LONGEST_READ;
    stream.set_write_timeout(Some(LONGEST_WRITE)).ok()?;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while bytes.len() <= LONGEST_REQUEST {
        let left = until.checked_duration_since(Instant::now())?;
        stream
            .set_read_timeout(Some(left.max(Duration::from_millis(1))))
            .ok()?;
        match stream.read(&mut chunk) {
            Ok(0) => return None,
            Ok(read) => bytes.extend_from_slice(chunk.get(..read)?),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
        let ends = |end: &[u8]| bytes.windows(end.len()).any(|window| window == end);
        if ends(b"\r\n\r\n") || ends(b"\n\n") {
            return Some((String::from_utf8(bytes).ok()?, stream));
        }
    }
    None
}

/// Answers a request that does not end the wait.
fn judge(
    head: &str,
    browser: Browser,
    path: &str,
    read: &dyn Fn(&str) -> Redirect,
) -> Option<(Redirect, Browser)> {
    match request(head, path) {
        Request::Redirect(query) => match read(query) {
            Redirect::NotThisLogin => browser.show(Page::NotThisLogin),
            redirect => return Some((redirect, browser)),
        },
        Request::Elsewhere => browser.show(Page::NotFound),
        Request::OtherMethod => browser.show(Page::OtherMethod),
        Request::NotHttp => browser.show(Page::BadRequest),
    }
    None
}

#[derive(Debug, PartialEq, Eq)]
enum Request<'a> {
    /// Its query.
    Redirect(&'a str),
    Elsewhere,
    OtherMethod,
    NotHttp,
}

fn request<'a>(head: &'a str, path: &str) -> Request<'a> {
    let line = head.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Request::NotHttp;
    };
    if !version.starts_with("HTTP/1.") || !target.starts_with('/') {
        return Request::NotHttp;
    }
    let (asked, query) = target.split_once('?').unwrap_or((target, ""));
    match (asked == path, method) {
        (false, _) => Request::Elsewhere,
        (true, "GET") => Request::Redirect(query),
        (true, _) => Request::OtherMethod,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_get_of_the_redirect_path_is_read() {
        for (line, expected) in [
            (
                "GET /callback?code=c&state=s HTTP/1.1",
                Request::Redirect("code=c&state=s"),
            ),
            ("GET /callback HTTP/1.0", Request::Redirect("")),
            ("GET /favicon.ico HTTP/1.1", Request::Elsewhere),
            ("GET /callback/?code=c HTTP/1.1", Request::Elsewhere),
            ("POST /callback?code=c HTTP/1.1", Request::OtherMethod),
            ("HEAD /callback?code=c HTTP/1.1", Request::OtherMethod),
            ("GET http://127.0.0.1/callback HTTP/1.1", Request::NotHttp),
            ("GET /callback", Request::NotHttp),
            ("GET  /callback HTTP/1.1", Request::NotHttp),
            ("\u{16}\u{3}\u{1}", Request::NotHttp),
            ("", Request::NotHttp),
        ] {
            assert_eq!(
                request(&format!("{line}\r\n\r\n"), "/callback"),
                expected,
                "{line}"
            );
        }
    }
}
