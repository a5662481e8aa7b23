//! The Redis protocol: Redis 6.2 or later and Valkey, alone, behind Sentinels or as a Cluster, over TCP, TLS or a Unix socket.
//!
//! Every operation is one script, so that it is atomic. The keys of an entry share a hash tag, so that a Cluster keeps them in one slot.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::cluster::ClusterClient;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, ConnectionLike, ErrorKind,
    FromRedisValue, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo, RedisError,
    RedisResult, ServerErrorKind, TlsCertificates, TlsMode,
};

use crate::cache::shared::engine::{Engine, EngineError, Held, Value, View};
use crate::error::io_text;
use crate::profile::shared_cache::Nodes;
use crate::secret::Secret;
use crate::term::text::{SHOWN_CHARACTERS, clean};

/// How to reach a Redis or Valkey.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) urls: Vec<String>,
    pub(super) nodes: Nodes,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
    /// PEM: the CAs to trust instead of the system's.
    pub(super) ca: Option<Secret>,
    /// PEM: a client certificate and its private key.
    pub(super) client: Option<(Secret, Secret)>,
    pub(super) timeout: Duration,
}

pub(super) struct Redis {
    connection: Box<dyn ConnectionLike + Send>,
    timeout: Duration,
}

/// `KEYS` of every script: entry, lease, fencing number, last failure. This one returns them as the owner `ARGV[1]` sees them, and the time.
const LOOK: &str = "\
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local holder, left = redis.call('GET', KEYS[2]), redis.call('PTTL', KEYS[2])
local ours = holder == ARGV[1]
return {redis.call('GET', KEYS[1]), redis.call('GET', KEYS[4]), (holder and not ours) and left or -1,
  ours and redis.call('GET', KEYS[3]) or false, now}";

/// Takes the lease if it is free. Fencing numbers grow even if the engine is restarted empty, because they are at least its time.
const TAKE: &str = "\
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  local t = redis.call('TIME')
  local fence = math.max(tonumber(redis.call('GET', KEYS[3]) or '0') + 1, t[1] * 1000 + math.floor(t[2] / 1000))
  redis.call('SET', KEYS[3], string.format('%.0f', fence), 'PX', 86400000)
end
";

const RENEW: &str = "\
if redis.call('GET', KEYS[2]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
return 0";

/// `ARGV`: owner, fencing number, entry and how long it lives, last failure and how long it lives; an empty value is not written.
const STORE: &str = "\
local newest = redis.call('GET', KEYS[3]) == ARGV[2]
if newest and ARGV[3] ~= '' then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
  redis.call('DEL', KEYS[4])
end
if newest and ARGV[5] ~= '' then redis.call('SET', KEYS[4], ARGV[5], 'PX', ARGV[6]) end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return newest and 1 or 0";

const REMOVE_IF: &str = "\
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0";

const REMOVE: &str = "return redis.call('DEL', KEYS[1], KEYS[4])";

impl Redis {
    /// Connects. Name resolution takes as long as the system wants.
    ///
    /// # Errors
    /// Why the engine cannot be used.
    pub(super) fn connect(address: &Address) -> Result<Self, EngineError> {
        let timeout = address.timeout;
        let connection = open(address).map_err(|error| explain(&error, timeout))?;
        Ok(Self {
            connection,
            timeout,
        })
    }

    fn run<T: FromRedisValue>(
        &mut self,
        script: &str,
        name: &str,
        arguments: &[&[u8]],
    ) -> Result<T, EngineError> {
        let mut command = redis::cmd("EVAL");
        command.arg(script).arg(4);
        for kind in ["entry", "lease", "fence", "failure"] {
            command.arg(format!("tok:{{{name}}}:{kind}"));
        }
        for argument in arguments {
            command.arg(*argument);
        }
        command
            .query(&mut *self.connection)
            .map_err(|error| explain(&error, self.timeout))
    }

    fn view(&mut self, script: &str, name: &str, arguments: &[&[u8]]) -> Result<View, EngineError> {
        type Answer = (Option<Vec<u8>>, Option<Vec<u8>>, i64, Option<u64>, u64);
        let (entry, failure, held_ms, fence, now_unix_ms): Answer =
            self.run(script, name, arguments)?;
        Ok(View {
            entry,
            failure,
            held_ms: u64::try_from(held_ms).ok(),
            fence,
            now_unix_ms,
        })
    }
}

