//! TLS trust and the client certificate. Certificates are always checked; no option turns that off.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{default_provider, sign::any_supported_type};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, InconsistentKeys,
    RootCertStore, SignatureScheme, WantsVerifier,
};
use webpki::EndEntityCert;

use crate::error::{Error, Kind};
use crate::http::failure::unknown_issuer;
use crate::oauth::signing::pem;
use crate::profile::Profile;
use crate::secret::Secret;
use crate::secrets::pem_file::{certificates, read, wrong};
use crate::wire::no_answer::Chain;

#[derive(Default)]
pub(super) struct Trust {
    roots: Vec<CertificateDer<'static>>,
    identity: Option<Arc<CertifiedKey>>,
}

impl Trust {
    pub(super) fn of(
        profile: &Profile,
        client_key: Option<&Secret>,
        until: Instant,
    ) -> Result<Self, Error> {
        let roots = match &profile.ca_file {
            None => Vec::new(),
            Some(path) => {
                let text = read("ca_file", path, until)?;
                roots(&text).ok_or_else(|| no_roots(path, &text))?
            }
        };
        let identity = match (&profile.client_cert, client_key) {
            (Some(path), Some(key)) => Some(identity(path, key, until)?),
            _ => None,
        };
        Ok(Self { roots, identity })
    }

    pub(super) fn load(&self) -> Result<ClientConfig, Error> {
        // ring, not aws-lc-rs, which gathers entropy for 25 ms before its first handshake: most of a cold fetch.
        let provider = Arc::new(default_provider());
        let verifier = Verifier::new(&self.roots, &provider).map_err(|error| no_trust(&error))?;
        let builder = config_builder(&provider)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.identity {
            Some(identity) => {
                let identity = SingleCertAndKey::from(Arc::clone(identity));
                builder.with_client_cert_resolver(Arc::new(identity))
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// Trusts no server: plain http does not need the system's roots.
pub(super) fn without_trust() -> Result<ClientConfig, Error> {
    Ok(config_builder(&Arc::new(default_provider()))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

fn config_builder(
    provider: &Arc<CryptoProvider>,
) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| no_trust(&error))
}

/// Trusts the system's roots, certificates signed by `ca_file`, and each certificate that is itself in `ca_file`.
#[derive(Debug)]
struct Verifier {
    system: rustls_platform_verifier::Verifier,
    own: Option<(Vec<CertificateDer<'static>>, Arc<WebPkiServerVerifier>)>,
}

impl Verifier {
    fn new(
        roots: &[CertificateDer<'static>],
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, rustls::Error> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        let own = WebPkiServerVerifier::builder_with_provider(store.into(), Arc::clone(provider));
        Ok(Self {
            system: rustls_platform_verifier::Verifier::new_with_extra_roots(
                roots.iter().cloned(),
                Arc::clone(provider),
            )?,
            own: own.build().ok().map(|own| (roots.to_vec(), own)),
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let check = |verifier: &dyn ServerCertVerifier| {
            verifier.verify_server_cert(certificate, intermediates, name, ocsp, now)
        };
        match &self.own {
            Some((known, verifier)) if known.contains(certificate) => {
                // Ignores only its place in a chain; webpki has checked its dates before that.
                check(&**verifier).or_else(|error| match error {
                    rustls::Error::InvalidCertificate(bad) if is_about_issuer(&bad) => {
                        let parsed = ParsedCertificate::try_from(certificate)?;
                        rustls::client::verify_server_name(&parsed, name)?;
                        Ok(ServerCertVerified::assertion())
                    }
                    error => Err(error),
                })
            }
            _ => check(&self.system).map_err(|error| match error {
                rustls::Error::InvalidCertificate(bad) if is_about_issuer(&bad) => {
                    match (bad, chain(certificate, intermediates)) {
                        (CertificateError::UnknownIssuer, chain) => unknown_issuer(chain),
                        (_, Chain::SelfSigned) => unknown_issuer(Chain::SelfSigned),
                        (bad, _) => bad.into(),
                    }
                }
                error => error,
            }),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.system
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.system
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.system.supported_verify_schemes()
    }
}

fn is_about_issuer(error: &CertificateError) -> bool {
    match error {
        CertificateError::UnknownIssuer => true,
        CertificateError::Other(other) => {
            other.0.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity)
        }
        _ => false,
    }
}

fn chain(certificate: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> Chain {
    let is_self_signed = EndEntityCert::try_from(certificate)
        .is_ok_and(|certificate| certificate.issuer() == certificate.subject());
    match (is_self_signed, intermediates) {
        (true, _) => Chain::SelfSigned,
        (false, []) => Chain::Alone,
        (false, _) => Chain::Several,
    }
}

fn no_roots(path: &Path, text: &Secret) -> Error {
    let error = wrong("ca_file", path, "holds no PEM certificate of a CA");
    let name = path.display();
    // DER starts with a SEQUENCE, 0x30, and is not UTF-8.
    if text.expose().starts_with('0') && text.expose().contains('\u{fffd}') {
        return error.hint(format!(
            "if it is DER: `openssl x509 -inform der -in {name} -out {name}.pem` converts it"
        ));
    }
    if text.expose().contains("-----BEGIN PKCS7-----") {
        return error.hint(format!(
            "it is PKCS#7: `openssl pkcs7 -print_certs -in {name} -out {name}.pem` converts it"
        ));
    }
    error
}

fn roots(pem: &Secret) -> Option<Vec<CertificateDer<'static>>> {
    let roots = pem::certificates(pem)?;
    let mut store = RootCertStore::empty();
    for root in &roots {
        store.add(root.clone()).ok()?;
    }
    (!roots.is_empty()).then_some(roots)
}

fn identity(path: &Path, key: &Secret, until: Instant) -> Result<Arc<CertifiedKey>, Error> {
    let certificates = certificates("client_cert", path, until)?;
    let private = pem::private_key(key)?;
    let not_a_pair = || {
        wrong(
            "client_cert",
            path,
            "and `client_key` are not a certificate and its key",
        )
        .hint("the first certificate in the file must be that of `client_key`")
    };
    let signing = any_supported_type(&private.to_rustls()).map_err(|_| not_a_pair())?;
    let both = CertifiedKey::new(certificates, signing);
    match both.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
            Ok(Arc::new(both))
        }
        Err(_) => Err(not_a_pair()),
    }
}

const ROOTS_ARE_FILES: bool = cfg!(all(unix, not(target_vendor = "apple")));

fn no_trust(error: &rustls::Error) -> Error {
    let next_step = match ROOTS_ARE_FILES {
        true => {
            "install the system's CA certificates (`ca-certificates`), or name some with SSL_CERT_FILE or the profile's `ca_file`"
        }
        false => {
            "the system itself checks certificates here; if the profile has a `ca_file`, look at what that holds"
        }
    };
    let why = match error {
        rustls::Error::General(why) => why.clone(),
        other => other.to_string(),
    };
    Error::new(Kind::Config, format!("no TLS client could be made: {why}")).hint(next_step)
}
