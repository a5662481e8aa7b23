//! Finds the cause in an HTTP client error's chain, as data.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError};

use crate::error::io_text;
use crate::term::text::{SHOWN_CHARACTERS, clean};
use crate::wire::no_answer::{Breakage, Chain, Distrust, NoAnswer};

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unresolved(pub(super) String);

pub(super) fn meaning(error: &reqwest::Error) -> NoAnswer {
    if let Some(error) = cause::<rustls::Error>(error) {
        return NoAnswer::Untrusted(distrust(error.clone()));
    }
    if error.is_timeout() {
        return timed_out();
    }
    if error.is_builder() {
        return NoAnswer::Unsendable;
    }
    if error.is_connect() {
        return no_connection(error);
    }
    broken_off(error)
}

/// Nothing was sent.
pub(super) fn no_connection(error: &(dyn StdError + 'static)) -> NoAnswer {
    if let Some(error) = cause::<rustls::Error>(error) {
        return NoAnswer::Untrusted(distrust(error.clone()));
    }
    if let Some(Unresolved(why)) = cause(error) {
        return NoAnswer::Unresolved(why.clone());
    }
    NoAnswer::NoConnection(match cause::<io::Error>(error) {
        Some(system) => io_text(system),
        None => last_words(error),
    })
}

/// The connection was made, and failed later.
pub(super) fn broken_off(error: &(dyn StdError + 'static)) -> NoAnswer {
    let system = cause::<io::Error>(error);
    NoAnswer::BrokenOff(match (system, cause::<hyper::Error>(error)) {
        (Some(system), _) if system.kind() == io::ErrorKind::UnexpectedEof => Breakage::Cut,
        (Some(system), _) => Breakage::Io(io_text(system)),
        (None, Some(error)) if error.is_incomplete_message() => Breakage::Early,
        (None, Some(error)) if error.is_parse() => Breakage::NotHttp,
        (None, _) => Breakage::Io(last_words(error)),
    })
}

pub(super) fn timed_out() -> NoAnswer {
    NoAnswer::TimedOut { timeout_ms: 0 }
}

fn last_words(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    clean(&last.to_string(), SHOWN_CHARACTERS)
}

/// Also looks inside I/O errors, which hide theirs from `source`.
fn cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let inner = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
        .map(|inner| inner as &(dyn StdError + 'static))
        .or_else(|| error.source());
    inner
        .and_then(cause::<T>)
        .or_else(|| error.downcast_ref::<T>())
}

fn distrust(error: rustls::Error) -> Distrust {
    use AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(bad) => of_certificate(bad),
        rustls::Error::AlertReceived(alert) => match alert {
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::DecryptError => Distrust::ClientCertificate,
            Alert::ProtocolVersion => Distrust::OldTls,
            Alert::HandshakeFailure | Alert::InsufficientSecurity => Distrust::NothingInCommon,
            Alert::UnrecognisedName => Distrust::UnknownName,
            alert => Distrust::Alert(format!("{alert:?}")),
        },
        rustls::Error::InvalidMessage(_) => Distrust::NotTls,
        rustls::Error::PeerIncompatible(why) => match why {
            rustls::PeerIncompatible::ServerDoesNotSupportTls12Or13
            | rustls::PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig => Distrust::OldTls,
            _ => Distrust::NothingInCommon,
        },
        other => Distrust::Other(clean(&other.to_string(), SHOWN_CHARACTERS)),
    }
}

fn of_certificate(error: CertificateError) -> Distrust {
    use CertificateError as Bad;
    match error {
        Bad::Expired | Bad::ExpiredContext { .. } => Distrust::Expired,
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => Distrust::NotYetValid,
        Bad::NotValidForNameContext { presented, .. } if presented.is_empty() => Distrust::NoHost,
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Distrust::OtherHost,
        Bad::UnknownIssuer => Distrust::UnknownIssuer(Chain::Several),
        Bad::Revoked => Distrust::Revoked,
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => Distrust::WrongPurpose,
        Bad::UnsupportedSignatureAlgorithmContext { .. }
        | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Distrust::Algorithm,
        Bad::BadSignature => Distrust::BadSignature,
        Bad::BadEncoding => Distrust::Damaged,
        Bad::Other(other) => {
            if let Some(chain) = other.0.downcast_ref::<Chain>() {
                return Distrust::UnknownIssuer(*chain);
            }
            match other.0.downcast_ref::<webpki::Error>() {
                Some(webpki::Error::CaUsedAsEndEntity) => Distrust::IsCa,
                Some(webpki::Error::UnsupportedCertVersion) => Distrust::OldVersion,
                Some(error) => Distrust::Certificate(clean(&error.to_string(), SHOWN_CHARACTERS)),
                None => Distrust::Certificate(clean(&other.to_string(), SHOWN_CHARACTERS)),
            }
        }
        other => Distrust::Certificate(clean(&other.to_string(), SHOWN_CHARACTERS)),
    }
}

pub(super) fn unknown_issuer(chain: Chain) -> rustls::Error {
    CertificateError::Other(rustls::OtherError(Arc::new(chain))).into()
}
