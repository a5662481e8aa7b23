//! The one place that sends: one deadline over everything, few retries, no redirects, no more than a mebibyte of answer.

mod body;
mod proxy;
mod retry;
mod tls;
mod trouble;

use std::cell::OnceCell;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use tokio::runtime::Runtime;

use self::body::Body;
use self::trouble::Trouble;
use crate::clock::Now;
use crate::error::{Error, Kind};
use crate::profile::Profile;
use crate::term::notes::Notes;
use crate::term::progress::Progress;
use crate::wire::answer::Answer;
use crate::wire::origin::{Origin, no_url};
use crate::wire::request::Method;
use crate::wire::request::Request;

/// What tok calls itself.
const USER_AGENT: &str = concat!("tok/", env!("CARGO_PKG_VERSION"));

/// Makes a request another time.
pub type Remake<'a> = &'a mut dyn FnMut() -> Result<Request, Error>;

/// Whether a status is that of a success, whose body is needed whole; of a refusal, whose status says most, the beginning is enough.
pub type IsSuccess<'a> = &'a dyn Fn(u16) -> bool;

/// How often a request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// Once: for a refresh that nobody has to wait for.
    Once,
    /// Again when the provider was not reached or is in trouble.
    Several,
}

/// A client with the profile's trust and identity.
pub struct Http {
    runtime: Runtime,
    /// For `https`: through the proxy that the environment names, if any, which sees no more than the host.
    encrypted: OnceCell<Client>,
    /// For `http` to this machine, which no proxy may see.
    plain: OnceCell<Client>,
    trust: tls::Trust,
    until: Instant,
    timeout_ms: i64,
    tries: Tries,
    notes: Notes,
}

impl Http {
    /// Makes a client for `profile` that is done by `until`.
    ///
    /// # Errors
    /// A config failure when a certificate or key file is no good, an unexpected one when the system gives no event loop.
    pub fn new(
        profile: &Profile,
        until: Instant,
        tries: Tries,
        notes: Notes,
    ) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::new(Kind::Unexpected, format!("no event loop: {error}")))?;
        Ok(Self {
            runtime,
            encrypted: OnceCell::new(),
            plain: OnceCell::new(),
            trust: tls::Trust::of(profile)?,
            until,
            timeout_ms: profile.timeout_ms,
            tries,
            notes,
        })
    }

    /// Does ahead of time what takes long and does not depend on what is sent: reading whom to trust, for a request to `url`.
    pub fn make_ready(&self, url: &str) {
        if let Ok(url) = Url::parse(url) {
            // What is wrong is said by whoever sends something.
            let _ = self.client(&url);
        }
    }

    /// Sends `request`, again where that can help, and gives the answer to the last try, whatever its status. What may be sent only once, such as an assertion
    /// whose `jti` the provider remembers, `anew` makes for each further try.
    ///
    /// # Errors
    /// A config failure when the URL may not be spoken to, an unreachable one when there was no answer in time; what `anew` returns.
    pub fn send(
        &self,
        request: &Request,
        is_success: IsSuccess<'_>,
        mut anew: Option<Remake<'_>>,
    ) -> Result<Answer, Error> {
        let mut tried = 0;
        let mut remade = None;
        let (_, first) = target(request)?;
        let _waiting = Progress::waiting_for(&first.authority());
        loop {
            tried += 1;
            let request = remade.as_ref().unwrap_or(request);
            // An assertion may stand in the URL, which then is another one each time.
            let (url, origin) = target(request)?;
            let outcome = self.send_once(self.client(&url)?, request, url, is_success);
            let (retryable, wanted_pause_ms) = match &outcome {
                // What the profile calls a success is one, whatever its number: there is a token in it.
                Ok(answer) if is_success(answer.status) => (false, None),
                Ok(answer) => {
                    let wanted = answer.retry_at();
                    (
                        retry::is_passing_status(answer.status),
                        wanted.map(|at| at.saturating_sub(answer.sent.unix_ms)),
                    )
                }
                Err(trouble) => (trouble.is_passing(), None),
            };
            let most = if self.tries == Tries::Once {
                1
            } else {
                retry::MOST_TRIES
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
                (None, Err(trouble)) => return Err(trouble.into_error(&origin, self.timeout_ms)),
            }
        }
    }

    /// The client for `url`, made when it is first needed: loading the system's roots takes longer than a request on loopback.
    fn client(&self, url: &Url) -> Result<&Client, Error> {
        let (cell, encrypted) = match url.scheme() {
            "http" => (&self.plain, false),
            _ => (&self.encrypted, true),
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let builder = Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .pool_max_idle_per_host(0)
            .user_agent(USER_AGENT)
            .default_headers(HeaderMap::from_iter([(
                ACCEPT_ENCODING,
                HeaderValue::from_static(body::CODING),
            )]))
            // A name server has no say in where `localhost` is: plain http goes there.
            .resolve_to_addrs("localhost", &localhost());
        let builder = if encrypted {
            proxy::check()?;
            let builder = self.trust.configure(builder);
            if proxy::is_off() {
                builder.no_proxy()
            } else {
                builder
            }
        } else {
            tls::without_trust(builder).no_proxy()
        };
        let client = builder.build().map_err(|error| tls::no_client(&error))?;
        Ok(cell.get_or_init(|| client))
    }

    fn send_once(
        &self,
        client: &Client,
        request: &Request,
        url: Url,
        is_success: IsSuccess<'_>,
    ) -> Result<Answer, Trouble> {
        let mut sending = match request.method {
            Method::Post => client.post(url),
            Method::Get => client.get(url),
            Method::Put => client.put(url),
        };
        for (name, value) in &request.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_bytes(value.expose().as_bytes());
            let (Ok(name), Ok(mut value)) = (name, value) else {
                return Err(Trouble::Unsendable);
            };
            value.set_sensitive(true);
            sending = sending.header(name, value);
        }
        if let Some(body) = &request.body {
            sending = sending.body(body.expose().to_owned());
        }
        let sent = Now::read();
        self.runtime.block_on(async {
            let response = within(self.until, sending.send()).await?;
            received(response, sent, self.until, is_success).await
        })
    }
}

