//! The four dialects as a process, for scripts that cannot link a library.
//!
//! `local-provider [--port N] [--ca-file FILE]` prints its base URL as the first and only line, and serves until its
//! standard input ends; a script that dies takes it along. With `--ca-file` it speaks TLS and writes the CA to trust
//! there. The account is `demo-client` with `demo-secret`, unless `LOCAL_PROVIDER_CLIENT_ID` and
//! `LOCAL_PROVIDER_CLIENT_SECRET` say otherwise: a secret has no place among arguments. `GET /requests` answers
//! with how many requests each path has had, as JSON, this one not counted.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use local_provider::dialects::{Account, Dialects};
use local_provider::{Answer, Certificate, Provider, Record};

/// Where the counts are.
const REQUESTS: &str = "/requests";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local-provider: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse(env::args_os().skip(1))?;
    let certificate = options.ca_file.as_ref().map(|_| Certificate::Good);
    let provider = Provider::start_on(options.port, certificate)?;
    if let Some(ca_file) = options.ca_file {
        fs::write(ca_file, provider.ca_pem())?;
    }
    let account = Account::new(
        &variable("LOCAL_PROVIDER_CLIENT_ID", "demo-client")?,
        &variable("LOCAL_PROVIDER_CLIENT_SECRET", "demo-secret")?,
    );
    let _dialects = Dialects::serve(&provider, &account);
    let record = provider.record();
    provider.answer_with(REQUESTS, move |_| Answer::json(200, counts(&record)));

    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", provider.url(""))?;
    stdout.flush()?;
    let mut buffer = [0; 1024];
    let mut stdin = io::stdin().lock();
    while stdin.read(&mut buffer)? > 0 {}
    Ok(())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    port: u16,
    ca_file: Option<PathBuf>,
}

impl Options {
    fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or_else(|| format!("{} needs a value", name.display()))
            };
            match name.to_str() {
                Some("--port") => {
                    let port = value()?;
                    options.port = port
                        .to_str()
                        .and_then(|port| port.parse().ok())
                        .ok_or_else(|| format!("{} is no port", port.display()))?;
                }
                Some("--ca-file") => options.ca_file = Some(value()?.into()),
                _ => {
                    return Err(format!(
                        "unknown argument {}; known are --port and --ca-file",
                        name.display()
                    ));
                }
            }
        }
        Ok(options)
    }
}

/// A variable's text, or the default when it is not set.
fn variable(name: &str, default: &str) -> Result<String, env::VarError> {
    match env::var(name) {
        Err(env::VarError::NotPresent) => Ok(default.to_owned()),
        found => found,
    }
}

fn counts(record: &Record) -> serde_json::Value {
    let mut counts = BTreeMap::new();
    for received in record.requests() {
        if received.path != REQUESTS {
            *counts.entry(received.path).or_insert(0_u64) += 1;
        }
    }
    serde_json::json!(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, String> {
        Options::parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn options_are_read_or_refused() {
        assert_eq!(parse(&[]), Ok(Options::default()));
        let both = Options {
            port: 80,
            ca_file: Some("f".into()),
        };
        assert_eq!(parse(&["--ca-file", "f", "--port", "80"]), Ok(both));
        for arguments in [
            &["--port"][..],
            &["--port", "x"],
            &["--port", "65536"],
            &["--ca-file"],
            &["8080"],
        ] {
            assert!(parse(arguments).is_err(), "{arguments:?}");
        }
    }
}
