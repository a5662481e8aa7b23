//! The device flow (RFC 8628).

use local_provider::Answer;

use super::{GRANTED, Scene};
use crate::home::{fails, stderr};

const KEYS: &str = "grant_type = 'device_code'\ndevice_authorization_url = 'URL/device'";

const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";

fn codes(expires_in: &str) -> Answer {
    Answer::json(
        200,
        format!(
            r#"{{"device_code":"d3vice-c0de","user_code":"WDJB-MJHT","verification_uri":"https://a.example/device",
            "verification_uri_complete":"https://a.example/device?user_code=WDJB-MJHT","interval":0.05,"expires_in":{expires_in}}}"#
        ),
    )
}

fn refused(code: &str) -> Answer {
    Answer::json(400, format!(r#"{{"error":"{code}"}}"#))
}

#[test]
fn a_login_shows_the_code_waits_for_approval_and_stores_both_tokens() {
    let scene = Scene::new(KEYS);
    scene.provider.answer("/device", codes("600"));
    scene.provider.answer_in_turn(
        "/t",
        [
            refused("authorization_pending"),
            Answer::new(500),
            // GitHub refuses with 200.
            Answer::json(200, r#"{"error":"authorization_pending"}"#),
            Answer::json(200, GRANTED),
        ],
    );
    let run = scene.home.tok("login p -v").assert().success().stdout("");
    let said = stderr(&run);
    for shown in [
        "https://a.example/device\n",
        "    WDJB-MJHT\n",
        "https://a.example/device?user_code=WDJB-MJHT",
        "tok: note: logged in to `p`",
    ] {
        assert!(said.contains(shown), "no `{shown}` in: {said}");
    }
    for secret in ["d3vice-c0de", "a0", "r0\""] {
        assert!(!said.contains(secret), "`{secret}` in: {said}");
    }
    assert_eq!(
        scene.bodies("/device"),
        ["scope=a%20offline_access&client_id=i"]
    );
    let body = format!("{GRANT}&client_id=i&device_code=d3vice-c0de");
    assert_eq!(scene.bodies("/t"), [&*body; 4]);
    assert_eq!(scene.stored().as_deref(), Some("r0\n"));
    scene.home.tok("token p").assert().success().stdout("a0\n");
    assert_eq!(scene.provider.request_count("/t"), 4);
    let status = scene.home.tok("status p").assert().success();
    assert!(String::from_utf8_lossy(&status.get_output().stdout).contains("LOGIN"));
    // From here on the refresh token is used.
    scene.provider.answer("/t", Answer::token("a1", 3600));
    scene
        .home
        .tok("token p --refresh")
        .assert()
        .success()
        .stdout("a1\n");
    let last = scene.bodies("/t").pop().unwrap();
    // Without a scope, because the user may have granted less than the profile names.
    assert_eq!(
        last,
        "grant_type=refresh_token&client_id=i&refresh_token=r0"
    );
}

#[test]
fn every_end_without_approval_has_its_own_words() {
    for (answer, expires_in, options, code, words) in [
        (
            refused("access_denied"),
            "600",
            "",
            5,
            ["the login was denied", "`tok login p` asks again"],
        ),
        (
            refused("expired_token"),
            "600",
            "",
            4,
            ["the code expired", "run `tok login p` again"],
        ),
        (
            // The interval grows by 5 s, beyond the end of the code.
            refused("slow_down"),
            "4",
            "",
            4,
            ["the code expired", "run `tok login p` again"],
        ),
        (
            refused("authorization_pending"),
            "0.3",
            "",
            4,
            ["the code expired", "run `tok login p` again"],
        ),
        (
            refused("authorization_pending"),
            "600",
            "--timeout 300ms",
            4,
            ["was not finished within", "run `tok login p` again"],
        ),
        (
            refused("unauthorized_client"),
            "600",
            "",
            5,
            ["unauthorized_client", "grant_type"],
        ),
        (Answer::new(500), "0.4", "", 6, ["500", "try again later"]),
    ] {
        let scene = Scene::new(KEYS);
        scene.provider.answer("/device", codes(expires_in));
        scene.provider.answer("/t", answer);
        let run = scene.home.tok(&format!("login p {options}")).assert();
        let run = run.code(code).stdout("");
        let said = stderr(&run);
        for word in words {
            assert!(said.contains(word), "no `{word}` in: {said}");
        }
        assert_eq!((scene.stored(), scene.home.cached().len()), (None, 0));
    }
}

#[test]
fn a_client_with_a_secret_authenticates_at_both_endpoints() {
    let keys = format!("{KEYS}\nclient_secret = {{}}");
    let scene = Scene::new(&keys);
    scene.provider.answer("/device", codes("600"));
    scene.provider.answer("/t", Answer::json(200, GRANTED));
    let mut run = scene.home.tok("login p");
    run.env("TOK_P_CLIENT_SECRET", "s3cret");
    run.assert().success();
    for request in scene.provider.requests() {
        assert_eq!(request.basic().unwrap(), b"i:s3cret");
        assert!(!request.text().contains("client_id"));
    }
}

#[test]
fn without_a_refresh_token_the_access_token_is_kept_and_a_note_says_so() {
    let scene = Scene::new(KEYS);
    scene.provider.answer("/device", codes("600"));
    scene.provider.answer("/t", Answer::token("a0", 3600));
    let run = scene.home.tok("login p").assert().success().stdout("");
    let said = stderr(&run);
    assert!(said.contains("gave no refresh token"), "{said}");
    assert!(said.contains("offline_access"), "{said}");
    scene.home.tok("token p").assert().success().stdout("a0\n");
    assert_eq!(scene.stored(), None);
}

#[test]
fn nothing_is_asked_if_the_refresh_token_could_not_be_stored_or_the_profile_has_no_login() {
    let scene = Scene::new(KEYS);
    let config = std::fs::read_to_string(scene.home.config()).unwrap();
    let elsewhere = config.replace("'refresh'", "'nowhere/refresh'");
    scene.home.write_config(&elsewhere);
    fails(scene.home.tok("login p").assert(), 4, &["cannot be stored"]);
    let keys = "grant_type = 'device_code'";
    let no_url = Scene::new(keys);
    fails(
        no_url.home.tok("login p").assert(),
        3,
        &["`device_authorization_url` is missing", "issuer"],
    );
    let other = Scene::new("grant_type = 'refresh_token'");
    fails(other.home.tok("login p").assert(), 3, &["it has no login"]);
    for scene in [scene, no_url, other] {
        assert_eq!(scene.provider.requests().len(), 0);
    }
    let wrong_url = Scene::new(KEYS);
    let words = ["404", "check `device_authorization_url`"];
    fails(wrong_url.home.tok("login p").assert(), 5, &words);
}

#[test]
fn a_logout_revokes_the_refresh_token_and_forgets_everything_whatever_the_provider_says() {
    for (keys, status, code, words) in [
        (
            "revocation_url = 'URL/revoke'",
            200,
            0,
            "revoked and forgotten",
        ),
        (
            "revocation_url = 'URL/revoke'",
            503,
            6,
            "the provider was not told to end it",
        ),
        ("", 200, 0, "the provider was not told, because"),
    ] {
        let scene = Scene::new(&format!("{KEYS}\n{keys}"));
        scene.provider.answer("/device", codes("600"));
        scene.provider.answer("/t", Answer::json(200, GRANTED));
        scene.provider.answer("/revoke", Answer::new(status));
        scene.home.tok("login p").assert().success();
        let run = scene.home.tok("logout p --var x=1").assert();
        fails(run, 2, &["--var x"]);
        let mut command = scene.home.tok("logout p");
        let run = command.timeout(std::time::Duration::from_secs(20)).assert();
        let said = stderr(&run.code(code).stdout(""));
        assert!(said.contains(words), "no `{words}` in: {said}");
        assert!(!said.contains("r0"), "{said}");
        if !keys.is_empty() {
            assert!(scene.bodies("/revoke")[0].starts_with("token=r0&"));
        }
        assert_eq!(scene.stored(), None);
        let asked = scene.provider.request_count("/t");
        fails(scene.home.tok("token p").assert(), 4, &["tok login p"]);
        assert_eq!(scene.provider.request_count("/t"), asked);
        let again = scene.home.tok("logout p").assert().success();
        assert!(stderr(&again).contains("there was no login of `p`"));
    }
}

#[test]
fn without_a_login_a_token_is_exit_4_with_the_command_to_log_in() {
    let scene = Scene::new(KEYS);
    fails(scene.home.tok("token p").assert(), 4, &["tok login p"]);
    assert_eq!(scene.provider.requests().len(), 0);
}
