//! Secrets in files: a path the profile names, or a credential that systemd put there for a service.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind};
use crate::profile::Environment;
use crate::secret::Secret;

/// The largest file that is taken for a secret: more is a mistaken path.
const LARGEST_BYTES: u64 = 64 * 1024;

/// The secret in the file at `path`, without the one line end an editor adds; none when there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Secret>, Error> {
    let failed = |message: String| Error::new(Kind::Secret, message);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(format!("could not read it: {error}"))),
    };
    let mut bytes = Vec::with_capacity(4096);
    file.take(LARGEST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(format!("could not read it: {error}")))?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(failed(format!(
            "larger than {} KiB, so it is no secret",
            LARGEST_BYTES / 1024
        )));
    }
    Secret::from_line(bytes)
        .map(Some)
        .map_err(|why| failed(why.to_string()))
}

/// The secret in systemd credential `name` (systemd.exec(5), `LoadCredential=`); none outside such a service.
pub(super) fn read_credential(
    name: &str,
    environment: Environment<'_>,
) -> Result<Option<Secret>, Error> {
    if name.is_empty() || name.contains(['/', '\\']) || name == ".." || name == "." {
        return Err(Error::new(
            Kind::Config,
            "a credential's name is a plain file name",
        ));
    }
    match environment("CREDENTIALS_DIRECTORY") {
        Some(folder) => read(&PathBuf::from(folder).join(name)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_not_set_and_a_bad_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert_eq!(read(&path).unwrap(), None);
        let cases: [(&[u8], Option<&str>); 4] = [
            (b"s3cret\n", Some("s3cret")),
            (b"\n", None),
            (b"\xff", None),
            (&[b'x'; 70_000], None),
        ];
        for (bytes, expected) in cases {
            std::fs::write(&path, bytes).unwrap();
            let read = read(&path);
            assert_eq!(read.ok().flatten(), expected.map(Secret::new));
        }
        assert!(read(folder.path()).is_err());
    }

    #[test]
    fn a_credential_is_a_plain_name_in_systemds_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("api"), "s3cret").unwrap();
        let path = folder.path().as_os_str().to_owned();
        let environment = |name: &str| (name == "CREDENTIALS_DIRECTORY").then(|| path.clone());
        assert_eq!(
            read_credential("api", &environment).unwrap(),
            Some(Secret::new("s3cret"))
        );
        assert_eq!(read_credential("other", &environment).unwrap(), None);
        assert_eq!(read_credential("api", &|_| None).unwrap(), None);
        for bad in ["../api", "", "..", "a/b"] {
            assert!(read_credential(bad, &environment).is_err(), "{bad}");
        }
    }
}
