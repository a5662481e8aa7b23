//! The operations that the shared level needs of an engine. A new engine is one new file that implements [`Engine`].

use std::time::Duration;

/// The content of one name, read at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// The sealed entry.
    pub(crate) entry: Option<Vec<u8>>,
    /// The sealed last failure.
    pub(crate) failure: Option<Vec<u8>>,
    /// How much longer another process holds the lease, in milliseconds; `None` if it is free or the caller's.
    pub(crate) held_ms: Option<u64>,
    /// The fencing number, if the caller holds the lease.
    pub(crate) fence: Option<u64>,
    /// The engine's clock, Unix milliseconds.
    pub(crate) now_unix_ms: u64,
}

/// A sealed value, and how long the engine keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) sealed: Vec<u8>,
    pub(crate) lives: Duration,
}

/// A process's lease on a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) fence: u64,
}

/// Why an engine cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    #[error("no connection: {0}")]
    NotConnected(String),
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("its certificate is not trusted: {0}")]
    Untrusted(String),
    #[error("it is read-only")]
    ReadOnly,
    #[error("it is full")]
    Full,
    #[error("{0}")]
    Other(String),
    #[error("{0}; it is left alone for a few seconds")]
    LeftAlone(String),
    /// Only a change of the config or of the engine's users helps.
    #[error("the engine refused the password")]
    WrongPassword,
    #[error("the engine asks for a password")]
    NoPassword,
    #[error("it cannot be used with `client_key`: {0}")]
    ClientCertificate(String),
    #[error("the user may not run `{0}`")]
    NotAllowed(String),
}

/// An engine. Each operation is atomic.
pub(crate) trait Engine: Send {
    /// Reads what is under `name`.
    fn look(&mut self, name: &str) -> Result<View, EngineError>;
    /// Takes the lease for `owner` if it is free, and reads what is under `name`.
    fn acquire(&mut self, name: &str, owner: &str, lease: Duration) -> Result<View, EngineError>;
    /// Extends the lease; `false` if another process has it or it has ended.
    fn renew(&mut self, held: &Held, lease: Duration) -> Result<bool, EngineError>;
    /// Writes what is given if the fencing number is the newest, and releases the lease if it is still held. An entry without a failure
    /// removes the last failure. Returns `false` if nothing was written because a later lease exists.
    fn store(
        &mut self,
        held: &Held,
        entry: Option<&Value>,
        failure: Option<&Value>,
    ) -> Result<bool, EngineError>;
    /// Removes the entry if it is still `sealed`; `true` if it was.
    fn remove_if(&mut self, name: &str, sealed: &[u8]) -> Result<bool, EngineError>;
    /// Removes the entry and the last failure; `true` if there was one of them.
    fn remove(&mut self, name: &str) -> Result<bool, EngineError>;
}