impl Drop for Http {
    /// A name lookup that hangs must not keep the process: it is left behind.
    fn drop(&mut self) {
        if let Ok(idle) = tokio::runtime::Builder::new_current_thread().build() {
            std::mem::replace(&mut self.runtime, idle).shutdown_background();
        }
    }
}

/// What comes of `work`, if it comes by `until`.
async fn within<T>(
    until: Instant,
    work: impl Future<Output = reqwest::Result<T>>,
) -> Result<T, Trouble> {
    match tokio::time::timeout_at(until.into(), work).await {
        Ok(done) => done.map_err(Trouble::of),
        Err(_) => Err(Trouble::timed_out()),
    }
}

/// What `response` brings by `until`, read to its end; of what is no success, as far as it goes.
async fn received(
    mut response: Response,
    sent: Now,
    until: Instant,
    is_success: IsSuccess<'_>,
) -> Result<Answer, Trouble> {
    let status = response.status().as_u16();
    let is_needed_whole = is_success(status);
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let mut body = Body::new();
    loop {
        let more = match within(until, response.chunk()).await {
            Ok(None) => break,
            Ok(Some(chunk)) => body.push(&chunk).map_err(Trouble::from),
            Err(trouble) => Err(trouble),
        };
        match more {
            Ok(()) => {}
            Err(trouble) if is_needed_whole => return Err(trouble),
            Err(_) => break,
        }
    }
    let coding = response.headers().get(CONTENT_ENCODING);
    if coding.is_some_and(|coding| body::is_packed(coding.as_bytes())) {
        let (plain, end) = body.unpacked();
        match end {
            Err(why) if is_needed_whole => return Err(why.into()),
            // Perhaps it is only not packed as it says.
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

/// Where `request` goes, and whose that is.
fn target(request: &Request) -> Result<(Url, Origin), Error> {
    let config = |message: String| Error::new(Kind::Config, message);
    let url = Url::parse(request.url.expose())
        .map_err(|error| config(format!("the URL is no good: {}", no_url(error))))?;
    let origin = Origin::of_url(&url).map_err(|error| Error::of(Kind::Config, error))?;
    Ok((url, origin))
}

fn localhost() -> [SocketAddr; 2] {
    // Port 0 stands for the URL's own.
    [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ]
    .map(|address| SocketAddr::new(address, 0))
}
