//! Secrets from a program: a password manager's command line, run without a shell and not for ever.

use std::io::{ErrorKind, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::error::{Error, Kind};
use crate::profile::Environment;
use crate::secret::Secret;
use crate::secrets::environment::withhold;

/// How long the program may take: long enough for a person to touch a key or type a passphrase.
const DEADLINE: Duration = Duration::from_secs(60);

/// The most that is read from it: more is no secret.
const LARGEST_BYTES: u64 = 64 * 1024;

/// What `command` prints, without the one line end. Its stderr goes to tok's own, its stdin is empty, and it sees no secret of tok's.
pub(super) fn read(command: &[String], _: Environment<'_>) -> Result<Secret, Error> {
    run(command, DEADLINE)
}

fn run(command: &[String], deadline: Duration) -> Result<Secret, Error> {
    let failed = |message: String| Error::new(Kind::Secret, message);
    let Some((program, arguments)) = command.split_first() else {
        return Err(Error::new(Kind::Config, "the command is empty"));
    };
    let mut child = Command::new(program);
    child
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    withhold(&mut child);
    let mut child = child.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => failed("there is no such program".to_owned()).hint(format!(
            "install `{program}`, or name it with its full path"
        )),
        _ => failed(format!("could not be started: {error}")),
    })?;
    let until = Instant::now() + deadline;
    let mut stdout = child
        .stdout
        .take()
        .ok_or_else(|| failed("gave no output to read".to_owned()))?;
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::with_capacity(4096);
        let read = stdout
            .by_ref()
            .take(LARGEST_BYTES + 1)
            .read_to_end(&mut bytes);
        // The receiver is gone when the deadline has passed; then nobody wants the bytes.
        let _ = send.send(read.map(|_| bytes));
    });
    let output = receive.recv_timeout(deadline);
    let status = match &output {
        Ok(_) => ended_by(&mut child, until),
        Err(_) => None,
    };
    let Some(status) = status else {
        // It may have ended in between: then there is nothing to stop.
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(format!(
            "did not end within {} s",
            deadline.as_secs()
        )));
    };
    let bytes = match output {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(failed(format!("could not read its output: {error}"))),
        Err(_) => return Err(failed("gave no output".to_owned())),
    };
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(failed(format!(
            "printed more than {} KiB, so it is no secret",
            LARGEST_BYTES / 1024
        )));
    }
    if !status.success() {
        return Err(failed(format!("failed with {status}")));
    }
    Secret::from_line(bytes).map_err(|why| failed(why.to_string()))
}

/// The status of `child` once it has ended, or none if it has not by `until`. A program that closed its stdout usually ends at once,
/// so this looks often at first and then seldom.
fn ended_by(child: &mut std::process::Child, until: Instant) -> Option<ExitStatus> {
    let mut pause = Duration::from_micros(200);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            _ => return None,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, deadline: Duration) -> Result<String, String> {
        let command = ["sh", "-c", script].map(str::to_owned);
        run(&command, deadline)
            .map(|secret| secret.expose().to_owned())
            .map_err(|failure| failure.to_string().to_owned())
    }

    #[test]
    fn output_of_a_command_that_succeeds_is_the_secret() {
        let long = Duration::from_secs(20);
        assert_eq!(sh("echo s3cret", long).as_deref(), Ok("s3cret"));
        assert_eq!(sh("printf 'a b'", long).as_deref(), Ok("a b"));
        for (script, expected) in [
            ("exit 3", "exit status: 3"),
            ("echo s3cret; exit 1", "exit status: 1"),
            ("true", "the secret is empty"),
            ("yes", "printed more than"),
            ("printf '\\377'", "not UTF-8"),
        ] {
            let message = sh(script, long).unwrap_err();
            assert!(message.contains(expected), "{script}: {message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
        assert!(
            run(&["no-such-program-here".into()], long)
                .unwrap_err()
                .to_string()
                .contains("no such program")
        );
    }

    #[test]
    fn a_command_that_does_not_end_is_stopped() {
        let started = Instant::now();
        assert!(
            sh("exec sleep 60", Duration::from_millis(200))
                .unwrap_err()
                .contains("did not end")
        );
        assert!(
            sh("exec >&-; exec sleep 60", Duration::from_millis(200))
                .unwrap_err()
                .contains("did not end")
        );
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}
