//! A token endpoint on loopback that tests script answer by answer.
//!
//! tok's promises are about what goes over the wire: how many requests, which bytes, and what happens when the
//! other side cuts, stalls or lies. A test can only judge that against a server that records everything and can
//! misbehave on purpose, so this one is written on plain sockets instead of a web framework.
//!
//! ```
//! use local_provider::{Answer, Provider};
//!
//! let provider = Provider::start();
//! provider.answer("/oauth/token", Answer::token("abc", 3600));
//! let token_url = provider.url("/oauth/token");
//! // … run tok against `token_url` …
//! assert_eq!(provider.request_count("/oauth/token"), 0);
//! # drop(token_url);
//! ```
//!
//! | Module | Idea |
//! |---|---|
//! | [`Provider`] | the listener: start, script, look at what came, drop to stop |
//! | [`Received`] | one request as it arrived |
//! | [`Answer`], [`Fault`], [`Gate`] | what goes back, how it goes wrong, when it may go |
//! | [`Certificate`] | good and bad server certificates |
//! | [`Assertions`] | the JWTs that clients sign, judged |
//! | [`Rotating`] | a login whose refresh token is good once |
//! | [`Proxy`] | a `CONNECT` proxy before it |
//! | [`dialects`] | the four providers tok was made for, to the byte |

pub mod dialects;

mod answer;
mod assertion;
mod certificate;
mod connection;
mod fault;
mod gate;
mod incoming;
mod provider;
mod proxy;
mod received;
mod record;
mod rotating;
mod routes;
mod shutdown;

pub use answer::Answer;
pub use assertion::{Accepted, Assertions};
pub use certificate::{Certificate, ClientIdentity};
pub use fault::Fault;
pub use gate::Gate;
pub use incoming::Malformed;
pub use provider::{Provider, Unwilling};
pub use proxy::{Proxy, Tunnel};
pub use received::Received;
pub use record::Record;
pub use rotating::Rotating;
