//! The consumers that ask for a host: a token is fetched only after the host is found in the list, and who may not have one learns nothing.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use anyhow::Context;
use zeroize::Zeroizing;

use crate::cache::entries::Entries;
use crate::clock::Now;
use crate::commands::for_::arguments::{Bazel, Cargo, Login};
use crate::commands::for_::{bazel, cargo, docker, git, hosts};
use crate::commands::get::{Fetch, get, header_lines, prepare};
use crate::commands::session::{Session, environment, write};
use crate::error::{Error, Kind, OrFail, Subject};
use crate::secret::Secret;
use crate::term::text::clean;

/// The most that is read of a request: all of them are a few lines.
const LONGEST_BYTES: u64 = 64 * 1024;

/// How much of somebody else's host is shown.
const SHOWN_CHARACTERS: usize = 100;

pub(super) fn bazel(session: &Session, asks: &Bazel, out: &mut dyn Write) -> anyhow::Result<()> {
    if asks.operation != "get" {
        return Err(unknown("a Bazel credential helper", &asks.operation, "get").into());
    }
    let uri = bazel::uri(request()?.as_bytes())?;
    if !hosts::allow_url(&asks.hosts.list, &uri) {
        not_listed(session, &uri);
        return write(out, bazel::NOTHING);
    }
    let (profile, token, _) = get(session, &asks.fetch)?;
    let expires = token.expires_at_unix_ms(&Now::read());
    let header = header_lines(&profile, &token)?;
    write(out, bazel::answer(&header, expires).expose())
}

/// git tells every helper everything, and each is to do nothing about what is not its business ("gitcredentials(7)").
pub(super) fn git(session: &Session, asks: &Login, out: &mut dyn Write) -> anyhow::Result<()> {
    let Some(request) = git::Request::read(&request()?) else {
        return Err(Error::new(
            Kind::Usage,
            "stdin is no request of git's, as in `protocol=https` and `host=…`, a line each",
        )
        .into());
    };
    if !hosts::allow(&asks.hosts.list, &request.protocol, &request.host) {
        not_listed(session, &request.host);
        return Ok(());
    }
    let Some(username) = request.answer_username(asks.username.as_deref()) else {
        return Ok(());
    };
    match asks.operation.as_str() {
        "get" => {
            let (_, token, _) = get(session, &asks.fetch)?;
            let expires = token.expires_at_unix_ms(&Now::read());
            write(
                out,
                git::answer(username, &token.access_token, expires).expose(),
            )
        }
        "erase" => match &request.password {
            Some(refused) => reject(session, &asks.fetch, Some(refused)),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

pub(super) fn docker(session: &Session, asks: &Login, out: &mut dyn Write) -> anyhow::Result<()> {
    let server = || -> anyhow::Result<String> { Ok(request()?.trim().to_owned()) };
    match asks.operation.as_str() {
        "get" => {
            let server = server()?;
            if !docker::allow(&asks.hosts.list, &server) {
                write(out, docker::NOT_FOUND)?;
                return Err(Error::new(
                    Kind::Unexpected,
                    format!(
                        "no answer for `{}`, which no --host names",
                        clean(&server, SHOWN_CHARACTERS)
                    ),
                )
                .hint("if it is to be trusted, name it with --host in the helper's script")
                .into());
            }
            let token = get(session, &asks.fetch)?.1.access_token;
            let username = asks.username.as_deref().unwrap_or(docker::USERNAME);
            write(out, docker::answer(&server, username, &token).expose())
        }
        // `docker logout`: whatever is there, the next `get` is to bring another.
        "erase" if docker::allow(&asks.hosts.list, &server()?) => {
            reject(session, &asks.fetch, None)
        }
        "erase" => Ok(()),
        "list" => write(out, "{}\n"),
        "store" => Err(
            Error::new(Kind::Usage, "credentials of `docker login` are not kept")
                .hint("there is no need to log in: `get` answers with a token")
                .into(),
        ),
        other => Err(unknown(
            "a docker credential helper",
            other,
            "get, store, erase, list",
        )
        .into()),
    }
}

pub(super) fn cargo(session: &Session, asks: &Cargo, out: &mut dyn Write) -> anyhow::Result<()> {
    let index_url = environment(cargo::INDEX_URL).ok_or_else(|| {
        Error::new(Kind::Usage, format!("{} is not set", cargo::INDEX_URL))
            .hint("this is for cargo, which sets it; elsewhere take `tok token`")
    })?;
    let index_url = index_url.to_string_lossy();
    if !cargo::allow(&asks.hosts.list, &index_url) {
        // An empty token would be sent as one: cargo has no answer for "none of mine" but a failure.
        return Err(Error::new(
            Kind::Config,
            format!(
                "the registry at `{}` may not have this token",
                clean(&index_url, SHOWN_CHARACTERS)
            ),
        )
        .hint("name its host with --host in cargo's `credential-provider`, if it is to be trusted")
        .into());
    }
    let token = get(session, &asks.fetch)?.1.access_token;
    write(out, cargo::token(&token, asks.bearer).expose())
}

/// What stands on stdin, to its end.
fn request() -> anyhow::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    io::stdin()
        .lock()
        .take(LONGEST_BYTES + 1)
        .read_to_end(&mut bytes)
        .context("could not read stdin")?;
    let text = std::str::from_utf8(&bytes).ok();
    match text.filter(|_| bytes.len() as u64 <= LONGEST_BYTES) {
        Some(text) => Ok(Zeroizing::new(text.to_owned())),
        None => Err(Error::new(
            Kind::Usage,
            "stdin is no request: longer than 64 KiB, or not UTF-8",
        )
        .into()),
    }
}

/// Says why there is no answer: silence would send its reader looking for the wrong mistake.
fn not_listed(session: &Session, host: &str) {
    session.notes().note(&format!(
        "no answer for `{}`, which no --host names",
        clean(host, SHOWN_CHARACTERS)
    ));
}

fn unknown(who: &str, operation: &str, known: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!("{who} knows no `{}`", clean(operation, SHOWN_CHARACTERS)),
    )
    .hint(format!("there are: {known}"))
}

/// Drops the profile's token from the cache, if it is `refused` or that is not said. One that came in the meantime stays.
fn reject(session: &Session, fetch: &Fetch, refused: Option<&Secret>) -> anyhow::Result<()> {
    let (_, profile, _) = prepare(session, fetch)?;
    let until = Instant::now() + Duration::from_millis(profile.timeout_ms.unsigned_abs());
    let drop = |entries: Entries| match refused {
        Some(refused) => entries.reject(&profile.name, refused, until).map(|_| ()),
        None => entries.forget(Some(&profile.name)).map(|_| ()),
    };
    Entries::open()
        .and_then(|entries| entries.map_or(Ok(()), drop))
        .or_fail(Kind::Unexpected)
        .map_err(|error| {
            error
                .about(Subject::Action("could not drop the refused token".into()))
                .into()
        })
}
