//! Why a request got no answer: the connection failed, or what came over it cannot be used.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Kind;

/// Why a request got no answer. The cache stores the names: add, never rename.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoAnswer {
    /// The deadline passed.
    TimedOut {
        /// The profile's timeout.
        timeout_ms: i64,
    },
    /// The host name has no address.
    Unresolved(String),
    /// The connection failed, so the request was not sent.
    NoConnection(String),
    /// The proxy answered, but did not connect to the server.
    ProxyRefused(ProxyRefusal),
    /// The connection to the proxy failed, so the request was not sent.
    AtProxy {
        /// Its host and port.
        proxy: String,
        /// What failed.
        why: Box<NoAnswer>,
    },
    /// The server could not be authenticated, or refused the handshake.
    Untrusted(Distrust),
    /// The connection broke, or the answer was not HTTP.
    BrokenOff(Breakage),
    /// The answer is larger than any token answer.
    TooLarge,
    /// The body is not compressed as its `Content-Encoding` says.
    WrongCompression,
    /// A header cannot be sent.
    Unsendable,
}

/// How a proxy answered `CONNECT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyRefusal {
    /// The status.
    pub status: u16,
    /// The environment variable that names the proxy.
    pub variable: String,
    /// Whether that variable contains a user name.
    pub has_credentials: bool,
    /// The first scheme of `Proxy-Authenticate`, if none is Basic.
    pub other_scheme: Option<String>,
}

impl ProxyRefusal {
    const AUTHENTICATION_REQUIRED: u16 = 407;

    fn is_passing(&self) -> bool {
        self.status >= 500
    }

    fn hint(&self) -> &'static str {
        match (self.status, &self.other_scheme, self.has_credentials) {
            (Self::AUTHENTICATION_REQUIRED, Some(_), _) => {
                "tok authenticates only with Basic: point the variable at a local proxy that speaks to this one (such as cntlm or px), or name the host in NO_PROXY if it can be reached directly"
            }
            (Self::AUTHENTICATION_REQUIRED, None, true) => {
                "check the user name and password in that variable; special characters are percent-encoded"
            }
            (Self::AUTHENTICATION_REQUIRED, None, false) => {
                "put a user name and password in that variable, as in http://USER:PASSWORD@HOST:PORT with special characters percent-encoded"
            }
            _ if self.is_passing() => "try again later; if it stays so, ask who runs the proxy",
            _ => {
                "have the host and port allowed on the proxy, or name the host in NO_PROXY if it can be reached directly"
            }
        }
    }

    fn write(&self, origin: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status, variable, ..
        } = self;
        write!(
            f,
            "the proxy in {variable} refused to connect to {origin}: status {status}"
        )?;
        match (self.status, &self.other_scheme, self.has_credentials) {
            (Self::AUTHENTICATION_REQUIRED, Some(scheme), _) => {
                write!(f, ", it authenticates with {scheme}")
            }
            (Self::AUTHENTICATION_REQUIRED, None, true) => {
                f.write_str(", it does not accept this user name and password")
            }
            (Self::AUTHENTICATION_REQUIRED, None, false) => {
                f.write_str(", it requires a user name and password")
            }
            _ => Ok(()),
        }
    }
}

/// How an answer broke off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Breakage {
    /// The system's words.
    #[error("{0}")]
    Io(String),
    /// The connection was closed in order.
    #[error("it ended early")]
    Early,
    /// The connection was closed without TLS's close_notify.
    #[error("it was cut off")]
    Cut,
    /// No status line or header.
    #[error("it is not HTTP, or its header is too long")]
    NotHttp,
}

