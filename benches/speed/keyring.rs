//! A gnome-keyring on a bus of its own, unlocked, with files in a temporary folder.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{Run, installed};

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Keyring {
    address: String,
    home: TempDir,
    daemons: Vec<Child>,
}

impl Keyring {
    /// Returns `None` if its programs are not installed.
    pub fn start() -> Option<Self> {
        let needed = [
            "dbus-daemon",
            "dbus-send",
            "gnome-keyring-daemon",
            "secret-tool",
        ];
        if !needed.into_iter().all(installed) {
            return None;
        }
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut bus = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it is installed");
        let mut address = String::new();
        let printed = bus.stdout.take().expect("it is piped");
        BufReader::new(printed)
            .read_line(&mut address)
            .expect("it prints its address");
        let mut keyring = Self {
            address: address.trim_end().to_owned(),
            home,
            daemons: vec![bus],
        };
        let mut command = keyring.command("gnome-keyring-daemon");
        let mut daemon = command
            .args(["--unlock", "--foreground", "--components=secrets"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("it is installed");
        let mut password = daemon.stdin.take().expect("it is piped");
        password
            .write_all(b"password")
            .expect("it reads a password");
        drop(password);
        keyring.daemons.push(daemon);
        keyring.wait_until_ready();
        Some(keyring)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .env("HOME", self.home.path())
            .env("XDG_DATA_HOME", self.home.path())
            .env("XDG_RUNTIME_DIR", self.home.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Asking for the name itself would make the bus start another daemon, which is locked.
    fn wait_until_ready(&self) {
        let until = Instant::now() + PATIENCE;
        loop {
            let asked = self
                .command("dbus-send")
                .args([
                    "--session",
                    "--print-reply",
                    "--dest=org.freedesktop.DBus",
                    "/org/freedesktop/DBus",
                    "org.freedesktop.DBus.NameHasOwner",
                    "string:org.freedesktop.secrets",
                ])
                .stdout(Stdio::piped())
                .output()
                .expect("it is installed");
            if String::from_utf8_lossy(&asked.stdout).contains("boolean true") {
                return;
            }
            assert!(Instant::now() < until, "the keyring is not ready");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Points `run` at this keyring.
    pub fn on_its_bus(&self, run: Run) -> Run {
        run.env("DBUS_SESSION_BUS_ADDRESS", &self.address)
    }

    /// Runs `tok secret set …` with a secret on stdin.
    pub fn store(&self, set: &Run) {
        let path = self.home.path().join("secret");
        std::fs::write(&path, "secret").expect("a file");
        set.time_reading(File::open(path).expect("the file"));
    }

    /// Looks up the secret that [`store`](Self::store) stored.
    pub fn lookup(&self, origin: &str) -> Run {
        let user = format!("cint/client_secret@{origin}");
        ["lookup", "service", "tok", "username", &user]
            .into_iter()
            .fold(self.on_its_bus(Run::new("secret-tool")), Run::arg)
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}
