//! Whether the session bus itself answers: when a keyring's time is up, that tells a bus that is silent from a daemon that hangs.

use std::ffi::OsStr;

/// Whether the bus at `address` (`DBUS_SESSION_BUS_ADDRESS`) takes a connection and then says nothing; false where nobody can tell.
pub(super) fn is_silent(address: Option<&OsStr>) -> bool {
    address
        .and_then(OsStr::to_str)
        .and_then(socket)
        .is_some_and(platform::is_silent)
}

/// The path of the socket in an address; none for a bus that is reached in another way (D-Bus Specification, *Server Addresses*).
fn socket(address: &str) -> Option<&str> {
    let pairs = address.split(';').next()?.strip_prefix("unix:")?;
    pairs.split(',').find_map(|pair| pair.strip_prefix("path="))
}

#[cfg(unix)]
mod platform {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    /// A bus that is alive answers at once; the keyring's own deadline has passed before this is asked.
    const PATIENCE: Duration = Duration::from_millis(300);

    /// Asks how one may authenticate, which every bus answers to anyone (D-Bus Specification, *Authentication Protocol*).
    pub(super) fn is_silent(path: &str) -> bool {
        let asked = UnixStream::connect(path).and_then(|mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            stream.write_all(b"\0AUTH\r\n")?;
            stream.read(&mut [0])
        });
        // What cannot be connected to is not silent but gone.
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