impl Engine for Redis {
    fn look(&mut self, name: &str) -> Result<View, EngineError> {
        self.view(LOOK, name, &[b""])
    }

    fn acquire(&mut self, name: &str, owner: &str, lease: Duration) -> Result<View, EngineError> {
        let script = format!("{TAKE}{LOOK}");
        self.view(&script, name, &[owner.as_bytes(), &millis(lease)])
    }

    fn renew(&mut self, held: &Held, lease: Duration) -> Result<bool, EngineError> {
        self.run(RENEW, &held.name, &[held.owner.as_bytes(), &millis(lease)])
    }

    fn store(
        &mut self,
        held: &Held,
        entry: Option<&Value>,
        failure: Option<&Value>,
    ) -> Result<bool, EngineError> {
        let fence = held.fence.to_string();
        let sealed =
            |value: Option<&Value>| value.map_or_else(Vec::new, |value| value.sealed.clone());
        let lives =
            |value: Option<&Value>| millis(value.map_or(Duration::ZERO, |value| value.lives));
        self.run(
            STORE,
            &held.name,
            &[
                held.owner.as_bytes(),
                fence.as_bytes(),
                &sealed(entry),
                &lives(entry),
                &sealed(failure),
                &lives(failure),
            ],
        )
    }

    fn remove_if(&mut self, name: &str, sealed: &[u8]) -> Result<bool, EngineError> {
        self.run(REMOVE_IF, name, &[sealed])
    }

    fn remove(&mut self, name: &str) -> Result<bool, EngineError> {
        self.run::<u64>(REMOVE, name, &[])
            .map(|removed| removed > 0)
    }
}

/// A duration in whole milliseconds, at least one, as an argument.
fn millis(duration: Duration) -> Vec<u8> {
    duration.as_millis().max(1).to_string().into_bytes()
}

fn open(address: &Address) -> RedisResult<Box<dyn ConnectionLike + Send>> {
    // The library uses the process's provider. If one is installed, it is this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificates = TlsCertificates {
        client_tls: address.client.as_ref().map(|(cert, key)| ClientTlsConfig {
            client_cert: cert.expose().as_bytes().to_vec(),
            client_key: key.expose().as_bytes().to_vec(),
        }),
        root_cert: address
            .ca
            .as_ref()
            .map(|ca| ca.expose().as_bytes().to_vec()),
    };
    let mut nodes = Vec::with_capacity(address.urls.len());
    for url in &address.urls {
        let info = url.as_str().into_connection_info()?;
        let settings = info.redis_settings().clone();
        let settings = settings
            .set_skip_set_lib_name()
            .set_protocol(ProtocolVersion::RESP2);
        nodes.push(info.set_redis_settings(settings));
    }
    match (&address.nodes, nodes.as_slice()) {
        (Nodes::Cluster, _) => cluster(address, nodes, certificates),
        (Nodes::Sentinels(primary), [first, ..]) => {
            let db = first.redis_settings().db();
            let client = behind(primary, &nodes, address, certificates)?.get_client()?;
            let info = client.get_connection_info().clone();
            let settings = info.redis_settings().clone().set_db(db);
            connect(&Client::open(info.set_redis_settings(settings))?, address)
        }
        (Nodes::Single, [node, ..]) => {
            let client = match is_tls(node.addr()) {
                true => Client::build_with_tls(node.clone(), certificates)?,
                false => Client::open(node.clone())?,
            };
            connect(&client, address)
        }
        (_, []) => Err((ErrorKind::InvalidClientConfig, "the address is missing").into()),
    }
}

/// Connects, then authenticates and selects the database. The library itself would call any error then a wrong password.
fn connect(client: &Client, address: &Address) -> RedisResult<Box<dyn ConnectionLike + Send>> {
    let info = client.get_connection_info();
    let db = info.redis_settings().db();
    let bare = RedisConnectionInfo::default()
        .set_skip_set_lib_name()
        .set_protocol(ProtocolVersion::RESP2);
    let client = Client::open(info.clone().set_redis_settings(bare))?;
    let mut connection = client.get_connection_with_timeout(address.timeout)?;
    connection.set_read_timeout(Some(address.timeout))?;
    connection.set_write_timeout(Some(address.timeout))?;
    if let Some(password) = &address.password {
        let mut auth = redis::cmd("AUTH");
        if let Some(username) = &address.username {
            auth.arg(username);
        }
        auth.arg(password.expose()).exec(&mut connection)?;
    }
    if db != 0 {
        redis::cmd("SELECT").arg(db).exec(&mut connection)?;
    }
    Ok(Box::new(connection))
}

