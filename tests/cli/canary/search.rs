//! Strings that that is new in each run, the scene they are put into, and the search for them in everything that a run has left.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use local_provider::Provider;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::home::{Home, KEYRING_HAS_AN_ADDRESS};

/// A string that is new in each run.
pub(super) struct Canary(pub(super) String);

impl Canary {
    /// One with characters that every encoding writes in its own way.
    pub(super) fn secret() -> Self {
        Self(format!("c+/=&\"\\é {}", random()))
    }

    pub(super) fn token() -> Self {
        Self(format!("t-._~+/{}", random()))
    }

    /// The forms to search for: plain, in base64 at every alignment, percent-encoded in either case, escaped for JSON, in hex.
    pub(super) fn forms(&self) -> Vec<String> {
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
                // The first and last characters depend on the text around it.
                forms.push(text[shift + 1..text.len() - 2].to_owned());
            }
        }
        forms
    }

    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        // `str::contains` is many times faster than comparing windows in an unoptimised build.
        let text = one_character_for_each_byte(bytes);
        self.forms()
            .iter()
            .any(|form| text.contains(&one_character_for_each_byte(form.as_bytes())))
    }
}

/// `bytes` read as Latin-1, which loses nothing.
fn one_character_for_each_byte(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

pub(super) fn random() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How a profile comes by its client secret.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum From {
    Tok,
    Env,
    File,
    Credential,
    Command,
}

pub(super) const SOURCES: [From; 5] = [
    From::Tok,
    From::Env,
    From::File,
    From::Credential,
    From::Command,
];

/// A provider, a home with a profile whose secrets are canaries, and the folder outside of it where those secrets lie.
pub(super) struct Scene {
    pub(super) provider: Provider,
    pub(super) home: Home,
    pub(super) vault: tempfile::TempDir,
    pub(super) from: From,
    /// The source's content: the client secret, or a private key in PEM.
    pub(super) held: String,
    /// Its environment variable.
    pub(super) variable: &'static str,
    /// The part of it that must not appear anywhere.
    pub(super) secret: Canary,
    pub(super) api_key: Canary,
    pub(super) token: Canary,
}

impl Scene {
    /// With a client secret.
    pub(super) fn new(from: From) -> Self {
        let secret = Canary::secret();
        Self::holding(from, secret.0.clone(), secret, "TOK_P_CLIENT_SECRET")
    }

    /// With a private key.
    pub(super) fn signing(from: From) -> Self {
        let random = ring::rand::SystemRandom::new();
        let curve = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = ring::signature::EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
        let key = STANDARD.encode(key);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
        Self::holding(from, pem, Canary(key), "TOK_P_PRIVATE_KEY")
    }

    pub(super) fn holding(
        from: From,
        held: String,
        secret: Canary,
        variable: &'static str,
    ) -> Self {
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
        // Saves all that a child process can see of tok and of itself, for the search.
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

    pub(super) fn temp(&self) -> PathBuf {
        self.home.path().join("temp")
    }

    pub(super) fn tok(&self, arguments: &str) -> Command {
        self.run(assert_cmd::cargo::cargo_bin!("tok"), arguments)
    }

    pub(super) fn run(&self, program: impl AsRef<std::ffi::OsStr>, arguments: &str) -> Command {
        let mut tok = Command::new(program);
        tok.args(arguments.split_whitespace())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.home.path())
            .env("TMPDIR", self.temp())
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .env("XDG_CACHE_HOME", self.home.path().join("cache"))
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
            .envs((!KEYRING_HAS_AN_ADDRESS).then_some(("TOK_KEYRING", "off")))
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

    pub(super) fn output(&self, arguments: &str) -> Output {
        self.tok(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// Asserts that no secret is anywhere in what was said or left, and no token but in the cache.
    pub(super) fn is_clean(&self, what: &str, said: &[u8]) {
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

pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
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
