//! A connection to a server, directly or through a proxy, made by one deadline.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use url::Host;

use crate::error::io_text;
use crate::http::failure;
use crate::http::message;
use crate::http::proxy::Proxy;
use crate::http::tls::Tls;
use crate::wire::no_answer::NoAnswer;

/// How long one address may take before the next one is tried beside it (RFC 8305 §5).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// The most addresses of one name that are tried.
const MOST_ADDRESSES: usize = 8;

/// Bytes both ways: a socket, or TLS over one.
pub(super) trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// The server of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) host: Host<String>,
    pub(super) port: u16,
}

/// How a server is reached.
pub(super) enum Way<'a> {
    /// Without TLS and never through a proxy, which would see the secrets.
    Plain,
    /// By TLS, perhaps through a proxy.
    Encrypted(&'a Tls, Option<&'a Proxy>),
}

/// Opens a connection to `server`.
pub(super) fn open(
    server: &Server,
    way: &Way<'_>,
    until: Instant,
) -> Result<Box<dyn Stream>, NoAnswer> {
    let (tls, proxy) = match way {
        Way::Plain => return Ok(Box::new(dial(server, until)?)),
        Way::Encrypted(tls, proxy) => (tls, proxy),
    };
    let stream = match proxy {
        None => Box::new(dial(server, until)?),
        Some(proxy) => tunnel(server, proxy, &tls.proxy, until)?,
    };
    Ok(Box::new(encrypted(stream, &server.host, &tls.server)?))
}

/// A connection to `server` that `proxy` forwards (RFC 9110 §9.3.6).
fn tunnel(
    server: &Server,
    proxy: &Proxy,
    trust: &Arc<ClientConfig>,
    until: Instant,
) -> Result<Box<dyn Stream>, NoAnswer> {
    let of_proxy = |why| match why {
        NoAnswer::Untrusted(why) => NoAnswer::UntrustedProxy(why),
        other => other,
    };
    let mut stream: Box<dyn Stream> = Box::new(dial(&proxy.server, until)?);
    if proxy.is_encrypted {
        stream = Box::new(encrypted(stream, &proxy.server.host, trust).map_err(of_proxy)?);
    }
    let status = message::connect(&mut stream, server, proxy.credentials.as_ref());
    match status.map_err(before_sending)? {
        200..=299 => Ok(stream),
        status => Err(NoAnswer::ProxyRefused(status)),
    }
}

/// `why`, at a step before the request itself was sent.
fn before_sending(why: NoAnswer) -> NoAnswer {
    match why {
        NoAnswer::BrokenOff(breakage) => NoAnswer::NoConnection(breakage.to_string()),
        other => other,
    }
}

/// TLS with `host` over `stream`, the handshake done.
fn encrypted(
    mut stream: Box<dyn Stream>,
    host: &Host<String>,
    trust: &Arc<ClientConfig>,
) -> Result<StreamOwned<ClientConnection, Box<dyn Stream>>, NoAnswer> {
    let name = match host {
        Host::Domain(name) => {
            ServerName::try_from(name.clone()).map_err(|_| NoAnswer::NotAHostName)?
        }
        Host::Ipv4(address) => ServerName::from(IpAddr::V4(*address)),
        Host::Ipv6(address) => ServerName::from(IpAddr::V6(*address)),
    };
    let mut connection = ClientConnection::new(Arc::clone(trust), name).map_err(failure::of_tls)?;
    while connection.is_handshaking() {
        connection
            .complete_io(&mut stream)
            .map_err(|error| before_sending(failure::of_io(error)))?;
    }
    Ok(StreamOwned::new(connection, stream))
}

/// A TCP connection to `server`: to the first of its addresses that answers.
fn dial(server: &Server, until: Instant) -> Result<Timed, NoAnswer> {
    let mut addresses = addresses(server, until)?;
    addresses.truncate(MOST_ADDRESSES);
    let stream = match addresses.as_slice() {
        [only] => TcpStream::connect_timeout(only, left(until)?),
        several => race(several, until),
    }
    .map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => failure::timed_out(),
        _ => NoAnswer::NoConnection(io_text(&error)),
    })?;
    // Requests are written in one piece: nothing is gained by waiting for more.
    let _ = stream.set_nodelay(true);
    Ok(Timed { stream, until })
}

