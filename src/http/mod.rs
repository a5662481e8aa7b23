//! The only module that sends: one deadline, few retries, no redirects, at most a mebibyte of answer.

mod body;
mod failure;
mod proxy;
mod resolver;
mod retry;
mod tls;
mod tunnel;

use std::cell::OnceCell;
use std::time::Instant;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING, USER_AGENT,
};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use rustls::ClientConfig;
use tokio::runtime::Runtime;
use url::Url;

use self::body::Body;
use self::failure::{meaning, timed_out};
use self::resolver::Resolver;
use self::tunnel::Tunnel;
use crate::clock::Now;
use crate::error::{Error, Kind};
use crate::oauth::problem::Problem;
use crate::profile::Profile;
use crate::secret::Secret;
use crate::term::notes::Notes;
use crate::term::progress::Progress;
use crate::wire::answer::Answer;
use crate::wire::no_answer::{Breakage, NoAnswer};
use crate::wire::origin::{Origin, no_url};
use crate::wire::request::{Method, Request};

const NAME_AND_VERSION: &str = concat!("tok/", env!("CARGO_PKG_VERSION"));

const MOST_FIELDS: usize = 1000;

/// Makes the request anew.
pub type Remake<'a> = &'a mut dyn FnMut() -> Result<Request, Error>;

/// Whether a status is a success, whose body must be complete; the start of a refusal is enough.
pub type IsSuccess<'a> = &'a dyn Fn(u16) -> bool;

/// How often a request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// Once: for a refresh that nothing waits for.
    Once,
    /// Again after a temporary failure.
    Several,
}

/// After which temporary failures a request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resend {
    /// After each of them.
    Passing,
    /// Only if the provider has not processed it: a refresh token is good once.
    Unprocessed,
}

#[derive(Debug, thiserror::Error)]
#[error("no event loop")]
struct NoEventLoop(#[source] std::io::Error);

/// Where a client may send.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    /// To any server by https, to this machine also by http.
    Secure,
    /// By http to this machine and beside it, without a proxy.
    LinkLocal,
}

/// A client with the profile's trust and identity.
pub struct Http {
    runtime: Runtime,
    trust: tls::Trust,
    /// Loaded on demand: it takes longer than a request on loopback.
    tls: OnceCell<ClientConfig>,
    until: Instant,
    timeout_ms: i64,
    tries: Tries,
    notes: Notes,
    reach: Reach,
}

impl Http {
    /// Makes a client for `profile` that finishes by `until`; `client_key` is the key of its `client_cert`, if it shows one.
    pub fn new(
        profile: &Profile,
        client_key: Option<&Secret>,
        until: Instant,
        tries: Tries,
        notes: Notes,
    ) -> Result<Self, Error> {
        Ok(Self {
            runtime: runtime()?,
            trust: tls::Trust::of(profile, client_key, until)?,
            tls: OnceCell::new(),
            until,
            timeout_ms: profile.timeout_ms,
            tries,
            notes,
            reach: Reach::Secure,
        })
    }

    /// Makes a client for a platform's metadata server: plain http beside this machine, without the profile's certificate and without a proxy.
    pub(crate) fn for_link_local(&self, until: Instant) -> Result<Self, Error> {
        let left = until.saturating_duration_since(Instant::now());
        Ok(Self {
            runtime: runtime()?,
            trust: tls::Trust::default(),
            tls: OnceCell::new(),
            until,
            timeout_ms: i64::try_from(left.as_millis()).unwrap_or(self.timeout_ms),
            tries: self.tries,
            notes: self.notes,
            reach: Reach::LinkLocal,
        })
    }

    /// Sets the deadline and the number of tries of later requests.
    pub(crate) fn allow(&mut self, until: Instant, tries: Tries) {
        self.until = until;
        self.tries = tries;
    }

    /// Loads the system's trust ahead of a request to `url`.
    pub fn make_ready(&self, url: &str) {
        if url.starts_with("https:") {
            let _ = self.tls();
        }
    }

