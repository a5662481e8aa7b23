//! A job's identity: the platform or the source that it comes from, and the audience it must be for.

use crate::error::Error;
use crate::profile::at::wrong;
use crate::profile::file::schema::{IdentityTable, Platform, SourceTable};
use crate::profile::sources;

/// Where the identity comes from, and what it must be for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The platform to ask, or `None` for a plain source.
    pub platform: Option<Platform>,
    /// A variable, a file or a command; for a platform at most its file.
    pub source: SourceTable,
    /// The audience it must be for, or `None` for any.
    pub audience: Option<String>,
    /// The managed identity to use, if a machine has several (Azure).
    pub client_id: Option<String>,
    /// The service connection to act for (Azure Pipelines).
    pub service_connection: Option<String>,
}

impl Identity {
    /// Whether it is obtained without a request and without running a program.
    #[must_use]
    pub fn is_at_hand(&self) -> bool {
        match self.platform {
            None => self.source.command.is_none(),
            Some(platform) => platform == Platform::Kubernetes,
        }
    }
}

const ONE_SOURCE: &str = "an identity has one source: `from`, `env`, `file` or `command`";

pub(super) fn read(table: &IdentityTable, audience: Option<String>) -> Result<Identity, Error> {
    if !table.has_source() {
        return Err(wrong(
            "identity",
            "does not say where it comes from: `from`, `env`, `file` or `command`",
        )
        .hint("as in `identity = { from = \"github\" }`, or `tok add … --identity from=github`"));
    }
    let source = table.source();
    check(table)?;
    sources::check(&source, "identity", ONE_SOURCE)?;
    Ok(Identity {
        platform: table.from,
        source,
        audience,
        client_id: table.client_id.clone(),
        service_connection: table.service_connection.clone(),
    })
}

/// A key without effect is a mistake.
fn check(table: &IdentityTable) -> Result<(), Error> {
    let only_for = |platform: Platform, written: &Option<String>| {
        written.is_some() && table.from != Some(platform)
    };
    if only_for(Platform::Azure, &table.client_id) {
        return Err(wrong(
            "identity",
            "`client_id` has an effect only with `from = \"azure\"`",
        ));
    }
    if only_for(Platform::AzurePipelines, &table.service_connection) {
        let reason = "`service_connection` has an effect only with `from = \"azure_pipelines\"`";
        return Err(wrong("identity", reason));
    }
    let Some(platform) = table.from else {
        return Ok(());
    };
    let has_file = table.file.is_some() && platform != Platform::Kubernetes;
    if table.env.is_some() || table.command.is_some() || has_file {
        return Err(wrong("identity", ONE_SOURCE));
    }
    let needs_audience = matches!(platform, Platform::Azure | Platform::Gcp);
    if needs_audience && table.audience.is_none() {
        let reason = "has no `audience`: the platform issues an identity only for one";
        return Err(wrong("identity", reason));
    }
    if table.pointer.is_some() {
        return Err(wrong("identity", "`pointer` has no effect with `from`"));
    }
    Ok(())
}