impl NoAnswer {
    #[must_use]
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::TooLarge | Self::WrongCompression => Kind::Unusable,
            Self::Unsendable => Kind::Config,
            Self::ProxyRefused(refusal) if refusal.is_passing() => Kind::Unreachable,
            Self::Untrusted(_) | Self::ProxyRefused(_) => Kind::Connection,
            Self::AtProxy { why, .. } => why.kind(),
            _ => Kind::Unreachable,
        }
    }

    /// A request that may have arrived is not sent again: a token could be issued twice.
    #[must_use]
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::NoConnection(_) | Self::Unresolved(_) => true,
            Self::ProxyRefused(refusal) => refusal.is_passing(),
            Self::AtProxy { why, .. } => why.is_passing() || matches!(**why, Self::BrokenOff(_)),
            _ => false,
        }
    }

    #[must_use]
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::TimedOut { .. } => "try again later, or give it longer with --timeout",
            Self::Unresolved(_) | Self::NoConnection(_) => {
                "check the network, the proxy variables (HTTPS_PROXY, NO_PROXY) and `token_url`"
            }
            Self::Unsendable => "check the values of `headers`",
            Self::ProxyRefused(refusal) => refusal.hint(),
            Self::AtProxy { why, .. } => match **why {
                Self::Untrusted(Distrust::NotTls) => {
                    "check the proxy's port, and write http:// in the proxy variable if it expects no TLS"
                }
                Self::Untrusted(_) => {
                    "add the CA of the proxy to the profile's `ca_file`, or write http:// in the proxy variable if it expects no TLS"
                }
                _ => {
                    "check the proxy variables (HTTPS_PROXY, ALL_PROXY), and whether the proxy runs"
                }
            },
            Self::Untrusted(distrust) => distrust.hint(),
            Self::BrokenOff(_) => "try again; if it fails again, check the proxy or VPN in between",
            Self::TooLarge => "that is not a token; check `token_url`",
            Self::WrongCompression => "check the proxy or VPN in between, and tell the provider",
        }
    }

    pub(crate) fn write(&self, origin: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { timeout_ms } => {
                let seconds = *timeout_ms as f64 / 1000.0;
                write!(f, "no answer from {origin} within {seconds} s")
            }
            Self::Unresolved(why) => write!(
                f,
                "could not connect to {origin}: the name could not be resolved ({why})"
            ),
            Self::NoConnection(why) => write!(f, "could not connect to {origin}: {why}"),
            Self::ProxyRefused(refusal) => refusal.write(origin, f),
            Self::AtProxy { proxy, why } => why.write(&format!("the proxy {proxy}"), f),
            Self::Untrusted(why) => write!(f, "no trusted connection to {origin}: {why}"),
            Self::BrokenOff(why) => write!(f, "the answer from {origin} broke off: {why}"),
            Self::TooLarge => write!(f, "the answer from {origin} is larger than 1 MiB"),
            Self::WrongCompression => write!(
                f,
                "the answer from {origin} is not compressed as its `Content-Encoding` says"
            ),
            Self::Unsendable => f.write_str("the request has a header that cannot be sent"),
        }
    }

    #[must_use]
    pub(crate) fn redacted(self, change: &dyn Fn(String) -> String) -> Self {
        match self {
            Self::Unresolved(why) => Self::Unresolved(change(why)),
            Self::NoConnection(why) => Self::NoConnection(change(why)),
            Self::BrokenOff(Breakage::Io(why)) => Self::BrokenOff(Breakage::Io(change(why))),
            Self::Untrusted(why) => Self::Untrusted(why.redacted(change)),
            Self::AtProxy { proxy, why } => Self::AtProxy {
                proxy,
                why: Box::new(why.redacted(change)),
            },
            other => other,
        }
    }
}

/// Why the server could not be authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Distrust {
    /// The server asks for a client certificate, or refuses the one it got.
    #[error("it asks for a client certificate, or does not accept this one")]
    ClientCertificate,
    /// The certificate has expired.
    #[error("its certificate has expired")]
    Expired,
    /// The certificate is not valid yet.
    #[error("its certificate is not valid yet")]
    NotYetValid,
    /// The certificate is for another host.
    #[error("its certificate is for another host")]
    OtherHost,
    /// The certificate has no subjectAltName.
    #[error("its certificate names no host in its subjectAltName, which alone counts (RFC 9525)")]
    NoHost,
    /// The certificate's CA is not trusted.
    #[error("its certificate is {}", .0.fault())]
    UnknownIssuer(Chain),
    /// The certificate was revoked.
    #[error("its certificate has been revoked")]
    Revoked,
    /// The certificate is a CA's.
    #[error("its certificate is that of a CA, not of a server")]
    IsCa,
    /// X.509 version 1 or 2.
    #[error("its certificate is of an outdated version of X.509: only version 3 is accepted")]
    OldVersion,
    /// extendedKeyUsage lacks serverAuth.
    #[error("its certificate is not for servers (extendedKeyUsage)")]
    WrongPurpose,
    /// A signature algorithm that is not supported.
    #[error(
        "its certificate is signed in a way that is not supported, such as with SHA-1 or a key on P-521"
    )]
    Algorithm,
    /// The signature of the certificate is wrong.
    #[error("its certificate is not signed by the CA that it names")]
    BadSignature,
    /// The certificate cannot be read.
    #[error("its certificate is damaged")]
    Damaged,
    /// Another fault of the certificate, in the TLS library's words.
    #[error("its certificate is not acceptable: {0}")]
    Certificate(String),
    /// The peer does not speak TLS.
    #[error("it does not speak TLS on this port")]
    NotTls,
    /// Only TLS 1.1 or older.
    #[error("it supports only versions of TLS before 1.2")]
    OldTls,
    /// No common cipher, key type or signature algorithm.
    #[error("it and tok have no cipher, key type or signature algorithm in common")]
    NothingInCommon,
    /// The server does not know the host name (SNI).
    #[error("it does not know this host name")]
    UnknownName,
    /// The server ended the handshake with this alert.
    #[error("it ended the handshake ({0})")]
    Alert(String),
    /// Anything else, in the TLS library's words.
    #[error("TLS failed: {0}")]
    Other(String),
}

