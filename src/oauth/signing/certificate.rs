//! The certificate of a signing key, as header parameters of a JWT (RFC 7515 §4.1.6 to §4.1.8).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest;
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use serde_json::Value;

use crate::profile::assertion::OfCertificate;

/// Whether `public` is the key in `certificate`; its encoding is the end of SubjectPublicKeyInfo (RFC 5280 §4.1).
pub(super) fn has_key(certificate: &CertificateDer<'_>, public: &[u8]) -> bool {
    ParsedCertificate::try_from(certificate)
        .is_ok_and(|parsed| parsed.subject_public_key_info().ends_with(public))
}

/// Returns the value of `header`, or `None` without a certificate.
pub(crate) fn header(certificates: &[CertificateDer<'_>], header: OfCertificate) -> Option<Value> {
    let hash = |algorithm| {
        let hash = digest::digest(algorithm, certificates.first()?);
        Some(Value::from(URL_SAFE_NO_PAD.encode(hash)))
    };
    match header {
        OfCertificate::Sha1 => hash(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        OfCertificate::Sha256 => hash(&digest::SHA256),
        // base64, not base64url.
        OfCertificate::Chain if !certificates.is_empty() => {
            let chain = certificates.iter();
            Some(chain.map(|one| STANDARD.encode(one)).collect())
        }
        OfCertificate::Chain => None,
    }
}
