//! TLS: whom to trust and who we are. Certificates are always checked; there is no way to turn that off.

use std::path::Path;
use std::sync::Once;

use reqwest::{Certificate, ClientBuilder, Identity};

use crate::failure::{Failure, Kind};
use crate::profile::Profile;

/// Gives `builder` the system's roots, the profile's `ca_file`, and its client certificate.
///
/// # Errors
/// A config failure that names the file that is no good.
pub(super) fn configure(
    builder: ClientBuilder,
    profile: &Profile,
) -> Result<ClientBuilder, Failure> {
    static PROVIDER: Once = Once::new();
    // ring and not aws-lc-rs: the latter gathers entropy for 25 ms before its first handshake, which is most of a cold fetch.
    PROVIDER.call_once(|| {
        // Fails only when one is installed already, and then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let mut builder = builder.tls_backend_rustls();
    if let Some(path) = &profile.ca_file {
        let roots = Certificate::from_pem_bundle(&read("ca_file", path)?)
            .ok()
            .filter(|roots| !roots.is_empty())
            .ok_or_else(|| wrong("ca_file", path, "holds no PEM certificate"))?;
        builder = builder.tls_certs_merge(roots);
    }
    if let (Some(certificate), Some(key)) = (&profile.client_cert, &profile.client_key) {
        let mut pem = zeroize::Zeroizing::new(read("client_cert", certificate)?);
        pem.push(b'\n');
        pem.extend_from_slice(&zeroize::Zeroizing::new(read("client_key", key)?));
        let identity = Identity::from_pem(&pem).map_err(|_| {
            wrong(
                "client_key",
                key,
                "and `client_cert` are no PEM certificate and key that go together",
            )
        })?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| wrong(key, path, &format!("could not be read: {error}")))
}

fn wrong(key: &str, path: &Path, what: &str) -> Failure {
    Failure::new(Kind::Config, format!("`{key}`: {} {what}", path.display()))
}
