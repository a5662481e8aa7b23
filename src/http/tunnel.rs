//! Sends a request through an HTTP proxy (`CONNECT`, RFC 9110 §9.3.6).
//!
//! The client library reports a refused tunnel without the proxy's status, so tok opens the tunnel itself.

use std::sync::Arc;
use std::time::Instant;

use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, USER_AGENT};
use hyper::rt::{Read, Write};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use reqwest::Body;
use rustls::ClientConfig;
use rustls::pki_types::{IpAddr, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service as _;
use url::{Host, Url};

use crate::http::failure::{broken_off, no_connection};
use crate::http::proxy::Proxy;
use crate::http::resolver::Resolver;
use crate::http::{MOST_FIELDS, NAME_AND_VERSION, usual_headers};
use crate::term::text::{SHOWN_CHARACTERS, clean};
use crate::wire::no_answer::{NoAnswer, ProxyRefusal};

const HTTPS_PORT: u16 = 443;

pub(super) struct Tunnel {
    proxy: Proxy,
    tls: ClientConfig,
    until: Instant,
}

impl Tunnel {
    pub(super) fn new(proxy: Proxy, tls: ClientConfig, until: Instant) -> Self {
        Self { proxy, tls, until }
    }

    /// Sends `request` to its server; the proxy sees only the server's host and port.
    pub(super) async fn send(
        &self,
        request: reqwest::Request,
    ) -> Result<reqwest::Response, NoAnswer> {
        let url = request.url().clone();
        let host = url.host().ok_or(NoAnswer::Unsendable)?.to_owned();
        let port = url.port().unwrap_or(HTTPS_PORT);
        let tcp = self.connect().await?;
        let tunnel = match self.proxy.is_encrypted {
            false => self.open(TokioIo::new(tcp), &host, port).await?,
            true => {
                let mut tls = self.tls.clone();
                // The client certificate is for the server.
                tls.client_auth_cert_resolver = Arc::new(NoCertificate);
                let stream = handshake(tls, &self.proxy.host, tcp)
                    .await
                    .map_err(|why| self.at_proxy(why))?;
                self.open(TokioIo::new(stream), &host, port).await?
            }
        };
        let stream = handshake(self.tls.clone(), &host, tunnel).await?;
        let request = in_tunnel(request, &url)?;
        let response = exchange(TokioIo::new(stream), request)
            .await
            .map_err(|error| broken_off(&error))?;
        Ok(response.map(Body::wrap).into())
    }

    fn at_proxy(&self, why: NoAnswer) -> NoAnswer {
        NoAnswer::AtProxy {
            proxy: self.proxy.authority(),
            why: Box::new(why),
        }
    }

    async fn connect(&self) -> Result<TcpStream, NoAnswer> {
        let mut connector = HttpConnector::new_with_resolver(Resolver { until: self.until });
        connector.set_nodelay(true);
        let left = self.until.saturating_duration_since(Instant::now());
        // Divided among the addresses of the host.
        connector.set_connect_timeout(Some(left));
        let uri = Uri::builder()
            .scheme("http")
            .authority(self.proxy.authority())
            .path_and_query("/")
            .build()
            .map_err(|error| no_connection(&error))?;
        let connected = connector.call(uri).await.map(TokioIo::into_inner);
        connected.map_err(|error| self.at_proxy(no_connection(&error)))
    }

    /// Asks the proxy to connect to the server.
    async fn open<T>(
        &self,
        io: T,
        host: &Host<String>,
        port: u16,
    ) -> Result<TokioIo<hyper::upgrade::Upgraded>, NoAnswer>
    where
        T: Read + Write + Unpin + Send + 'static,
    {
        let authority = format!("{host}:{port}");
        let mut request = Request::connect(authority.as_str())
            .header(HOST, &authority)
            .header(USER_AGENT, NAME_AND_VERSION);
        if let Some(credentials) = &self.proxy.credentials {
            let mut value =
                HeaderValue::from_str(credentials.expose()).map_err(|_| NoAnswer::Unsendable)?;
            value.set_sensitive(true);
            request = request.header(PROXY_AUTHORIZATION, value);
        }
        let request = request
            .body(Body::default())
            .map_err(|_| NoAnswer::Unsendable)?;
        let failed = |error: hyper::Error| self.at_proxy(broken_off(&error));
        let response = exchange(io, request).await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(NoAnswer::ProxyRefused(self.refusal(&response)));
        }
        let tunnel = hyper::upgrade::on(response).await.map_err(failed)?;
        Ok(TokioIo::new(tunnel))
    }

    fn refusal(&self, response: &Response<Incoming>) -> ProxyRefusal {
        let status = response.status();
        let schemes: Vec<String> = response
            .headers()
            .get_all(PROXY_AUTHENTICATE)
            .iter()
            .filter_map(|value| {
                let value = String::from_utf8_lossy(value.as_bytes());
                value.split_whitespace().next().map(str::to_owned)
            })
            .collect();
        let has_basic = schemes
            .iter()
            .any(|scheme| scheme.eq_ignore_ascii_case("basic"));
        let other = schemes.first().filter(|_| !has_basic);
        ProxyRefusal {
            status: status.as_u16(),
            variable: self.proxy.variable.to_owned(),
            has_credentials: self.proxy.credentials.is_some(),
            other_scheme: other
                .filter(|_| status == StatusCode::PROXY_AUTHENTICATION_REQUIRED)
                .map(|scheme| clean(scheme, SHOWN_CHARACTERS)),
        }
    }
}

