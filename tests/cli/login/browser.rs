//! The authorization code flow with PKCE (RFC 6749 §4.1, RFC 7636, RFC 8252).

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local_provider::Answer;

use super::{GRANTED, Scene};
use crate::home::{fails, stderr};

const KEYS: &str =
    "grant_type = 'authorization_code'\nauthorization_url = 'URL/auth?prompt=consent'";

/// A `tok login` that waits for the browser.
struct Waiting {
    tok: Child,
    stderr: BufReader<std::process::ChildStderr>,
    url: url::Url,
    query: BTreeMap<String, String>,
}

impl Waiting {
    fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut tok = command.spawn().unwrap();
        let mut stderr = BufReader::new(tok.stderr.take().unwrap());
        let mut said = String::new();
        let url = loop {
            let mut line = String::new();
            assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "{said}");
            match line.strip_prefix("    ") {
                Some(url) => break url::Url::parse(url.trim()).unwrap(),
                None => said.push_str(&line),
            }
        };
        let query = url.query_pairs().into_owned().collect();
        Self {
            tok,
            stderr,
            url,
            query,
        }
    }

    fn of(scene: &Scene, arguments: &str) -> Self {
        Self::start(scene.home.process(arguments))
    }

    fn redirect_uri(&self) -> url::Url {
        url::Url::parse(&self.query["redirect_uri"]).unwrap()
    }

    /// Sends a request line to the listener, and returns the answer.
    fn send(&self, line: &str) -> String {
        let port = self.redirect_uri().port().unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(stream, "{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Comes back as the browser does.
    fn returns_with(&self, parameters: &str) -> String {
        let state = &self.query["state"];
        self.send(&format!("GET /callback?state={state}&{parameters}"))
    }

    /// The exit code, and what was said after the URL.
    fn ends(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        let output = self.tok.wait_with_output().unwrap();
        assert_eq!(output.stdout, b"");
        (output.status.code(), said)
    }
}

#[test]
fn a_login_in_a_browser_is_bound_to_this_process_and_stores_both_tokens() {
    let scene = Scene::new(KEYS);
    scene.provider.answer("/t", Answer::json(200, GRANTED));
    let waiting = Waiting::of(&scene, "login p --no-browser -v");
    let page = &waiting.url;
    assert_eq!(page.path(), "/auth");
    let names: Vec<&str> = waiting.query.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "prompt",
            "redirect_uri",
            "response_type",
            "scope",
            "state"
        ]
    );
    for (name, value) in [
        ("client_id", "i"),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
        ("response_type", "code"),
        ("scope", "a offline_access"),
    ] {
        assert_eq!(waiting.query[name], value, "{name}");
    }
    // None of these ends the wait: a local page may send them.
    for (line, status) in [
        ("GET /favicon.ico", "404"),
        ("GET /", "404"),
        ("POST /callback", "405"),
        ("GET /callback", "400"),
        ("GET /callback?code=evil&state=guessed", "400"),
        ("GET /callback?error=access_denied&state=guessed", "400"),
    ] {
        let answer = waiting.send(line);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{line}: {answer}"
        );
    }
    let challenge = waiting.query["code_challenge"].clone();
    let redirect_uri = waiting.redirect_uri();
    let port = redirect_uri.port().unwrap();
    let answer = waiting.returns_with("code=c0de%2Fx");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    for part in [
        "You are logged in. You can close this page.",
        "Cache-Control: no-store\r\n",
        "Referrer-Policy: no-referrer\r\n",
        "default-src 'none'",
    ] {
        assert!(answer.contains(part), "no `{part}` in: {answer}");
    }
    for part in ["<script", "c0de", "a0", "r0", "href"] {
        assert!(!answer.contains(part), "`{part}` in: {answer}");
    }
    let (code, said) = waiting.ends();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("logged in to `p`"), "{said}");
    let request = scene.provider.only_request();
    let form: BTreeMap<String, String> = request.form().into_iter().collect();
    let verifier = &form["code_verifier"];
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    assert_eq!(URL_SAFE_NO_PAD.encode(digest), challenge);
    assert_eq!(form["code"], "c0de/x");
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["redirect_uri"], redirect_uri.as_str());
    assert_eq!(form["client_id"], "i");
    for secret in [verifier, "c0de", "a0", "\"r0"] {
        assert!(!said.contains(secret), "`{secret}` in: {said}");
    }
    assert_eq!(scene.stored().as_deref(), Some("r0\n"));
    scene.home.tok("token p").assert().success().stdout("a0\n");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_login_that_is_denied_or_refused_shows_that_in_the_browser_and_the_terminal() {
    for (parameters, code, words) in [
        ("error=access_denied", 5, "the login was denied"),
        (
            "error=access_denied&error_description=Not+today",
            5,
            "the login was denied: Not today",
        ),
        (
            "error=invalid_scope&error_description=no+such+scope",
            5,
            "the provider refused the login: invalid_scope: no such scope",
        ),
        ("code=used", 5, "invalid_grant"),
    ] {
        let scene = Scene::new(KEYS);
        scene.provider.answer(
            "/t",
            Answer::refusal(400, "invalid_grant", "the code was used before"),
        );
        let waiting = Waiting::of(&scene, "login p --no-browser");
        let answer = waiting.returns_with(parameters);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("The login failed"), "{answer}");
        let (ended, said) = waiting.ends();
        assert_eq!(ended, Some(code), "{said}");
        assert!(said.contains(words), "no `{words}` in: {said}");
        assert!(said.contains("hint: "), "{said}");
        assert!(scene.provider.request_count("/t") <= 1);
        assert_eq!((scene.stored(), scene.home.cached().len()), (None, 0));
    }
}

