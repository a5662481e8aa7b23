//! The homes, with configs and caches, and the local providers that are measured.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use local_provider::{Answer, Provider};
use tempfile::TempDir;

use crate::process::Run;

/// The program as `cargo bench` built it.
pub const TOK: &str = env!("CARGO_BIN_EXE_tok");

const PATH: &str = "/oauth/token";
const LIFETIME_S: u64 = 86_400;

const PATIENCE: Duration = Duration::from_secs(60);

/// The homes and two providers.
pub struct Scene {
    folder: TempDir,
    tls: Provider,
    plain: Provider,
}

impl Scene {
    /// `one` has one token, `many` 10,000 for 500 profiles, the `edited` ones read their config each time, and `tls` and `plain` start empty.
    pub fn new() -> Self {
        let scene = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            tls: Provider::start_tls(),
            plain: Provider::start(),
        };
        let token: String = ('a'..='z').cycle().take(1000).collect();
        for provider in [&scene.tls, &scene.plain] {
            provider.answer(PATH, Answer::token(&token, LIFETIME_S));
        }
        fs::write(scene.path("ca.pem"), scene.tls.ca_pem()).expect("a file");
        fs::write(scene.token_file(), format!("{token}\n")).expect("a file");
        fs::write(
            scene.answer_file(),
            format!("{{\"access_token\":\"{token}\"}}\n"),
        )
        .expect("a file");
        let trust = format!("ca_file = {:?}\n", scene.path("ca.pem"));
        let plain = profile("cint", &scene.plain.url(PATH));
        scene.configure("one", &plain);
        scene.configure("plain", &plain);
        scene.configure("tls", &(profile("cint", &scene.tls.url(PATH)) + &trust));
        let mut many = String::new();
        for number in 0..499 {
            many += &profile(
                &format!("other-{number}"),
                "https://auth.example.com/oauth/token",
            );
        }
        // A config that uses the environment is read each time, like one that was edited seconds ago.
        let read_each_time = "scope = \"${env.HOME}\"\n";
        scene.configure("edited", &(plain.clone() + read_each_time));
        scene.configure("edited-many", &(many.clone() + &plain + read_each_time));
        scene.configure("many", &(many + &plain));
        for home in ["edited", "edited-many", "one", "many"] {
            scene.tok(home, &["header", "cint"]).time();
        }
        // Only a config that was not edited for some seconds gets a bookmark.
        for home in ["one", "many"] {
            let until = Instant::now() + PATIENCE;
            while !scene.path(home).join("cache/tok/cint.bookmark").exists() {
                assert!(Instant::now() < until, "no bookmark in {home}");
                scene.tok(home, &["header", "cint"]).time();
            }
        }
        let cache = scene.path("many/cache/tok");
        for number in 0..9_999 {
            fs::write(cache.join(format!("other.{number:032x}.json")), "{}\n").expect("a file");
        }
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configure(&self, home: &str, config: &str) {
        let path = self.config(home);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, config).expect("a file");
    }

    /// The config of this home.
    pub fn config(&self, home: &str) -> PathBuf {
        self.path(home).join("config/tok/config.toml")
    }

    /// A file that contains only the token.
    pub fn token_file(&self) -> PathBuf {
        self.path("token")
    }

    /// A file with the provider's answer.
    pub fn answer_file(&self) -> PathBuf {
        self.path("answer.json")
    }

    /// Runs `tok` in this home.
    pub fn tok(&self, home: &str, arguments: &[&str]) -> Run {
        let home = self.path(home);
        let run = Run::new(TOK)
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("TOK_CINT_CLIENT_SECRET", "secret");
        arguments.iter().fold(run, Run::arg)
    }

    /// Trusts only the provider.
    pub fn trusting_one_root(&self, run: Run) -> Run {
        run.env("SSL_CERT_FILE", self.path("ca.pem"))
    }

    /// The plain provider's origin, as the keyring entry names it.
    pub fn origin(&self) -> String {
        let url = self.plain.url("");
        url.trim_start_matches("http://").to_owned()
    }

    /// Runs curl with tok's request and roots.
    pub fn curl(&self, tls: bool) -> Run {
        let provider = if tls { &self.tls } else { &self.plain };
        let run = Run::new("curl").arg("-sf");
        let run = if tls {
            run.arg("--cacert").arg(self.roots())
        } else {
            run
        };
        run.arg("-d")
            .arg("grant_type=client_credentials&client_id=id&client_secret=secret")
            .arg(provider.url(PATH))
    }

    fn roots(&self) -> PathBuf {
        let mut roots =
            fs::read_to_string(Path::new("/etc/ssl/certs/ca-certificates.crt")).unwrap_or_default();
        let _ = writeln!(roots, "{}", self.tls.ca_pem());
        let path = self.path("roots.pem");
        fs::write(&path, roots).expect("a file");
        path
    }

    /// Drops the tokens of the homes that start empty.
    pub fn forget(&self) {
        for home in ["tls", "plain"] {
            let _ = fs::remove_dir_all(self.path(home).join("cache"));
        }
    }

    /// Counts the requests to the TLS provider.
    pub fn requests(&self) -> usize {
        self.tls.request_count(PATH)
    }
}

fn profile(name: &str, url: &str) -> String {
    format!(
        "[profiles.{name}]\ntoken_url = \"{url}\"\nclient_id = \"id\"\nauth_method = \"client_secret_post\"\n"
    )
}
