//! Secrets from and to a program, such as a password manager's command line, run without a shell and until a deadline.

use std::ffi::OsString;
use std::io::{ErrorKind, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::secrets::failure::{Failure, LARGEST_BYTES};
use crate::secrets::{Given, seconds_until};

/// Something the program started may keep the pipe open after it exits.
const DRAIN: Duration = Duration::from_millis(200);

/// The child inherits stderr, has an empty stdin, and does not see the variables in `withheld`.
pub(super) fn read(
    command: &[String],
    withheld: &[OsString],
    until: Instant,
) -> Result<Given, Failure> {
    Given::of_lines(run(command, withheld, None, until)?)
}

/// Runs `command` with `input` on its stdin, and returns what it prints.
pub(super) fn run(
    command: &[String],
    withheld: &[OsString],
    input: Option<&Secret>,
    until: Instant,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let seconds = seconds_until(until);
    let stdin = input.map_or_else(Stdio::null, |_| Stdio::piped());
    let mut child = start(command, withheld, stdin, Stdio::piped())?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        let input = input.clone();
        // On a thread, because a program may print before it reads; if it does not read all, its exit code and output count.
        let writer = Builder::new().spawn(move || {
            let _ = stdin.write_all(input.expose().as_bytes());
        });
        if let Err(error) = writer {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::NotStarted(error));
        }
    }
    let ended = output(&mut child, until);
    if !matches!(ended, Ok(Some(_))) {
        let _ = child.kill();
        let _ = child.wait();
    }
    let (bytes, status) = ended?.ok_or(Failure::Late(seconds))?;
    if !status.success() {
        return Err(Failure::Failed(status));
    }
    Ok(bytes)
}

/// The child gets `secret` and a newline on stdin; what it prints is not shown, as it may repeat the secret.
pub(super) fn write(
    command: &[String],
    withheld: &[OsString],
    secret: &Secret,
    until: Instant,
) -> Result<(), Failure> {
    let seconds = seconds_until(until);
    let mut child = start(command, withheld, Stdio::piped(), Stdio::null())?;
    let mut line = secret.clone();
    line.push("\n");
    let stdin = child.stdin.take();
    // On a thread, because the program may not read.
    let writer = Builder::new().spawn(move || {
        stdin.map_or(Ok(()), |mut stdin| {
            stdin.write_all(line.expose().as_bytes())
        })
    });
    let ended = wait(&mut child, until);
    if !matches!(ended, Ok(Some(_))) {
        let _ = child.kill();
        let _ = child.wait();
    }
    let status = ended?.ok_or(Failure::Late(seconds))?;
    if !status.success() {
        return Err(Failure::Failed(status));
    }
    match writer.map_err(Failure::NotStarted)?.join() {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Failure::NotTaken(error)),
        Err(_) => Err(Failure::NotTaken(ErrorKind::Other.into())),
    }
}

fn start(
    command: &[String],
    withheld: &[OsString],
    stdin: Stdio,
    stdout: Stdio,
) -> Result<Child, Failure> {
    let (program, arguments) = command.split_first().ok_or(Failure::NoCommand)?;
    let mut child = Command::new(program);
    child.args(arguments).stdin(stdin).stdout(stdout);
    for variable in withheld {
        child.env_remove(variable);
    }
    child.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::NoProgram(program.clone()),
        _ => Failure::NotStarted(error),
    })
}

fn wait(child: &mut Child, until: Instant) -> Result<Option<ExitStatus>, Failure> {
    let mut pause = Duration::from_micros(200);
    loop {
        let status = child.try_wait().map_err(Failure::NotStarted)?;
        if status.is_some() || Instant::now() >= until {
            return Ok(status);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

type Output = (Zeroizing<Vec<u8>>, ExitStatus);

fn output(child: &mut Child, until: Instant) -> Result<Option<Output>, Failure> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST_BYTES as usize + 1));
    let Some(mut stdout) = child.stdout.take() else {
        return Err(Failure::NoOutput(ErrorKind::BrokenPipe.into()));
    };
    let (send, chunks) = mpsc::channel();
    let reader = Builder::new().spawn(move || {
        loop {
            let mut chunk = Zeroizing::new([0; 4096]);
            let read = match stdout.read(chunk.as_mut_slice()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read,
            };
            let is_last = !matches!(read, Ok(1..));
            if send.send(read.map(|read| (chunk, read))).is_err() || is_last {
                break;
            }
        }
    });
    reader.map_err(Failure::NotStarted)?;
    let mut status = None;
    let mut is_read = false;
    let mut until = until;
    let mut pause = Duration::from_micros(200);
    loop {
        if status.is_none() {
            status = child.try_wait().map_err(Failure::NoOutput)?;
            if status.is_some() {
                until = until.min(Instant::now() + DRAIN);
            }
        }
        if let Some(status) = status
            && (is_read || Instant::now() >= until)
        {
            return Ok(Some((bytes, status)));
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        if is_read {
            // A program that closed its stdout usually exits at once, so the pauses start short.
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
            continue;
        }
        match chunks.recv_timeout(pause) {
            Ok(Ok((chunk, read))) => {
                is_read = read == 0;
                bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
                if bytes.len() as u64 > LARGEST_BYTES {
                    return Err(Failure::PrintedTooMuch);
                }
            }
            Ok(Err(error)) => return Err(Failure::NoOutput(error)),
            Err(RecvTimeoutError::Timeout) => pause = (pause * 2).min(Duration::from_millis(50)),
            Err(RecvTimeoutError::Disconnected) => is_read = true,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, deadline: Duration) -> Result<String, String> {
        let command = ["sh", "-c", script].map(str::to_owned);
        read(&command, &[], Instant::now() + deadline)
            .map(|given| given.secret.expose().to_owned())
            .map_err(|failure| crate::error::Error::from(failure).to_string())
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
        let missing = read(&["no-such-program-here".into()], &[], Instant::now() + long);
        assert!(matches!(missing, Err(Failure::NoProgram(_))));
    }

    #[test]
    fn a_secret_is_stored_only_if_the_program_takes_it_and_succeeds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stored");
        let store = |script: &str| {
            let script = script.replace("FILE", &path.display().to_string());
            let command = ["sh", "-c", &script].map(str::to_owned);
            let until = Instant::now() + Duration::from_secs(20);
            write(&command, &[], &Secret::new("s3cret"), until)
        };
        store("cat > 'FILE'; echo s3cret").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "s3cret\n");
        assert!(matches!(store("cat; exit 3"), Err(Failure::Failed(_))));
        let missing = ["no-such-program-here".to_owned()];
        let secret = Secret::new("s3cret");
        assert!(matches!(
            write(&missing, &[], &secret, Instant::now()),
            Err(Failure::NoProgram(_))
        ));
        let endless = ["sleep", "60"].map(str::to_owned);
        assert!(matches!(
            write(&endless, &[], &secret, Instant::now()),
            Err(Failure::Late(_))
        ));
    }

    #[test]
    fn a_command_is_done_when_it_exits_whatever_it_left_running() {
        let started = Instant::now();
        let secret = sh(
            "sleep 60 & echo s3cret; echo $! >&2",
            Duration::from_secs(50),
        );
        assert_eq!(secret.as_deref(), Ok("s3cret"));
        assert!(started.elapsed() < Duration::from_secs(30));
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
