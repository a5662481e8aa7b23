//! Reasons for the lack of a usable identity, as data without any part of a secret.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::error::{Error, Kind};
use crate::profile::Environment;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Absent(String),
    #[error("the job may not ask for an identity: it lacks the permission `id-token: write`")]
    NoPermission,
    #[error("this is not a job of {platform}: {missing} is not set")]
    NotHere {
        platform: &'static str,
        missing: &'static str,
    },
    #[error(
        "{} does not exist{}",
        path.display(),
        if *is_pod { "" } else { ", and this is not a Kubernetes pod" }
    )]
    NoVolume { path: PathBuf, is_pod: bool },
    #[error("{platform} does not answer: {why}")]
    Silent { platform: &'static str, why: String },
    #[error("IDENTITY_ENDPOINT is set, but IDENTITY_HEADER is not")]
    Arc,
    #[error(
        "{0} is not at an address of this machine or beside it (127.0.0.0/8, 169.254.0.0/16), so it is not asked"
    )]
    NotBeside(&'static str),
    #[error("{0} is not a URL")]
    NotUrl(&'static str),
    #[error(
        "{variable} is at {shown}, which is not below {domains}; the job's credentials are not sent there"
    )]
    Elsewhere {
        variable: &'static str,
        shown: String,
        domains: String,
    },
    #[error(
        "{platform} refuses (HTTP {status}){}",
        words.as_ref().map_or_else(String::new, |words| format!(": {words}"))
    )]
    Refused {
        platform: &'static str,
        status: u16,
        words: Option<String>,
    },
    #[error("the answer of {platform} {why}")]
    Unusable {
        platform: &'static str,
        why: &'static str,
    },
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
            Self::Expired(_) => {
                "tok reads it again each time, so the platform no longer renews it: start the job again, or ask for it later in the job"
            }
            Self::Audience { wanted, .. } => {
                let hint = format!(
                    "ask the platform for an identity with the audience `{wanted}`, or correct `audience` in `identity`"
                );
                return Error::of(Kind::Secret, self).hint(hint);
            }
            _ => {
                "the platform gives it only to jobs that ask for it; docs/keyless.md has the lines for each platform"
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