#[test]
fn a_fixed_redirect_uri_is_kept_and_its_port_must_be_free() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let scene = Scene::new(&format!(
        "{KEYS}\nredirect_uri = 'http://localhost:{port}/cb'"
    ));
    let words = [
        &*format!("port {port} of 127.0.0.1 is in use"),
        "redirect_uri",
    ];
    fails(scene.home.tok("login p --no-browser").assert(), 6, &words);
    drop(taken);
    scene.provider.answer("/t", Answer::json(200, GRANTED));
    let waiting = Waiting::of(&scene, "login p --no-browser");
    let uri = format!("http://localhost:{port}/cb");
    assert_eq!(waiting.query["redirect_uri"], uri);
    let state = waiting.query["state"].clone();
    waiting.send(&format!("GET /cb?code=c&state={state}"));
    assert_eq!(waiting.ends().0, Some(0));
    let elsewhere = Scene::new(&format!("{KEYS}\nredirect_uri = 'https://a.example/cb'"));
    let run = elsewhere.home.tok("login p --no-browser").assert();
    fails(run, 3, &["redirect_uri", "http://127.0.0.1"]);
}

#[test]
fn the_wait_ends_and_nothing_listens_then() {
    let scene = Scene::new(KEYS);
    let waiting = Waiting::of(&scene, "login p --no-browser --timeout 300ms");
    let port = waiting.redirect_uri().port().unwrap();
    let idle = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (code, said) = waiting.ends();
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("was not finished within"), "{said}");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    drop(idle);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_login_at_once() {
    use std::os::unix::process::ExitStatusExt as _;
    let scene = Scene::new(KEYS);
    let mut waiting = Waiting::of(&scene, "login p --no-browser");
    let port = waiting.redirect_uri().port().unwrap();
    let id = rustix::process::Pid::from_child(&waiting.tok);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let status = waiting.tok.wait().unwrap();
    assert_eq!(status.signal(), Some(2));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[cfg(unix)]
#[test]
fn the_browser_gets_the_url_but_no_secret_of_the_environment() {
    let scene = Scene::new(KEYS);
    scene.provider.answer("/t", Answer::json(200, GRANTED));
    let folder = scene.home.path();
    let (fifo, script) = (folder.join("opened"), folder.join("browser"));
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    std::fs::write(
        &script,
        "echo out; echo \"$3 ${TOK_P_CLIENT_SECRET-unset}\" > opened\n",
    )
    .unwrap();
    let mut command = scene.home.process("login p");
    command
        .env("BROWSER", "no-such-browser:sh browser --new %s")
        .env("TOK_P_CLIENT_SECRET", "s3cret")
        .env("SSH_CONNECTION", "x");
    // `sh browser --new URL`: the URL is the second argument of the script.
    std::fs::write(
        &script,
        "echo out; echo \"$2 ${TOK_P_CLIENT_SECRET-unset}\" > opened\n",
    )
    .unwrap();
    let waiting = Waiting::start(command);
    let opened = std::fs::read_to_string(&fifo).unwrap();
    assert_eq!(opened, format!("{} unset\n", waiting.url));
    waiting.returns_with("code=c");
    assert_eq!(waiting.ends().0, Some(0));
}

#[test]
fn without_a_desktop_or_over_ssh_the_page_is_shown_with_the_port_to_forward() {
    for (variable, words) in [
        ("", "This machine has no desktop"),
        ("SSH_CONNECTION", "an SSH session"),
    ] {
        let scene = Scene::new(KEYS);
        let mut command = scene.home.tok("login p --timeout 10ms");
        if !variable.is_empty() {
            command.env(variable, "192.0.2.1 5000 192.0.2.2 22");
        }
        if cfg!(any(windows, target_vendor = "apple")) && variable.is_empty() {
            continue;
        }
        let run = command.assert().code(4).stdout("");
        let said = stderr(&run);
        assert!(said.contains(words), "{said}");
        assert!(said.contains("ssh -L "), "{said}");
        assert!(said.contains(":127.0.0.1:"), "{said}");
    }
}

/// A provider whose metadata names every endpoint.
fn issuer(more: &str) -> Scene {
    let scene = Scene::new("");
    let url = scene.provider.url("");
    let metadata = format!(
        r#"{{"issuer":"{url}","token_endpoint":"{url}/t","authorization_endpoint":"{url}/auth",
        "device_authorization_endpoint":"{url}/device","pushed_authorization_request_endpoint":"{url}/par",
        "token_endpoint_auth_methods_supported":["none"]{more}}}"#
    );
    scene.provider.answer(
        "/.well-known/openid-configuration",
        Answer::json(200, metadata),
    );
    scene.provider.answer("/t", Answer::json(200, GRANTED));
    scene.home.write_config(&format!(
        "[profiles.p]\nissuer = '{url}'\nclient_id = 'i'\ngrant_type = 'authorization_code'\n\
         scope = 'a'\nsecrets = {{ refresh_token = {{ file = 'refresh' }} }}\n"
    ));
    scene
}

