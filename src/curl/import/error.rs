//! The errors of an import, one type per stage.

use crate::curl::import::{body, request, words};

/// A request that tok cannot import. Its text never contains a value of the request.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Quoting(#[from] words::QuotingError),
    #[error(transparent)]
    Command(#[from] request::CommandError),
    #[error(transparent)]
    Body(#[from] body::BodyError),
    #[error("there is -u, and an Authorization header too")]
    TwoCredentials,
}
