//! Unix: curl inherits a pipe that contains the header, and reads it with `-H @/dev/fd/N`.

use std::ffi::OsString;
use std::io::{self, Write, pipe};
use std::os::fd::{AsFd, IntoRawFd};
use std::path::Path;
use std::process::Command;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{FdFlags, fcntl_setfd};

use crate::error::{Error, Kind, OrFail, Subject};
use crate::secret::Secret;

#[derive(Debug, thiserror::Error)]
#[error("the header is longer than a pipe holds")]
struct TooLong;

/// Makes `curl` send `header`. The pipe stays open in this process, which becomes curl.
pub(super) fn add_header(curl: &mut Command, header: &Secret) -> Result<(), Error> {
    let action = || Subject::Action("could not make a pipe for curl".into());
    let (reader, mut writer) = pipe()
        .or_fail(Kind::Unexpected)
        .map_err(|error| error.about(action()))?;
    // Nothing reads before curl runs, so a full pipe would block forever.
    fcntl_getfl(&writer)
        .and_then(|flags| fcntl_setfl(&writer, flags | OFlags::NONBLOCK))
        .and_then(|()| fcntl_setfd(reader.as_fd(), FdFlags::empty()))
        .map_err(io::Error::from)
        .or_fail(Kind::Unexpected)
        .map_err(|error| error.about(action()))?;
    writer
        .write_all(header.expose().as_bytes())
        .map_err(|_| Error::of(Kind::Unusable, TooLong))?;
    let path = format!("/dev/fd/{}", reader.into_raw_fd());
    // curl only warns about a file that it cannot open, and sends the request anyway.
    if !Path::new(&path).exists() {
        return Err(Error::new(Kind::Unexpected, "/dev/fd does not exist")
            .hint("mount /proc, or use `tok for curl`"));
    }
    curl.arg("-H").arg(format!("@{path}"));
    Ok(())
}

/// Each header has its own descriptor, so stdin stays free.
pub(super) fn check(_typed: &[OsString], _requests: usize) -> Result<(), Error> {
    Ok(())
}
