//! Secrets that are missing or cannot be read, and keyrings that do not work.
//!
//! A keyring that is locked, hangs or refuses needs a daemon: `tests/real/keyring-trouble.sh` has the words for those.

use super::case::{Case, GOOD, Scene};

pub fn cases() -> Vec<Case> {
    let source = |source: &str| Case::config(&format!("{GOOD}client_secret = {source}\n"));
    let mut cases = vec![
        Case::tok("token p"),
        Case::tok("token p").with("TOK_P_CLIENT_SECRET", ""),
        Case::tok("token p").with("TOK_KEYRING", "off"),
        Case::tok("secret delete p").with("TOK_KEYRING", "off"),
        Case::tok("token p").with("TOK_KEYRING", "on"),
        Case::tok("token p").with("DBUS_SESSION_BUS_ADDRESS", ""),
        Case::tok("token p").with("DBUS_SESSION_BUS_ADDRESS", "%%%;;=,"),
        Case::tok("token p").with("DBUS_SESSION_BUS_ADDRESS", "unix:path=HOME"),
        Case::tok("token p")
            .with("DBUS_SESSION_BUS_ADDRESS", "unix:path=HOME/bus")
            .when("the session bus says nothing", silent_bus),
        source("{ env = 'NO_SUCH' }"),
        source("{ env = 'A' }").with("A", ""),
        source("{ file = 'nowhere' }"),
        source("{ file = '.' }"),
        source("{ file = 'empty' }").when("the file has a line end and no more", |scene| {
            scene.beside_config("empty", "\n");
        }),
        source("{ file = 'binary' }").when("the file is not UTF-8", |scene| {
            scene.beside_config("binary", b"\xff");
        }),
        source("{ file = 'large' }").when("the file has 65 KiB", |scene| {
            scene.beside_config("large", vec![b'x'; 65 << 10]);
        }),
        source("{ credential = 'a/b' }"),
        source("{ credential = 'c' }"),
        source("{ credential = 'c' }").with("CREDENTIALS_DIRECTORY", "HOME/nowhere"),
        source("{ command = ['no-such-program'] }"),
        source("{ command = ['./config'] }"),
        source("{ command = ['false'] }"),
        source("{ command = ['true'] }"),
        source("{ command = ['printf', '\\377'] }"),
        source("{ command = ['sh', '-c', 'kill -9 $$'] }"),
        source("{ command = ['head', '-c', '70000', '/dev/zero'] }"),
        Case::able("header p").configured(&format!(
            "{GOOD}secrets = {{ api_key = {{}} }}\nheader = 'X: ${{access_token}}-${{secret.api_key}}'\n"
        )),
    ];
    cases.extend([
        Case::tok("secret check p api_key"),
        Case::tok("secret check p client_secrt"),
        Case::tok("secret check q"),
        Case::tok("secret check p").showing(|_| true),
        Case::tok("secret check p")
            .configured(&format!("{GOOD}client_secret = {{ file = '.' }}\n"))
            .showing(|_| true),
        Case::tok("secret delete p"),
        Case::tok("secret set p").given("hunter2"),
        Case::tok("secret set p").given(""),
        Case::tok("secret set p").given("\n"),
        Case::tok("secret set p").given(b"\xff"),
        Case::tok("secret set p").given(vec![b'x'; 65 << 10]),
        Case::tok("secret set p")
            .given("hunter2")
            .with("DBUS_SESSION_BUS_ADDRESS", "unix:path=HOME/bus")
            .when("the session bus says nothing", silent_bus),
    ]);
    cases
}

/// A socket that takes connections and never says a word.
pub(super) fn silent_bus(scene: &mut Scene) {
    let bus = std::os::unix::net::UnixListener::bind(scene.home.path().join("bus")).unwrap();
    scene.held.push(Box::new(bus));
}
