//! An engine that cannot be used: a note and a mark for the machine's other processes, or an error of the config.

use crate::cache::shared::engine::EngineError;
use crate::cache::shared::{Level, away};
use crate::error::{Error, Kind, Subject};

impl Level<'_> {
    /// Notes that the engine cannot be used and marks it, unless the config or the engine's users are wrong.
    pub(super) fn unless_refused(&self, error: EngineError) -> Result<(), Error> {
        if let Some(refused) = self.refused(&error) {
            return Err(refused);
        }
        self.note(&format!("going on without it: {error}"));
        self.mark(&error);
        Ok(())
    }

    pub(super) fn no_lease(&self, error: EngineError) -> Error {
        self.mark(&error);
        self.refused(&error).unwrap_or_else(|| {
            self.located(Error::of(Kind::Unreachable, error)).hint(
                "a refresh token is used only under the lease of the shared cache; if only one machine uses it, write `cache = \"file\"`",
            )
        })
    }

    /// Leaves the engine alone for a while, unless it is not to blame.
    pub(super) fn mark(&self, error: &EngineError) {
        let is_to_blame = match error {
            EngineError::LeftAlone(_) => false,
            EngineError::TimedOut(waited) => *waited >= self.settings.timeout(),
            _ => true,
        };
        if is_to_blame {
            away::mark(self.settings.urls(), &error.to_string());
        }
    }

    pub(super) fn refused(&self, error: &EngineError) -> Option<Error> {
        let (kind, key, hint) = match error {
            EngineError::WrongPassword => (
                Kind::Secret,
                "password",
                "correct it, or `username`; TOK_SHARED_CACHE_PASSWORD wins over the config",
            ),
            EngineError::NoPassword => (
                Kind::Secret,
                "password",
                "write `password = { file = \"…\" }` below `[shared_cache]`, or set TOK_SHARED_CACHE_PASSWORD",
            ),
            EngineError::ClientCertificate(_) => (
                Kind::Config,
                "client_cert",
                "`client_cert` and `client_key` name PEM files of one certificate (X.509 version 3) and its private key",
            ),
            EngineError::NotAllowed(_) => (
                Kind::Config,
                "username",
                "`ACL SETUSER NAME ~tok:* +eval +get +set +del +pttl +pexpire +time +select` allows what tok needs",
            ),
            _ => return None,
        };
        let error = Error::of(kind, error.clone()).hint(hint);
        Some(self.config.about_shared_cache(key, error))
    }

    pub(super) fn located(&self, error: Error) -> Error {
        let action = format!("shared cache {}", self.settings.shown());
        error.about(Subject::Action(action.into()))
    }
}
