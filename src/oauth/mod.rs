//! OAuth 2.0 without the network: everything here is pure, so every rule can be tested in a table.

pub mod advice;
pub mod assertion;
pub mod discovery;
pub(crate) mod exchange;
pub mod expiry;
pub(crate) mod grants;
pub(crate) mod jwks;
pub(crate) mod jwt;
pub mod lifetime;
pub mod problem;
pub mod redact;
pub mod refusal;
pub mod remark;
pub mod request;
pub mod response;
pub mod seen;
pub mod shape;
pub mod signing;
pub mod step_output;
pub mod time;
pub mod transcript;
pub(crate) mod verify;
