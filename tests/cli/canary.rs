//! A secret is found nowhere but on the wire, a token nowhere but on stdout and in the cache.
//!
//! Each test makes secrets and tokens nobody has seen before, lets tok do something with them, and then searches everything it left: stdout,
//! stderr, every file of its home and temporary folder, what its children could see, its core.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use local_provider::{Answer, Gate, Provider, Received};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::home::Home;

/// A string nobody has seen before.
struct Canary(String);

impl Canary {
    /// One with characters that every encoding writes in its own way.
    fn secret() -> Self {
        Self(format!("c+/=&\"\\é {}", random()))
    }

    fn token() -> Self {
        Self(format!("t-._~+/{}", random()))
    }

    /// What to search for: as it is, in base64 at every alignment, percent-encoded in either case, escaped for JSON, in hex.
    fn forms(&self) -> Vec<String> {
        let mut forms = vec![
            self.0.clone(),
            utf8_percent_encode(&self.0, NON_ALPHANUMERIC).to_string(),
            utf8_percent_encode(&self.0, NON_ALPHANUMERIC)
                .to_string()
                .to_lowercase(),
            serde_json::to_string(&self.0).unwrap().replace('"', ""),
            self.0.bytes().map(|byte| format!("{byte:02x}")).collect(),
            // The part without anything to escape, so that no escaping hides it.
            self.0[self.0.len() - 32..].to_owned(),
        ];
        for shift in 0..3 {
            let padded = [&vec![0; shift], self.0.as_bytes()].concat();
            for text in [
                STANDARD_NO_PAD.encode(&padded),
                URL_SAFE_NO_PAD.encode(&padded),
            ] {
                // The first and last characters depend on what stands around it.
                forms.push(text[shift + 1..text.len() - 2].to_owned());
            }
        }
        forms
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        self.forms().iter().any(|form| {
            let form = form.as_bytes();
            bytes.windows(form.len()).any(|part| part == form)
        })
    }
}

fn random() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How a profile comes by its client secret.
#[derive(Clone, Copy, Debug, PartialEq)]
enum From {
    Tok,
    Env,
    File,
    Credential,
    Command,
}

const SOURCES: [From; 5] = [
    From::Tok,
    From::Env,
    From::File,
    From::Credential,
    From::Command,
];

/// A provider, a home with a profile whose secrets are canaries, and the folder outside of it where those secrets lie.
struct Scene {
    provider: Provider,
    home: Home,
    vault: tempfile::TempDir,
    from: From,
    /// What the source holds: the client secret, or a private key in PEM.
    held: String,
    /// Its environment variable.
    variable: &'static str,
    /// What nobody may see of it.
    secret: Canary,
    api_key: Canary,
    token: Canary,
}

impl Scene {
    /// With a client secret.
    fn new(from: From) -> Self {
        let secret = Canary::secret();
        Self::holding(from, secret.0.clone(), secret, "TOK_P_CLIENT_SECRET")
    }

    /// With a private key.
    fn signing(from: From) -> Self {
        let random = ring::rand::SystemRandom::new();
        let curve = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = ring::signature::EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
        let key = STANDARD.encode(key);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
        Self::holding(from, pem, Canary(key), "TOK_P_PRIVATE_KEY")
    }

    fn holding(from: From, held: String, secret: Canary, variable: &'static str) -> Self {
        let scene = Self {
            provider: Provider::start(),
            home: Home::new(),
            vault: tempfile::tempdir().unwrap(),
            from,
            held,
            variable,
            secret,
            api_key: Canary::secret(),
            token: Canary::token(),
        };
        let file = scene.vault.path().join("secret");
        std::fs::write(&file, &scene.held).unwrap();
        let command = scene.vault.path().join("command");
        // What a child can see of tok and of itself it leaves behind for the search.
        std::fs::write(
            &command,
            format!(
                "#!/bin/sh\ncat /proc/$$/environ /proc/$$/cmdline /proc/$PPID/cmdline >seen-by-child\ncat '{}'\n",
                file.display()
            ),
        )
        .unwrap();
        std::fs::set_permissions(&command, PermissionsExt::from_mode(0o700)).unwrap();
        let source = match from {
            From::Tok => "{}".to_owned(),
            From::Env => "{ env = 'CANARY' }".to_owned(),
            From::File => format!("{{ file = '{}' }}", file.display()),
            From::Credential => "{ credential = 'secret' }".to_owned(),
            From::Command => format!("{{ command = ['{}'] }}", command.display()),
        };
        let source = if variable == "TOK_P_PRIVATE_KEY" {
            format!("secrets.private_key = {source}\nauth_method = 'private_key_jwt'")
        } else {
            format!("client_secret = {source}")
        };
        scene.home.write_config(&format!(
            "[profiles.p]\ntoken_url = '{}'\nclient_id = 'id'\n{source}\nsecrets.api_key = {{}}\nheaders = {{ x-key = '${{base64(secret.api_key)}}' }}\nheader = 'X-Token: ${{access_token}}'\n",
            scene.provider.url("/token")
        ));
        std::fs::create_dir(scene.temp()).unwrap();
        scene
    }