#[derive(Debug)]
struct NoCertificate;

impl rustls::client::ResolvesClientCert for NoCertificate {
    fn resolve(
        &self,
        _: &[&[u8]],
        _: &[rustls::SignatureScheme],
    ) -> Option<Arc<rustls::sign::CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

async fn handshake<T>(
    tls: ClientConfig,
    host: &Host<String>,
    io: T,
) -> Result<TlsStream<T>, NoAnswer>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let name = match host {
        Host::Domain(name) => {
            ServerName::try_from(name.clone()).map_err(|error| no_connection(&error))?
        }
        Host::Ipv4(address) => ServerName::IpAddress(IpAddr::from(std::net::IpAddr::V4(*address))),
        Host::Ipv6(address) => ServerName::IpAddress(IpAddr::from(std::net::IpAddr::V6(*address))),
    };
    let connected = TlsConnector::from(Arc::new(tls)).connect(name, io);
    connected.await.map_err(|error| no_connection(&error))
}

/// The request as it is sent to the server itself: with a path for a URL, and with the headers that a client adds.
fn in_tunnel(request: reqwest::Request, url: &Url) -> Result<Request<Body>, NoAnswer> {
    let mut request = Request::<Body>::try_from(request).map_err(|_| NoAnswer::Unsendable)?;
    let mut uri = url.path().to_owned();
    if let Some(query) = url.query() {
        uri.push('?');
        uri.push_str(query);
    }
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    let host = HeaderValue::try_from(host).map_err(|_| NoAnswer::Unsendable)?;
    *request.uri_mut() = Uri::try_from(uri).map_err(|_| NoAnswer::Unsendable)?;
    for (name, value) in &usual_headers() {
        request
            .headers_mut()
            .entry(name)
            .or_insert_with(|| value.clone());
    }
    request.headers_mut().entry(HOST).or_insert(host);
    Ok(request)
}

/// Sends one request, as leniently as the client for direct connections.
async fn exchange<T>(io: T, request: Request<Body>) -> hyper::Result<Response<Incoming>>
where
    T: Read + Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .title_case_headers(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .max_headers(MOST_FIELDS)
        .handshake(io)
        .await?;
    // Its error also reaches the response.
    tokio::spawn(connection.with_upgrades());
    sender.send_request(request).await
}
