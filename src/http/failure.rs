//! What an error of a socket or of TLS means.

use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError};

use crate::error::io_text;
use crate::term::text::{SHOWN_CHARACTERS, clean};
use crate::wire::no_answer::{Breakage, Chain, Distrust, NoAnswer};

/// What an error of reading or writing means.
pub(super) fn of_io(error: io::Error) -> NoAnswer {
    match error.kind() {
        io::ErrorKind::TimedOut => timed_out(),
        io::ErrorKind::UnexpectedEof => NoAnswer::BrokenOff(Breakage::Cut),
        _ => match error.downcast::<rustls::Error>() {
            Ok(error) => of_tls(error),
            Err(error) => NoAnswer::BrokenOff(Breakage::Io(io_text(&error))),
        },
    }
}

/// What an error of TLS means.
pub(super) fn of_tls(error: rustls::Error) -> NoAnswer {
    NoAnswer::Untrusted(distrust(error))
}

/// The deadline passed; `Http` adds which one that was.
pub(super) fn timed_out() -> NoAnswer {
    NoAnswer::TimedOut { timeout_ms: 0 }
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

/// The error of a certificate check whose chain is known.
pub(super) fn unknown_issuer(chain: Chain) -> rustls::Error {
    CertificateError::Other(rustls::OtherError(Arc::new(chain))).into()
}
