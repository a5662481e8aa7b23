//! Writes the token to a file (Prometheus's `credentials_file`, a pod's volume), once or kept fresh.
//!
//! No line end is written, because some readers use every byte. A watch must end promptly and never
//! leave half a file: a thread writes under a lock, and the main thread takes it before it exits.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::clock::Now;
use crate::commands::get::{Fetch, get, prepare};
use crate::commands::session::{Session, environment};
use crate::commands::spec::{Execute, Spec};
use crate::error::Error;
use crate::get::{Options, Run, Source, acquire};
use crate::oauth::problem::Problem;
use crate::process::replace_file;
use crate::profile::Profile;
use crate::profile::file::Config;
use crate::secret::Secret;
use crate::term::notes::Notes;
use crate::token::Token;

/// The longest time before its expiry that a token is renewed, milliseconds.
const AHEAD_AT_MOST_MS: i64 = 300_000;

/// The shortest wait between two checks of the token, milliseconds.
const WAIT_AT_LEAST_MS: i64 = 1_000;

/// The longest wait, milliseconds: while a machine sleeps a wait is suspended, but the token expires.
const WAIT_AT_MOST_MS: i64 = 60_000;

/// The shortest time between two requests, however short the tokens' lifetime.
const ASK_EVERY: Duration = Duration::from_secs(30);

const LISTEN_EVERY: Duration = Duration::from_millis(100);

const MOST_LINKS: usize = 40;

pub(super) const COMMAND: Spec = Spec {
    name: "file",
    about: "A file that holds the token, kept fresh with --watch",
    details: "A link is followed, and a device or FIFO is written to instead of replaced.",
    examples: "\
tok for file cint token.txt
tok for file cint token.txt --watch",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Args {
    /// Renew it before each token expires, until SIGTERM, SIGINT or SIGHUP
    #[arg(long, help_heading = None, conflicts_with = "cached")]
    watch: bool,

    #[command(flatten)]
    fetch: Fetch,

    /// The file: replaced as a whole, readable only by you
    #[arg(help_heading = None)]
    path: PathBuf,
}

impl Execute for Args {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        match self.watch {
            true => watch(session, self),
            false => {
                let token = get(session, &self.fetch)?.1.access_token;
                write(&self.path, &token, session.notes(), &Mutex::new(()))
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Target {
    File(PathBuf),
    Stream,
}

impl Target {
    fn of(path: &Path) -> io::Result<Self> {
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
            return Ok(Self::Stream);
        }
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            // A process that has the file open would not see its replacement.
            if path.starts_with("/proc") || path.starts_with("/dev/fd") {
                return Ok(Self::Stream);
            }
            match fs::read_link(&path) {
                Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
                Err(_) => return Ok(Self::File(path)),
            }
        }
        Err(io::Error::other("too many links"))
    }
}

/// Writes the token to `path`. `writing` is locked while a regular file is written.
fn write(path: &Path, token: &Secret, notes: Notes, writing: &Mutex<()>) -> anyhow::Result<()> {
    let bytes = token.expose().as_bytes();
    let written = Target::of(path).and_then(|target| match target {
        Target::Stream => OpenOptions::new()
            .append(true)
            .open(path)?
            .write_all(bytes),
        Target::File(target) => {
            let _writing = writing.lock().unwrap_or_else(PoisonError::into_inner);
            match replace_file::replace(&target, bytes, None, || Ok::<_, io::Error>(())) {
                // The file itself is a mount, as with `docker run -v FILE:FILE`.
                Err(error) if error.kind() == ErrorKind::ResourceBusy => {
                    notes.note(&format!(
                        "{} is mounted as a single file, so it is written in place and a reader can see part of a token; mount its folder instead",
                        path.display()
                    ));
                    write_in_place(&target, bytes)
                }
                replaced => replaced,
            }
        }
    });
    written.with_context(|| format!("could not write {}", path.display()))
}

/// Overwrites the file before truncating it, so that it is never empty.
fn write_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

fn watch(session: &Session, args: &Args) -> anyhow::Result<()> {
    let (config, profile, wish) = prepare(session, &args.fetch)?;
    // Before the first request, to catch a signal during it.
    let stop = stop::Stop::listen()?;
    let writing = Arc::new(Mutex::new(()));
    let watch = Watch {
        config,
        profile,
        wish,
        path: args.path.clone(),
        notes: session.notes(),
        writing: Arc::clone(&writing),
    };
    let (end, ended) = mpsc::channel();
    thread::Builder::new()
        .name("watch".to_owned())
        // Sending fails if a signal came first.
        .spawn(move || drop(end.send(watch.run())))
        .context("could not start a thread")?;
    let result = loop {
        match ended.recv_timeout(LISTEN_EVERY) {
            Ok(ended) => break ended,
            Err(RecvTimeoutError::Timeout) if !stop.has_come() => {}
            Err(RecvTimeoutError::Timeout) => break Ok(()),
            Err(RecvTimeoutError::Disconnected) => {
                break Err(anyhow::anyhow!("the watch ended by itself"));
            }
        }
    };
    // The lock is never released, so no write can begin before the process exits.
    std::mem::forget(writing.lock().unwrap_or_else(PoisonError::into_inner));
    result
}

#[cfg(unix)]
mod stop {
    use crate::process::signals::Caught;

