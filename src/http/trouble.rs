//! Why there was no answer, in words a person can act on: the essence of the error chain and not its rubble, and never the URL's query.

use std::error::Error as StdError;
use std::io;

use crate::error::{Error, Kind};
use crate::oauth::problem::Problem;
use crate::term::text::{SHOWN_CHARACTERS, clean};
use crate::wire::no_answer::{Distrust, NoAnswer};
use crate::wire::origin::Origin;

/// Why a request could not be made or has no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A header cannot be put on the wire.
    Unsendable,
    /// There is no answer.
    NoAnswer(NoAnswer),
}

impl From<NoAnswer> for Trouble {
    fn from(why: NoAnswer) -> Self {
        Self::NoAnswer(why)
    }
}

impl Trouble {
    /// What a client error means.
    pub(super) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if let Some(error) = tls_error(&error) {
            return NoAnswer::Untrusted(distrust(error)).into();
        }
        if error.is_timeout() {
            return Self::timed_out();
        }
        if error.is_connect() {
            return NoAnswer::NoConnection(words(&error)).into();
        }
        if error.is_builder() {
            return Self::Unsendable;
        }
        NoAnswer::BrokenOff(words(&error)).into()
    }

    /// The deadline passed; [`into_error`](Self::into_error) adds the profile's.
    pub(super) fn timed_out() -> Self {
        NoAnswer::TimedOut { timeout_ms: 0 }.into()
    }

    /// Whether another try may help. Once a request may have arrived it is not sent again: a token could be issued twice.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::NoAnswer(NoAnswer::NoConnection(_)))
    }

    /// The error to end with.
    pub(super) fn into_error(self, origin: &Origin, timeout_ms: i64) -> Error {
        let why = match self {
            Self::Unsendable => {
                return Error::new(Kind::Config, "the request has a header that cannot be sent");
            }
            Self::NoAnswer(NoAnswer::TimedOut { .. }) => NoAnswer::TimedOut { timeout_ms },
            Self::NoAnswer(why) => why,
        };
        let (kind, hint) = (why.kind(), why.hint());
        let origin = origin.to_string();
        Error::of(kind, Problem::NoAnswer { origin, why }).hint(hint)
    }
}

/// The last link of an error's chain: it says what happened, the others say where it passed through.
pub(super) fn words(error: &dyn StdError) -> String {
    let mut last: &dyn StdError = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let text = last.to_string();
    let text = match text.split_once("failed to lookup address information: ") {
        Some((_, why)) => format!("the name could not be resolved ({why})"),
        None => text,
    };
    clean(&text, SHOWN_CHARACTERS)
}

/// The TLS error somewhere in a chain, also inside an I/O error, which hides it from `source`.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        if let Some(inner) = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            && let Some(found) = tls_error(inner as &(dyn StdError + 'static))
        {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What a failed handshake means.
fn distrust(error: &rustls::Error) -> Distrust {
    use rustls::AlertDescription as Alert;
    use rustls::CertificateError as Bad;
    match error {
        rustls::Error::AlertReceived(
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::DecryptError,
        ) => Distrust::ClientCertificate,
        rustls::Error::InvalidCertificate(bad) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => Distrust::Expired,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => Distrust::NotYetValid,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Distrust::OtherHost,
            Bad::UnknownIssuer => Distrust::UnknownIssuer,
            Bad::Revoked => Distrust::Revoked,
            other => Distrust::BadCertificate(clean(&other.to_string(), SHOWN_CHARACTERS)),
        },
        rustls::Error::AlertReceived(alert) => Distrust::Alert(format!("{alert:?}")),
        other => Distrust::Other(clean(&other.to_string(), SHOWN_CHARACTERS)),
    }
}
