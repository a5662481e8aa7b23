//! The provider over real sockets: what arrives is recorded, what is ordered goes wrong, and the end is an end.
//!
//! The client here is a bare socket on purpose: an HTTP client would repair or reject what is to be seen.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use local_provider::dialects::{Account, Dialects, cint};
use local_provider::{Answer, Certificate, Fault, Gate, Provider, Unwilling};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Long enough that only a server that hangs reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

fn connect(provider: &Provider) -> TcpStream {
    let stream = TcpStream::connect(provider.address()).expect("the provider should listen");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a time-out can be set");
    stream
}

/// Sends a request for `path` that ends the connection, and reads all that comes back.
fn exchange(mut stream: impl Read + Write, path: &str) -> (String, io::Result<usize>) {
    let mut answer = Vec::new();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi"
    );
    let result = stream
        .write_all(request.as_bytes())
        .and_then(|()| stream.read_to_end(&mut answer));
    (String::from_utf8(answer).expect("should be text"), result)
}

fn get(provider: &Provider, path: &str) -> String {
    let (answer, result) = exchange(connect(provider), path);
    result.expect("the answer should end in order");
    answer
}

#[test]
fn a_request_is_recorded_and_answered() {
    let provider = Provider::start();
    provider.answer("/token", Answer::text(201, "made"));
    let answer = get(&provider, "/token?a=b");
    assert!(
        answer.starts_with("HTTP/1.1 201 Created\r\n") && answer.ends_with("\r\n\r\nmade"),
        "{answer}"
    );
    let received = provider.only_request();
    assert_eq!(
        (
            received.path.as_str(),
            received.query.as_str(),
            received.text()
        ),
        ("/token", "a=b", "hi")
    );
    assert_eq!(
        (provider.request_count("/token"), provider.connections()),
        (1, 1)
    );
}

#[test]
fn an_unscripted_path_is_404_and_recorded() {
    let provider = Provider::start();
    assert!(get(&provider, "/").starts_with("HTTP/1.1 404 "));
    assert_eq!(provider.request_count("/"), 1);
}

#[test]
fn a_connection_serves_many_requests() {
    let provider = Provider::start();
    provider.answer_with("/n", |received| {
        Answer::text(200, format!("<{}>", received.text()))
    });
    let mut stream = connect(&provider);
    // Both at once: the second must not get lost behind the first.
    stream
        .write_all(b"PUT /n HTTP/1.1\r\ncontent-length: 1\r\n\r\n1PUT /n HTTP/1.1\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n1\r\n2\r\n0\r\n\r\n")
        .unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    assert!(
        answers.contains("<1>") && answers.ends_with("<2>"),
        "{answers}"
    );
    assert_eq!((provider.requests().len(), provider.connections()), (2, 1));
}

#[test]
fn expect_100_continue_is_answered() {
    let provider = Provider::start();
    provider.answer("/t", Answer::new(204));
    let mut stream = connect(&provider);
    stream
        .write_all(b"POST /t HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        .unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hi").unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 204");
}

#[test]
fn a_request_that_is_not_http_is_answered_and_not_recorded() {
    let provider = Provider::start();
    let mut stream = connect(&provider);
    stream.write_all(b"HELO there\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("HELO there"),
        "{answer}"
    );
    assert_eq!((provider.requests().len(), provider.connections()), (0, 1));
}

#[test]
fn orderly_faults_end_in_order_and_resets_do_not() {
    let provider = Provider::start();
    let cases = [
        (Fault::Close, 0, None),
        (Fault::CutHead, 1, None),
        (Fault::CutBody, 1, None),
        (Fault::BrokenChunks, 1, None),
        (Fault::CutChunks, 1, None),
        (Fault::Reset, 0, Some(io::ErrorKind::ConnectionReset)),
        (Fault::ResetInBody, 0, Some(io::ErrorKind::ConnectionReset)),
    ];
    for (fault, at_least, expected) in cases {
        provider.answer("/t", Answer::fault(fault));
        let (answer, result) = exchange(connect(&provider), "/t");
        assert_eq!(
            result.err().map(|error| error.kind()),
            expected,
            "{fault:?}: {answer}"
        );
        assert!(answer.len() >= at_least, "{fault:?}: {answer}");
        assert!(fault != Fault::Close || answer.is_empty(), "{answer}");
    }
}

