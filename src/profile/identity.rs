//! A job's identity: the source it is read from, and the audience it must be for.

use crate::error::Error;
use crate::profile::at::wrong;
use crate::profile::file::schema::{IdentityTable, SourceTable};
use crate::profile::sources;

/// Where the identity comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// A variable, a file or a command.
    pub source: SourceTable,
    /// The audience it must be for, or `None` for any.
    pub audience: Option<String>,
}

impl Identity {
    /// Whether it is obtained without a request and without running a program.
    #[must_use]
    pub fn is_at_hand(&self) -> bool {
        self.source.command.is_none()
    }
}

pub(super) fn read(table: &IdentityTable, audience: Option<String>) -> Result<Identity, Error> {
    if !table.has_source() {
        return Err(wrong(
            "identity",
            "does not say where it comes from: `env`, `file` or `command`",
        ));
    }
    let source = table.source();
    sources::check(
        &source,
        "identity",
        "an identity has one source: `env`, `file` or `command`",
    )?;
    Ok(Identity { source, audience })
}
