//! Secrets in files: a profile's path, or a systemd credential.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use zeroize::Zeroizing;

use crate::process::deadline;
use crate::profile::Environment;
use crate::secrets::failure::{Failure, LARGEST_BYTES};
use crate::secrets::{Given, seconds_until};

pub(super) fn read(path: &Path, until: Instant) -> Result<Option<Given>, Failure> {
    let bytes = match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Ok(file) if !file.is_file() => {
            // Even opening a FIFO may block forever.
            let seconds = seconds_until(until);
            let path = path.to_owned();
            deadline::by(until, move || content(&path)).ok_or(Failure::LateFile(seconds))?
        }
        _ => content(path),
    }?;
    bytes.map(Given::of_lines).transpose()
}

fn content(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::Unreadable(error)),
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST_BYTES as usize + 1));
    file.take(LARGEST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(Failure::Unreadable)?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(Failure::TooLarge);
    }
    Ok(Some(bytes))
}

/// See `LoadCredential=` in systemd.exec(5); returns `None` outside such a service.
pub(super) fn read_credential(
    name: &str,
    environment: Environment<'_>,
    until: Instant,
) -> Result<Option<Given>, Failure> {
    if name.is_empty() || name.contains(['/', '\\']) || name == ".." || name == "." {
        return Err(Failure::NotACredential);
    }
    match environment("CREDENTIALS_DIRECTORY") {
        Some(folder) => read(&PathBuf::from(folder).join(name), until),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::secret::Secret;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn a_missing_file_is_not_set_and_a_bad_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(read(&path, soon()).unwrap().is_none());
        let cases: [(&[u8], Option<&str>); 5] = [
            (b"s3cret\n", Some("s3cret")),
            (b"\n", None),
            (b"\xff", None),
            (b"\x30\x82\x01\x00\x02\x01\x03\x30\x82", None),
            (&[b'x'; 70_000], None),
        ];
        for (bytes, expected) in cases {
            std::fs::write(&path, bytes).unwrap();
            let read = read(&path, soon()).ok().flatten();
            assert_eq!(read.map(|given| given.secret), expected.map(Secret::new));
        }
        assert!(read(folder.path(), soon()).is_err());
        for pkcs12 in [
            b"\x30\x82\x01\x00\x02\x01\x03\x30\x82".as_slice(),
            b"\x30\x80\x02\x01\x03\x30\x80",
        ] {
            std::fs::write(&path, pkcs12).unwrap();
            assert!(matches!(read(&path, soon()), Err(Failure::Pkcs12)));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_fifo_is_read_until_the_deadline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        rustix::fs::mkfifoat(
            rustix::fs::CWD,
            &path,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        )
        .unwrap();
        let soon_over = Instant::now() + Duration::from_millis(50);
        assert!(matches!(read(&path, soon_over), Err(Failure::LateFile(_))));
        std::fs::write(&path, "s3cret\n").unwrap();
    }

    #[test]
    fn a_credential_is_a_plain_name_in_systemds_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("api"), "s3cret").unwrap();
        let path = folder.path().as_os_str().to_owned();
        let environment = |name: &str| (name == "CREDENTIALS_DIRECTORY").then(|| path.clone());
        let read = |name: &str, environment: Environment<'_>| {
            read_credential(name, environment, soon()).map(|given| given.map(|given| given.secret))
        };
        assert_eq!(
            read("api", &environment).unwrap(),
            Some(Secret::new("s3cret"))
        );
        assert_eq!(read("other", &environment).unwrap(), None);
        assert_eq!(read("api", &|_| None).unwrap(), None);
        for bad in ["../api", "", "..", "a/b"] {
            assert!(read(bad, &environment).is_err(), "{bad}");
        }
    }
}