fn is_tls(address: &ConnectionAddr) -> bool {
    matches!(address, ConnectionAddr::TcpTls { .. })
}

fn cluster(
    address: &Address,
    nodes: Vec<ConnectionInfo>,
    certificates: TlsCertificates,
) -> RedisResult<Box<dyn ConnectionLike + Send>> {
    let is_tls = nodes.iter().any(|node| is_tls(node.addr()));
    let mut builder = ClusterClient::builder(nodes)
        .connection_timeout(address.timeout)
        .response_timeout(address.timeout)
        .use_protocol(ProtocolVersion::RESP2)
        .retries(1);
    if is_tls {
        builder = builder.certs(certificates);
    }
    if let Some(username) = &address.username {
        builder = builder.username(username);
    }
    if let Some(password) = &address.password {
        builder = builder.password(password.expose());
    }
    Ok(Box::new(builder.build()?.get_connection()?))
}

/// A client that asks Sentinels for their primary. Certificates are those of the engine and of the Sentinels.
fn behind(
    primary: &str,
    sentinels: &[ConnectionInfo],
    address: &Address,
    certificates: TlsCertificates,
) -> RedisResult<SentinelClient> {
    let tls = sentinels.iter().any(|sentinel| is_tls(sentinel.addr()));
    let addresses = sentinels.iter().map(|sentinel| sentinel.addr().clone());
    let mut builder = SentinelClientBuilder::new(addresses, primary, SentinelServerType::Master)?;
    if tls {
        builder = builder
            .set_client_to_redis_tls_mode(TlsMode::Secure)
            .set_client_to_redis_certificates(certificates.clone())
            .set_client_to_sentinel_tls_mode(TlsMode::Secure)
            .set_client_to_sentinel_certificates(certificates);
    }
    // The library asks the primary for its role.
    if let Some(username) = &address.username {
        builder = builder.set_client_to_redis_username(username);
    }
    if let Some(password) = &address.password {
        builder = builder.set_client_to_redis_password(password.expose());
    }
    builder
        .set_client_to_redis_protocol(ProtocolVersion::RESP2)
        .set_client_to_sentinel_protocol(ProtocolVersion::RESP2)
        .build()
}

/// Returns what an error of the library means for a user. It never quotes the engine, which may repeat anything.
fn explain(error: &RedisError, timeout: Duration) -> EngineError {
    if error.is_timeout() {
        return EngineError::TimedOut(timeout);
    }
    if let Some(error) = system_error(error) {
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            let tls: &rustls::Error = tls;
            return EngineError::Untrusted(clean(&tls.to_string(), SHOWN_CHARACTERS));
        }
        return match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => EngineError::Broken(io_text(error)),
            _ => EngineError::NotConnected(io_text(error)),
        };
    }
    match (error.kind(), error.code()) {
        // Everything else that it checks was checked before.
        (ErrorKind::InvalidClientConfig, _) => EngineError::ClientCertificate(clean(
            error.detail().unwrap_or(error.category()),
            SHOWN_CHARACTERS,
        )),
        (_, Some("WRONGPASS")) => EngineError::WrongPassword,
        (_, Some("NOAUTH")) => EngineError::NoPassword,
        (ErrorKind::Server(ServerErrorKind::NoPerm), _) => {
            EngineError::NotAllowed("EVAL".to_owned())
        }
        (ErrorKind::Server(ServerErrorKind::ReadOnly), _) => EngineError::ReadOnly,
        (_, Some("OOM")) => EngineError::Full,
        (_, Some(code)) => EngineError::Other(format!("it answered {}", clean(code, 40))),
        _ => EngineError::Other(error.category().to_owned()),
    }
}

/// The library keeps its cause behind an `Arc`.
fn system_error(error: &RedisError) -> Option<&io::Error> {
    let shared: &Arc<dyn StdError + Send + Sync> = error.source()?.downcast_ref()?;
    shared.downcast_ref()
}
