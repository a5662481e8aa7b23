//! A home for each test: a config, a cache folder, no keyring, no proxy, and nothing of the machine the test runs on.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;

/// The variables that a program needs to run at all; every other one is taken away.
const NEEDED: [&str; 4] = ["PATH", "SystemRoot", "TEMP", "TMP"];

/// Whether the keyring is found by the address of a bus, which leads nowhere in a [`Home`]; elsewhere it is turned off there.
pub const KEYRING_HAS_AN_ADDRESS: bool = cfg!(all(unix, not(target_vendor = "apple")));

/// A scrubbed home, removed with everything in it at the end.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// An empty home.
    pub fn new() -> Self {
        Self {
            folder: tempfile::Builder::new()
                .prefix("tok-test-")
                .tempdir()
                .unwrap(),
        }
    }

    /// A home whose config is `config`.
    pub fn with(config: &str) -> Self {
        let home = Self::new();
        home.write_config(config);
        home
    }

    /// The home folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The config's path.
    pub fn config(&self) -> PathBuf {
        self.path().join("config").join("tok").join("config.toml")
    }

    /// Where tokens are kept.
    pub fn cache(&self) -> PathBuf {
        self.path().join("cache").join("tok")
    }

    /// Replaces the config.
    pub fn write_config(&self, config: &str) {
        std::fs::create_dir_all(self.config().parent().unwrap()).unwrap();
        write(self.config(), config);
    }

    /// `tok` in this home, with `arguments` split at spaces.
    pub fn tok(&self, arguments: &str) -> Command {
        Command::from_std(self.process(arguments))
    }

    /// The same, for tests that start it and go on.
    pub fn process(&self, arguments: &str) -> std::process::Command {
        let mut tok = std::process::Command::new(assert_cmd::cargo::cargo_bin!("tok"));
        tok.env_clear();
        for name in NEEDED {
            if let Some(value) = std::env::var_os(name) {
                tok.env(name, value);
            }
        }
        tok.env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("XDG_CACHE_HOME", self.path().join("cache"))
            .env("XDG_RUNTIME_DIR", self.path())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
            .current_dir(self.path())
            .args(arguments.split_whitespace());
        if !KEYRING_HAS_AN_ADDRESS {
            tok.env("TOK_KEYRING", "off");
        }
        tok
    }

    /// Every file of the cache folder, by name.
    pub fn cached(&self) -> Vec<String> {
        let mut names: Vec<String> = match std::fs::read_dir(self.cache()) {
            Ok(entries) => entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect(),
            Err(_) => Vec::new(),
        };
        names.sort();
        names
    }
}

/// Writes a file that only the user may change, whatever the umask of the test.
pub fn write(path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
    std::fs::write(&path, content).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
}

/// The stdout of a run.
pub fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

/// The stderr of a run.
pub fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

/// Asserts that a run failed with `code`, said nothing on stdout, and said every one of `words` on stderr, in one message.
pub fn fails(assert: Assert, code: i32, words: &[&str]) {
    let assert = assert.code(code).stdout("");
    let said = stderr(&assert);
    assert!(said.starts_with("tok: "), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    for word in words {
        assert!(said.contains(word), "no `{word}` in: {said}");
    }
}
