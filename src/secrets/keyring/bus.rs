//! Tells a silent session bus from a hanging keyring daemon, after the keyring's time is up.

use std::ffi::OsStr;

/// Whether the bus accepts a connection but does not answer; false if that cannot be determined.
pub(super) fn is_silent(address: Option<&OsStr>) -> bool {
    address
        .and_then(OsStr::to_str)
        .and_then(socket)
        .is_some_and(platform::is_silent)
}

/// Returns the socket's path, or `None` for another transport (D-Bus Specification, *Server Addresses*).
fn socket(address: &str) -> Option<&str> {
    let pairs = address.split(';').next()?.strip_prefix("unix:")?;
    pairs.split(',').find_map(|pair| pair.strip_prefix("path="))
}

#[cfg(unix)]
mod platform {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    /// A working bus answers at once, and the keyring's own deadline has already passed.
    const PATIENCE: Duration = Duration::from_millis(300);

    pub(super) fn is_silent(path: &str) -> bool {
        let asked = UnixStream::connect(path).and_then(|mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            stream.write_all(b"\0AUTH\r\n")?;
            stream.read(&mut [0])
        });
        asked.is_err_and(|error| {
            matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
            )
        })
    }
}

#[cfg(not(unix))]
mod platform {
    pub(super) fn is_silent(_: &str) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sockets_path_is_found_in_an_address() {
        let cases = [
            ("unix:path=/run/user/1000/bus", Some("/run/user/1000/bus")),
            ("unix:guid=1,path=/run/bus;tcp:host=x", Some("/run/bus")),
            ("unix:abstract=/tmp/x", None),
            ("tcp:host=localhost,port=1", None),
            ("", None),
        ];
        for (address, path) in cases {
            assert_eq!(socket(address), path, "{address}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_a_bus_that_takes_a_connection_and_says_nothing_is_silent() {
        use std::io::Write;
        use std::os::unix::net::UnixListener;
        let folder = tempfile::tempdir().unwrap();
        let address = |name: &str| format!("unix:path={}", folder.path().join(name).display());
        let _silent = UnixListener::bind(folder.path().join("silent")).unwrap();
        let alive = UnixListener::bind(folder.path().join("alive")).unwrap();
        let answering = std::thread::spawn(move || {
            alive
                .accept()
                .unwrap()
                .0
                .write_all(b"REJECTED EXTERNAL\r\n")
                .unwrap();
        });
        assert!(is_silent(Some(OsStr::new(&address("silent")))));
        assert!(!is_silent(Some(OsStr::new(&address("alive")))));
        assert!(!is_silent(Some(OsStr::new(&address("gone")))));
        assert!(!is_silent(None));
        answering.join().unwrap();
    }
}
