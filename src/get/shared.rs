//! The conditions under which a run takes over a token from the shared cache, and when it asks there.

use std::time::Instant;

use super::Flow;
use crate::cache;
use crate::cache::last_failure::LastFailure;
use crate::cache::shared::{Answer, Level, Outcome, Settings, Wish};
use crate::clock::Now;
use crate::error::Error;
use crate::profile::file::schema::CacheKind;
use crate::secrets::Patience;
use crate::token::{Freshness, Token};

impl Flow<'_> {
    /// Calls `fetch`, unless another machine has the token, or fails with its failure.
    ///
    /// # Errors
    /// Fails if `[shared_cache]` or one of its secrets is wrong; nothing has been sent to the provider then.
    pub(super) fn share(
        &self,
        until: Instant,
        ahead_of: Option<&Token>,
        fetch: impl FnOnce() -> Outcome,
    ) -> Result<Answer, Error> {
        let profile = self.run.profile;
        let no_cache = self.run.options.no_cache;
        // A provider that replaces the refresh token may revoke it if two machines use it at once.
        let login = profile.refreshes().then_some(profile.name.as_str());
        if profile.cache != CacheKind::Shared || no_cache && login.is_none() {
            return Ok(Answer::Fetched(fetch()));
        }
        let settings = Settings::read(
            self.run.config,
            self.run.environment,
            Patience::until(until),
        )?;
        let identity = cache::identity(profile);
        let level = Level::new(&settings, self.run.config, identity, self.run.notes);
        let wish = match ahead_of {
            None => Wish {
                is_usable: &|token| !no_cache && self.usable(token).is_some(),
                error: &|failure, waited| self.error_of(failure, waited).filter(|_| !no_cache),
                waits: true,
                login,
                stores: !no_cache,
                until,
            },
            Some(old) => Wish {
                is_usable: &|token| is_newer(token, old),
                error: &|failure, _| self.pauses(failure),
                waits: false,
                login,
                stores: true,
                until,
            },
        };
        level.get(&wish, fetch)
    }

    fn pauses(&self, failure: &LastFailure) -> Option<Error> {
        let pauses = failure.pauses_refreshing(&Now::read());
        pauses.then(|| failure.error(&self.run.profile.name))
    }
}

fn is_newer(token: &Token, old: &Token) -> bool {
    token.access_token != old.access_token
        && token.freshness(&Now::read(), 0, 0.0) == Freshness::Fresh
}
