//! Why there is no usable identity, as data without any part of a secret.

use jiff::Timestamp;

use crate::error::{Error, Kind};
use crate::profile::Environment;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Absent(String),
    #[error("expired at {0}")]
    Expired(Timestamp),
    #[error(
        "is for {}, not for the audience `{wanted}`",
        if found.is_empty() { "no audience" } else { found }
    )]
    Audience { wanted: String, found: String },
}

/// The variable that tells a platform, and how a job there gets an identity in a variable.
const PLATFORMS: [(&str, &str); 5] = [
    (
        "GITLAB_CI",
        "name the variable under `id_tokens` of the job, with its `aud`",
    ),
    (
        "CIRCLECI",
        "CircleCI sets CIRCLE_OIDC_TOKEN_V2 in jobs that use a context",
    ),
    (
        "BITBUCKET_BUILD_NUMBER",
        "add `oidc: true` to the step, which sets BITBUCKET_STEP_OIDC_TOKEN",
    ),
    (
        "TFC_RUN_ID",
        "set TFC_WORKLOAD_IDENTITY_AUDIENCE for the workspace, which sets TFC_WORKLOAD_IDENTITY_TOKEN",
    ),
    (
        "BUILDKITE",
        "use `command = [\"buildkite-agent\", \"oidc\", \"request-token\"]`",
    ),
];

impl Failure {
    pub(crate) fn into_error(self) -> Error {
        let hint = match &self {
            Self::Absent(_) => {
                "the platform gives it only to jobs that ask for it; docs/keyless.md has the lines for each platform"
            }
            Self::Expired(_) => {
                "tok reads it again each time, so the platform no longer renews it: start the job again, or ask for it later in the job"
            }
            Self::Audience { wanted, .. } => {
                let hint = format!(
                    "ask the platform for an identity with the audience `{wanted}`, or correct `audience` in `identity`"
                );
                return Error::of(Kind::Secret, self).hint(hint);
            }
        };
        Error::of(Kind::Secret, self).hint(hint)
    }

    /// Names what the job lacks if the environment tells its platform.
    pub(crate) fn into_error_on(self, environment: Environment<'_>) -> Error {
        let platform = PLATFORMS
            .iter()
            .find(|(variable, _)| environment(variable).is_some());
        let error = self.into_error();
        match platform {
            Some((_, hint)) => error.hint(*hint),
            None => error,
        }
    }
}
