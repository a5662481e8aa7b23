//! `tok doctor`: the checks that fail, each with what to do about it.

use local_provider::{Answer, Certificate, Fault};

use super::case::{Case, GOOD};
use super::secrets::silent_bus;

pub fn cases() -> Vec<Case> {
    let doctor = |case: Case| {
        case.run("doctor p")
            .showing(|line| line.starts_with("FAIL"))
    };
    let well = || Case::encrypted(Certificate::Good).answering("/", Answer::new(404));
    [
        well().without_secret(),
        well().without_secret().with("DBUS_SESSION_BUS_ADDRESS", ""),
        well()
            .without_secret()
            .with("DBUS_SESSION_BUS_ADDRESS", "unix:path=HOME/bus")
            .when("the session bus says nothing", silent_bus),
        well().configured("[profiles.p]\ntoken_ur = 'x'\n"),
        well().configured("[profiles.q]\n"),
        well().configured("[profiles.p]\ntoken_url = 'http://example.com/'\nclient_id = 'i'\n"),
        well()
            .without_secret()
            .configured(&format!("{GOOD}client_secret = {{ file = '.' }}\n")),
        well().with("HTTPS_PROXY", "me:s3cret@"),
        well().answering(
            "/",
            Answer::new(200).header("Date", "Wed, 01 Jan 2020 00:00:00 GMT"),
        ),
        well().when("the cache folder is a file", |scene| {
            std::fs::create_dir_all(scene.home.cache().parent().unwrap()).unwrap();
            std::fs::write(scene.home.cache(), "").unwrap();
        }),
        Case::encrypted(Certificate::Expired),
    ]
    .map(doctor)
    .into_iter()
    .chain([
        Case::encrypted(Certificate::Good)
            .with("SSL_CERT_FILE", "HOME/nowhere.pem")
            .run("doctor p")
            .showing(|line| line.starts_with("FAIL")),
        // The trust store depends on the machine.
        Case::able("doctor p")
            .answering("/", Answer::fault(Fault::Close))
            .run("doctor p")
            .showing(|line| line.starts_with("FAIL  provider")),
        Case::answered(Answer::refusal(401, "invalid_client", "no such client"))
            .answering("/", Answer::new(404))
            .run("doctor p --fetch")
            .showing(|line| line.starts_with("FAIL  token")),
    ])
    .collect()
}
