//! TLS: whom to trust and who we are. Certificates are always checked; there is no way to turn that off.

use std::path::Path;
use std::sync::Once;

use reqwest::{Certificate, ClientBuilder, Identity};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, RootCertStore};
use zeroize::Zeroizing;

use crate::error::{Error, Kind};
use crate::http::trouble;
use crate::profile::Profile;

/// What a profile adds to the system's trust, and who it says we are.
pub(super) struct Trust {
    roots: Vec<Certificate>,
    identity: Option<Identity>,
}

impl Trust {
    /// Reads the profile's `ca_file`, `client_cert` and `client_key`.
    ///
    /// # Errors
    /// A config failure that names the file that is no good.
    pub(super) fn of(profile: &Profile) -> Result<Self, Error> {
        let roots = match &profile.ca_file {
            None => Vec::new(),
            Some(path) => roots(&read("ca_file", path)?)
                .ok_or_else(|| wrong("ca_file", path, "holds no PEM certificate of a CA"))?,
        };
        let identity = match (&profile.client_cert, &profile.client_key) {
            (Some(certificate), Some(key)) => {
                let chain = read("client_cert", certificate)?;
                let private = Zeroizing::new(read("client_key", key)?);
                Some(identity(&chain, &private).ok_or_else(|| {
                    wrong(
                        "client_key",
                        key,
                        "and `client_cert` are no PEM certificate and key that go together",
                    )
                })?)
            }
            _ => None,
        };
        Ok(Self { roots, identity })
    }

    /// Gives `builder` the system's roots and the profile's, and the client certificate.
    pub(super) fn configure(&self, builder: ClientBuilder) -> ClientBuilder {
        install_cryptography();
        let builder = builder.tls_backend_rustls();
        let builder = if self.roots.is_empty() {
            builder
        } else {
            builder.tls_certs_merge(self.roots.clone())
        };
        match &self.identity {
            Some(identity) => builder.identity(identity.clone()),
            None => builder,
        }
    }
}

/// The CAs in a PEM file; none unless there is at least one and all are sound.
fn roots(pem: &[u8]) -> Option<Vec<Certificate>> {
    let mut store = RootCertStore::empty();
    let mut roots = Vec::new();
    for der in CertificateDer::pem_slice_iter(pem) {
        let der = der.ok()?;
        roots.push(Certificate::from_der(&der).ok()?);
        // The client would say only that some certificate somewhere is no good.
        store.add(der).ok()?;
    }
    (!roots.is_empty()).then_some(roots)
}

/// The client's certificate chain with its key, from PEM; none unless they go together.
fn identity(chain: &[u8], key: &[u8]) -> Option<Identity> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .ok()?;
    let private = PrivateKeyDer::from_pem_slice(key).ok()?;
    let signing = any_supported_type(&private).ok()?;
    match CertifiedKey::new(certificates, signing).keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        Err(_) => return None,
    }
    let mut both = Zeroizing::new(Vec::with_capacity(chain.len() + 1 + key.len()));
    both.extend_from_slice(chain);
    both.push(b'\n');
    both.extend_from_slice(key);
    Identity::from_pem(&both).ok()
}

/// Whether the system's roots are files that tok reads; elsewhere the system itself checks certificates.
const ROOTS_ARE_FILES: bool = cfg!(all(unix, not(target_vendor = "apple")));

/// Why no client could be made, which after all the checks above is the system's lack of roots, or its refusal to check certificates.
pub(super) fn no_client(error: &reqwest::Error) -> Error {
    let next_step = match ROOTS_ARE_FILES {
        true => {
            "install the system's CA certificates (`ca-certificates`), or name some with SSL_CERT_FILE or the profile's `ca_file`"
        }
        false => {
            "the system itself checks certificates here; if the profile has a `ca_file`, look at what that holds"
        }
    };
    Error::new(
        Kind::Config,
        format!(
            "no TLS client could be made: {}",
            trouble::words(error).trim_start_matches("unexpected error: ")
        ),
    )
    .hint(next_step)
}

/// Gives `builder`, for plain http only, nobody to trust: then the system's roots need not be loaded.
pub(super) fn without_trust(builder: ClientBuilder) -> ClientBuilder {
    install_cryptography();
    builder.tls_backend_rustls().tls_certs_only([])
}

/// ring and not aws-lc-rs: the latter gathers entropy for 25 ms before its first handshake, which is most of a cold fetch.
fn install_cryptography() {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Fails only when one is installed already, and then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| wrong(key, path, &format!("could not be read: {error}")))
}

fn wrong(key: &str, path: &Path, what: &str) -> Error {
    Error::new(Kind::Config, format!("`{key}`: {} {what}", path.display())).hint(format!(
        "`{key}` names a PEM file, relative to the config's folder"
    ))
}
