//! Why a login gives no tokens.

use std::io;
use std::time::Duration;

use crate::error::{Error, Kind};
use crate::oauth::grants::device_code::NotAnAuthorization;
use crate::term::duration;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error(
        "it has no login: `tok login` is for `grant_type = \"device_code\"` and `\"authorization_code\"`"
    )]
    NoLogin,
    #[error("the login was denied{}", after_colon(.0.as_deref()))]
    Denied(Option<String>),
    #[error("the provider refused the login: {}{}", .0, after_colon(.1.as_deref()))]
    Refused(String, Option<String>),
    #[error("the code expired before the login was approved")]
    Expired,
    #[error("the login was not finished within {}", duration::words(i64::try_from(.0.as_millis()).unwrap_or(i64::MAX)))]
    Late(Duration),
    #[error("the browser came back from another issuer")]
    WrongIssuer,
    #[error("port {0} of 127.0.0.1 is in use")]
    PortInUse(u16),
    #[error("no port of 127.0.0.1 can be listened on")]
    NoPort(#[source] io::Error),
    #[error(transparent)]
    NoCodes(#[from] NotAnAuthorization),
    #[error("the answer to the pushed authorization request has no `request_uri`")]
    NoRequestUri,
    #[error("`{0}` is missing")]
    NoEndpoint(&'static str),
}

/// How a login ended without tokens.
pub(crate) enum Ended {
    /// By a reason of its own.
    Problem(Problem),
    /// With an error that names its profile already.
    Error(Error),
}

impl From<Problem> for Ended {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn after_colon(words: Option<&str>) -> String {
    words.map_or_else(String::new, |words| format!(": {words}"))
}

impl Problem {
    pub(crate) fn into_error(self, profile: &str) -> Error {
        let kind = match self {
            Self::NoLogin | Self::NoEndpoint(_) => Kind::Config,
            Self::Denied(_) | Self::Refused(..) => Kind::Refused,
            Self::Expired | Self::Late(_) => Kind::Secret,
            Self::PortInUse(_) => Kind::Unreachable,
            Self::NoPort(_) => Kind::Unexpected,
            Self::WrongIssuer | Self::NoCodes(_) | Self::NoRequestUri => Kind::Unusable,
        };
        let hint = match self {
            Self::NoLogin => None,
            Self::Denied(_) => Some(format!("`tok login {profile}` asks again")),
            Self::Refused(..) => Some(format!(
                "check `client_id`, `scope` and the redirect URI at the provider; `tok login {profile} -v` shows the requests"
            )),
            Self::Expired | Self::Late(_) => Some(format!("run `tok login {profile}` again")),
            Self::WrongIssuer => Some(
                "start again from a new browser window; if it happens again, check `issuer`".to_owned(),
            ),
            Self::PortInUse(_) => Some(
                "end the program that uses it, or another `tok login`, or leave the port out of `redirect_uri` if the provider allows any".to_owned(),
            ),
            Self::NoPort(_) => None,
            Self::NoCodes(_) | Self::NoRequestUri => Some("-v shows the answer, without secrets".to_owned()),
            Self::NoEndpoint(key) => Some(format!(
                "add `{key}` from the provider's manual to the profile, or `issuer` if the provider publishes its endpoints"
            )),
        };
        let error = Error::of(kind, self).profile(profile);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
