//! One connection from accept to end: read, record, wait, answer, again.

use std::any::Any;
use std::io::{self, BufReader, Read, Write};
use std::net::{self, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;

use crate::answer::Answer;
use crate::fault::{Ending, MAX_TIME};
use crate::gate::Passage;
use crate::incoming::{self, Malformed};
use crate::received::Received;
use crate::record::Record;
use crate::routes::Routes;
use crate::shutdown::Shutdown;

/// How long a client may keep silent.
const MAX_SILENCE: Duration = Duration::from_secs(60);
/// How long the server waits for the client's end after its own.
const LINGER: Duration = Duration::from_secs(2);

/// State that all connections of a provider share.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) routes: Routes,
    pub(crate) record: Record,
    pub(crate) shutdown: Shutdown,
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

/// Serves until one side has had enough.
pub(crate) fn serve(stream: TcpStream, service: &Service) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(MAX_SILENCE))?;
    stream.set_write_timeout(Some(MAX_TIME))?;
    let watched = service.shutdown.watch(&stream)?;
    let wire = match &service.tls {
        None => Wire::Plain(stream),
        Some(config) => {
            let session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
            Wire::Tls(Box::new(StreamOwned::new(session, stream)))
        }
    };
    let mut reader = BufReader::new(wire);
    let ending = converse(&mut reader, service);
    let wire = reader.into_inner();
    match ending {
        Ok(Ending::Close) => close(wire.tcp())?,
        Ok(Ending::Reset) => SockRef::from(wire.tcp()).set_linger(Some(Duration::ZERO))?,
        Err(error) => return Err(error),
    }
    // A socket is reset only when its last handle closes, and the list of those to shut down holds one.
    drop(watched);
    drop(wire);
    Ok(())
}

fn converse(reader: &mut BufReader<Wire>, service: &Service) -> io::Result<Ending> {
    loop {
        let head = match incoming::read_head(reader) {
            Ok(Some(head)) => head,
            Ok(None) => return Ok(Ending::Close),
            Err(error) => return refuse(reader.get_mut(), error),
        };
        let wire = reader.get_mut();
        if head.expects_continue() {
            wire.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            wire.flush()?;
        }
        let last = head.wants_close();
        let received = match incoming::read_body(reader, head) {
            Ok(received) => received,
            Err(error) => return refuse(reader.get_mut(), error),
        };
        service.record.request(&received);
        let Some(answer) = decide(&received, service) else {
            return Ok(Ending::Reset);
        };
        if !wait(&answer, service) {
            return Ok(Ending::Close);
        }
        let wire = reader.get_mut();
        if let Some(fault) = answer.fault {
            return fault.perform(&answer, wire, &service.shutdown);
        }
        let last = last || answer.ends_connection();
        wire.write_all(&answer.bytes(last))?;
        wire.flush()?;
        if last {
            wire.say_goodbye()?;
            return Ok(Ending::Close);
        }
    }
}

/// The answer, unless the test's own handler panicked: that is kept for the end of the test.
fn decide(received: &Received, service: &Service) -> Option<Answer> {
    match catch_unwind(AssertUnwindSafe(|| service.routes.answer(received))) {
        Ok(answer) => Some(answer),
        Err(panic) => {
            let why = panic_message(panic.as_ref());
            service
                .record
                .failure(format!("the handler of {} panicked: {why}", received.path));
            None
        }
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}

/// Waits as the answer says; false when it is not to be sent any more.
fn wait(answer: &Answer, service: &Service) -> bool {
    let passage = match &answer.gate {
        Some(gate) => gate.pass(&service.shutdown),
        None => Passage::Opened,
    };
    match passage {
        Passage::Opened => service.shutdown.sleep(answer.delay),
        Passage::Shutdown => false,
        Passage::Forgotten => {
            service.record.failure("a gate was never opened".to_owned());
            false
        }
    }
}

/// Tells a client that does not speak HTTP what is wrong; passes on that it is gone.
fn refuse(wire: &mut Wire, error: io::Error) -> io::Result<Ending> {
    let Some(malformed) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Malformed>())
    else {
        return Err(error);
    };
    wire.write_all(&Answer::text(400, malformed).bytes(true))?;
    wire.flush()?;
    wire.say_goodbye()?;
    Ok(Ending::Close)
}

/// Closes our direction and waits for the client's. A socket closed with bytes unread sends a reset instead, and
/// the reset would destroy what the client has not read yet.
fn close(mut tcp: &TcpStream) -> io::Result<()> {
    tcp.shutdown(net::Shutdown::Write)?;
    tcp.set_read_timeout(Some(LINGER))?;
    let mut rest = [0; 4096];
    while tcp.read(&mut rest)? > 0 {}
    Ok(())
}

/// The bytes as they are, or through TLS.
enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Wire {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref(),
        }
    }

    /// TLS has an end of its own (`close_notify`), which tells a whole answer from a cut one. Faults leave it out.
    fn say_goodbye(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(stream) => {
                stream.conn.send_close_notify();
                stream.flush()
            }
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(buffer),
            Self::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
