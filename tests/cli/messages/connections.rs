//! Providers that cannot be reached or verified.

use local_provider::{Answer, Certificate, Fault, Unwilling};

use super::case::{Case, GOOD, Scene};

pub fn cases() -> Vec<Case> {
    let elsewhere = |url: &str| GOOD.replace("http://PROVIDER/t", url);
    let mut cases = vec![
        Case::able("token p").configured(&elsewhere("http://127.0.0.1:9/t")),
        Case::encrypted(Certificate::Good).configured(&elsewhere("https://no-such-host.invalid/t")),
        Case::unwilling(Unwilling::Silent).run("token p --timeout 300ms"),
        Case::answered(Answer::fault(Fault::Close)),
        Case::answered(Answer::token("t", 60).with_fault(Fault::CutBody)),
        Case::answered(Answer::token("t", 60).with_fault(Fault::BrokenChunks)),
        Case::answered(Answer::fault(Fault::EndlessBody)),
        Case::answered(Answer::token("t", 60).header("Content-Encoding", "gzip")),
        Case::answered(Answer::raw("what is HTTP?\r\n\r\n")),
    ];
    cases.extend(
        [
            Certificate::Expired,
            Certificate::WrongHost,
            Certificate::SelfSigned,
            Certificate::UnknownCa,
        ]
        .map(Case::encrypted),
    );
    let with_client = "client_cert = 'c.pem'\nclient_key = 'k.pem'\n";
    cases.extend([
        Case::demanding_a_certificate(),
        Case::encrypted(Certificate::Good).with("SSL_CERT_FILE", "HOME/nowhere.pem"),
        Case::keys("ca_file = 'nowhere.pem'"),
        Case::keys("ca_file = 'c.pem'").when("the file is no PEM", |scene| {
            scene.beside_config("c.pem", "no certificate");
        }),
        Case::keys(with_client),
        Case::keys(with_client).when("the files are no PEM", |scene| {
            scene.beside_config("c.pem", "no certificate");
            scene.beside_config("k.pem", "no key");
        }),
        Case::demanding_a_certificate()
            .configured(&format!("{GOOD}{with_client}"))
            .when("the key belongs to another certificate", |scene| {
                let other = local_provider::Provider::start_mutual_tls();
                let identity = scene.provider.client_identity();
                scene.beside_config("c.pem", &identity.certificate_pem);
                scene.beside_config("k.pem", &other.client_identity().key_pem);
            }),
        Case::demanding_a_certificate()
            .configured(&format!("{GOOD}{with_client}"))
            .when("the certificate is another provider's", others_certificate),
    ]);
    cases.extend([
        Case::encrypted(Certificate::Good).with("HTTPS_PROXY", "socks5://127.0.0.1:9"),
        Case::encrypted(Certificate::Good).with("HTTPS_PROXY", "http://127.0.0.1:9"),
        Case::encrypted(Certificate::Good).with("ALL_PROXY", "http://me:p w@proxy.example"),
    ]);
    cases
}

fn others_certificate(scene: &mut Scene) {
    let other = local_provider::Provider::start_mutual_tls();
    let identity = other.client_identity();
    scene.beside_config("c.pem", &identity.certificate_pem);
    scene.beside_config("k.pem", &identity.key_pem);
}
