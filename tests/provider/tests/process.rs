//! The provider as a process of its own, the way scripts use it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

#[test]
fn the_process_serves_until_its_input_ends() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_local-provider"))
        .env("LOCAL_PROVIDER_CLIENT_ID", "an id")
        .env("LOCAL_PROVIDER_CLIENT_SECRET", "a+secret")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the process should start");
    let mut url = String::new();
    let mut stdout = BufReader::new(process.stdout.take().expect("stdout is piped"));
    stdout
        .read_line(&mut url)
        .expect("the first line should be the URL");
    let address = url
        .trim_end()
        .strip_prefix("http://")
        .expect("should be plain HTTP")
        .to_owned();
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(&address).expect("the process should listen");
        stream
            .write_all(request.as_bytes())
            .expect("should take a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("should answer");
        answer
    };

    let granted = ask("POST /v1/auth/token HTTP/1.1\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: 40\r\n\r\n\
         client_id=an+id&client_secret=a%2Bsecret");
    assert!(
        granted.contains(r#"{"data":{"access_token":"sk-"#),
        "{granted}"
    );
    let counts = ask("GET /requests HTTP/1.1\r\nconnection: close\r\n\r\n");
    assert!(counts.ends_with(r#"{"/v1/auth/token":1}"#), "{counts}");

    drop(process.stdin.take());
    assert!(process.wait().expect("the process should end").success());
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn an_unknown_argument_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_local-provider"))
        .arg("--secret=x")
        .stdin(Stdio::null())
        .output()
        .expect("the process should start");
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("unknown argument --secret=x"));
}