#[test]
fn the_issuer_gives_the_endpoints_and_must_be_the_one_that_answers() {
    let required = r#","authorization_response_iss_parameter_supported":true"#;
    for (more, iss, code) in [
        ("", "", 0),
        ("", "&iss=https%3A%2F%2Fevil.example", 7),
        (required, "", 7),
        (required, "&iss=ISSUER", 0),
    ] {
        let scene = issuer(more);
        let waiting = Waiting::of(&scene, "login p --no-browser");
        assert_eq!(waiting.url.path(), "/auth");
        let own = scene
            .provider
            .url("")
            .replace(':', "%3A")
            .replace('/', "%2F");
        waiting.returns_with(&format!("code=c{}", iss.replace("ISSUER", &own)));
        let (ended, said) = waiting.ends();
        assert_eq!(ended, Some(code), "{more} {iss}: {said}");
        assert_eq!(scene.provider.request_count("/t"), usize::from(code == 0));
        if code != 0 {
            assert!(said.contains("another issuer"), "{said}");
        }
    }
}

#[test]
fn where_the_provider_wants_it_the_request_is_pushed_and_the_page_names_only_its_reference() {
    let scene = issuer(r#","require_pushed_authorization_requests":true"#);
    scene.provider.answer(
        "/par",
        Answer::json(201, r#"{"request_uri":"urn:example:1","expires_in":60}"#),
    );
    let page = Waiting::of(&scene, "login p --no-browser --timeout 300ms");
    assert_eq!(
        page.url.query(),
        Some("client_id=i&request_uri=urn%3Aexample%3A1")
    );
    assert_eq!(page.ends().0, Some(4));
    let requests = scene.provider.requests();
    let pushed = requests
        .iter()
        .find(|request| request.path == "/par")
        .unwrap();
    let form: BTreeMap<String, String> = pushed.form().into_iter().collect();
    for (name, value) in [
        ("client_id", "i"),
        ("response_type", "code"),
        ("scope", "a"),
    ] {
        assert_eq!(form[name], value);
    }
    assert!(form.contains_key("state") && form.contains_key("code_challenge"));
    assert!(!form.contains_key("code_verifier"));
}
