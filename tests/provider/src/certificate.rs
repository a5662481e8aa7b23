//! Certificates made anew at every start: a good one, and one for each reason a client must refuse.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;

/// The certificate that a TLS provider shows its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// For `localhost`, `127.0.0.1` and `::1`, signed by the CA of `ca_pem`.
    Good,
    /// As good, but it ran out at the end of 2020.
    Expired,
    /// As good, but for `provider.example` only.
    WrongHost,
    /// For the right names, signed by itself; the CA of `ca_pem` has no part in it.
    SelfSigned,
    /// For the right names, signed by a CA other than that of `ca_pem`.
    UnknownCa,
    /// As good, but its only name is its common name.
    NoHost,
    /// For the right names, signed by itself as a CA, as `openssl req -x509` does; it is `ca_pem` itself.
    Own,
    /// As [`Certificate::Own`], but it ran out at the end of 2020.
    OwnExpired,
    /// As [`Certificate::Own`], but for `provider.example` only.
    OwnWrongHost,
    /// For the right names, signed by another CA; `ca_pem` is this certificate itself.
    OwnLeaf,
}

/// A certificate and its key that a client shows, both PEM, signed by the provider's CA.
#[derive(Clone, Debug)]
pub struct ClientIdentity {
    /// The certificate.
    pub certificate_pem: String,
    /// Its private key, PKCS #8.
    pub key_pem: String,
}

/// The configuration of a TLS provider.
pub(crate) struct Identity {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) ca_pem: String,
    pub(crate) client: ClientIdentity,
}

type Ca = CertifiedIssuer<'static, KeyPair>;

/// Makes a CA and the server's certificate; with `demand_client` only clients that show [`Identity::client`] get in.
pub(crate) fn identity(certificate: Certificate, demand_client: bool) -> Identity {
    let ca = new_ca("local provider CA");
    let key = new_key();
    let mut params = match certificate {
        Certificate::WrongHost | Certificate::OwnWrongHost => {
            leaf("provider", &[], &["provider.example"])
        }
        Certificate::NoHost => leaf("localhost", &[], &[]),
        _ => leaf(
            "provider",
            &[
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ],
            &["localhost"],
        ),
    };
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    if matches!(
        certificate,
        Certificate::Own | Certificate::OwnExpired | Certificate::OwnWrongHost
    ) {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.extended_key_usages = Vec::new();
    }
    if matches!(certificate, Certificate::Expired | Certificate::OwnExpired) {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 12, 31);
    }
    let signed = match certificate {
        Certificate::SelfSigned
        | Certificate::Own
        | Certificate::OwnExpired
        | Certificate::OwnWrongHost => params.self_signed(&key),
        Certificate::UnknownCa | Certificate::OwnLeaf => {
            params.signed_by(&key, &new_ca("another CA"))
        }
        Certificate::Good | Certificate::Expired | Certificate::WrongHost | Certificate::NoHost => {
            params.signed_by(&key, &ca)
        }
    }
    .expect("a server certificate can be signed");
    let ca_pem = match certificate {
        Certificate::Own
        | Certificate::OwnExpired
        | Certificate::OwnWrongHost
        | Certificate::OwnLeaf => signed.pem(),
        _ => ca.pem(),
    };
    let der = signed.der().clone();
    Identity {
        config: Arc::new(server_config(der, &key, demand_client.then_some(&ca))),
        client: client_identity(&ca),
        ca_pem,
    }
}

fn server_config(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    clients: Option<&Ca>,
) -> ServerConfig {
    // The provider is named here and not installed for the process: a test may install its own.
    let crypto = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&crypto))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3");
    let builder = match clients {
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            roots.add(ca.der().clone()).expect("our CA is a CA");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), crypto)
                .build()
                .expect("there is a root to verify against");
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    builder
        .with_single_cert(vec![certificate], key)
        .expect("certificate and key belong together")
}

fn client_identity(ca: &Ca) -> ClientIdentity {
    let key = new_key();
    let mut params = leaf("client", &[], &["client.example"]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params
        .signed_by(&key, ca)
        .expect("a client certificate can be signed");
    ClientIdentity {
        certificate_pem: certificate.pem(),
        key_pem: key.serialize_pem(),
    }
}

fn new_ca(name: &str) -> Ca {
    let mut params = leaf(name, &[], &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, new_key()).expect("a CA can sign itself")
}

/// Each subject gets a name of its own: two CAs of one name would fail as a bad signature, not as an unknown issuer.
fn leaf(name: &str, addresses: &[IpAddr], hosts: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.subject_alt_names = addresses.iter().copied().map(SanType::IpAddress).collect();
    for host in hosts {
        let host = (*host).try_into().expect("our host names are ASCII");
        params.subject_alt_names.push(SanType::DnsName(host));
    }
    params
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("a P-256 key can be made")
}
