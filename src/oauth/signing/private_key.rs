//! A private key in DER, whatever file it came from.

use rustls::pki_types::PrivateKeyDer;
use zeroize::Zeroizing;

use crate::error::{Error, Kind};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// PKCS #8 (RFC 5958).
    Pkcs8,
    /// PKCS #1 (RFC 8017).
    Pkcs1,
    /// SEC 1 (RFC 5915).
    Sec1,
}

/// A private key in DER.
pub(crate) struct PrivateKey {
    pub(super) form: Form,
    pub(super) der: Zeroizing<Vec<u8>>,
    pub(super) kid: Option<String>,
}

impl PrivateKey {
    pub(crate) fn to_rustls(&self) -> PrivateKeyDer<'_> {
        let der = self.der.as_slice();
        match self.form {
            Form::Pkcs8 => PrivateKeyDer::Pkcs8(der.into()),
            Form::Pkcs1 => PrivateKeyDer::Pkcs1(der.into()),
            Form::Sec1 => PrivateKeyDer::Sec1(der.into()),
        }
    }
}

/// The error for a file that is not such a key: `what` follows "this".
pub(super) fn unfit(what: &str) -> Error {
    Error::new(Kind::Secret, format!("this {what}")).hint(
        "a private key in PEM begins with `-----BEGIN PRIVATE KEY-----`, perhaps with RSA or EC in it, and is whole",
    )
}
