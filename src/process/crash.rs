//! Reports a panic by its location only: the message may contain a secret.

use std::io::Write;
use std::panic::{self, Location};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// The exit code for a panic of the keyring's library; 0 until it is called.
static KEYRING_LIBRARY: AtomicU8 = AtomicU8::new(0);

static IS_CALLED_NOW: AtomicBool = AtomicBool::new(false);

/// Runs `call`, during which a panic in any thread ends the process with `exit_code`: the keyring's library starts threads
/// of its own, and panics where it gets no thread, epoll or file descriptor. Its threads outlive the call, and may panic later.
pub(crate) fn in_keyring_library<T>(exit_code: u8, call: impl FnOnce() -> T) -> T {
    KEYRING_LIBRARY.store(exit_code, Ordering::Relaxed);
    IS_CALLED_NOW.store(true, Ordering::Relaxed);
    let result = call();
    IS_CALLED_NOW.store(false, Ordering::Relaxed);
    result
}

/// Whether `file`, in which a panic is, belongs to another crate: tok's own paths are relative.
fn is_elsewhere(file: &str) -> bool {
    !file.starts_with("src") && !file.starts_with("/rustc/")
}

/// Makes a panic in any thread end the process with `exit_code`.
/// Without unwinding, whose tables would be a tenth of the program.
pub fn ends_with(exit_code: u8) {
    panic::set_hook(Box::new(move |panic| {
        let is_elsewhere = panic.location().is_some_and(|at| is_elsewhere(at.file()));
        let is_possible = is_elsewhere || IS_CALLED_NOW.load(Ordering::Relaxed);
        let (message, exit_code) = match KEYRING_LIBRARY.load(Ordering::Relaxed) {
            code if code != 0 && is_possible => (IN_LIBRARY.to_owned(), code),
            _ => (message(panic.location()), exit_code),
        };
        let _ = writeln!(std::io::stderr(), "{message}");
        #[expect(clippy::exit, reason = "there is no way back to `main` from here")]
        std::process::exit(exit_code.into());
    }));
}

const IN_LIBRARY: &str = "tok: the library that asks the keyring could not go on\n\nhint: see whether this process may start threads and open files (`ulimit -a`)";

fn message(at: Option<&Location<'_>>) -> String {
    // The folders before it are those of the build machine.
    let at = at.map_or_else(String::new, |at| {
        let file = at.file().rsplit(['/', '\\']).next().unwrap_or_default();
        format!(" ({file}:{}:{})", at.line(), at.column())
    });
    format!(
        "tok: stopped by a mistake of its own{at}\n\nhint: please report it, with this message and `tok --version`"
    )
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Set in the child process that panics.
    const PANICS: &str = "CRASH_TEST_PANICS";

    #[test]
    fn the_hook_prints_the_place_and_nothing_of_the_message() {
        let secret = "s3cret-in-a-panic";
        if std::env::var_os(PANICS).is_some() {
            ends_with(70);
            panic!("{secret}");
        }
        let name = "process::crash::tests::the_hook_prints_the_place_and_nothing_of_the_message";
        let ended = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(PANICS, "1")
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(70));
        let said = String::from_utf8_lossy(&ended.stderr);
        let (before, after) = said.split_once("(crash.rs:").unwrap();
        assert_eq!(before, "tok: stopped by a mistake of its own ");
        let (place, after) = after.split_once(')').unwrap();
        assert!(
            place.bytes().all(|c| c.is_ascii_digit() || c == b':'),
            "{said}"
        );
        let whole = message(None);
        let hint = whole.strip_prefix(before.trim_end()).unwrap();
        assert_eq!(after.trim_end(), hint, "{said}");
        assert!(!String::from_utf8_lossy(&ended.stdout).contains(secret));
    }

    #[test]
    fn a_panic_of_a_library_is_told_by_its_file() {
        for (file, expected) in [
            (
                "/home/u/.cargo/registry/src/index/async-io-2.6.0/src/reactor.rs",
                true,
            ),
            (file!(), false),
            ("src\\main.rs", false),
            ("/rustc/59807616e1fa/library/core/src/option.rs", false),
        ] {
            assert_eq!(is_elsewhere(file), expected, "{file}");
        }
    }

    #[test]
    fn a_panic_is_placed_but_not_quoted() {
        let said = message(Some(Location::caller()));
        assert!(
            said.starts_with("tok: stopped by a mistake of its own (crash.rs:"),
            "{said}"
        );
        assert_eq!(
            message(None).lines().next(),
            Some("tok: stopped by a mistake of its own")
        );
    }
}