/// The certificate chain of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[error("the certificate is {}", self.fault())]
pub enum Chain {
    /// One certificate, signed with its own key.
    SelfSigned,
    /// One certificate, signed by a CA.
    Alone,
    /// Several certificates.
    Several,
}

impl Chain {
    fn fault(self) -> &'static str {
        match self {
            Self::SelfSigned => "self-signed and not trusted here",
            Self::Alone | Self::Several => "signed by a CA that is not trusted here",
        }
    }
}

impl Distrust {
    fn redacted(self, change: &dyn Fn(String) -> String) -> Self {
        match self {
            Self::Certificate(why) => Self::Certificate(change(why)),
            Self::Alert(why) => Self::Alert(change(why)),
            Self::Other(why) => Self::Other(change(why)),
            other => other,
        }
    }

    fn hint(&self) -> &'static str {
        const OTHER_END: &str = "check `token_url`, and whether a proxy or a captive portal is in between; if neither, tell the provider";
        const PROVIDER: &str = "the provider has to replace it";
        match self {
            Self::ClientCertificate => {
                "set `client_cert` and `client_key` to the PEM files that the provider knows"
            }
            Self::Expired => {
                "check this machine's clock (`date`); if that is right, the provider has to renew it"
            }
            Self::NotYetValid => "check this machine's clock (`date`)",
            Self::UnknownIssuer(Chain::SelfSigned) => {
                "if you know the server, put that certificate itself in a PEM file and name it with `ca_file`"
            }
            Self::UnknownIssuer(Chain::Alone) => {
                "if it is a private CA, name its certificate with `ca_file`; if it is a public one, the server does not send the intermediate certificate: the provider has to add it, or name that one with `ca_file`"
            }
            Self::UnknownIssuer(Chain::Several) => {
                "if it is a private CA, name its certificate with `ca_file`; else install the package `ca-certificates`"
            }
            Self::IsCa => {
                "if you know the server, put that certificate itself in a PEM file and name it with `ca_file`"
            }
            Self::NoHost => {
                "the server needs a certificate with a subjectAltName, as `openssl req -x509 -addext subjectAltName=DNS:HOST` makes it"
            }
            Self::OldVersion => {
                "the server needs a certificate of version 3, as `openssl req -x509 -addext subjectAltName=DNS:HOST` makes it"
            }
            Self::Algorithm => {
                "the server needs a certificate signed by RSA or ECDSA on P-256 or P-384, with SHA-256 or better"
            }
            Self::WrongPurpose | Self::BadSignature | Self::Damaged | Self::Certificate(_) => {
                PROVIDER
            }
            Self::NotTls => "check the port in `token_url`: one for plain http cannot be used",
            Self::OldTls => "the server has to support TLS 1.2 or 1.3",
            Self::NothingInCommon => {
                "the server has to offer TLS 1.2 or 1.3 with an AEAD cipher, and a certificate with an RSA, P-256, P-384 or Ed25519 key; if it wants a client certificate, set `client_cert` and `client_key`"
            }
            Self::OtherHost
            | Self::Revoked
            | Self::UnknownName
            | Self::Alert(_)
            | Self::Other(_) => OTHER_END,
        }
    }
}