#[test]
fn an_endless_answer_keeps_coming() {
    let provider = Provider::start();
    for fault in [Fault::EndlessHeaders, Fault::EndlessBody] {
        provider.answer("/t", Answer::fault(fault));
        let mut stream = connect(&provider);
        stream.write_all(b"GET /t HTTP/1.1\r\n\r\n").unwrap();
        let mut first = vec![0; 1024 * 1024];
        stream.read_exact(&mut first).unwrap();
    }
}

#[test]
fn a_gzip_answer_unpacks_to_its_body() {
    let provider = Provider::start();
    let body = "x".repeat(100_000);
    provider.answer("/t", Answer::text(200, &body).gzip());
    let mut stream = connect(&provider);
    stream
        .write_all(b"GET /t HTTP/1.1\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap()
        + 4;
    assert!(
        answer.len() < 2000
            && String::from_utf8_lossy(&answer[..end]).contains("content-encoding: gzip")
    );
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(&answer[end..])
        .read_to_string(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, body);
}

#[test]
fn a_gate_holds_all_requests_until_it_opens() {
    let provider = Provider::start();
    let gate = Gate::new();
    provider.answer("/t", Answer::text(200, "through").held_by(&gate));
    thread::scope(|scope| {
        let clients: Vec<_> = (0..50)
            .map(|_| scope.spawn(|| get(&provider, "/t")))
            .collect();
        gate.wait_for(50);
        provider.wait_for_requests("/t", 50);
        assert!(clients.iter().all(|client| !client.is_finished()));
        gate.open();
        for client in clients {
            assert!(client.join().unwrap().ends_with("through"));
        }
    });
    assert_eq!(gate.waiting(), 0);
}

#[test]
fn a_delayed_answer_waits_for_its_delay() {
    let provider = Provider::start();
    let delay = Duration::from_millis(150);
    provider.answer("/t", Answer::new(200).after(delay));
    let asked = Instant::now();
    let _ = get(&provider, "/t");
    assert!(asked.elapsed() >= delay);
}

#[test]
fn the_end_of_the_provider_ends_waiting_clients_and_frees_the_port() {
    let provider = Provider::start();
    provider.answer("/held", Answer::new(200).held_by(&Gate::new()));
    provider.answer("/late", Answer::new(200).after(PATIENCE * 100));
    provider.answer("/slow", Answer::fault(Fault::Drip(PATIENCE)));
    let address = provider.address();
    let begun = Instant::now();
    let clients = ["/held", "/late", "/slow"].map(|path| {
        let stream = connect(&provider);
        thread::spawn(move || exchange(stream, path).0)
    });
    for path in ["/held", "/late", "/slow"] {
        provider.wait_for_requests(path, 1);
    }
    drop(provider);
    for client in clients {
        assert_eq!(client.join().unwrap(), "");
    }
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(
        TcpStream::connect(address).unwrap_err().kind(),
        io::ErrorKind::ConnectionRefused
    );
}

#[test]
fn an_unwilling_server_fails_before_any_request() {
    let expected = [
        (Unwilling::Closes, true),
        (Unwilling::Resets, true),
        (Unwilling::Silent, false),
    ];
    for (unwilling, ends) in expected {
        let provider = Provider::start_unwilling(unwilling);
        let mut stream = connect(&provider);
        let wait = if ends {
            PATIENCE
        } else {
            Duration::from_millis(50)
        };
        stream.set_read_timeout(Some(wait)).unwrap();
        let outcome = stream.read(&mut [0]).map_err(|error| error.kind());
        let expected = match unwilling {
            Unwilling::Closes => Ok(0),
            Unwilling::Resets => Err(io::ErrorKind::ConnectionReset),
            Unwilling::Silent => Err(io::ErrorKind::WouldBlock),
        };
        assert_eq!(outcome, expected, "{unwilling:?}");
        assert_eq!((provider.requests().len(), provider.connections()), (0, 1));
    }
}

#[test]
#[should_panic(expected = "the handler of /t panicked: not what I wanted")]
fn a_handler_that_panics_fails_the_test() {
    let provider = Provider::start();
    provider.answer_with("/t", |_| panic!("not what I wanted"));
    let _ = exchange(connect(&provider), "/t");
}

/// Asks over TLS as a strict client for `127.0.0.1` does; the error is the handshake's.
fn get_over_tls(provider: &Provider, show_identity: bool) -> Result<String, String> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(provider.ca_pem().as_bytes()).expect("PEM"))
        .expect("the CA should be a CA");
    let builder =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS")
            .with_root_certificates(roots);
    let config = if show_identity {
        let identity = provider.client_identity();
        let certificate =
            CertificateDer::from_pem_slice(identity.certificate_pem.as_bytes()).expect("PEM");
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).expect("PEM");
        builder
            .with_client_auth_cert(vec![certificate], key)
            .expect("certificate and key should belong together")
    } else {
        builder.with_no_client_auth()
    };
    let name = ServerName::try_from("127.0.0.1").expect("an address is a name");
    let session = ClientConnection::new(Arc::new(config), name).expect("a session can begin");
    let (answer, result) = exchange(StreamOwned::new(session, connect(provider)), "/t");
    result.map(|_| answer).map_err(|error| error.to_string())
}