/// Tries `addresses`, each one while those before it are still being tried.
fn race(addresses: &[SocketAddr], until: Instant) -> io::Result<TcpStream> {
    let timed_out = || io::Error::from(io::ErrorKind::TimedOut);
    let (send, receive) = mpsc::channel();
    let mut failure = None;
    let mut pending = 0;
    for (index, address) in addresses.iter().copied().enumerate() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(timed_out());
        }
        let send = send.clone();
        let attempt = Builder::new().spawn(move || {
            // The receiver is gone once another address has answered.
            let _ = send.send(TcpStream::connect_timeout(&address, left));
        });
        let is_last = index + 1 == addresses.len();
        let answer = match attempt {
            Ok(_) => {
                pending += 1;
                receive.recv_timeout(if is_last { left } else { NEXT_ADDRESS })
            }
            // Without a thread to spare the addresses share the time.
            Err(_) => {
                let others = u32::try_from(addresses.len() - index).unwrap_or(1);
                pending += 1;
                Ok(TcpStream::connect_timeout(&address, left / others))
            }
        };
        match answer {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => {
                pending -= 1;
                failure = Some(error);
            }
            Err(_) => {}
        }
    }
    while pending > 0 {
        match receive.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = Some(error),
            Err(_) => return Err(timed_out()),
        }
        pending -= 1;
    }
    Err(failure.unwrap_or_else(timed_out))
}

/// The addresses of `server`, in the system's order.
fn addresses(server: &Server, until: Instant) -> Result<Vec<SocketAddr>, NoAnswer> {
    let at = |address: IpAddr| SocketAddr::new(address, server.port);
    let name = match &server.host {
        Host::Ipv4(address) => return Ok(vec![at(IpAddr::V4(*address))]),
        Host::Ipv6(address) => return Ok(vec![at(IpAddr::V6(*address))]),
        // A name server does not decide where `localhost` is: plain http goes there.
        Host::Domain(name) if name == "localhost" => {
            return Ok(vec![
                at(IpAddr::V4(Ipv4Addr::LOCALHOST)),
                at(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            ]);
        }
        Host::Domain(name) => name.clone(),
    };
    let port = server.port;
    let look_up = move || (name.as_str(), port).to_socket_addrs().map(Vec::from_iter);
    // The lookup has no time-out of its own, so its thread is left behind at the deadline.
    let (send, receive) = mpsc::channel();
    let thread = Builder::new().spawn({
        let look_up = look_up.clone();
        move || {
            let _ = send.send(look_up());
        }
    });
    let found = match thread {
        Ok(_) => receive
            .recv_timeout(left(until)?)
            .map_err(|_| failure::timed_out())?,
        Err(_) => look_up(),
    };
    match found {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses),
        Ok(_) => Err(NoAnswer::Unresolved("it has no address".to_owned())),
        Err(error) => Err(NoAnswer::Unresolved(lookup_text(&error))),
    }
}

/// The resolver's words, without those that every failed lookup has.
fn lookup_text(error: &io::Error) -> String {
    let text = io_text(error);
    text.strip_prefix("failed to lookup address information: ")
        .unwrap_or(&text)
        .to_owned()
}

/// The time until the deadline, which must not be over.
fn left(until: Instant) -> Result<Duration, NoAnswer> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(failure::timed_out());
    }
    Ok(left)
}

/// A socket whose every read and write ends at the deadline.
struct Timed {
    stream: TcpStream,
    until: Instant,
}

impl Timed {
    fn within<T>(
        &mut self,
        limit: impl Fn(&TcpStream, Option<Duration>) -> io::Result<()>,
        work: impl FnOnce(&mut TcpStream) -> io::Result<T>,
    ) -> io::Result<T> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        limit(&self.stream, Some(left))?;
        work(&mut self.stream).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => error,
        })
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.within(TcpStream::set_read_timeout, |stream| stream.read(buffer))
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.within(TcpStream::set_write_timeout, |stream| stream.write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn a_dead_address_does_not_hide_a_live_one() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let live = listener.local_addr().unwrap();
        let closed = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        // TEST-NET-1 (RFC 5737): no route, or no answer.
        let silent = SocketAddr::from(([192, 0, 2, 1], live.port()));
        for addresses in [[closed, live], [silent, live], [live, silent]] {
            let stream = race(&addresses, soon()).unwrap();
            assert_eq!(stream.peer_addr().unwrap(), live);
        }
        assert!(race(&[closed, closed], soon()).is_err());
        assert!(race(&[live, live], Instant::now()).is_err());
    }

    #[test]
    fn localhost_and_addresses_are_not_looked_up() {
        let of = |host: &str| {
            let host = Host::parse(host).unwrap();
            addresses(&Server { host, port: 7 }, Instant::now()).map(|found| {
                found
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
        };
        assert_eq!(of("localhost").unwrap(), "127.0.0.1:7 [::1]:7");
        assert_eq!(of("192.0.2.1").unwrap(), "192.0.2.1:7");
        assert_eq!(of("[::1]").unwrap(), "[::1]:7");
        assert!(matches!(
            of("provider.example"),
            Err(NoAnswer::TimedOut { .. })
        ));
    }
}
