//! A cached token is found by its bookmark, without the config being read; and whatever changes in between, nothing is printed that the config
//! as it now is would not print.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use local_provider::{Answer, Provider};
use serde_json::Value;

use crate::entry::PATIENCE;
use crate::home::{Home, fails, stdout, write};

struct Scene {
    provider: Provider,
    home: Home,
}

impl Scene {
    /// A home whose profiles are `p`, with `more` in it, and what comes after.
    fn new(more: &str) -> Self {
        let provider = Provider::start();
        provider.answer("/t", Answer::token("t", 3600));
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = '{}'\nclient_id = 'i'\n{more}",
            provider.url("/t")
        ));
        Self { provider, home }
    }

    /// The same, with a bookmark for `p` in place.
    fn with_bookmark(more: &str) -> Self {
        let scene = Self::new(more);
        scene.wait_for_bookmark();
        scene
    }

    fn bookmark(&self) -> PathBuf {
        self.home.cache().join("p.bookmark")
    }

    /// Prints until there is a bookmark: one is made only for a config that has been left alone for some seconds.
    fn wait_for_bookmark(&self) {
        let until = Instant::now() + PATIENCE;
        while !self.bookmark().exists() {
            assert!(Instant::now() < until, "no bookmark");
            self.header();
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Returns what `tok header p` prints.
    fn header(&self) -> String {
        let run = self
            .home
            .tok("header p")
            .env("TOK_P_CLIENT_SECRET", "s")
            .assert()
            .success()
            .stderr("");
        stdout(&run)
    }

    /// Writes into the bookmark that the header is `X: …`, which nothing else says: a process that prints it has followed the bookmark.
    fn mark(&self) {
        let mut bookmark: Value =
            serde_json::from_slice(&fs::read(self.bookmark()).unwrap()).unwrap();
        bookmark["header"] = serde_json::json!([["X: ", ""]]);
        fs::write(self.bookmark(), bookmark.to_string()).unwrap();
        assert_eq!(self.header(), "X: t\n");
    }

    fn edit(&self, from: &str, to: &str) {
        let config = fs::read_to_string(self.home.config()).unwrap();
        assert!(config.contains(from));
        fs::write(self.home.config(), config.replace(from, to)).unwrap();
    }
}

#[test]
fn a_bookmark_is_followed_while_nothing_has_changed() {
    let scene = Scene::with_bookmark("header = 'A: ${access_token}'\n");
    scene.mark();
    // Where more is asked for than the token at hand, the config is read.
    for more in ["--scope a", "--refresh", "--no-cache", "--timeout 9s", "-v"] {
        let run = scene
            .home
            .tok(&format!("header p {more}"))
            .env("TOK_P_CLIENT_SECRET", "s")
            .assert()
            .success();
        assert_eq!(stdout(&run), "A: t\n", "{more}");
        scene.mark();
    }
    let requests = scene.provider.requests().len();
    for same in ["--cached", "--min-ttl 10m", "-q"] {
        let run = scene.home.tok(&format!("header p {same}")).assert();
        assert_eq!(stdout(&run.success()), "X: t\n", "{same}");
    }
    let json = stdout(&scene.home.tok("json p").assert().success());
    assert!(json.contains(r#""profile":"p","source":"cache""#), "{json}");
    scene.home.tok("token p").assert().success().stdout("t\n");
    assert_eq!(scene.provider.requests().len(), requests);
    // It counts as a use.
    let uses = || {
        let status = stdout(&scene.home.tok("status p --json").assert().success());
        let status: Value = serde_json::from_str(&status).unwrap();
        let entries = status.as_array().unwrap();
        let current = entries.iter().find(|entry| entry["current"] == true);
        current.unwrap()["reuses"].as_u64().unwrap()
    };
    let before = uses();
    scene.header();
    assert_eq!(uses(), before + 1);
}

#[test]
fn an_edited_config_takes_effect_at_once() {
    let scene = Scene::with_bookmark("header = 'A: ${access_token}'\n");
    let config = scene.home.config();

    scene.mark();
    // The same size, and the time of the last modification set back.
    let modified = fs::metadata(&config).unwrap().modified().unwrap();
    scene.edit("'A: ", "'B: ");
    let file = fs::File::options().write(true).open(&config).unwrap();
    file.set_modified(modified).unwrap();
    drop(file);
    assert_eq!(scene.header(), "B: t\n");

    // Another file in its place; and at once once more.
    for (from, to) in [("'B: ", "'C: "), ("'C: ", "'D: "), ("'D: ", "'E: ")] {
        let text = fs::read_to_string(&config).unwrap();
        let other = scene.home.path().join("other");
        write(&other, text.replace(from, to));
        fs::rename(&other, &config).unwrap();
        assert_eq!(scene.header(), format!("{} t\n", to[1..].trim()));
    }

    // A scope is another token.
    scene.edit("header", "scope = 'other'\nheader");
    let requests = scene.provider.requests().len();
    scene.header();
    assert_eq!(scene.provider.requests().len(), requests + 1);

    fs::set_permissions(&config, fs::Permissions::from_mode(0o666)).unwrap();
    fails(
        scene.home.tok("header p").assert(),
        3,
        &["may be written by others"],
    );
    fs::remove_file(&config).unwrap();
    fails(scene.home.tok("header p").assert(), 3, &["no config at"]);
}

#[test]
fn an_environment_variable_of_the_profile_takes_effect_despite_a_bookmark() {
    let scene = Scene::with_bookmark("scope = '${var.s}'\nvars = { s = 'one' }\n");
    scene.mark();
    let requests = scene.provider.requests().len();
    let run = scene
        .home
        .tok("header p")
        .env("TOK_P_CLIENT_SECRET", "s")
        .env("TOK_P_VAR_S", "two")
        .assert();
    assert_eq!(stdout(&run.success()), "Authorization: Bearer t\n");
    assert_eq!(scene.provider.requests().len(), requests + 1);
    assert_eq!(scene.header(), "X: t\n");
}

#[test]
fn a_damaged_or_foreign_bookmark_is_not_followed_and_is_replaced() {
    let scene = Scene::with_bookmark("");
    let outside = scene.home.path().join("outside");
    fs::copy(scene.bookmark(), &outside).unwrap();
    let good = fs::read(&outside).unwrap();
    let another = |key: &str, value: Value| {
        let mut bookmark: Value = serde_json::from_slice(&good).unwrap();
        bookmark["header"] = serde_json::json!([["X: ", ""]]);
        bookmark[key] = value;
        bookmark.to_string().into_bytes()
    };
    let spoilt: [(&str, Vec<u8>); 8] = [
        ("empty", Vec::new()),
        ("cut", good[..good.len() / 2].to_vec()),
        ("random", vec![0xa5; 300]),
        ("another program's", another("tok", "0.1.0+0".into())),
        ("another config's", another("config", "/etc/x".into())),
        ("to nowhere", another("entry", "p.0123".into())),
        (
            "out of the folder",
            another("entry", "../../outside".into()),
        ),
        (
            "a line break",
            another("header", serde_json::json!([["X: a\nY: ", ""]])),
        ),
    ];
    for (what, bytes) in spoilt {
        fs::remove_file(scene.bookmark()).unwrap();
        fs::write(scene.bookmark(), bytes).unwrap();
        assert_eq!(scene.header(), "Authorization: Bearer t\n", "{what}");
        assert_eq!(fs::read(scene.bookmark()).unwrap(), good, "{what}");
    }
    fs::remove_file(scene.bookmark()).unwrap();
    symlink(&outside, scene.bookmark()).unwrap();
    fs::write(&outside, another("unset", serde_json::json!([]))).unwrap();
    assert_eq!(scene.header(), "Authorization: Bearer t\n", "a link");
    assert!(fs::symlink_metadata(scene.bookmark()).unwrap().is_file());
    fs::write(scene.bookmark(), another("unset", serde_json::json!([]))).unwrap();
    fs::set_permissions(scene.bookmark(), fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(scene.header(), "Authorization: Bearer t\n", "open to all");
    assert_eq!(scene.provider.requests().len(), 1);
}

#[test]
fn a_missing_or_expired_token_is_fetched_and_forget_removes_the_bookmark() {
    let scene = Scene::with_bookmark("");
    crate::entry::age(&scene.home, 3_595);
    scene.provider.answer("/t", Answer::token("new", 3600));
    assert_eq!(scene.header(), "Authorization: Bearer new\n");
    scene
        .home
        .tok("reject p")
        .write_stdin("new")
        .assert()
        .success();
    scene.provider.answer("/t", Answer::token("newer", 3600));
    assert_eq!(scene.header(), "Authorization: Bearer newer\n");
    assert!(scene.bookmark().exists());
    scene.home.tok("forget other").assert().code(3);
    assert!(scene.bookmark().exists());
    scene.home.tok("forget p").assert().success();
    assert!(!scene.bookmark().exists());
    assert_eq!(scene.provider.requests().len(), 3);
}

#[test]
fn a_profile_that_needs_more_than_the_config_gets_no_bookmark() {
    let scene = Scene::with_bookmark("");
    let token_url = format!(
        "token_url = '{}'\nclient_id = 'i'\n",
        scene.provider.url("/t")
    );
    let profiles = [
        ("environment", "scope = '${env.HOME}'\n"),
        (
            "secret",
            "header = 'X: ${access_token} ${secret.key}'\nsecrets = { key = {} }\n",
        ),
        (
            "kept",
            "header = 'X: ${kept.life}'\nresponse = { keep = { life = '/expires_in' } }\n",
        ),
        ("nowhere", "cache = 'none'\n"),
        (
            "plain",
            "header = ['X: ${access_token}', 'Id: ${client_id}']\n",
        ),
    ];
    let config: String = profiles
        .iter()
        .map(|(name, more)| format!("[profiles.{name}]\n{token_url}{more}"))
        .collect();
    scene.home.write_config(&config);
    let print = |name: &str| {
        let secret = |secret: &str| format!("TOK_{}_{secret}", name.to_uppercase());
        let run = scene
            .home
            .tok(&format!("header {name}"))
            .env(secret("CLIENT_SECRET"), "s")
            .env(secret("KEY"), "k")
            .assert();
        stdout(&run.success())
    };
    let until = Instant::now() + PATIENCE;
    // By the time the last of them has one the others would have one too.
    while !scene.home.cache().join("plain.bookmark").exists() {
        assert!(Instant::now() < until);
        for (name, _) in profiles {
            print(name);
        }
    }
    for _ in 0..2 {
        assert_eq!(print("secret"), "X: t k\n");
        assert_eq!(print("kept"), "X: 3600\n");
        assert_eq!(print("plain"), "X: t\nId: i\n");
    }
    let bookmarks: Vec<String> = scene
        .home
        .cached()
        .into_iter()
        .filter(|name| name.ends_with(".bookmark"))
        .collect();
    assert_eq!(bookmarks, ["p.bookmark", "plain.bookmark"]);
}

#[test]
fn cached_token_passes_the_checks_of_a_fetched_one_however_it_is_found() {
    let scene = Scene::with_bookmark(
        "[profiles.q]\ntoken_url = 'https://q.test/t'\nclient_id = 'q'\nauth_method = 'none'\n",
    );
    let tok = |arguments: &str| {
        let mut tok = scene.home.tok(arguments);
        tok.env("TOK_P_CLIENT_SECRET", "s").assert()
    };
    let entry = crate::entry::file(&scene.home, ".json");
    let good = fs::read(&entry).unwrap();
    let changed = |member: &str, value: &str| {
        let mut changed: Value = serde_json::from_slice(&good).unwrap();
        changed[member] = value.into();
        changed.to_string()
    };
    let other_key = changed("inputs", &"0".repeat(64));
    let cases = [
        (changed("access_token", "t\r\nX-Injected: 1"), "characters"),
        (changed("access_token", "t\nquit=1"), "characters"),
        (changed("access_token", "t\"u"), "characters"),
        (changed("access_token", ""), "characters"),
        (other_key, "another profile or request"),
    ];
    for (bytes, words) in &cases {
        for (arguments, expected) in [
            ("token p", "t\n"),
            ("header p", "Authorization: Bearer t\n"),
            ("for curl p", "header = \"Authorization: Bearer t\"\n"),
        ] {
            for has_bookmark in [true, false] {
                let requests = scene.provider.requests().len();
                scene.wait_for_bookmark();
                if !has_bookmark {
                    fs::remove_file(scene.bookmark()).unwrap();
                }
                fs::write(&entry, format!("{bytes}\n")).unwrap();
                let run = tok(arguments).success();
                assert_eq!(stdout(&run), expected, "{bytes}");
                let said = crate::home::stderr(&run);
                assert!(said.contains(words), "{said}");
                assert_eq!(scene.provider.requests().len(), requests + 1);
            }
        }
    }
    // An entry of another profile has a name that this one does not look for, and another key inside.
    let name = entry.file_name().unwrap().to_str().unwrap();
    let (_, rest) = name.split_once('.').unwrap();
    fs::copy(&entry, entry.with_file_name(format!("q.{rest}"))).unwrap();
    fails(
        tok("token q --cached"),
        2,
        &["no usable token in the cache"],
    );
}
