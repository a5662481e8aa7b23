//! Reasons why a credential file of Google cannot become a profile.

/// Why a file cannot become a profile. It contains no part of the file that may be secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::commands::add) enum GoogleError {
    #[error("it is not a credential file of Google: {0}")]
    NotOne(String),
    #[error("its `type` is not `service_account`, `external_account` or `authorized_user`")]
    OtherType,
    #[error("an AWS source needs requests that are signed for AWS, which tok cannot make")]
    Aws,
    #[error("its `credential_source` has neither `file`, `url` nor `executable`")]
    NoSource,
    #[error("its source is asked over plain http at {0}, which is not on this machine")]
    InTheClear(String),
}
