//! The `identity` table as written: where a job gets the token that its platform issues to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::profile::file::source::SourceTable;

/// Where the platform's token for this job comes from: one of `from`, `env`, `file` and `command`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityTable {
    /// The platform that issues it, asked or read in the way that it documents.
    pub from: Option<Platform>,
    /// The name of the environment variable in which the platform puts it.
    pub env: Option<String>,
    /// The path of the file in which the platform puts it, read again each time; with `from = "kubernetes"` the projected volume's.
    pub file: Option<String>,
    /// A program of the platform that prints it, and its arguments, run without a shell.
    pub command: Option<Vec<String>>,
    /// Where in it the identity is, if it is JSON: an RFC 6901 pointer.
    pub pointer: Option<String>,
    /// The audience that it must be for, as the provider names it.
    pub audience: Option<String>,
    /// With `from = "azure"`: the client id of a user-assigned managed identity.
    pub client_id: Option<String>,
    /// With `from = "azure_pipelines"`: the id of the service connection.
    pub service_connection: Option<String>,
}

/// A platform that issues an identity to each job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// GitHub Actions, in a job with `permissions: id-token: write`.
    Github,
    /// A pod's projected service account token.
    Kubernetes,
    /// An Azure managed identity, of a virtual machine or App Service.
    Azure,
    /// The service account of a Google Cloud machine or service.
    Gcp,
    /// Azure Pipelines, in a step that gets `SYSTEM_ACCESSTOKEN`.
    AzurePipelines,
}

impl IdentityTable {
    /// Lays this table over `base`: own keys win, and a source of its own replaces that of `base`.
    #[must_use]
    pub(super) fn over(self, base: Self) -> Self {
        let audience = self.audience.clone().or(base.audience.clone());
        let client_id = self.client_id.clone().or(base.client_id.clone());
        let from = if self.has_source() { self } else { base };
        Self {
            audience,
            client_id,
            ..from
        }
    }

    /// Whether it says where the identity comes from.
    #[must_use]
    pub fn has_source(&self) -> bool {
        self.from.is_some() || self.env.is_some() || self.file.is_some() || self.command.is_some()
    }

    pub(crate) fn source(&self) -> SourceTable {
        SourceTable {
            store: None,
            env: self.env.clone(),
            file: self.file.clone(),
            credential: None,
            command: self.command.clone(),
            pointer: self.pointer.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::file::document;

    #[test]
    fn a_source_of_its_own_replaces_that_of_its_base_and_the_audience_is_merged() {
        let table = |text: &str| document::<IdentityTable>(text).unwrap();
        let base = table("from = 'azure_pipelines'\nservice_connection = 'c'\naudience = 'b'");
        let own = table("file = 'f'").over(base.clone());
        assert_eq!(own, table("file = 'f'\naudience = 'b'"));
        let own = table("audience = 'o'").over(base.clone());
        assert_eq!(
            own,
            table("from = 'azure_pipelines'\nservice_connection = 'c'\naudience = 'o'")
        );
        assert_eq!(table("").over(base.clone()), base);
    }
}
