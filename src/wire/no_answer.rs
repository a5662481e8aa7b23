//! Why a request got no answer, as data: the connection failed, or what came over it cannot be used.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Kind;

/// Why there is no answer. The names are part of the stored form of a failure: add, never rename.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoAnswer {
    /// The deadline passed.
    TimedOut {
        /// The profile's deadline.
        timeout_ms: i64,
    },
    /// No connection; nothing was sent.
    NoConnection(String),
    /// A connection, but the server could not be authenticated, or refused the handshake.
    Untrusted(Distrust),
    /// The connection broke, or what came over it was not HTTP.
    BrokenOff(String),
    /// The answer is larger than any token answer.
    TooLarge,
    /// The body is not compressed as its `Content-Encoding` says.
    WrongCompression,
}

impl NoAnswer {
    /// The kind of error it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::TooLarge | Self::WrongCompression => Kind::Unusable,
            _ => Kind::Unreachable,
        }
    }

    /// The next step.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TimedOut { .. } => "try again later, or give it longer with --timeout",
            Self::NoConnection(_) => {
                "check the network, the proxy variables (HTTPS_PROXY, NO_PROXY) and `token_url`"
            }
            Self::Untrusted(distrust) => distrust.hint(),
            Self::BrokenOff(_) => {
                "try again; if it stays so, look at what stands between (a proxy, a VPN)"
            }
            Self::TooLarge => "that is no token; check `token_url`",
            Self::WrongCompression => {
                "look at what stands between (a proxy, a VPN), and tell the provider"
            }
        }
    }

    /// The text, for a request to `origin`.
    pub(crate) fn write(&self, origin: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { timeout_ms } => {
                let seconds = *timeout_ms as f64 / 1000.0;
                write!(f, "no answer from {origin} within {seconds} s")
            }
            Self::NoConnection(why) => write!(f, "could not connect to {origin}: {why}"),
            Self::Untrusted(why) => write!(f, "no trusted connection to {origin}: {why}"),
            Self::BrokenOff(why) => write!(f, "the answer from {origin} broke off: {why}"),
            Self::TooLarge => write!(f, "the answer from {origin} is larger than 1 MiB"),
            Self::WrongCompression => write!(
                f,
                "the answer from {origin} is not compressed as its `Content-Encoding` says"
            ),
        }
    }

    /// The same with `change` made to each text from elsewhere.
    #[must_use]
    pub fn redacted(self, change: &dyn Fn(String) -> String) -> Self {
        match self {
            Self::NoConnection(why) => Self::NoConnection(change(why)),
            Self::BrokenOff(why) => Self::BrokenOff(change(why)),
            Self::Untrusted(distrust) => Self::Untrusted(match distrust {
                Distrust::BadCertificate(why) => Distrust::BadCertificate(change(why)),
                Distrust::Alert(why) => Distrust::Alert(change(why)),
                Distrust::Other(why) => Distrust::Other(change(why)),
                other => other,
            }),
            other => other,
        }
    }
}

/// Why the TLS handshake failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distrust {
    /// The server asks for a client certificate, or refuses the one it got.
    ClientCertificate,
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The certificate is for another host.
    OtherHost,
    /// The certificate's CA is not trusted.
    UnknownIssuer,
    /// The certificate was revoked.
    Revoked,
    /// Another fault of the certificate, in the TLS library's words.
    BadCertificate(String),
    /// The server ended the handshake with this alert.
    Alert(String),
    /// Anything else, in the TLS library's words.
    Other(String),
}

impl Distrust {
    fn hint(&self) -> &'static str {
        match self {
            Self::ClientCertificate => {
                "set `client_cert` and `client_key` to the PEM files that the provider knows"
            }
            Self::Expired => {
                "check this machine's clock (`date`); if that is right, the provider has to renew it"
            }
            Self::NotYetValid => "check this machine's clock (`date`)",
            Self::UnknownIssuer => {
                "if it is a private CA, name its certificate with `ca_file`; else install the package `ca-certificates`"
            }
            Self::OtherHost
            | Self::Revoked
            | Self::BadCertificate(_)
            | Self::Alert(_)
            | Self::Other(_) => {
                "check `token_url`, and whether a proxy or a captive portal stands between; if neither, tell the provider"
            }
        }
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientCertificate => {
                f.write_str("it asks for a client certificate, or does not accept this one")
            }
            Self::Expired => f.write_str("its certificate has expired"),
            Self::NotYetValid => f.write_str("its certificate is not valid yet"),
            Self::OtherHost => f.write_str("its certificate is for another host"),
            Self::UnknownIssuer => {
                f.write_str("its certificate is signed by a CA that is not trusted here")
            }
            Self::Revoked => f.write_str("its certificate has been revoked"),
            Self::BadCertificate(why) => write!(f, "its certificate is no good: {why}"),
            Self::Alert(alert) => write!(f, "it ended the handshake ({alert})"),
            Self::Other(why) => f.write_str(why),
        }
    }
}