#[test]
fn a_good_certificate_is_accepted_and_each_bad_one_is_refused_for_its_own_reason() {
    let cases = [
        (Certificate::Good, None),
        (Certificate::Expired, Some("expired")),
        (Certificate::WrongHost, Some("not valid for name")),
        (Certificate::SelfSigned, Some("UnknownIssuer")),
        (Certificate::UnknownCa, Some("UnknownIssuer")),
    ];
    for (certificate, expected) in cases {
        let provider = Provider::start_tls_with(certificate);
        provider.answer("/t", Answer::text(200, "private"));
        assert!(provider.url("/t").starts_with("https://127.0.0.1:"));
        match (get_over_tls(&provider, false), expected) {
            (Ok(answer), None) => assert!(answer.ends_with("private"), "{answer}"),
            (Err(error), Some(expected)) => {
                assert!(error.contains(expected), "{certificate:?}: {error}");
            }
            (outcome, _) => panic!("{certificate:?}: {outcome:?}"),
        }
        assert_eq!(provider.requests().len(), usize::from(expected.is_none()));
    }
}

#[test]
fn mutual_tls_accepts_only_clients_with_the_certificate() {
    let provider = Provider::start_mutual_tls();
    provider.answer("/t", Answer::text(200, "known"));
    let error = get_over_tls(&provider, false).unwrap_err();
    assert!(error.contains("CertificateRequired"), "{error}");
    assert!(provider.requests().is_empty());
    assert!(get_over_tls(&provider, true).unwrap().ends_with("known"));
}

#[test]
fn a_cut_over_tls_differs_from_a_close() {
    let provider = Provider::start_tls();
    provider.answer("/t", Answer::fault(Fault::CutBody));
    let error = get_over_tls(&provider, false).unwrap_err();
    assert!(error.contains("close_notify"), "{error}");
}

#[test]
fn an_issued_token_opens_the_api_until_it_is_revoked() {
    let provider = Provider::start();
    let dialects = Dialects::serve(&provider, &Account::new("id", "secret"));
    let body = r#"{"client_id":"id","client_secret":"secret","audience":"https://api.luc.id","grant_type":"client_credentials"}"#;
    let ask = |path: &str, header: &str, body: &str| {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\n{header}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let mut stream = connect(&provider);
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    for _ in 0..2 {
        assert!(
            ask(cint::CINT.path, "content-type: application/json", body)
                .starts_with("HTTP/1.1 200 ")
        );
    }
    let issued = dialects.issued();
    assert!(issued.len() == 2 && issued[0] != issued[1]);
    let bearer = format!("authorization: Bearer {}", issued[0]);
    assert!(ask("/api/x", &bearer, "").contains(r#""token_from":"cint""#));
    assert!(ask("/api/x", "authorization: Bearer made-up", "").starts_with("HTTP/1.1 401 "));
    assert!(ask("/api/x", "x: y", "").starts_with("HTTP/1.1 401 "));
    dialects.revoke(&issued[0]);
    assert!(ask("/api/x", &bearer, "").starts_with("HTTP/1.1 401 "));
    assert!(dialects.complaints().is_empty());

    let wrong = body.replace(r#""secret""#, r#""other""#);
    let answer = ask(cint::CINT.path, "content-type: application/json", &wrong);
    assert!(
        answer.starts_with("HTTP/1.1 401 ") && answer.contains("access_denied"),
        "{answer}"
    );
    assert_eq!(dialects.complaints(), ["cint: wrong client id or secret"]);
}
