//! The names inside `${…}`, and how each is spelled.

use std::fmt;

/// A name inside `${…}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// `client_id`
    ClientId,
    /// `client_secret`, or `secret.NAME`: a secret by its name.
    Secret(String),
    /// `var.NAME`: a value of the profile's `vars`.
    Var(String),
    /// `env.NAME`: an environment variable.
    Env(String),
    /// `step.NAME.POINTER…`: a member of an earlier step's answer.
    Step(String, Vec<String>),
    /// `value.NAME`: one of the profile's `values`, computed once per run.
    Value(String),
    /// `assertion`: the JWT that the client signs for this request.
    Assertion,
    /// `identity`: the token that the platform issues to this job.
    Identity,
    /// `profile.NAME`: the token of another profile.
    Profile(String),
    /// `body`, only in a request's `headers`: the body of that request, to sign it.
    Body,
    /// `access_token`, only in `header`.
    AccessToken,
    /// `kept.NAME`, only in `header`: a member that `response.keep` names.
    Kept(String),
}

pub(crate) const CLIENT_SECRET: &str = "client_secret";

pub(crate) const PRIVATE_KEY: &str = "private_key";

/// The secret of a login, which many providers replace at each use.
pub(crate) const REFRESH_TOKEN: &str = "refresh_token";

/// The secret that is the key of `client_cert`; templates have no name for it.
pub(crate) const CLIENT_KEY: &str = "client_key";

impl Name {
    pub(crate) fn secret(&self) -> Option<&str> {
        match self {
            Self::Secret(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn parse(path: &[&str]) -> Option<Self> {
        let owned = |text: &str| text.to_owned();
        Some(match path {
            ["client_id"] => Self::ClientId,
            [CLIENT_SECRET] => Self::Secret(owned(CLIENT_SECRET)),
            ["access_token"] => Self::AccessToken,
            ["body"] => Self::Body,
            ["assertion"] => Self::Assertion,
            ["identity"] => Self::Identity,
            ["profile", name] => Self::Profile(owned(name)),
            ["value", name] => Self::Value(owned(name)),
            ["secret", name] => Self::Secret(owned(name)),
            ["var", name] => Self::Var(owned(name)),
            ["env", name] => Self::Env(owned(name)),
            ["kept", name] => Self::Kept(owned(name)),
            ["step", name, pointer @ ..] if !pointer.is_empty() => {
                Self::Step(owned(name), pointer.iter().copied().map(owned).collect())
            }
            _ => return None,
        })
    }

    pub(super) fn segments(&self) -> Vec<&str> {
        match self {
            Self::ClientId => vec!["client_id"],
            Self::Secret(name) if name == CLIENT_SECRET => vec![CLIENT_SECRET],
            Self::Secret(name) => vec!["secret", name],
            Self::Var(name) => vec!["var", name],
            Self::Env(name) => vec!["env", name],
            Self::AccessToken => vec!["access_token"],
            Self::Body => vec!["body"],
            Self::Assertion => vec!["assertion"],
            Self::Identity => vec!["identity"],
            Self::Profile(name) => vec!["profile", name],
            Self::Value(name) => vec!["value", name],
            Self::Kept(name) => vec!["kept", name],
            Self::Step(name, pointer) => ["step", name]
                .into_iter()
                .chain(pointer.iter().map(String::as_str))
                .collect(),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segments().join("."))
    }
}
