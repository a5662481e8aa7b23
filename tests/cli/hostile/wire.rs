//! Answers that go wrong on the wire: cut, reset, dripping, endless, or no HTTP at all.

use std::time::Duration;

use local_provider::{Answer, Fault};

use super::Case;

const BODY: &str = r#"{"access_token":"t0ken"}"#;

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        ("closes", Fault::Close, 6),
        ("resets", Fault::Reset, 6),
        ("cuts the head", Fault::CutHead, 6),
        ("cuts the body", Fault::CutBody, 6),
        ("resets in the body", Fault::ResetInBody, 6),
        ("breaks a chunk", Fault::BrokenChunks, 6),
        ("cuts the chunks", Fault::CutChunks, 6),
        ("never ends its head", Fault::EndlessHeaders, 6),
        ("never ends its body", Fault::EndlessBody, 7),
    ]
    .into_iter()
    .map(|(name, fault, code)| Case::new(format!("a wire that {name}"), code, Answer::fault(fault)))
    .collect();
    cases.push(
        Case::new(
            "a wire that drips",
            6,
            Answer::fault(Fault::Drip(Duration::from_millis(200))),
        )
        .slow(),
    );
    cases.push(
        Case::new(
            "a wire that is silent",
            6,
            Answer::json(200, BODY).after(Duration::from_secs(20)),
        )
        .slow(),
    );
    cases.push(Case::new(
        "a wire that drips fast enough",
        0,
        Answer::json(200, BODY).with_fault(Fault::Drip(Duration::from_millis(1))),
    ));
    cases.push(Case::new(
        "a refusal that is cut",
        5,
        Answer::refusal(401, "x", "y").with_fault(Fault::CutBody),
    ));
    cases.push(Case::new(
        "an endless refusal",
        5,
        Answer::refusal(401, "x", "y").with_fault(Fault::EndlessBody),
    ));

    let length = BODY.len();
    for (name, head, code) in [
        ("the old version", "HTTP/1.0 200 OK\r\n".to_owned(), 0),
        ("no length", "HTTP/1.1 200 OK\r\n".to_owned(), 0),
        ("no reason", format!("HTTP/1.1 200\r\ncontent-length: {length}\r\n"), 0),
        ("bare line feeds", format!("HTTP/1.1 200 OK\ncontent-length: {length}\n"), 0),
        ("an interim answer", format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {length}\r\n"), 0),
        ("early hints", format!("HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {length}\r\n"), 0),
        ("a reason with ESC", format!("HTTP/1.1 200 \x1b[2J\r\ncontent-length: {length}\r\n"), 6),
        ("a short length", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n".to_owned(), 7),
        ("a long length", "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n".to_owned(), 6),
        ("two lengths", format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\ncontent-length: 3\r\n"), 6),
        ("a length below zero", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n".to_owned(), 6),
        ("a length beyond all numbers", "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n".to_owned(), 6),
        ("a length in words", "HTTP/1.1 200 OK\r\ncontent-length: ten\r\n".to_owned(), 6),
        ("chunks that are none", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n".to_owned(), 6),
        ("another protocol", "HTTP/2.0 200 OK\r\n".to_owned(), 6),
        ("a status of 99", "HTTP/1.1 99 Low\r\n".to_owned(), 6),
        ("a status of 1000", "HTTP/1.1 1000 High\r\n".to_owned(), 6),
        ("a status in words", "HTTP/1.1 fine OK\r\n".to_owned(), 6),
        ("switched protocols", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n".to_owned(), 7),
        ("a field without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n".to_owned(), 0),
        ("a field with NUL", "HTTP/1.1 200 OK\r\nx: a\0b\r\n".to_owned(), 6),
        ("a field with ESC", "HTTP/1.1 200 OK\r\nx: \x1b[2J\r\n".to_owned(), 0),
        ("a field name with a space", "HTTP/1.1 200 OK\r\nx y: z\r\n".to_owned(), 0),
        ("a field of 2 MB", format!("HTTP/1.1 200 OK\r\nx: {}\r\n", "a".repeat(2_000_000)), 6),
        ("ten thousand fields", format!("HTTP/1.1 200 OK\r\n{}", "x: y\r\n".repeat(10_000)), 6),
        ("hostile fields", "HTTP/1.1 200 OK\r\nserver: \u{202e}x\u{feff}\r\nlocation: https://a/?t0ken\r\nx-token: t0ken\r\n".to_owned(), 0),
    ] {
        let answer = Answer::raw(format!("{head}\r\n{BODY}"));
        cases.push(Case::new(format!("an answer with {name}"), code, answer));
    }
    for (name, chunks, code) in [
        (
            "with an extension",
            format!("{length:x};x=y\r\n{BODY}\r\n0\r\n\r\n"),
            0,
        ),
        (
            "with a trailer",
            format!("{length:x}\r\n{BODY}\r\n0\r\nx: y\r\n\r\n"),
            0,
        ),
        (
            "of a size below zero",
            format!("-1\r\n{BODY}\r\n0\r\n\r\n"),
            6,
        ),
        (
            "of a size beyond all numbers",
            format!("fffffffffffffffff\r\n{BODY}\r\n0\r\n\r\n"),
            6,
        ),
        (
            "of the largest size",
            format!("ffffffffffffffff\r\n{BODY}\r\n0\r\n\r\n"),
            6,
        ),
        (
            "without an end of line",
            format!("{length:x}\r\n{BODY}0\r\n\r\n"),
            6,
        ),
        (
            "with an endless extension",
            format!(
                "{length:x};{}\r\n{BODY}\r\n0\r\n\r\n",
                "x".repeat(1_000_000)
            ),
            6,
        ),
    ] {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        cases.push(Case::new(
            format!("a chunk {name}"),
            code,
            Answer::raw(format!("{head}{chunks}")),
        ));
    }
    for (name, bytes) in [
        (
            "noise",
            b"\x00\x01\x02\xff\xfe noise \x1b[2J\r\n\r\n".to_vec(),
        ),
        ("a bare token", b"t0ken\n".to_vec()),
        ("bare JSON", BODY.as_bytes().to_vec()),
        ("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x28".to_vec()),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        ("SMTP", b"220 mail.example ESMTP\r\n".to_vec()),
        ("a megabyte of nothing", vec![0; 1_000_000]),
    ] {
        cases.push(Case::new(
            format!("no HTTP but {name}"),
            6,
            Answer::raw(bytes),
        ));
    }
    cases
}
