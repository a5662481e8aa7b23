//! The listener, and everything a test says to it or asks of it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::SockRef;

use crate::answer::Answer;
use crate::certificate::{self, Certificate, ClientIdentity, Identity};
use crate::connection::{self, Service};
use crate::received::Received;
use crate::record::Record;
use crate::routes::Routes;
use crate::shutdown::Shutdown;

/// Crowds connect in the same millisecond, and a connection beyond the backlog waits a second for its next try.
const BACKLOG: i32 = 1024;

/// A server on a free port of `127.0.0.1`, until it is dropped. After the drop the port refuses connections.
///
/// An unknown path answers 404. Dropping a provider whose handler panicked, or whose gate was never opened,
/// panics in turn, so that no test passes by accident.
#[derive(Debug)]
pub struct Provider {
    address: SocketAddr,
    routes: Routes,
    record: Record,
    shutdown: Shutdown,
    authority: Option<Authority>,
    listener: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Authority {
    ca_pem: String,
    client: ClientIdentity,
}

/// How a server fails before a single request is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwilling {
    /// Accepts connections and never says or closes anything, not even for a TLS handshake.
    Silent,
    /// Closes each connection as soon as it is accepted.
    Closes,
    /// Resets each connection as soon as it is accepted.
    Resets,
}

impl Provider {
    /// Starts with plain HTTP.
    ///
    /// # Panics
    /// When no port of `127.0.0.1` can be listened on.
    #[must_use]
    pub fn start() -> Self {
        Self::start_on(0, None).expect("a free loopback port can be listened on")
    }

    /// Starts with TLS and a good certificate; clients have to trust [`Provider::ca_pem`].
    #[must_use]
    pub fn start_tls() -> Self {
        Self::start_tls_with(Certificate::Good)
    }

    /// Starts with TLS and this certificate.
    ///
    /// # Panics
    /// When no port of `127.0.0.1` can be listened on.
    #[must_use]
    pub fn start_tls_with(certificate: Certificate) -> Self {
        Self::start_on(0, Some(certificate)).expect("a free loopback port can be listened on")
    }

    /// Starts with TLS and a good certificate, and turns away clients that do not show
    /// [`Provider::client_identity`].
    ///
    /// # Panics
    /// When no port of `127.0.0.1` can be listened on.
    #[must_use]
    pub fn start_mutual_tls() -> Self {
        let identity = certificate::identity(Certificate::Good, true);
        Self::launch(0, Some(identity), Manner::Serve)
            .expect("a free loopback port can be listened on")
    }

    /// Starts a server that never gets as far as a request. [`Provider::url`] is `http`; for TLS clients put
    /// `https` before [`Provider::address`].
    ///
    /// # Panics
    /// When no port of `127.0.0.1` can be listened on.
    #[must_use]
    pub fn start_unwilling(unwilling: Unwilling) -> Self {
        Self::launch(0, None, Manner::Refuse(unwilling))
            .expect("a free loopback port can be listened on")
    }

    /// Starts on this port of `127.0.0.1` (0: a free one), with TLS if a certificate is named.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub fn start_on(port: u16, tls: Option<Certificate>) -> io::Result<Self> {
        let identity = tls.map(|certificate| certificate::identity(certificate, false));
        Self::launch(port, identity, Manner::Serve)
    }

    fn launch(port: u16, identity: Option<Identity>, manner: Manner) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        SockRef::from(&listener).listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let (tls, authority) = match identity {
            Some(Identity {
                config,
                ca_pem,
                client,
            }) => (Some(config), Some(Authority { ca_pem, client })),
            None => (None, None),
        };
        let (routes, record, shutdown) = <(Routes, Record, Shutdown)>::default();
        let service = Service {
            routes: routes.clone(),
            record: record.clone(),
            shutdown: shutdown.clone(),
            tls,
        };
        let listener = thread::spawn(move || accept(&listener, &service, manner));
        Ok(Self {
            address,
            routes,
            record,
            shutdown,
            authority,
            listener: Some(listener),
        })
    }

    /// The URL of a path that begins with `/`: `http://127.0.0.1:PORT/…`, `https` with TLS.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.authority.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}{path}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CA to trust, PEM: of [`Certificate`] it signed all but `SelfSigned` and `UnknownCa`.
    ///
    /// # Panics
    /// Without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.authority().ca_pem
    }

    /// A certificate and key for a client, signed by that CA.
    ///
    /// # Panics
    /// Without TLS.
    #[must_use]
    pub fn client_identity(&self) -> &ClientIdentity {
        &self.authority().client
    }

    fn authority(&self) -> &Authority {
        self.authority
            .as_ref()
            .expect("a provider without TLS has no CA")
    }

    /// Answers every request for `path`, whatever its method. A path ending in `*` matches all that begin with the
    /// rest; the exact path wins, then the longest. A later answer for a path replaces the earlier one.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.answer_with(path, move |_| answer.clone());
    }

    /// Answers `path` with each of these in turn, then with the last one for ever.
    pub fn answer_in_turn(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.routes.set_queue(path, answers.into_iter().collect());
    }

    /// Answers `path` with what `handler` makes of the request. It may panic: see [`Provider`].
    pub fn answer_with(
        &self,
        path: &str,
        handler: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) {
        self.routes.set(path, handler);
    }

    /// As [`Record::requests`].
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.record.requests()
    }

    /// The one request there was.
    ///
    /// # Panics
    /// When there was none, or more than one.
    #[must_use]
    pub fn only_request(&self) -> Received {
        let mut requests = self.requests();
        assert_eq!(
            requests.len(),
            1,
            "there should be one request, but there were: {requests:?}"
        );
        requests.remove(0)
    }

    /// As [`Record::count`].
    #[must_use]
    pub fn request_count(&self, path: &str) -> usize {
        self.record.count(path)
    }

    /// As [`Record::connections`].
    #[must_use]
    pub fn connections(&self) -> usize {
        self.record.connections()
    }

    /// As [`Record::wait_for`].
    pub fn wait_for_requests(&self, path: &str, count: usize) {
        self.record.wait_for(path, count);
    }

    /// The record itself, for use inside handlers, in other threads, and after the provider's end.
    #[must_use]
    pub fn record(&self) -> Record {
        self.record.clone()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.shutdown.begin();
        // The listener sees the shutdown when its accept returns, so give it something to accept.
        let woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(5));
        if let (Ok(_), Some(listener)) = (woken, self.listener.take()) {
            let _ = listener.join();
        }
        let failures = self.record.failures();
        if !thread::panicking() {
            assert!(
                failures.is_empty(),
                "the test itself went wrong: {}",
                failures.join("; ")
            );
        }
    }
}

/// How a connection is handled.
#[derive(Clone, Copy)]
enum Manner {
    Serve,
    Refuse(Unwilling),
}

fn accept(listener: &TcpListener, service: &Service, manner: Manner) {
    let mut silent = Vec::new();
    loop {
        let accepted = listener.accept();
        if service.shutdown.has_begun() {
            return;
        }
        let Ok((stream, _)) = accepted else {
            // Probably out of file handles: wait until some are closed.
            service.shutdown.sleep(Duration::from_millis(5));
            continue;
        };
        service.record.connection();
        match manner {
            Manner::Serve => {
                let service = service.clone();
                // A connection that breaks is the client's to report; here it is over.
                thread::spawn(move || connection::serve(stream, &service));
            }
            Manner::Refuse(Unwilling::Silent) => silent.push(stream),
            Manner::Refuse(Unwilling::Closes) => drop(stream),
            Manner::Refuse(Unwilling::Resets) => {
                let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            }
        }
    }
}