    fn temp(&self) -> PathBuf {
        self.home.path().join("temp")
    }

    fn tok(&self, arguments: &str) -> Command {
        self.run(assert_cmd::cargo::cargo_bin!("tok"), arguments)
    }

    fn run(&self, program: impl AsRef<std::ffi::OsStr>, arguments: &str) -> Command {
        let mut tok = Command::new(program);
        tok.args(arguments.split_whitespace())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.home.path())
            .env("TMPDIR", self.temp())
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .env("XDG_CACHE_HOME", self.home.path().join("cache"))
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
            .env("TOK_P_API_KEY", &self.api_key.0)
            .env("TOK_OTHER_CLIENT_SECRET", &self.held)
            .current_dir(self.home.path());
        match self.from {
            From::Tok => tok.env(self.variable, &self.held),
            From::Env => tok.env("CANARY", &self.held),
            From::Credential => tok.env("CREDENTIALS_DIRECTORY", self.vault.path()),
            From::File | From::Command => &mut tok,
        };
        tok
    }

    fn output(&self, arguments: &str) -> Output {
        self.tok(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// Asserts that no secret is anywhere in what was said or left, and no token but in the cache.
    fn is_clean(&self, what: &str, said: &[u8]) {
        for canary in [&self.secret, &self.api_key, &self.token] {
            assert!(
                !canary.is_in(said),
                "{:?}, {what}: said {}",
                self.from,
                String::from_utf8_lossy(said)
            );
        }
        for path in files(self.home.path()) {
            let mut found = std::fs::read(&path).unwrap();
            found.extend(path.as_os_str().as_encoded_bytes());
            let at = format!("{:?}, {what}: {}", self.from, path.display());
            assert!(!self.secret.is_in(&found), "the secret is in {at}");
            assert!(!self.api_key.is_in(&found), "the key is in {at}");
            if !path.starts_with(self.home.cache()) {
                assert!(!self.token.is_in(&found), "the token is in {at}");
            }
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all
}

/// Says back everything a request held, in the ways servers do.
fn echo(status: u16) -> impl Fn(&Received) -> Answer {
    move |received| {
        let basic = String::from_utf8_lossy(&received.basic().unwrap_or_default()).into_owned();
        let heard = format!(
            "{basic} {} {} {}",
            received.header("authorization").unwrap_or_default(),
            received.header("x-key").unwrap_or_default(),
            received.text()
        );
        if (300..400).contains(&status) {
            let heard = utf8_percent_encode(&heard, NON_ALPHANUMERIC).to_string();
            return Answer::redirect(status, &format!("https://a.example/{heard}?{heard}"));
        }
        Answer::json(
            status,
            serde_json::json!({ "error": "invalid_client", "error_description": heard, "message": basic }),
        )
        .header("www-authenticate", &format!("Basic x=\"{}\"", received.header("authorization").unwrap_or_default()))
    }
}

#[test]
fn the_search_finds_a_canary_in_every_form() {
    let canary = Canary::secret();
    let quoted = serde_json::json!({ "a": canary.0 }).to_string();
    let percent = utf8_percent_encode(&canary.0, NON_ALPHANUMERIC).to_string();
    for text in [
        canary.0.clone(),
        quoted,
        percent.clone(),
        percent.to_lowercase(),
    ] {
        assert!(canary.is_in(format!("x{text}y").as_bytes()), "{text}");
    }
    for id in ["", "i", "id", "id:", "id::"] {
        let basic = STANDARD_NO_PAD.encode(format!("{id}{}yz", canary.0));
        assert!(canary.is_in(basic.as_bytes()), "{id}");
    }
    assert!(!canary.is_in(Canary::secret().0.as_bytes()));
}

#[test]
fn after_a_success_only_stdout_and_the_cache_hold_the_token() {
    for from in SOURCES {
        let scene = Scene::new(from);
        scene
            .provider
            .answer("/token", Answer::token(&scene.token.0, 3600));
        for (arguments, expected) in [
            ("token p", format!("{}\n", scene.token.0)),
            (
                "header p --refresh",
                format!("X-Token: {}\n", scene.token.0),
            ),
            ("token p -v --refresh", format!("{}\n", scene.token.0)),
            ("token p -v", format!("{}\n", scene.token.0)),
        ] {
            let output = scene.output(arguments);
            assert_eq!(
                String::from_utf8(output.stdout).unwrap(),
                expected,
                "{from:?}"
            );
            scene.is_clean(arguments, &output.stderr);
        }
        let json: serde_json::Value =
            serde_json::from_slice(&scene.output("json p").stdout).unwrap();
        assert_eq!(json["access_token"], scene.token.0);
        assert!(!scene.secret.is_in(json.to_string().as_bytes()));
        let cached = files(&scene.home.cache());
        assert!(
            cached
                .iter()
                .any(|path| scene.token.is_in(&std::fs::read(path).unwrap())),
            "the search would have found the token in {cached:?}"
        );
        assert_eq!(scene.provider.requests().len(), 3);
        let sent = &scene.provider.requests()[0];
        assert!(scene.secret.is_in(&sent.basic().unwrap()));
        assert!(
            scene
                .api_key
                .is_in(sent.header("x-key").unwrap().as_bytes())
        );
        if from == From::Command {
            assert!(scene.home.path().join("seen-by-child").exists());
        }
    }
}

#[test]
fn a_provider_that_says_everything_back_is_not_quoted() {
    for from in SOURCES {
        let scene = Scene::new(from);
        for (status, code) in [(401, 5), (400, 5), (200, 5), (307, 7)] {
            scene.provider.answer_with("/token", echo(status));
            for arguments in ["token p", "header p -v", "json p --no-cache -v"] {
                let output = scene.output(arguments);
                assert_eq!(output.status.code(), Some(code), "{output:?}");
                assert_eq!(output.stdout, b"");
                scene.is_clean(&format!("{arguments}, {status}"), &output.stderr);
            }
        }
    }
    let scene = Scene::new(From::Tok);
    scene.provider.answer_with("/token", echo(503));
    let output = scene.output("token p -v --timeout 1s");
    assert_eq!(output.status.code(), Some(6));
    scene.is_clean("503", &output.stderr);
}

#[test]
fn a_private_key_signs_and_neither_it_nor_what_it_signed_is_anywhere() {
    for from in SOURCES {
        let scene = Scene::signing(from);
        for (status, code) in [(401, 5), (400, 5), (307, 7)] {
            scene.provider.answer_with("/token", echo(status));
            for arguments in ["token p", "header p -v"] {
                let output = scene.output(arguments);
                assert_eq!(output.status.code(), Some(code), "{output:?}");
                assert_eq!(output.stdout, b"");
                scene.is_clean(&format!("{arguments}, {status}"), &output.stderr);
                let form = scene.provider.requests().pop().unwrap().form();
                let sent = form
                    .into_iter()
                    .find(|(name, _)| name == "client_assertion");
                let (_, assertion) = sent.unwrap();
                assert_eq!(assertion.split('.').count(), 3);
                assert!(!Canary(assertion).is_in(&output.stderr), "{output:?}");
            }
        }
        scene
            .provider
            .answer("/token", Answer::token(&scene.token.0, 3600));
        for arguments in ["token p", "json p -v", "header p"] {
            let output = scene.output(arguments);
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            scene.is_clean(arguments, &output.stderr);
        }
        for arguments in [
            "secret check p private_key",
            "doctor p",
            "show p --json",
            "show p --curl",
        ] {
            let output = scene.output(arguments);
            scene.is_clean(arguments, &[output.stdout, output.stderr].concat());
        }
        // Half a key is no key, and no message tells which half.
        let half = scene.held.split_at(scene.held.len() / 2).0.to_owned();
        let broken = Scene::holding(
            from,
            half,
            Canary(scene.secret.0[..60].to_owned()),
            scene.variable,
        );
        let output = broken.output("token p -v");
        assert_eq!(output.status.code(), Some(4), "{output:?}");
        broken.is_clean("half a key", &output.stderr);
    }
}

#[test]
fn no_command_that_does_not_fetch_shows_one_either() {
    for from in SOURCES {
        let scene = Scene::new(from);
        let check = scene.output("secret check p");
        assert_eq!(check.status.code(), Some(0), "{check:?}");
        scene.is_clean("secret check", &[check.stdout, check.stderr].concat());
        let wrong = scene.output("secret check p nothing");
        assert_eq!(wrong.status.code(), Some(3));
        scene.is_clean("a wrong name", &wrong.stderr);
    }
}

#[test]
fn verbs_that_look_after_profiles_and_tokens_show_none() {
    for from in SOURCES {
        let scene = Scene::new(from);
        scene
            .provider
            .answer("/token", Answer::token(&scene.token.0, 3600));
        assert_eq!(scene.output("token p").status.code(), Some(0));
        for arguments in [
            "list --json",
            "show p",
            "show p --json",
            "show p --curl",
            "status",
            "status --json",
            "doctor p",
            "inspect p",
            "forget p",
        ] {
            let output = scene.output(arguments);
            scene.is_clean(arguments, &[output.stdout, output.stderr].concat());
        }
    }
}

#[test]
fn killed_while_it_waits_it_leaves_nothing_behind() {
    for from in SOURCES {
        let scene = Scene::new(from);
        let gate = Gate::new();
        let held = Answer::token(&scene.token.0, 3600).held_by(&gate);
        scene.provider.answer("/token", held);
        let mut child = scene.tok("token p").stdout(Stdio::piped()).spawn().unwrap();
        gate.wait_for(1);
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        gate.open();
        assert_eq!(output.status.signal(), Some(9));
        scene.is_clean("SIGKILL", &output.stdout);
        let next = scene.output("token p");
        assert_eq!(next.status.code(), Some(0), "{next:?}");
    }
}

/// A core that the shell asked for by every means it has, and the limit that the running process reports.
#[cfg(target_os = "linux")]
#[test]
fn no_core_is_written_even_where_one_is_wanted() {
    for from in SOURCES {
        let scene = Scene::new(from);
        let gate = Gate::new();
        let held = Answer::token(&scene.token.0, 3600).held_by(&gate);
        scene.provider.answer("/token", held);
        let mut shell = scene.run("sh", "");
        let child = shell
            .args(["-c", "ulimit -c unlimited; exec \"$0\" token p"])
            .arg(assert_cmd::cargo::cargo_bin!("tok"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        gate.wait_for(1);
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let soft = core.and_then(|line| line.split_whitespace().nth(4));
        assert_eq!(soft, Some("0"), "{limits}");
        let killed = Command::new("kill")
            .args(["-ABRT", &child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        let output = child.wait_with_output().unwrap();
        gate.open();
        assert_eq!(output.status.signal(), Some(6));
        assert!(!output.status.core_dumped());
        scene.is_clean("SIGABRT", &[output.stdout, output.stderr].concat());
    }
}

/// No room for a thread's stack makes a library panic with secrets in memory: the one panic a user can bring about.
#[cfg(target_os = "linux")]
#[test]
fn a_panic_says_where_and_nothing_else() {
    for from in [From::Tok, From::Env, From::File, From::Credential] {
        let scene = Scene::new(from);
        let config = std::fs::read_to_string(scene.home.config()).unwrap();
        scene
            .home
            .write_config(&config.replace(&scene.provider.url(""), "https://provider.invalid"));
        let output = scene
            .tok("token p -v")
            .env("RUST_MIN_STACK", (1_u64 << 47).to_string())
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(output.stdout, b"");
        assert!(
            said.contains("tok: stopped by a mistake of its own ("),
            "{said}"
        );
        assert!(!said.contains("panicked"), "{said}");
        scene.is_clean("a panic", said.as_bytes());
    }
}
