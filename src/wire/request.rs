//! A request, ready for the wire.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// A request. Every part may contain a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// POST, GET or PUT.
    pub method: Method,
    /// The whole URL, query included.
    pub url: Secret,
    /// The header fields in the order sent; each name once, whatever its case.
    pub headers: Vec<(String, Secret)>,
    /// The body; `None` for a request that has none.
    pub body: Option<Secret>,
}

/// The HTTP method of a request.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// What RFC 6749 §3.2 demands.
    #[default]
    Post,
    /// What some providers want all the same.
    Get,
    /// What a few want: cloud metadata services, sessions with a name of the client's choice.
    Put,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
            Self::Put => "PUT",
        }
    }
}
