//! A request, ready for the wire.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// Every part may contain a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Secret,
    /// In the order sent, each name once in any case.
    pub(crate) headers: Vec<(String, Secret)>,
    pub(crate) body: Option<Secret>,
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
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
            Self::Put => "PUT",
        }
    }
}
