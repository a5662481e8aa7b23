//! `tok for file`: once, or again and again ahead of each token's end until a signal says to stop.
//!
//! A sidecar has to end promptly, even while a provider keeps it waiting, and must not leave half a file behind. So the work is done in a thread
//! that holds a lock while it writes; who waits for the signal takes that lock and returns, and the process ends with both.

use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context;

use crate::clock::Now;
use crate::commands::for_::arguments::InFile;
use crate::commands::for_::file;
use crate::commands::get::{get, prepare};
use crate::commands::session::{Session, environment};
use crate::error::{Error, Kind};
use crate::get::{Options, Run, acquire};
use crate::profile::Profile;
use crate::profile::file::Config;
use crate::secret::Secret;
use crate::term::notes::Notes;
use crate::token::Token;

pub(super) fn file(session: &Session, to: &InFile) -> anyhow::Result<()> {
    if !to.watch {
        let token = get(session, &to.fetch)?.1.access_token;
        return replace(&to.path, &token);
    }
    let (config, profile, wish) = prepare(session, &to.fetch)?;
    let (stop, stopped) = mpsc::channel();
    listen(stop.clone())?;
    let writing = Arc::new(Mutex::new(()));
    let watch = Watch {
        config,
        profile,
        wish,
        notes: session.notes(),
        writing: Arc::clone(&writing),
    };
    let path = to.path.clone();
    thread::Builder::new()
        .name("watch".to_owned())
        .spawn(move || {
            let ended = watch.run(&path);
            // Nobody listens any more when the signal came first.
            let _ = stop.send(ended);
        })
        .context("could not start a thread")?;
    let ended = stopped
        .recv()
        .unwrap_or_else(|_| Err(anyhow::anyhow!("the watch ended by itself")));
    // From here on no write is under way, and none begins before the process is gone.
    std::mem::forget(writing.lock().unwrap_or_else(PoisonError::into_inner));
    ended
}

/// Sends the good end when SIGTERM or SIGINT (elsewhere Ctrl-C) comes: to be stopped is how a watch is meant to end.
fn listen(stop: Sender<anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("could not listen for signals")?;
    let (ready, listening) = mpsc::channel();
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                let heard = signals(&ready).await;
                let _ = stop.send(heard.context("could not listen for signals"));
            });
        })
        .context("could not start a thread")?;
    // A signal that comes before the first token is heard, too. An error arrives through `stop`.
    let _ = listening.recv();
    Ok(())
}

#[cfg(unix)]
async fn signals(ready: &Sender<()>) -> std::io::Result<()> {
    use std::future::poll_fn;
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let _ = ready.send(());
    poll_fn(|context| {
        let heard =
            terminate.poll_recv(context).is_ready() | interrupt.poll_recv(context).is_ready();
        if heard {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    Ok(())
}

#[cfg(not(unix))]
async fn signals(ready: &Sender<()>) -> std::io::Result<()> {
    let _ = ready.send(());
    tokio::signal::ctrl_c().await
}

/// What keeps one file fresh.
struct Watch {
    config: Config,
    profile: Profile,
    wish: Options,
    notes: Notes,
    writing: Arc<Mutex<()>>,
}

impl Watch {
    /// Keeps `path` fresh. Returns only if there is no first token, or no file to put it in: then whoever started the watch has to know.
    fn run(&self, path: &Path) -> anyhow::Result<()> {
        let mut token = self.acquire(self.wish)?;
        self.replace(path, &token.access_token)?;
        let mut failures = 0;
        loop {
            let left_ms = token.left_ms(&Now::read()).unwrap_or(0);
            let ahead_ms = file::ahead_ms(token.lifetime_ms, self.wish.min_ttl_ms);
            if left_ms > ahead_ms {
                wait(file::wait_ms(left_ms, ahead_ms));
                continue;
            }
            let renewed = self
                .renew(ahead_ms)
                .map_err(anyhow::Error::from)
                .and_then(|renewed| {
                    if renewed.access_token != token.access_token {
                        self.replace(path, &renewed.access_token)?;
                    }
                    Ok(renewed)
                });
            match renewed {
                Ok(renewed) => {
                    failures = 0;
                    token = renewed;
                    let left_ms = token.left_ms(&Now::read()).unwrap_or(0);
                    wait(file::wait_ms(left_ms, ahead_ms));
                }
                Err(error) => {
                    failures += 1;
                    self.notes.note(&format!(
                        "{} still holds the last token, which could not be renewed: {error:#}",
                        path.display()
                    ));
                    wait(file::wait_after_failure_ms(failures));
                }
            }
        }
    }

    /// A token with `ahead_ms` to live, from the cache or the provider; where the provider has none that lives so long, the one it has.
    fn renew(&self, ahead_ms: i64) -> Result<Token, Error> {
        let wish = Options {
            refresh: false,
            min_ttl_ms: ahead_ms,
            ..self.wish
        };
        match self.acquire(wish) {
            Err(failure) if failure.kind() == Kind::Unusable => self.acquire(Options {
                min_ttl_ms: 0,
                ..wish
            }),
            acquired => acquired,
        }
    }

    fn acquire(&self, wish: Options) -> Result<Token, Error> {
        acquire(Run {
            profile: &self.profile,
            config: &self.config,
            options: wish,
            environment: &environment,
            notes: self.notes,
        })
        .map(|(token, _)| token)
    }

    fn replace(&self, path: &Path, token: &Secret) -> anyhow::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        replace(path, token)
    }
}

fn replace(path: &Path, token: &Secret) -> anyhow::Result<()> {
    file::replace(path, token).with_context(|| format!("could not write {}", path.display()))
}

fn wait(ms: i64) {
    thread::sleep(Duration::from_millis(ms.unsigned_abs()));
}