    pub(super) struct Stop(Caught);

    impl Stop {
        pub(super) fn listen() -> anyhow::Result<Self> {
            let signals = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP];
            Ok(Self(Caught::begin(&signals)))
        }

        pub(super) fn has_come(&self) -> bool {
            self.0.last().is_some()
        }
    }
}

#[cfg(not(unix))]
mod stop {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use anyhow::Context;

    pub(super) struct Stop(Arc<AtomicBool>);

    impl Stop {
        pub(super) fn listen() -> anyhow::Result<Self> {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build()
                .context("could not listen for signals")?;
            let has_come = Arc::new(AtomicBool::new(false));
            let heard = Arc::clone(&has_come);
            thread::Builder::new()
                .name("signals".to_owned())
                .spawn(move || {
                    if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
                        heard.store(true, Ordering::Relaxed);
                    }
                })
                .context("could not start a thread")?;
            Ok(Self(has_come))
        }

        pub(super) fn has_come(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
    }
}

struct Watch {
    config: Config,
    profile: Profile,
    wish: Options,
    path: PathBuf,
    notes: Notes,
    writing: Arc<Mutex<()>>,
}

impl Watch {
    /// Returns only if the first token cannot be fetched or written.
    fn run(&self) -> anyhow::Result<()> {
        let (mut token, source) = self.acquire(self.wish)?;
        let mut asked_at = (source == Source::Provider).then(Instant::now);
        self.write(&token)?;
        let mut failures = 0;
        loop {
            let left_ms = token.left_ms(&Now::read()).unwrap_or(0);
            let ahead_ms = ahead_ms(token.lifetime_ms, self.wish.min_ttl_ms);
            wait(match failures {
                0 => wait_ms(left_ms, ahead_ms),
                failures => wait_after_failure_ms(failures),
            });
            if token
                .left_ms(&Now::read())
                .is_some_and(|left_ms| left_ms > ahead_ms)
            {
                continue;
            }
            let may_ask = asked_at.is_none_or(|at| at.elapsed() >= ASK_EVERY);
            if !may_ask && self.wish.no_cache {
                continue;
            }
            let renewed = self.renew(ahead_ms, may_ask);
            if may_ask && !matches!(renewed, Ok((_, Source::Cache))) {
                asked_at = Some(Instant::now());
            }
            let renewed = match renewed {
                // Another process may have cached a new token, but has not.
                Err(_) if !may_ask => continue,
                renewed => renewed.map_err(anyhow::Error::from),
            };
            let written = renewed.and_then(|(renewed, _)| {
                if renewed.access_token != token.access_token {
                    self.write(&renewed)?;
                }
                Ok(renewed)
            });
            match written {
                Ok(renewed) => {
                    failures = 0;
                    token = renewed;
                }
                Err(error) => {
                    failures += 1;
                    self.notes.note(&format!(
                        "{} still holds the last token, which could not be renewed: {error:#}",
                        self.path.display()
                    ));
                }
            }
        }
    }

    /// Returns a token with `ahead_ms` left, or the provider's if its tokens are shorter. Uses only the
    /// cache unless `may_ask`.
    fn renew(&self, ahead_ms: i64, may_ask: bool) -> Result<(Token, Source), Error> {
        let wish = Options {
            refresh: false,
            min_ttl_ms: ahead_ms,
            cached_only: !may_ask,
            ..self.wish
        };
        match self.acquire(wish) {
            Err(error) if is_too_short(&error) => self.acquire(Options {
                min_ttl_ms: 0,
                ..wish
            }),
            acquired => acquired,
        }
    }

