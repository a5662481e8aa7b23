//! Why there was no answer, in words a person can act on: the essence of the error chain and not its rubble, and never the URL's query.

use std::error::Error as StdError;
use std::io;

use crate::error::{Error, Kind};
use crate::term::text::{SHOWN_CHARACTERS, clean};
use crate::wire::origin::Origin;

/// No answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The deadline passed.
    TimedOut,
    /// The answer was larger than any honest one.
    TooLarge,
    /// What came is not compressed as it says.
    Compression,
    /// A header cannot be put on the wire.
    Unsendable,
    /// No connection; nothing was sent.
    NoConnection(String),
    /// A connection, but no trust in who is at its end.
    Untrusted(Distrust),
    /// The connection broke, or what came over it was no HTTP.
    Broken(String),
}

impl Trouble {
    /// What a client error means.
    pub(super) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if let Some(error) = tls_error(&error) {
            return Self::Untrusted(Distrust::of(error));
        }
        if error.is_timeout() {
            return Self::TimedOut;
        }
        if error.is_connect() {
            return Self::NoConnection(words(&error));
        }
        if error.is_builder() {
            return Self::Unsendable;
        }
        Self::Broken(words(&error))
    }

    /// Whether another try may help. Once a request may have arrived it is not sent again: a token could be issued twice.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::NoConnection(_))
    }

    /// The failure to end with.
    pub(super) fn failure(&self, origin: &Origin, timeout_ms: i64) -> Error {
        let unreachable = |message: String| Error::new(Kind::Unreachable, message);
        match self {
            Self::TimedOut => unreachable(format!("no answer from {origin} within {} s", timeout_ms as f64 / 1000.0))
                .hint("try again later, or give it longer with --timeout"),
            Self::NoConnection(why) => unreachable(format!("could not connect to {origin}: {why}"))
                .hint("check the network, the proxy variables (HTTPS_PROXY, NO_PROXY) and `token_url`"),
            Self::Untrusted(Distrust { why, next_step }) => unreachable(format!("no trusted connection to {origin}: {why}")).hint(*next_step),
            Self::Broken(why) => unreachable(format!("the answer from {origin} broke off: {why}"))
                .hint("try again; if it stays so, look at what stands between (a proxy, a VPN)"),
            Self::TooLarge => Error::new(Kind::Unusable, format!("the answer from {origin} is larger than 1 MiB"))
                .hint("that is no token; check `token_url`"),
            Self::Compression => Error::new(Kind::Unusable, format!("the answer from {origin} is not compressed as its `Content-Encoding` says"))
                .hint("look at what stands between (a proxy, a VPN), and tell the provider"),
            Self::Unsendable => Error::new(Kind::Config, "the request has a header that cannot be sent"),
        }
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

/// Why nobody knows who is at the other end, and what to do about it.
#[derive(Debug)]
pub(super) struct Distrust {
    why: String,
    next_step: &'static str,
}

impl Distrust {
    /// What a failed handshake means to somebody who looks after the machine and not after its TLS library.
    fn of(error: &rustls::Error) -> Self {
        use rustls::AlertDescription as Alert;
        use rustls::CertificateError as Bad;
        const OTHER_END: &str = "check `token_url`, and whether a proxy or a captive portal stands between; if neither, tell the provider";
        let (why, next_step) = match error {
            rustls::Error::AlertReceived(
                Alert::CertificateRequired
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::DecryptError,
            ) => (
                "it asks for a client certificate, or does not accept this one",
                "set `client_cert` and `client_key` to the PEM files that the provider knows",
            ),
            rustls::Error::InvalidCertificate(bad) => match bad {
                Bad::Expired | Bad::ExpiredContext { .. } => (
                    "its certificate has expired",
                    "check this machine's clock (`date`); if that is right, the provider has to renew it",
                ),
                Bad::NotValidYet | Bad::NotValidYetContext { .. } => (
                    "its certificate is not valid yet",
                    "check this machine's clock (`date`)",
                ),
                Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                    ("its certificate is for another host", OTHER_END)
                }
                Bad::UnknownIssuer => (
                    "its certificate is signed by a CA that is not trusted here",
                    "if it is a private CA, name its certificate with `ca_file`; else install the package `ca-certificates`",
                ),
                Bad::Revoked => ("its certificate has been revoked", OTHER_END),
                other => {
                    let why = clean(&other.to_string(), SHOWN_CHARACTERS);
                    return Self {
                        why: format!("its certificate is no good: {why}"),
                        next_step: OTHER_END,
                    };
                }
            },
            rustls::Error::AlertReceived(alert) => {
                return Self {
                    why: format!("it ended the handshake ({alert:?})"),
                    next_step: OTHER_END,
                };
            }
            other => {
                return Self {
                    why: clean(&other.to_string(), SHOWN_CHARACTERS),
                    next_step: OTHER_END,
                };
            }
        };
        Self {
            why: why.to_owned(),
            next_step,
        }
    }
}
