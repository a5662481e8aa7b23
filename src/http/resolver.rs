//! Looks up the addresses of a host, by the deadline.

use std::future::{Ready, ready};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::task::{Context, Poll};
use std::time::Instant;

use hyper_util::client::legacy::connect::dns::Name as ProxyName;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tower_service::Service;

use crate::error::io_text;
use crate::http::failure::Unresolved;
use crate::process::deadline;

/// Runs on a thread that is left behind at the deadline: the lookup has no time-out of its own.
#[derive(Clone)]
pub(super) struct Resolver {
    pub(super) until: Instant,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let until = self.until;
        Box::pin(async move { Ok(addresses(name.as_str(), until)?) })
    }
}

fn addresses(name: &str, until: Instant) -> Result<Addrs, Unresolved> {
    // The client replaces 0 with the URL's port.
    const PORT: u16 = 0;
    // A name server must not decide where `localhost` is: plain http goes there.
    if name == "localhost" {
        let both = [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ];
        return Ok(Box::new(
            both.into_iter()
                .map(|address| SocketAddr::new(address, PORT)),
        ));
    }
    let name = name.to_owned();
    let look_up = move || (name.as_str(), PORT).to_socket_addrs();
    match deadline::by(until, look_up) {
        Some(Ok(addresses)) => Ok(Box::new(addresses)),
        Some(Err(error)) => Err(Unresolved(lookup_text(&error))),
        None => Err(Unresolved("no answer in time".to_owned())),
    }
}

/// The same for the client that connects to a proxy.
impl Service<ProxyName> for Resolver {
    type Response = Addrs;
    type Error = Unresolved;
    type Future = Ready<Result<Addrs, Unresolved>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: ProxyName) -> Self::Future {
        ready(addresses(name.as_str(), self.until))
    }
}

fn lookup_text(error: &io::Error) -> String {
    let text = io_text(error);
    text.strip_prefix("failed to lookup address information: ")
        .unwrap_or(&text)
        .to_owned()
}