    /// Sends `request`, retrying where that can help, and returns the last answer, whatever its status.
    /// `anew` makes each retry: an assertion with a `jti`, for example, may be sent only once.
    pub fn send(
        &self,
        request: &Request,
        is_success: IsSuccess<'_>,
        anew: Option<Remake<'_>>,
    ) -> Result<Answer, Error> {
        self.send_again(request, is_success, Resend::Passing, anew)
    }

    /// As [`send`](Self::send), with retries after only those failures that `resend` names.
    pub fn send_again(
        &self,
        request: &Request,
        is_success: IsSuccess<'_>,
        resend: Resend,
        mut anew: Option<Remake<'_>>,
    ) -> Result<Answer, Error> {
        let mut tried = 0;
        let mut remade = None;
        let (_, first) = target(request, self.reach)?;
        let _progress = Progress::waiting_for(&first.authority());
        loop {
            tried += 1;
            let request = remade.as_ref().unwrap_or(request);
            // The URL may contain an assertion, and then differs each time.
            let (url, origin) = target(request, self.reach)?;
            let outcome = self.send_once(request, &url, is_success)?;
            let (retryable, wanted_pause_ms) = match &outcome {
                Ok(answer) if is_success(answer.status) => (false, None),
                Ok(answer) => {
                    let wanted = answer.retry_at();
                    let may_help = match resend {
                        Resend::Passing => retry::is_passing_status(answer.status),
                        Resend::Unprocessed => retry::is_unprocessed_status(answer.status),
                    };
                    (
                        may_help,
                        wanted.map(|at| at.saturating_sub(answer.sent.unix_ms)),
                    )
                }
                Err(why) => (why.is_passing(), None),
            };
            let most = match self.tries {
                Tries::Once => 1,
                Tries::Several => retry::MOST_TRIES,
            };
            let left = self.until.saturating_duration_since(Instant::now());
            let pause = retry::pause(tried, most, retryable, wanted_pause_ms, left);
            match (pause, outcome) {
                (Some(pause), _) => {
                    self.notes
                        .trace(&format!("trying again in {} ms", pause.as_millis()));
                    std::thread::sleep(pause);
                    remade = anew.as_mut().map(|make| make()).transpose()?;
                }
                (None, Ok(answer)) => return Ok(answer),
                (None, Err(why)) => return Err(self.error(&origin, why)),
            }
        }
    }

    fn error(&self, origin: &Origin, why: NoAnswer) -> Error {
        let why = match why {
            NoAnswer::TimedOut { .. } => NoAnswer::TimedOut {
                timeout_ms: self.timeout_ms,
            },
            why => why,
        };
        let (kind, hint) = (why.kind(), why.hint());
        let origin = origin.to_string();
        Error::of(kind, Problem::NoAnswer { origin, why }).hint(hint)
    }

    fn tls(&self) -> Result<&ClientConfig, Error> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let tls = self.trust.load()?;
        Ok(self.tls.get_or_init(|| tls))
    }

    fn send_once(
        &self,
        request: &Request,
        url: &Url,
        is_success: IsSuccess<'_>,
    ) -> Result<Result<Answer, NoAnswer>, Error> {
        let mut proxy = None;
        let tls = match (url.scheme(), url.host()) {
            ("http", _) | (_, None) => tls::without_trust()?,
            (_, Some(host)) => {
                proxy = proxy::for_host(&host.to_owned(), &|name| std::env::var_os(name))?;
                self.tls()?.clone()
            }
        };
        let tunnel = proxy.map(|proxy| Tunnel::new(proxy, tls.clone(), self.until));
        let client = self
            .builder(tls)
            .build()
            .map_err(|error| Error::of(Kind::Unexpected, error.without_url()))?;
        let Some(sending) = prepared(&client, request, url) else {
            return Ok(Err(NoAnswer::Unsendable));
        };
        let sent = Now::read();
        let until = self.until.into();
        Ok(self.runtime.block_on(async {
            let response = tokio::time::timeout_at(until, async {
                match tunnel {
                    None => sending.send().await.map_err(|error| meaning(&error)),
                    Some(tunnel) => {
                        let request = sending.build().map_err(|error| meaning(&error))?;
                        tunnel.send(request).await
                    }
                }
            });
            let response = response.await.unwrap_or_else(|_| Err(timed_out()))?;
            received(response, sent, until, is_success).await
        }))
    }

    fn builder(&self, tls: ClientConfig) -> ClientBuilder {
        Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            // Older servers know only `Authorization`, not `authorization`.
            .http1_title_case_headers()
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_max_headers(MOST_FIELDS)
            .pool_max_idle_per_host(0)
            .default_headers(usual_headers())
            .no_proxy()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Resolver { until: self.until })
            .connect_timeout(self.until.saturating_duration_since(Instant::now()))
    }
}

