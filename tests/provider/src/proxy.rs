//! An HTTP proxy that only knows `CONNECT` (RFC 9110 §9.3.6), for tests of who is asked to carry what: it takes every tunnel to one place,
//! whatever host it is asked for, so that a test can speak to a host that does not exist.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{self, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::shutdown::Shutdown;

/// The longest request head that is read.
const MAX_HEAD_LINES: usize = 100;

/// A proxy on a free port of `127.0.0.1`, until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    shutdown: Shutdown,
    listener: Option<JoinHandle<()>>,
}

/// How the proxy treats a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tunnel {
    /// Carries it to this address.
    To(SocketAddr),
    /// Answers with this status instead.
    Refused(u16),
    /// Answers with 407 and this `Proxy-Authenticate`.
    Authenticates(&'static str),
}

impl Proxy {
    /// Starts.
    ///
    /// # Panics
    /// When no port of `127.0.0.1` can be listened on.
    #[must_use]
    pub fn start(tunnel: Tunnel) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port can be had");
        let address = listener.local_addr().expect("a listener has an address");
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let shutdown = Shutdown::default();
        let (record, ended) = (Arc::clone(&heads), shutdown.clone());
        let listener = thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.has_begun() {
                    return;
                }
                let (Ok(stream), record, ended) = (stream, Arc::clone(&record), ended.clone())
                else {
                    continue;
                };
                // A tunnel that breaks is its ends' to report.
                thread::spawn(move || serve(&stream, tunnel, &record, &ended));
            }
        });
        Self {
            address,
            heads,
            shutdown,
            listener: Some(listener),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The head of every request so far, lines ended by `\n`: request line and header fields.
    #[must_use]
    pub fn heads(&self) -> Vec<String> {
        self.heads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shutdown.begin();
        let woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(5));
        if let (Ok(_), Some(listener)) = (woken, self.listener.take()) {
            let _ = listener.join();
        }
    }
}

fn serve(
    client: &TcpStream,
    tunnel: Tunnel,
    heads: &Mutex<Vec<String>>,
    shutdown: &Shutdown,
) -> io::Result<()> {
    let _watched = shutdown.watch(client)?;
    let mut reader = BufReader::new(client);
    let mut head = String::new();
    for _ in 0..MAX_HEAD_LINES {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            break;
        }
        head.push_str(line.trim_end());
        head.push('\n');
    }
    let is_connect = head.starts_with("CONNECT ");
    heads
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(head);
    let mut writer = client;
    let target = match tunnel {
        Tunnel::To(target) if is_connect => target,
        Tunnel::To(_) => return write!(writer, "HTTP/1.1 405 \r\ncontent-length: 0\r\n\r\n"),
        Tunnel::Refused(status) => {
            return write!(writer, "HTTP/1.1 {status} \r\ncontent-length: 0\r\n\r\n");
        }
        Tunnel::Authenticates(challenge) => {
            return write!(
                writer,
                "HTTP/1.1 407 \r\nproxy-authenticate: {challenge}\r\ncontent-length: 0\r\n\r\n"
            );
        }
    };
    let server = TcpStream::connect(target)?;
    write!(writer, "HTTP/1.1 200 \r\n\r\n")?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || {
        let copied = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(net::Shutdown::Write);
        copied
    });
    io::copy(&mut &server, &mut writer)?;
    client.shutdown(net::Shutdown::Write)?;
    let _ = up.join();
    Ok(())
}
