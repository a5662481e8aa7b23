//! TLS: whom to trust and who we are. Certificates are always checked; there is no way to turn that off.

use std::path::Path;
use std::sync::Once;

use reqwest::{Certificate, ClientBuilder, Identity};

use crate::failure::{Failure, Kind};
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
    pub(super) fn of(profile: &Profile) -> Result<Self, Failure> {
        let roots = match &profile.ca_file {
            None => Vec::new(),
            Some(path) => Certificate::from_pem_bundle(&read("ca_file", path)?)
                .ok()
                .filter(|roots| !roots.is_empty())
                .ok_or_else(|| wrong("ca_file", path, "holds no PEM certificate"))?,
        };
        let identity = match (&profile.client_cert, &profile.client_key) {
            (Some(certificate), Some(key)) => {
                let mut pem = zeroize::Zeroizing::new(read("client_cert", certificate)?);
                pem.push(b'\n');
                pem.extend_from_slice(&zeroize::Zeroizing::new(read("client_key", key)?));
                Some(Identity::from_pem(&pem).map_err(|_| {
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

fn read(key: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| wrong(key, path, &format!("could not be read: {error}")))
}

fn wrong(key: &str, path: &Path, what: &str) -> Failure {
    Failure::new(Kind::Config, format!("`{key}`: {} {what}", path.display()))
}