impl Drop for Http {
    /// Leaves hanging work behind, so that it does not keep the process.
    fn drop(&mut self) {
        if let Ok(idle) = tokio::runtime::Builder::new_current_thread().build() {
            std::mem::replace(&mut self.runtime, idle).shutdown_background();
        }
    }
}

fn usual_headers() -> HeaderMap {
    HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static("*/*")),
        (ACCEPT_ENCODING, HeaderValue::from_static(body::CODING)),
        (USER_AGENT, HeaderValue::from_static(NAME_AND_VERSION)),
    ])
}

fn prepared(client: &Client, request: &Request, url: &Url) -> Option<reqwest::RequestBuilder> {
    let mut sending = match request.method {
        Method::Post => client.post(url.clone()),
        Method::Get => client.get(url.clone()),
        Method::Put => client.put(url.clone()),
    };
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let mut value = HeaderValue::from_bytes(value.expose().as_bytes()).ok()?;
        value.set_sensitive(true);
        sending = sending.header(name, value);
    }
    Some(match &request.body {
        // Without it servers answer 411 (RFC 9110 §8.6).
        Some(body) if body.is_empty() => sending.header(CONTENT_LENGTH, HeaderValue::from(0)),
        Some(body) => sending.body(body.expose().to_owned()),
        None => sending,
    })
}

/// Reads a success to its end, and a refusal as far as it comes.
async fn received(
    mut response: Response,
    sent: Now,
    until: tokio::time::Instant,
    is_success: IsSuccess<'_>,
) -> Result<Answer, NoAnswer> {
    let status = response.status().as_u16();
    let is_needed_whole = is_success(status);
    let headers: Vec<(String, String)> = response
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        })
        .collect();
    let coding = response.headers().get(CONTENT_ENCODING);
    let is_packed = coding.is_some_and(|coding| body::is_packed(coding.as_bytes()));
    let has_length = [CONTENT_LENGTH, TRANSFER_ENCODING]
        .iter()
        .any(|name| response.headers().contains_key(name));
    let mut body = Body::new();
    loop {
        let more = match tokio::time::timeout_at(until, response.chunk()).await {
            Ok(Ok(None)) => break,
            Ok(Ok(Some(chunk))) => body.push(&chunk),
            Ok(Err(error)) => Err(meaning(&error)),
            Err(_) => Err(timed_out()),
        };
        match more {
            Ok(()) => {}
            // Without TLS's closing alert a body of unknown length may be cut, unless its content shows its end.
            Err(NoAnswer::BrokenOff(Breakage::Cut)) if !has_length && body.is_whole(is_packed) => {
                break;
            }
            Err(why) if is_needed_whole => return Err(why),
            Err(_) => break,
        }
    }
    if is_packed {
        let (plain, end) = body.unpacked();
        match end {
            Err(why) if is_needed_whole => return Err(why),
            // The Content-Encoding may be wrong.
            Err(_) if plain.is_empty() => {}
            _ => body = plain,
        }
    }
    Ok(Answer {
        status,
        headers,
        body: body.into_bytes(),
        sent,
    })
}

fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Error::of(Kind::Unexpected, NoEventLoop(error)))
}

fn target(request: &Request, reach: Reach) -> Result<(Url, Origin), Error> {
    let config = |message: String| Error::new(Kind::Config, message);
    let url = Url::parse(request.url.expose())
        .map_err(|error| config(format!("invalid URL: {}", no_url(error))))?;
    let origin = match reach {
        Reach::Secure => Origin::of_url(&url),
        Reach::LinkLocal => Origin::beside(&url),
    };
    let origin = origin.map_err(|error| Error::of(Kind::Config, error))?;
    Ok((url, origin))
}
