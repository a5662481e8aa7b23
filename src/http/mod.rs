//! The only module that sends: one deadline over everything, few retries, no redirects, at most a mebibyte of answer.

mod body;
mod connection;
mod failure;
mod message;
mod proxy;
mod retry;
mod tls;

use std::cell::OnceCell;
use std::time::Instant;

use url::Url;

use self::body::Body;
use self::connection::{Server, Way};
use self::message::Incoming;
use crate::clock::Now;
use crate::error::{Error, Kind};
use crate::oauth::problem::Problem;
use crate::profile::Profile;
use crate::term::notes::Notes;
use crate::term::progress::Progress;
use crate::wire::answer::Answer;
use crate::wire::no_answer::NoAnswer;
use crate::wire::origin::{Origin, no_url};
use crate::wire::request::Request;

/// Makes a request another time.
pub type Remake<'a> = &'a mut dyn FnMut() -> Result<Request, Error>;

/// Whether a status is that of a success. The body of a success is needed whole; of a refusal the start is enough.
pub type IsSuccess<'a> = &'a dyn Fn(u16) -> bool;

/// How often a request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// Once: for a refresh that nothing has to wait for.
    Once,
    /// Again if the provider was not reached or is in trouble.
    Several,
}

/// A client with the profile's trust and identity.
pub struct Http {
    trust: tls::Trust,
    /// Loaded for the first `https` request: it takes longer than a request on loopback.
    tls: OnceCell<tls::Tls>,
    until: Instant,
    timeout_ms: i64,
    tries: Tries,
    notes: Notes,
}

impl Http {
    /// Makes a client for `profile` that is done by `until`.
    ///
    /// # Errors
    /// Fails if a certificate or key file of the profile cannot be used.
    pub fn new(
        profile: &Profile,
        until: Instant,
        tries: Tries,
        notes: Notes,
    ) -> Result<Self, Error> {
        Ok(Self {
            trust: tls::Trust::of(profile)?,
            tls: OnceCell::new(),
            until,
            timeout_ms: profile.timeout_ms,
            tries,
            notes,
        })
    }

    /// Does ahead of a request to `url` what takes long: loading the system's trust.
    pub fn make_ready(&self, url: &str) {
        if url.starts_with("https:") {
            // An error is reported by the request.
            let _ = self.tls();
        }
    }

    /// Sends `request`, again where that can help, and returns the answer to the last try, whatever its status. What may be sent only once, such as
    /// an assertion whose `jti` the provider remembers, `anew` makes for each further try.
    ///
    /// # Errors
    /// Fails if the URL may not be requested, if there was no answer in time, or as `anew` does.
    pub fn send(
        &self,
        request: &Request,
        is_success: IsSuccess<'_>,
        mut anew: Option<Remake<'_>>,
    ) -> Result<Answer, Error> {
        let mut tried = 0;
        let mut remade = None;
        let (_, first) = target(request)?;
        let _progress = Progress::waiting_for(&first.authority());
        loop {
            tried += 1;
            let request = remade.as_ref().unwrap_or(request);
            // The URL may contain an assertion, and then differs each time.
            let (url, origin) = target(request)?;
            let outcome = self.send_once(request, &url, is_success)?;
            let (retryable, wanted_pause_ms) = match &outcome {
                // What the profile calls a success is one, whatever its number.
                Ok(answer) if is_success(answer.status) => (false, None),
                Ok(answer) => {
                    let wanted = answer.retry_at();
                    (
                        retry::is_passing_status(answer.status),
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

    fn tls(&self) -> Result<&tls::Tls, Error> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let tls = self.trust.load()?;
        Ok(self.tls.get_or_init(|| tls))
    }

    /// Sends `request` to `url`; the outer error is one of the configuration.
    fn send_once(
        &self,
        request: &Request,
        url: &Url,
        is_success: IsSuccess<'_>,
    ) -> Result<Result<Answer, NoAnswer>, Error> {
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Ok(Err(NoAnswer::NotAHostName));
        };
        let server = Server {
            host: host.to_owned(),
            port,
        };
        let proxy;
        let way = if url.scheme() == "http" {
            Way::Plain
        } else {
            proxy = proxy::for_host(&server.host, &|name| std::env::var_os(name))?;
            Way::Encrypted(self.tls()?, proxy.as_ref())
        };
        Ok(
            connection::open(&server, &way, self.until).and_then(|mut stream| {
                let sent = Now::read();
                message::send(&mut stream, request, url)?;
                received(&mut Incoming::new(&mut stream), sent, is_success)
            }),
        )
    }
}

/// Reads an answer to its end; one that is not a success, as far as it comes.
fn received(
    incoming: &mut Incoming<'_>,
    sent: Now,
    is_success: IsSuccess<'_>,
) -> Result<Answer, NoAnswer> {
    let head = incoming.head()?;
    let is_needed_whole = is_success(head.status);
    let mut body = Body::new();
    match incoming.body(&head, &mut body) {
        Err(why) if is_needed_whole => return Err(why),
        _ => {}
    }
    if head.is_packed() {
        let (plain, end) = body.unpacked();
        match end {
            Err(why) if is_needed_whole => return Err(why),
            // The Content-Encoding may be wrong.
            Err(_) if plain.is_empty() => {}
            _ => body = plain,
        }
    }
    Ok(Answer {
        status: head.status,
        headers: head.fields,
        body: body.into_bytes(),
        sent,
    })
}

/// The URL of `request`, and its origin.
fn target(request: &Request) -> Result<(Url, Origin), Error> {
    let config = |message: String| Error::new(Kind::Config, message);
    let url = Url::parse(request.url.expose())
        .map_err(|error| config(format!("the URL is no good: {}", no_url(error))))?;
    let origin = Origin::of_url(&url).map_err(|error| Error::of(Kind::Config, error))?;
    Ok((url, origin))
}