    fn acquire(&self, wish: Options) -> Result<(Token, Source), Error> {
        acquire(Run {
            profile: &self.profile,
            config: &self.config,
            options: wish,
            environment: &environment,
            notes: self.notes,
        })
    }

    fn write(&self, token: &Token) -> anyhow::Result<()> {
        write(&self.path, &token.access_token, self.notes, &self.writing)
    }
}

fn wait(ms: i64) {
    thread::sleep(Duration::from_millis(ms.unsigned_abs()));
}

/// A fifth of the lifetime, at most five minutes, but at least `min_ttl_ms`.
fn ahead_ms(lifetime_ms: i64, min_ttl_ms: i64) -> i64 {
    (lifetime_ms / 5).min(AHEAD_AT_MOST_MS).max(min_ttl_ms)
}

/// Becomes shorter while the provider still returns the same token close to its expiry.
fn wait_ms(left_ms: i64, ahead_ms: i64) -> i64 {
    let until = left_ms.saturating_sub(ahead_ms);
    // A millisecond earlier the cached token would still be used.
    let wait = if until > 0 { until + 1 } else { left_ms / 2 };
    wait.clamp(WAIT_AT_LEAST_MS, WAIT_AT_MOST_MS)
}

/// Doubles with each failure in a row, from one second to one minute.
fn wait_after_failure_ms(failures: u32) -> i64 {
    WAIT_AT_LEAST_MS
        .saturating_mul(1 << failures.saturating_sub(1).min(16))
        .min(WAIT_AT_MOST_MS)
}

fn is_too_short(error: &Error) -> bool {
    matches!(error.reason(), Some(Problem::TooShort { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(path: &Path, token: &str) -> anyhow::Result<()> {
        write(path, &Secret::new(token), Notes::default(), &Mutex::new(()))
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_to_the_file_that_is_replaced() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("inner")).unwrap();
        symlink("inner/token", path("relative")).unwrap();
        symlink(path("relative"), path("absolute")).unwrap();
        for (name, token) in [("absolute", "first"), ("relative", "second")] {
            written(&path(name), token).unwrap();
            assert_eq!(fs::read_to_string(path("inner/token")).unwrap(), token);
            assert!(path(name).is_symlink());
        }
        symlink("loop", path("loop")).unwrap();
        assert!(written(&path("loop"), "t").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn devices_and_open_files_are_streams() {
        for path in ["/dev/null", "/dev/fd/1", "/proc/self/fd/1"] {
            assert_eq!(
                Target::of(Path::new(path)).unwrap(),
                Target::Stream,
                "{path}"
            );
        }
    }

    #[test]
    fn writing_in_place_leaves_nothing_of_a_longer_token() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "a-longer-token").unwrap();
        write_in_place(&path, b"short").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"short");
    }

    #[test]
    fn token_is_renewed_before_it_expires() {
        let cases = [
            (3_600_000, 0, 300_000),
            (300_000, 0, 60_000),
            (20_000, 0, 4_000),
            (3_600_000, 900_000, 900_000),
            (0, 0, 0),
        ];
        for (lifetime, min_ttl, expected) in cases {
            assert_eq!(
                ahead_ms(lifetime, min_ttl),
                expected,
                "{lifetime} {min_ttl}"
            );
        }
    }

    #[test]
    fn checks_are_between_a_second_and_a_minute_apart() {
        let cases = [
            (3_600_000, 300_000, 60_000),
            (340_000, 300_000, 40_001),
            (300_000, 300_000, 60_000),
            (20_000, 60_000, 10_000),
            (1_000, 60_000, 1_000),
            (-5_000, 0, 1_000),
            (20_000, 19_999, 1_000),
        ];
        for (left, ahead, expected) in cases {
            assert_eq!(wait_ms(left, ahead), expected, "{left} {ahead}");
        }
    }

    #[test]
    fn waits_grow_with_each_failure() {
        let waits: Vec<i64> = [1, 2, 3, 6, 7, 8, u32::MAX]
            .map(wait_after_failure_ms)
            .into();
        assert_eq!(waits, [1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000]);
    }
}
