//! The ways an answer goes wrong between two machines, made to order.
//!
//! Faults that have no end are bounded here in bytes and in time: a client that reads on for ever fails its test,
//! it does not fill the machine.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::answer::{Answer, chunk};
use crate::shutdown::Shutdown;

/// The most an endless answer sends: 64 times what tok reads.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// The longest an endless or dripping answer goes on: tok's default deadline.
pub(crate) const MAX_TIME: Duration = Duration::from_secs(30);
/// How much more a cut body promises than it holds.
const MISSING: usize = 100;

/// A fault in the answer. The connection ends with each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed in order, without a byte.
    Close,
    /// The connection is reset (TCP RST), without a byte.
    Reset,
    /// Status line and some headers, then an orderly close: the head never ends.
    CutHead,
    /// Head and body as given, but `content-length` promises 100 bytes more; then an orderly close.
    CutBody,
    /// As [`Fault::CutBody`], with a reset at the end.
    ResetInBody,
    /// The whole body as a good chunk, then one whose size is not a number.
    BrokenChunks,
    /// The whole body as a good chunk, then an orderly close without the last one.
    CutChunks,
    /// Header after header without end: up to 64 MiB or 30 s.
    EndlessHeaders,
    /// The body again and again in good chunks, without end: up to 64 MiB or 30 s. An empty body is a space.
    EndlessBody,
    /// The whole answer, one byte at a time with this pause before each: up to 30 s.
    Drip(Duration),
}

/// How the connection has to end after a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Close,
    Reset,
}

impl Fault {
    /// Sends `answer` with this fault.
    ///
    /// # Errors
    /// When the client has gone, which is what most of these faults are meant to bring about.
    pub(crate) fn perform(
        self,
        answer: &Answer,
        writer: &mut impl Write,
        shutdown: &Shutdown,
    ) -> io::Result<Ending> {
        let body = answer.content();
        let long = (body.len() + MISSING).to_string();
        let chunked = [("transfer-encoding", "chunked")];
        match self {
            Self::Close => {}
            Self::Reset => return Ok(Ending::Reset),
            Self::CutHead => {
                let head = answer.head(true, &[]);
                writer.write_all(&head[..head.len() - b"\r\n".len()])?;
            }
            Self::CutBody | Self::ResetInBody => {
                writer.write_all(&answer.head(true, &[("content-length", &long)]))?;
                writer.write_all(body)?;
                writer.flush()?;
                if self == Self::ResetInBody {
                    return Ok(Ending::Reset);
                }
            }
            Self::BrokenChunks => {
                writer.write_all(&answer.head(true, &chunked))?;
                writer.write_all(&chunk(body))?;
                writer.write_all(b"xyz\r\n")?;
            }
            Self::CutChunks => {
                writer.write_all(&answer.head(true, &chunked))?;
                writer.write_all(&chunk(body))?;
            }
            Self::EndlessHeaders => {
                let head = answer.head(true, &[]);
                writer.write_all(&head[..head.len() - b"\r\n".len()])?;
                let mut number = 0_u64;
                pour(writer, shutdown, || {
                    number += 1;
                    format!("x-endless-{number}: {}\r\n", "a".repeat(1000)).into_bytes()
                })?;
            }
            Self::EndlessBody => {
                writer.write_all(&answer.head(true, &chunked))?;
                let unit = if body.is_empty() { b" " } else { body };
                let piece = chunk(&unit.repeat(16 * 1024 / unit.len() + 1));
                pour(writer, shutdown, || piece.clone())?;
            }
            Self::Drip(pause) => {
                let until = Instant::now() + MAX_TIME;
                for byte in answer.bytes(true) {
                    if !shutdown.sleep(pause) || Instant::now() >= until {
                        break;
                    }
                    writer.write_all(&[byte])?;
                    writer.flush()?;
                }
            }
        }
        writer.flush()?;
        Ok(Ending::Close)
    }
}

/// Writes piece after piece until a bound, the shutdown, or the client's end.
fn pour(
    writer: &mut impl Write,
    shutdown: &Shutdown,
    mut piece: impl FnMut() -> Vec<u8>,
) -> io::Result<()> {
    let until = Instant::now() + MAX_TIME;
    let mut sent = 0;
    while sent < MAX_BYTES && Instant::now() < until && !shutdown.has_begun() {
        let piece = piece();
        writer.write_all(&piece)?;
        sent += piece.len();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn perform(fault: Fault, answer: &Answer) -> (Vec<u8>, Ending) {
        let mut written = Vec::new();
        let ending = fault
            .perform(answer, &mut written, &Shutdown::default())
            .expect("memory takes it");
        (written, ending)
    }

    fn text(fault: Fault) -> (String, Ending) {
        let (bytes, ending) = perform(fault, &Answer::new(200).body("{}"));
        (String::from_utf8(bytes).unwrap(), ending)
    }

    #[test]
    fn each_fault_sends_its_bytes() {
        let head = "HTTP/1.1 200 OK\r\n";
        let cases = [
            (Fault::Close, String::new(), Ending::Close),
            (Fault::Reset, String::new(), Ending::Reset),
            (
                Fault::CutHead,
                format!("{head}connection: close\r\n"),
                Ending::Close,
            ),
            (
                Fault::CutBody,
                format!("{head}content-length: 102\r\nconnection: close\r\n\r\n{{}}"),
                Ending::Close,
            ),
            (
                Fault::ResetInBody,
                format!("{head}content-length: 102\r\nconnection: close\r\n\r\n{{}}"),
                Ending::Reset,
            ),
            (
                Fault::BrokenChunks,
                format!(
                    "{head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\n{{}}\r\nxyz\r\n"
                ),
                Ending::Close,
            ),
            (
                Fault::CutChunks,
                format!(
                    "{head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\n{{}}\r\n"
                ),
                Ending::Close,
            ),
            (
                Fault::Drip(Duration::ZERO),
                format!("{head}content-length: 2\r\nconnection: close\r\n\r\n{{}}"),
                Ending::Close,
            ),
        ];
        for (fault, expected, ending) in cases {
            assert_eq!(text(fault), (expected, ending), "{fault:?}");
        }
    }

    #[test]
    fn endless_faults_end_at_their_bound() {
        for fault in [Fault::EndlessHeaders, Fault::EndlessBody] {
            let (written, _) = perform(fault, &Answer::new(200).body("{}"));
            assert!(written.len() >= MAX_BYTES, "{fault:?}: {}", written.len());
            assert!(
                written.len() < MAX_BYTES + 64 * 1024,
                "{fault:?}: {}",
                written.len()
            );
        }
    }

    #[test]
    fn a_shutdown_ends_an_endless_fault() {
        let shutdown = Shutdown::default();
        shutdown.begin();
        let mut written = Vec::new();
        Fault::EndlessBody
            .perform(&Answer::new(200), &mut written, &shutdown)
            .unwrap();
        assert!(written.len() < 1024, "{}", written.len());
    }
}
